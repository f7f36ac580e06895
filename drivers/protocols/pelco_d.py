"""Pelco-D, commands to a camera's head and its answers to queries, both roles.

``FF address command1 command2 data1 data2 sum``: the sum is of everything between, modulo 256.

Source: Pelco, "D Protocol Manual" (version unconfirmed; frames as six camera manuals quote them).
"""

import dataclasses
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

START: Final = 0xFF
SIZE_BYTES: Final = 7
BUFFER_SIZE_BYTES_MAX: Final = 256
SPEED_MAX: Final = 0x3F

RIGHT, LEFT, UP, DOWN, TELE, WIDE = 0x02, 0x04, 0x08, 0x10, 0x20, 0x40
"""Bits of the second command byte."""
SET_PRESET, CLEAR_PRESET, CALL_PRESET = 0x03, 0x05, 0x07
QUERY_PAN, QUERY_TILT, QUERY_ZOOM = 0x51, 0x53, 0x55
REPLIES: Final = {QUERY_PAN: 0x59, QUERY_TILT: 0x5B, QUERY_ZOOM: 0x5D}


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One command, or an answer."""

    address: int
    command1: int
    command2: int
    data1: int = 0
    data2: int = 0

    @property
    def value(self) -> int:
        """The data as one number."""
        return self.data1 << 8 | self.data2


def encode(frame: Frame) -> bytes:
    """Return a frame's bytes."""
    body = bytes([frame.address, frame.command1, frame.command2, frame.data1, frame.data2])
    return bytes([START]) + body + bytes([sum(body) & 0xFF])


def move(address: int, *, pan: float, tilt: float, zoom: float) -> Frame:
    """Return a movement; speeds -1..1, right, up and tele are positive; all zero is stop."""
    bits = (RIGHT if pan > 0 else LEFT if pan < 0 else 0) | (
        UP if tilt > 0 else DOWN if tilt < 0 else 0
    )
    bits |= TELE if zoom > 0 else WIDE if zoom < 0 else 0
    return Frame(address, 0, bits, round(abs(pan) * SPEED_MAX), round(abs(tilt) * SPEED_MAX))


class FrameDecoder:
    """Finds frames; what is none is thrown away byte by byte."""

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
        if self._buffer[0] != START:
            begin = self._buffer.find(START)
            return self._throw_away(len(self._buffer) if begin < 0 else begin)
        if len(self._buffer) < SIZE_BYTES:
            return NEED_DATA
        raw = bytes(self._buffer[:SIZE_BYTES])
        if raw[-1] != sum(raw[1:-1]) & 0xFF:
            return self._throw_away(1)
        del self._buffer[:SIZE_BYTES]
        return Frame(*raw[1:-1])

    def _throw_away(self, count: int) -> NeedData:
        junk = bytes(self._buffer[:count])
        del self._buffer[:count]
        raise FrameError(f"no Pelco-D frame: {spaced_hex(junk[:64])}")


class ReplyDecoder:
    """Finds the answer to one query: of its address and its kind."""

    def __init__(self, query: Frame) -> None:
        self._query, self._frames = query, FrameDecoder()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line."""
        self._frames.receive_data(data)

    def next_frame(self) -> Frame | NeedData:
        """Return the answer, or ``NEED_DATA``.

        Raises:
            FrameError: What is no answer was thrown away; call again for what follows it.
        """
        frame = self._frames.next_frame()
        if isinstance(frame, NeedData):
            return NEED_DATA
        wanted = REPLIES[self._query.command2]
        if (frame.address, frame.command2) != (self._query.address, wanted):
            raise FrameError(f"not the answer of head {self._query.address}: {describe(frame)}")
        return frame


def describe(frame: Frame) -> str:
    """Return a frame in words."""
    return (
        f"head {frame.address}, command {frame.command1:02X} {frame.command2:02X},"
        f" data {frame.data1:02X} {frame.data2:02X}"
    )
