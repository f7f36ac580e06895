"""Locker boards of the ``8A`` family (KERONG type), both roles.

Five bytes: kind, board, lock, code and the exclusive-or of the four. Lock 0 is all of them.

Source: seller's data sheet of the board, as published on CSDN (version unconfirmed; check bytes
recomputed).
"""

import dataclasses
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

OPEN, QUERY = 0x8A, 0x80
OPEN_CODE, QUERY_CODE = 0x11, 0x33
KINDS: Final = (OPEN, QUERY)
FEEDBACK_CODES: Final = (0x00, 0x11)
SIZE_BYTES: Final = 5
BUFFER_SIZE_BYTES_MAX: Final = 128


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One frame. Attributes: lock: 1-based; 0 is all. code: what to do, or the lock's feedback."""

    kind: int
    board: int
    lock: int
    code: int


def encode(frame: Frame) -> bytes:
    """Return a frame's bytes."""
    head = bytes([frame.kind, frame.board, frame.lock, frame.code])
    return head + bytes([head[0] ^ head[1] ^ head[2] ^ head[3]])


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
        if self._buffer[0] in KINDS and len(self._buffer) < SIZE_BYTES:
            return NEED_DATA
        raw = bytes(self._buffer[:SIZE_BYTES])
        if raw[0] in KINDS:
            frame = Frame(raw[0], raw[1], raw[2], raw[3])
            if encode(frame) == raw:
                del self._buffer[:SIZE_BYTES]
                return frame
        del self._buffer[:1]
        raise FrameError(f"no frame of a locker board: {spaced_hex(raw)}")


class ReplyDecoder:
    """Finds the answer to one request: the same board and lock, and a feedback that is one."""

    def __init__(self, request: Frame) -> None:
        self._request, self._frames = request, FrameDecoder()

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
        asked = self._request
        is_place = (frame.board, frame.lock) == (asked.board, asked.lock)
        # An echo of the request to open looks like a feedback; that of a query does not.
        if not is_place or frame.code not in FEEDBACK_CODES:
            raise FrameError(f"not the answer of board {asked.board}: {describe(frame)}")
        return frame


def describe(frame: Frame) -> str:
    """Return a frame in words."""
    name = "open" if frame.kind == OPEN else "query"
    return f"{name}, board {frame.board}, lock {frame.lock}, code {frame.code:02X}"
