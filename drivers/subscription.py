"""What a device says unasked: frames of one decoder, from the bus's thread to a driver's task."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from typing import Final, Generic, Protocol, TypeVar

from drivers.base import DeviceUnreachableError
from drivers.protocols import FrameError, NeedData

__all__ = ["Decoder", "Subscription"]

FRAME_COUNT_MAX: Final = 256
"""A device that talks faster than anybody listens must not fill the memory."""

_Frame = TypeVar("_Frame")
_Decoded = TypeVar("_Decoded", covariant=True)


class Decoder(Protocol[_Decoded]):
    """What turns bytes into frames."""

    def receive_data(self, data: bytes) -> None:
        """Take bytes; keeps a bounded number of them."""
        ...

    def next_frame(self) -> _Decoded | NeedData:
        """Return the next frame, or ``NEED_DATA``.

        Raises:
            FrameError: What is no frame was thrown away; call again for what follows it.
        """
        ...


class Subscription(Generic[_Frame]):
    """Frames that arrived on a line and were not asked for, or were: it hears everything.

    Attributes:
        noise_count: Times that bytes were thrown away because they are no frame.
        overflow_count: Frames that were dropped, oldest first, because nobody took them.
        last_heard_at_s: Monotonic time of the last sound frame; None before the first.
    """

    def __init__(
        self,
        decoder: Decoder[_Frame],
        *,
        problem: Callable[[], str | None],
        on_close: Callable[["Subscription[_Frame]"], None],
    ) -> None:
        """Made by ``Bus.subscribe``.

        Args:
            decoder: Used by the bus's thread alone.
            problem: Says what is wrong with the line; None if nothing is.
            on_close: Ends the hearing.
        """
        self._decoder, self._problem, self._on_close = decoder, problem, on_close
        self._frames: deque[_Frame] = deque()
        self._lock, self._decoding = threading.Lock(), threading.Lock()
        self._waiting: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self.noise_count = self.overflow_count = 0
        self.last_heard_at_s: float | None = None

    def take(self) -> list[_Frame]:
        """Return what came since the last call, oldest first.

        Raises:
            DeviceUnreachableError: Nothing more came and the line is not there.
        """
        with self._lock:
            frames = list(self._frames)
            self._frames.clear()
        if not frames and (problem := self._problem()) is not None:
            raise DeviceUnreachableError(problem)
        return frames

    async def wait(self, *, timeout_s: float) -> None:
        """Return when there is something to take, or the time is over; for one task at a time."""
        event = asyncio.Event()
        with self._lock:
            if self._frames:
                return
            self._waiting = (asyncio.get_running_loop(), event)
        try:
            async with asyncio.timeout(timeout_s):
                await event.wait()
        except TimeoutError:
            return
        finally:
            with self._lock:
                self._waiting = None

    def close(self) -> None:
        """Hear no more; idempotent."""
        self._on_close(self)

    # ---- called by the bus's thread

    def hear(self, data: bytes, *, now_s: float) -> None:
        """Take bytes from the line."""
        with self._decoding:
            self._decoder.receive_data(data)
            self._drain(now_s)

    def expire(self, give_up: Callable[[], None], *, now_s: float) -> None:
        """Let the decoder give up what it waits for, and take what stands behind that.

        For the driver's task: a damaged length must not hide the frames that follow it.
        """
        with self._decoding:
            give_up()
            self._drain(now_s)

    def _drain(self, now_s: float) -> None:
        while True:
            try:
                frame = self._decoder.next_frame()
            except FrameError:
                self.noise_count += 1
                continue
            if isinstance(frame, NeedData):
                return
            self.last_heard_at_s = now_s
            self._add(frame)

    def _add(self, frame: _Frame) -> None:
        with self._lock:
            if len(self._frames) >= FRAME_COUNT_MAX:
                self._frames.popleft()
                self.overflow_count += 1
            self._frames.append(frame)
            waiting = self._waiting
            if waiting is not None and not waiting[0].is_closed():
                waiting[0].call_soon_threadsafe(waiting[1].set)
