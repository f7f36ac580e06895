"""What is said to the ROM loader of an STM32, and what it answers; no I/O.

The host asks, a part at a time, and the loader answers each part with ACK or NACK; where it has
data, they follow the ACK. An answer has no frame of its own, so only its request says how long it
is: ``AnswerDecoder`` is made from what was asked. A NACK ends a command, whatever part it is of.

Source: ST AN3155 Rev 14, *USART protocol used in the STM32 bootloader*, sections 3.1 to 3.8.
"""

import dataclasses
import functools
import operator
from collections.abc import Sequence
from enum import Enum, IntEnum
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

INIT: Final = b"\x7f"
"""Sent once after the start: the loader takes the baud rate from it."""
ACK: Final = 0x79
NACK: Final = 0x1F
BLOCK_SIZE_BYTES_MAX: Final = 256
PAGE_COUNT_MAX: Final = 255
"""In one command; the short erase cannot name more."""
ALIGNMENT_BYTES: Final = 4
"""A block is written in whole words (3.6); what is missing is as erased."""
ERASED: Final = 0xFF


class Command(IntEnum):
    """The commands that are used here (table 2)."""

    GET = 0x00
    GET_VERSION = 0x01
    GET_ID = 0x02
    READ_MEMORY = 0x11
    GO = 0x21
    WRITE_MEMORY = 0x31
    ERASE = 0x43
    EXTENDED_ERASE = 0x44


class Follows(Enum):
    """What follows the ACK."""

    NOTHING = "nothing"
    COUNTED = "counted"
    """A count less one, so many bytes, and another ACK: Get, Get ID."""
    FIXED = "fixed"
    """So many bytes as are known, and another ACK: Get Version."""
    MEMORY = "memory"
    """So many bytes as were asked for, and no ACK."""


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """What came. Attributes: is_ack: False is a NACK, without data."""

    is_ack: bool
    data: bytes = b""


def encode_command(command: Command) -> bytes:
    """Return a command's code and its complement."""
    return bytes([command, command ^ 0xFF])


def encode_address(address: int) -> bytes:
    """Return an address, 32 bits, and its check sum."""
    return _checked(address.to_bytes(4, "big"))


def encode_read_count(count: int) -> bytes:
    """Return how many bytes are to be read, 1..256, and the complement."""
    return bytes([_less_one(count), _less_one(count) ^ 0xFF])


def encode_block(data: bytes) -> bytes:
    """Return a block to write, 1..256 bytes: filled up to whole words, counted, and checked."""
    filled = data + bytes([ERASED]) * (-len(data) % ALIGNMENT_BYTES)
    return _checked(bytes([_less_one(len(filled))]) + filled)


def encode_erase(pages: Sequence[int], *, is_extended: bool) -> bytes:
    """Return which pages are to be erased, 1..255 of them, and the check sum.

    Args:
        pages: 0..255 each; 0..65519 for the extended erase.
        is_extended: For ``Command.EXTENDED_ERASE``.
    """
    if not 1 <= len(pages) <= PAGE_COUNT_MAX:
        raise ValueError(f"1..{PAGE_COUNT_MAX} pages are erased at once, not {len(pages)}")
    width = 2 if is_extended else 1
    numbers = (len(pages) - 1, *pages)
    return _checked(b"".join(number.to_bytes(width, "big") for number in numbers))


def encode_erase_all(*, is_extended: bool) -> bytes:
    """Return that everything is to be erased (global, or mass erase)."""
    return bytes.fromhex("FF FF 00") if is_extended else bytes.fromhex("FF 00")


class AnswerDecoder:
    """Finds the answer to one part of a command; what follows it is left alone."""

    def __init__(self, follows: Follows = Follows.NOTHING, *, size_bytes: int = 0) -> None:
        """Make one.

        Args:
            follows: What was asked for.
            size_bytes: How many bytes follow, where it is known; how many may, where they are
                counted.
        """
        self._follows, self._size_bytes = follows, size_bytes
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; more than an answer can have are not kept."""
        self._buffer += data
        del self._buffer[self._size_bytes + 4 :]

    def next_frame(self) -> Answer | NeedData:
        """Return the answer, or ``NEED_DATA``.

        Raises:
            FrameError: What came is none, and was thrown away.
        """
        raw = bytes(self._buffer)
        if not raw:
            return NEED_DATA
        if raw[0] == NACK or (raw[0] == ACK and self._follows is Follows.NOTHING):
            return self._found(Answer(is_ack=raw[0] == ACK), 1)
        if raw[0] != ACK:
            raise self._refused(f"neither ACK nor NACK: {spaced_hex(raw[:8])}")
        begin, size_bytes = 1, self._size_bytes
        if self._follows is Follows.COUNTED:
            if len(raw) < 2:
                return NEED_DATA
            begin, size_bytes = 2, raw[1] + 1
            if size_bytes > self._size_bytes:
                raise self._refused(f"{size_bytes} bytes are announced: {spaced_hex(raw[:8])}")
        end = begin + size_bytes
        acked_end = end + (self._follows is not Follows.MEMORY)
        if len(raw) < acked_end:
            return NEED_DATA
        if acked_end > end and raw[end] != ACK:
            raise self._refused(f"no ACK at the end: {spaced_hex(raw[:acked_end])}")
        return self._found(Answer(is_ack=True, data=raw[begin:end]), acked_end)

    def _found(self, answer: Answer, size_bytes: int) -> Answer:
        del self._buffer[:size_bytes]
        return answer

    def _refused(self, message: str) -> FrameError:
        self._buffer.clear()
        return FrameError(message)


def _checked(data: bytes) -> bytes:
    return data + bytes([functools.reduce(operator.xor, data)])


def _less_one(count: int) -> int:
    if not 1 <= count <= BLOCK_SIZE_BYTES_MAX:
        raise ValueError(f"1..{BLOCK_SIZE_BYTES_MAX} bytes are moved at once, not {count}")
    return count - 1
