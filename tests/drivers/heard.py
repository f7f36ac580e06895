"""What decoders and drivers make of bytes that arrive, for their tests."""

import asyncio
import dataclasses
from collections.abc import Iterable
from typing import TypeVar

from drivers.base import Driver, Observation
from drivers.bus import Decoder
from drivers.protocols import FrameError, NeedData

_Frame = TypeVar("_Frame")


def frames_of(decoder: Decoder[_Frame], pieces: Iterable[bytes]) -> tuple[list[_Frame], list[str]]:
    """Return the frames, and what was said of that which was thrown away."""
    frames: list[_Frame] = []
    refusals: list[str] = []
    for piece in pieces:
        decoder.receive_data(piece)
        is_waiting = False
        while not is_waiting:
            try:
                frame = decoder.next_frame()
            except FrameError as error:
                refusals.append(str(error))
                continue
            if isinstance(frame, NeedData):
                is_waiting = True
            else:
                frames.append(frame)
    return frames, refusals


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """Return bytes in pieces of these sizes, again and again."""
    pieces = list[bytes]()
    while data:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(data[:size])
        data = data[size:]
    return pieces


@dataclasses.dataclass
class ClockOfATest:
    """A clock that stands. Attributes: now_s: what it shows."""

    now_s: float = 100.0

    def __call__(self) -> float:
        """Return the time, as ``time.monotonic`` does."""
        return self.now_s


async def observed(driver: Driver, count: int = 1) -> list[Observation]:
    """Poll until there are so many observations; the test's own time-out ends it otherwise."""
    found = list(await driver.poll())
    while len(found) < count:
        await asyncio.sleep(0.005)
        found += await driver.poll()
    return found
