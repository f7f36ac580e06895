"""One camera's newest picture as a JPEG, encoded once for whoever wants it, and its last seconds.

The reader's frames are shared arrays: nothing is copied or encoded unless somebody asks, and the
ring asks a few times a second.
"""

import asyncio
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

import cv2
import numpy as np

from config.contract.picture_sequence import Picture, encode_sequence
from config.contract.video_events import MediaFormat
from edge.video.clips import Clip
from edge.video.content import Content, NothingSeenError
from edge.video.ring import PictureRing
from edge.vision.live import encode_jpeg
from edge.vision.reader import SILENT_AFTER_S, Frame, Reader
from models.face.types import Image

QUALITY: Final = 70


class PictureEye:
    """A camera whose clips are sequences of pictures; for one event loop."""

    def __init__(
        self,
        reader: Reader,
        *,
        is_own: bool,
        ring: PictureRing,
        length_px_max: int,
        now: Callable[[], datetime],
    ) -> None:
        """Look through a reader.

        Args:
            reader: Of the camera.
            is_own: Started and stopped here; else whoever recognises faces does.
            ring: Keeps the last seconds.
            length_px_max: Long side of the pictures.
            now: Aware UTC.
        """
        self._reader, self.is_own, self.ring = reader, is_own, ring
        self._length_px_max, self._now = length_px_max, now
        self._picture: Picture | None = None
        self._sequence = 0
        self._encoding = asyncio.Lock()

    def start(self) -> None:
        """Begin to look."""
        if self.is_own:
            # OpenCV would take all cores for each small picture.
            cv2.setNumThreads(1)
            self._reader.start()

    async def stop(self) -> None:
        """Let go of the camera."""
        if self.is_own:
            await asyncio.to_thread(self._reader.stop)

    async def look(self) -> Picture | None:
        """Return the newest picture; None where the camera has sent nothing of late."""
        async with self._encoding:
            frame = self._reader.newest()
            if frame is None or time.monotonic() - frame.captured_at_s > SILENT_AFTER_S:
                return None
            if frame.sequence != self._sequence:
                self._picture = await asyncio.to_thread(self._encoded, frame)
                self._sequence = frame.sequence
            return self._picture

    async def sample(self) -> None:
        """Add the newest picture to the ring, unless it is there."""
        picture = await self.look()
        if picture is not None and picture is not self.ring.newest:
            self.ring.add(picture)

    async def snapshot(self) -> Content:
        """Return what is seen now, or was seen last.

        Raises:
            NothingSeenError: Nothing was for the whole length of the ring.
        """
        picture = await self.look() or self.ring.newest
        if picture is None:
            raise NothingSeenError
        at = picture.taken_at
        return Content(picture.jpeg, MediaFormat.JPEG, at, at)

    async def cut(self, clip: Clip) -> Content:
        """Return what was seen in the time of a clip.

        Raises:
            NothingSeenError: Nothing was.
        """
        pictures = self.ring.between(clip.from_at, clip.to_at)
        if not pictures:
            raise NothingSeenError
        content = await asyncio.to_thread(encode_sequence, pictures)
        return Content(content, MediaFormat.PICTURES, pictures[0].taken_at, pictures[-1].taken_at)

    def _encoded(self, frame: Frame) -> Picture | None:
        age = timedelta(seconds=time.monotonic() - frame.captured_at_s)
        jpeg = encode_jpeg(smaller(frame.image, self._length_px_max), quality=QUALITY)
        return None if jpeg is None else Picture(jpeg, self._now() - age)


def smaller(image: Image, length_px_max: int) -> Image:
    """Return the picture with a long side of at most so many pixels; the same where it has."""
    height, width = image.shape[:2]
    scale = length_px_max / max(height, width)
    if scale >= 1:
        return image
    size = (round(width * scale), round(height * scale))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
