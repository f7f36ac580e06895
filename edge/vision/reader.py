"""The newest picture of one camera, and how old it is.

One daemon thread per camera opens, reads and opens again. Whoever wants a picture gets the newest;
none is queued. Whether the camera is well is answered from the time that has passed, never by the
thread, which may hang in the decoder for seconds.
"""

import dataclasses
import logging
import threading
import time
import zlib
from collections.abc import Callable, Sequence

from config.cameras import Mask
from edge.vision.attempt import CameraHealth
from edge.vision.errors import CameraError, DamagedPictureError
from edge.vision.picture import burn
from edge.vision.source import OPEN_TIMEOUT_S, READ_TIMEOUT_S, Source, open_source
from models.face.types import Image

SILENT_AFTER_S = 2.0
STARTING = "starting"
"""The detail of a camera that was not yet heard of."""
COMPLAIN_AFTER_S = 1.0
"""A camera that is back sooner was not lost."""
FROZEN_AFTER_S = 2.5
"""The same picture for so long: a sensor's noise never repeats."""
FIRST_PICTURE_S = 2 * OPEN_TIMEOUT_S + READ_TIMEOUT_S
"""A camera has this long for its first picture: two tries, and one wait for it."""
RETRY_FIRST_S = 0.25
RETRY_LAST_S = 5.0
STOP_TIMEOUT_S = 0.5

_log = logging.getLogger("edge.vision")


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture.

    Attributes:
        sequence: From 1, without end; gaps are pictures that nobody fetched.
        captured_at_s: Arrival of its last byte; monotonic.
    """

    image: Image
    sequence: int
    captured_at_s: float


class Freshness:
    """Judges a camera by when its pictures came. Pure.

    Args:
        now_s: Monotonic time of the start.
        first_picture_s: So long after it a camera that has shown nothing is only awaited.
    """

    def __init__(self, *, now_s: float, first_picture_s: float = FIRST_PICTURE_S) -> None:
        self._awaited_until_s = now_s + first_picture_s
        self._health = CameraHealth(
            is_current=False, detail=STARTING, since_s=now_s, is_awaited=True
        )
        self._arrived_at_s = self._changed_at_s = now_s
        self._fingerprint: int | None = None
        self._complaint = ""

    def arrived(self, *, now_s: float, fingerprint: int, is_live: bool) -> bool:
        """Take a picture; returns whether it differs from the last one."""
        is_new = fingerprint != self._fingerprint
        if is_new or not is_live:
            self._changed_at_s = now_s
        self._fingerprint, self._arrived_at_s, self._complaint = fingerprint, now_s, ""
        return is_new

    def complain(self, message: str) -> None:
        """Take the reason why there is no picture; stands until the next one arrives."""
        self._complaint = message

    def health(self, *, now_s: float) -> CameraHealth:
        """Return the state of the camera; ``since_s`` is when it began to be so."""
        detail = self._detail(now_s)
        is_current = detail == ""
        is_awaited = self._fingerprint is None and now_s < self._awaited_until_s
        if is_current != self._health.is_current:
            self._health = CameraHealth(is_current=is_current, detail=detail, since_s=now_s)
        else:
            self._health = dataclasses.replace(self._health, detail=detail, is_awaited=is_awaited)
        return self._health

    def _detail(self, now_s: float) -> str:
        silence_s = now_s - self._arrived_at_s
        if self._complaint and (self._fingerprint is None or silence_s >= COMPLAIN_AFTER_S):
            return self._complaint
        if silence_s >= SILENT_AFTER_S:
            return "the camera sends no pictures"
        if self._fingerprint is None:
            return STARTING
        if now_s - self._changed_at_s >= FROZEN_AFTER_S:
            return "the camera's picture is frozen"
        return ""


class Reader:
    """Keeps the newest picture of a camera. Thread-safe.

    Args:
        name: Of the camera, for the log.
        url: See ``open_source``.
        opener: Opens the camera; for tests and files that must not begin again.
        masks: Burnt into each picture as it arrives, so that nothing behind them is recognised,
            shown, cropped or kept by anybody.
        first_picture_s: See ``Freshness``.
    """

    def __init__(
        self,
        name: str,
        url: str,
        *,
        opener: Callable[[str], Source] = open_source,
        masks: Sequence[Mask] = (),
        first_picture_s: float = FIRST_PICTURE_S,
    ) -> None:
        self.name = name
        self._url, self._opener, self._masks = url, opener, masks
        self._changed = threading.Condition()
        self._frame: Frame | None = None
        self._freshness = Freshness(now_s=time.monotonic(), first_picture_s=first_picture_s)
        self._damaged_count = 0
        self._is_stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"camera {name}", daemon=True)

    @property
    def damaged_count(self) -> int:
        """Pictures lost because they were cut off or could not be decoded."""
        return self._damaged_count

    def start(self) -> None:
        """Begin to read; once."""
        self._thread.start()

    def stop(self) -> None:
        """Stop reading. A thread that hangs in the decoder is left to end by itself."""
        self._is_stopped.set()
        with self._changed:
            self._changed.notify_all()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(STOP_TIMEOUT_S)

    def newest(self, *, after: int = 0, timeout_s: float = 0.0) -> Frame | None:
        """Return the newest picture with a sequence above ``after``; waits for it at most so long.

        A picture that equals the one before it is not new.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._has_newer(after), timeout_s)
            return self._frame if self._has_newer(after) else None

    def health(self) -> CameraHealth:
        """Return whether pictures come, and differ."""
        with self._changed:
            return self._freshness.health(now_s=time.monotonic())

    def _has_newer(self, after: int) -> bool:
        return self._frame is not None and self._frame.sequence > after

    def _run(self) -> None:
        retry_s = RETRY_FIRST_S
        while not self._is_stopped.is_set():
            began_s = time.monotonic()
            try:
                self._read_stream()
            except CameraError as error:
                with self._changed:
                    self._freshness.complain(str(error))
            except Exception:
                # A decoder's own mistake must not end the only thread that watches this camera.
                _log.exception("camera %s: unexpected failure", self.name)
                with self._changed:
                    self._freshness.complain("the camera's stream cannot be read")
            if time.monotonic() - began_s > RETRY_LAST_S:
                retry_s = RETRY_FIRST_S
            self._is_stopped.wait(retry_s)
            retry_s = min(2 * retry_s, RETRY_LAST_S)

    def _read_stream(self) -> None:
        source = self._opener(self._url)
        try:
            while not self._is_stopped.is_set():
                try:
                    image, arrived_at_s = source.read()
                except DamagedPictureError as error:
                    self._damaged_count += 1
                    with self._changed:
                        self._freshness.complain(str(error))
                    continue
                self._keep(image, arrived_at_s, is_live=source.is_live)
        finally:
            source.close()

    def _keep(self, image: Image, arrived_at_s: float, *, is_live: bool) -> None:
        burn(image, self._masks)
        fingerprint = zlib.crc32(image[::4, ::4].tobytes())
        with self._changed:
            is_new = self._freshness.arrived(
                now_s=arrived_at_s, fingerprint=fingerprint, is_live=is_live
            )
            if is_new:
                sequence = 1 if self._frame is None else self._frame.sequence + 1
                self._frame = Frame(image, sequence, arrived_at_s)
                self._changed.notify_all()
