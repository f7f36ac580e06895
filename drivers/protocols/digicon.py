"""Digicon TX1500 turnstile, both roles.

``02 length(2, low first) command… bcc``: the length counts command and check, the check is the
exclusive-or of everything before it. Answers and passages are single bytes.

Source: Digicon TX1500 manual, serial protocol (version unconfirmed; both its samples check).
"""

import dataclasses
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

STX, ACK, NAK = 0x02, 0x06, 0x15
PASSED_RIGHT_TO_LEFT, PASSED_LEFT_TO_RIGHT = 0x1A, 0x1B
SIGNS: Final = (ACK, NAK, PASSED_RIGHT_TO_LEFT, PASSED_LEFT_TO_RIGHT)
RIGHT_TO_LEFT, LEFT_TO_RIGHT, BOTH, CONTROL, ALWAYS_FREE = b"H", b"A", b"D", b"C", b"L"
COMMAND_LENGTH_MAX: Final = 32
BUFFER_SIZE_BYTES_MAX: Final = 256


@dataclasses.dataclass(frozen=True, slots=True)
class Sign:
    """What the turnstile says: one byte of ``SIGNS``."""

    code: int

    @property
    def raw(self) -> bytes:
        """The byte itself, so that nothing beside it counts as explained."""
        return bytes([self.code])


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """What the turnstile is told. Attributes: raw: as it stood on the line."""

    body: bytes
    raw: bytes = dataclasses.field(repr=False, compare=False, default=b"")


class DamagedCommandError(FrameError):
    """A whole command whose check is wrong; the turnstile refuses it."""


def encode_command(command: bytes) -> bytes:
    """Return a command's bytes."""
    head = bytes([STX]) + (len(command) + 1).to_bytes(2, "little") + command
    return head + bytes([_check(head)])


def _check(head: bytes) -> int:
    value = 0
    for byte in head:
        value ^= byte
    return value


class SignDecoder:
    """Our side: finds what the turnstile says."""

    def __init__(self, wanted: tuple[int, ...] = SIGNS) -> None:
        self._wanted, self._buffer = wanted, bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Sign | NeedData:
        """Return the next sign that is wanted, or ``NEED_DATA``.

        Raises:
            FrameError: What is none was thrown away; call again for what follows it.
        """
        if not self._buffer:
            return NEED_DATA
        code = self._buffer.pop(0)
        if code not in self._wanted:
            raise FrameError(f"no sign that was waited for: {code:02X}")
        return Sign(code)


class CommandDecoder:
    """The turnstile's side: finds commands."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Command | NeedData:
        """Return the next command, or ``NEED_DATA``.

        Raises:
            DamagedCommandError: The check of one is wrong; its first byte was thrown away.
            FrameError: What is no command was thrown away; call again for what follows it.
        """
        if not self._buffer:
            return NEED_DATA
        if self._buffer[0] == STX and len(self._buffer) < 3:
            return NEED_DATA
        length = int.from_bytes(self._buffer[1:3], "little")
        if self._buffer[0] != STX or not 2 <= length <= COMMAND_LENGTH_MAX:
            junk = bytes(self._buffer[:1])
            del self._buffer[:1]
            raise FrameError(f"no command of a TX1500: {spaced_hex(junk)}")
        if len(self._buffer) < 3 + length:
            return NEED_DATA
        raw = bytes(self._buffer[: 3 + length])
        if raw[-1] != _check(raw[:-1]):
            del self._buffer[:1]
            raise DamagedCommandError(f"the check of a command is wrong: {spaced_hex(raw)}")
        del self._buffer[: 3 + length]
        return Command(raw[3:-1], raw)


def describe(frame: Sign | Command) -> str:
    """Return a frame in words."""
    if isinstance(frame, Command):
        return f"command {spaced_hex(frame.body)}"
    names = ("taken", "refused", "somebody passed right to left", "somebody passed left to right")
    return dict(zip(SIGNS, names, strict=True)).get(frame.code, f"{frame.code:02X}")
