"""Pictures for people: the live picture of a lane and the crop of a face."""

import threading
import time
from collections.abc import Sequence

import cv2
import numpy as np

from edge.vision.attempt import View, ViewBox
from edge.vision.reader import Reader
from models.face.types import Box, Image

VIEW_INTERVAL_S = 0.1
VIEW_QUALITY = 75
BOX_AGE_S_MAX = 0.7
"""Older boxes are not drawn: the person has moved on."""
CROP_LENGTH_PX = 200
CROP_MARGIN = 0.35
"""Of the face's size, on each side of it."""
CROP_QUALITY = 85


class LivePicture:
    """Encodes the newest picture when somebody asks, and not more often. Thread-safe."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._lock = threading.Lock()
        self._boxes: Sequence[ViewBox] = ()
        self._boxes_at_s = float("-inf")
        self._jpeg: bytes | None = None
        self._captured_at_s: float | None = None
        self._encoded_at_s = float("-inf")

    def show(self, boxes: Sequence[ViewBox], *, captured_at_s: float) -> None:
        """Take the faces of the newest picture that was searched."""
        self._boxes, self._boxes_at_s = tuple(boxes), captured_at_s

    def boxes(self) -> Sequence[ViewBox]:
        """Return the faces that were shown last; none once they are old."""
        is_current = time.monotonic() - self._boxes_at_s < BOX_AGE_S_MAX
        return self._boxes if is_current else ()

    def view(self) -> View:
        """Return the newest picture and the faces; the picture may be ``VIEW_INTERVAL_S`` old."""
        with self._lock:
            now_s = time.monotonic()
            frame = self._reader.newest()
            if frame is not None and now_s - self._encoded_at_s >= VIEW_INTERVAL_S:
                if frame.captured_at_s != self._captured_at_s:
                    self._jpeg = encode_jpeg(frame.image, quality=VIEW_QUALITY)
                self._captured_at_s, self._encoded_at_s = frame.captured_at_s, now_s
            captured_at_s = self._captured_at_s
            return View(
                jpeg=self._jpeg,
                captured_at_s=captured_at_s,
                boxes=self.boxes(),
                age_s=float("inf") if captured_at_s is None else now_s - captured_at_s,
            )


def encode_jpeg(image: Image, *, quality: int) -> bytes | None:
    """Return the picture as JPEG, or None when it cannot be encoded."""
    is_encoded, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return data.tobytes() if is_encoded else None


def encode_crop(image: Image, box: Box) -> bytes | None:
    """Return a face with some surroundings as a JPEG of ``CROP_LENGTH_PX`` squared at most."""
    side = max(box.width, box.height) * (1 + 2 * CROP_MARGIN)
    x, y = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    height, width = image.shape[:2]
    left, right = (int(np.clip(x + sign * side / 2, 0, width)) for sign in (-1, 1))
    top, bottom = (int(np.clip(y + sign * side / 2, 0, height)) for sign in (-1, 1))
    if right - left < 2 or bottom - top < 2:
        return None
    cut = image[top:bottom, left:right]
    scale = min(1.0, CROP_LENGTH_PX / max(cut.shape[:2]))
    size = (max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale)))
    small = np.asarray(cv2.resize(cut, size, interpolation=cv2.INTER_AREA), np.uint8)
    return encode_jpeg(small, quality=CROP_QUALITY)
