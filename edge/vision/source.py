"""Cameras of every kind behind one interface.

A source is opened, read and closed by one thread; ``read`` blocks until the next picture. Network
cameras and USB are live: their pictures are now, or they are a fault. Files and folders are paced
at their own speed, and may repeat a picture.
"""

import os
import socket
import time
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import cv2
import numpy as np

from edge.vision.errors import CameraError, DamagedPictureError
from edge.vision.mjpeg import MjpegSource
from edge.vision.picture import fit
from models.face.types import Image

OPEN_TIMEOUT_S = 4.0
READ_TIMEOUT_S = 2.5
FILE_FRAMES_PER_SECOND = 15.0
"""For files that do not tell."""
FOLDER_FRAMES_PER_SECOND = 10.0
PICTURE_TIME_S = 1.0
"""How long each picture of a folder stands."""
DRAIN_TIME_S_MAX = 1.5
PICTURE_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})


class Source(Protocol):
    """An open camera, for one thread.

    Attributes:
        is_live: Whether pictures are of now, so that a repeated one means a frozen camera.
    """

    @property
    def is_live(self) -> bool:
        """Whether pictures are of now."""
        ...

    def read(self) -> tuple[Image, float]:
        """Return the next picture, BGR, and the monotonic time of its arrival.

        Raises:
            DamagedPictureError: This picture is lost; read on.
            CameraError: There are no more; close and open anew.
        """
        ...

    def close(self) -> None:
        """Release the camera."""
        ...


def open_source(url: str, *, is_looped: bool = True) -> Source:
    """Open a camera.

    Args:
        url: ``rtsp://``, ``http://`` (motion JPEG), a number or ``/dev/video...`` (USB), a video
            file, a folder of pictures or one picture.
        is_looped: Files and folders begin again at their end.

    Raises:
        CameraError: It cannot be opened; one line says why. Passwords are not in it.
    """
    try:
        scheme = urlsplit(url).scheme.lower() if urlsplit(url).port != 0 else ""
    except ValueError as error:
        raise CameraError("the camera's address is not written as an address") from error
    if scheme in {"http", "https"}:
        return MjpegSource(url)
    if scheme in {"rtsp", "rtsps"}:
        return RtspSource(url)
    if url.isdigit():
        return UsbSource(f"/dev/video{url}")
    path = Path(url)
    # Below /dev are devices, also when they are not plugged in, and files that are kept in memory.
    if url.startswith("/dev/") and not (path.is_dir() or path.is_file()):
        return UsbSource(url)
    if path.is_dir() or path.suffix.lower() in PICTURE_SUFFIXES:
        return FolderSource(path, is_looped=is_looped)
    if path.is_file():
        return FileSource(path, is_looped=is_looped)
    raise CameraError(
        f"{without_password(url)!r} is no camera: it takes rtsp://, http://, a number (USB), "
        "a video file or a folder of pictures"
    )


def without_password(url: str) -> str:
    """Return the address without user name and password, for logs and people."""
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


class RtspSource:
    """An IP camera over RTSP, media interleaved in its TCP connection.

    Raises:
        CameraError: Nobody answers there, or no stream comes.
    """

    is_live = True

    def __init__(self, url: str) -> None:
        host, port = urlsplit(url).hostname or "", urlsplit(url).port or 554
        try:
            # The decoder below cannot say why it failed; most often nobody is there.
            socket.create_connection((host, port), timeout=OPEN_TIMEOUT_S).close()
        except OSError as error:
            raise CameraError(f"no camera answers at {host}:{port}") from error
        # The decoder would write its time-outs to standard error; ours are told as errors.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)
        # The one way to give it options, for all its sources alike: files ignore this one.
        os.environ.setdefault("OPENCV_FFMPEG_CAPTURE_OPTIONS", "rtsp_transport;tcp")
        self._capture = cv2.VideoCapture(
            url,
            cv2.CAP_FFMPEG,
            [
                cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
                int(OPEN_TIMEOUT_S * 1000),
                cv2.CAP_PROP_READ_TIMEOUT_MSEC,
                int(READ_TIMEOUT_S * 1000),
            ],
        )
        if not self._capture.isOpened():
            self._capture.release()
            raise CameraError(
                f"{host}:{port} answers but sends no video: look at the path of its address, "
                "user name and password"
            )
        self._drain()

    def read(self) -> tuple[Image, float]:
        """See ``Source.read``."""
        began_s = time.monotonic()
        image, arrived_at_s = _grab(self._capture, "the camera's stream broke off")
        if arrived_at_s - began_s >= READ_TIMEOUT_S:
            # After its time-out the decoder hands out what it still held: a picture of the past.
            raise CameraError(f"the camera sent nothing for {READ_TIMEOUT_S} s")
        return image, arrived_at_s

    def close(self) -> None:
        """See ``Source.close``."""
        self._capture.release()

    def _drain(self) -> None:
        """Drop what was buffered while the stream was examined: those pictures are old."""
        frames_per_second = self._capture.get(cv2.CAP_PROP_FPS)
        live_gap_s = 0.5 / frames_per_second if 1 <= frames_per_second <= 120 else 0.02
        end_s = time.monotonic() + DRAIN_TIME_S_MAX
        while (began_s := time.monotonic()) < end_s:
            if not self._capture.grab() or time.monotonic() - began_s >= live_gap_s:
                return


class UsbSource:
    """A camera of this machine (V4L2).

    Raises:
        CameraError: Absent, not permitted, busy, or no camera.
    """

    is_live = True

    def __init__(self, device: str) -> None:
        self._device = device
        if not Path(device).exists():
            raise CameraError(
                f"there is no camera {device}: look at the cable and at `ls /dev/video*`"
            )
        if not os.access(device, os.R_OK | os.W_OK):
            raise CameraError(f"{device} is not permitted: add this user to the group `video`")
        self._capture = cv2.VideoCapture(device, cv2.CAP_V4L2)
        if not self._capture.isOpened():
            self._capture.release()
            raise CameraError(f"{device} is busy (another program uses it) or is no camera")
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)

    def read(self) -> tuple[Image, float]:
        """See ``Source.read``."""
        return _grab(self._capture, f"{self._device} gives no picture: unplugged, or in use")

    def close(self) -> None:
        """See ``Source.close``."""
        self._capture.release()


class FileSource:
    """A video file at its own speed.

    Raises:
        CameraError: It is no video.
    """

    is_live = False

    def __init__(self, path: Path, *, is_looped: bool) -> None:
        self._path, self._is_looped = path, is_looped
        self._capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
        if not self._capture.isOpened():
            self._capture.release()
            raise CameraError(f"{path} is no video that can be read")
        frames_per_second = self._capture.get(cv2.CAP_PROP_FPS)
        if not 1 <= frames_per_second <= 120:
            frames_per_second = FILE_FRAMES_PER_SECOND
        self._pace = Pace(frames_per_second)

    def read(self) -> tuple[Image, float]:
        """See ``Source.read``."""
        self._pace.wait()
        try:
            return _grab(self._capture, "the video has ended")
        except CameraError:
            if not self._is_looped:
                raise
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
        return _grab(self._capture, f"{self._path} has no pictures")

    def close(self) -> None:
        """See ``Source.close``."""
        self._capture.release()


class FolderSource:
    """Pictures of a folder by name, each for a second; or one picture.

    Raises:
        CameraError: There are none.
    """

    is_live = False

    def __init__(self, path: Path, *, is_looped: bool) -> None:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        self._paths = [f for f in files if f.suffix.lower() in PICTURE_SUFFIXES and f.is_file()]
        if not self._paths:
            raise CameraError(f"no pictures (jpg, png, bmp) at {path}")
        self._is_looped = is_looped
        self._pace = Pace(FOLDER_FRAMES_PER_SECOND)
        self._index, self._repeats_left = -1, 0
        self._image: Image | None = None

    def read(self) -> tuple[Image, float]:
        """See ``Source.read``."""
        self._pace.wait()
        if self._repeats_left == 0:
            self._advance()
        self._repeats_left -= 1
        if self._image is None:
            raise DamagedPictureError(f"{self._paths[self._index].name} is no picture")
        return self._image, time.monotonic()

    def close(self) -> None:
        """See ``Source.close``."""
        self._image = None

    def _advance(self) -> None:
        self._index += 1
        if self._index == len(self._paths):
            if not self._is_looped:
                raise CameraError("all pictures of the folder were shown")
            self._index = 0
        self._repeats_left = round(PICTURE_TIME_S * FOLDER_FRAMES_PER_SECOND)
        image = cv2.imread(str(self._paths[self._index]), cv2.IMREAD_COLOR)
        self._image = None if image is None else fit(np.asarray(image, np.uint8))


class Pace:
    """Lets a loop turn at a steady rate; time that was lost is not made up for."""

    def __init__(self, frames_per_second: float) -> None:
        self._period_s = 1.0 / frames_per_second
        self._next_at_s = time.monotonic()

    def wait(self) -> None:
        """Sleep until the next picture is due."""
        now_s = time.monotonic()
        if self._next_at_s > now_s:
            time.sleep(self._next_at_s - now_s)
        self._next_at_s = max(self._next_at_s, now_s) + self._period_s


def _grab(capture: cv2.VideoCapture, complaint: str) -> tuple[Image, float]:
    is_read, image = capture.read()
    arrived_at_s = time.monotonic()
    if not is_read or image is None:
        raise CameraError(complaint)
    return fit(np.asarray(image, np.uint8)), arrived_at_s
