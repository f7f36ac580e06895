"""Frames of the ``EB`` tripod turnstile board, both roles.

Five bytes: ``EB``, address, command, ``00`` and the exclusive-or of the first three. The manual's
check bytes of the two arm commands are misprints; those here are computed.

Source: Mach Power AC-ATRI-018 manual, RS-485 protocol (version unconfirmed).
"""

import dataclasses
from enum import IntEnum
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

START: Final = 0xEB
SIZE_BYTES: Final = 5
BUFFER_SIZE_BYTES_MAX: Final = 256


class Command(IntEnum):
    """What the board can be told."""

    OPEN_LEFT = 0x40
    OPEN_RIGHT = 0x41
    DROP_ARM = 0x42
    RAISE_ARM = 0x43
    FORBID = 0x4A
    RESUME = 0x4B


COMMANDS: Final = frozenset(int(command) for command in Command)


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One command. Attributes: address: of the board, 0..255."""

    address: int
    command: Command


def encode(frame: Frame) -> bytes:
    """Return a command's bytes."""
    head = bytes([START, frame.address, frame.command])
    return head + bytes([0, _check(head)])


def _check(head: bytes) -> int:
    return head[0] ^ head[1] ^ head[2]


class FrameDecoder:
    """The board's side: finds commands; what is none is thrown away byte by byte."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Frame | NeedData:
        """Return the next command, or ``NEED_DATA``.

        Raises:
            FrameError: What is no command was thrown away; call again for what follows it.
        """
        if not self._buffer:
            return NEED_DATA
        if self._buffer[0] != START:
            begin = self._buffer.find(START)
            return self._throw_away(len(self._buffer) if begin < 0 else begin)
        if len(self._buffer) < SIZE_BYTES:
            return NEED_DATA
        raw = bytes(self._buffer[:SIZE_BYTES])
        if raw[3] != 0 or raw[4] != _check(raw) or raw[2] not in COMMANDS:
            return self._throw_away(1)
        del self._buffer[:SIZE_BYTES]
        return Frame(raw[1], Command(raw[2]))

    def _throw_away(self, count: int) -> NeedData:
        junk = bytes(self._buffer[:count])
        del self._buffer[:count]
        raise FrameError(f"no command of an EB board: {spaced_hex(junk[:64])}")
