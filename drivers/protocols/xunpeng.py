"""Numbers on a parking guidance display (Xunpeng), both roles.

``3A colour low high 01 sum 0A``: the number is binary; the sum is of the bytes before it.

Source: the maker's protocol sheet as public samples quote it (version unconfirmed).
"""

import dataclasses
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

START, END, FIXED = 0x3A, 0x0A, 0x01
SIZE_BYTES: Final = 7
BUFFER_SIZE_BYTES_MAX: Final = 128
NUMBER_MAX: Final = 9999


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """What is shown. Attributes: number: 0..9999."""

    colour: int
    number: int


def encode(frame: Frame) -> bytes:
    """Return a frame's bytes."""
    head = bytes([START, frame.colour, frame.number & 0xFF, frame.number >> 8, FIXED])
    return head + bytes([sum(head) & 0xFF, END])


class FrameDecoder:
    """The display's side: finds frames; what is none is thrown away byte by byte."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Frame | NeedData:
        """Return the next frame, or ``NEED_DATA``.

        Raises:
            FrameError: What is no frame was thrown away; call again for what follows it.
        """
        if not self._buffer:
            return NEED_DATA
        if self._buffer[0] == START and len(self._buffer) < SIZE_BYTES:
            return NEED_DATA
        raw = bytes(self._buffer[:SIZE_BYTES])
        if raw[0] == START:
            frame = Frame(raw[1], raw[2] | raw[3] << 8)
            if encode(frame) == raw:
                del self._buffer[:SIZE_BYTES]
                return frame
        del self._buffer[:1]
        raise FrameError(f"no frame for a display: {spaced_hex(raw)}")


def describe(frame: Frame) -> str:
    """Return a frame in words."""
    return f"number {frame.number} in colour {frame.colour}"
