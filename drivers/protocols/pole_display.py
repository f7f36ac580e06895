"""Customer displays of two lines (VFD or LCD) on a pole, both of their command sets, both roles.

* ``epson``: ``1F 24 x y`` puts the cursor, ``1F 01`` overwrites, ``0C`` clears, ``1B 40`` resets.
* ``cd5220``: ``1B 51 41 text 0D`` writes the upper line, ``1B 51 42 text 0D`` the lower one; ``0C``
  and ``1B 40`` as before. Many a display sold in China knows only these, at 2400 baud.

Nothing is answered. A line is always written whole, filled with spaces: nothing of the last amount
stays behind the new one, and the display does not flicker.

Source: Epson DM-D110 specification, 5.4; Posiflex XP8200 manual, 4.1.2; CD5220 command list in the
Epson P07303 user manual V1.7, 7.2 (versions unconfirmed).
"""

import dataclasses
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData

RESET: Final = b"\x1b\x40"
OVERWRITE: Final = b"\x1f\x01"
CLEAR: Final = 0x0C
DIALECTS: Final = ("epson", "cd5220")
ROW_COUNT: Final = 2
BUFFER_SIZE_BYTES_MAX: Final = 256
TOLD_ONLY: Final = True
"""Its frames go to the device: nobody who only listens takes a talker for one."""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """A line was written. Attributes: row: 0 or 1. data: its characters, spaces included."""

    row: int
    data: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Cleared:
    """The display was cleared or reset."""


def encode_start(dialect: str) -> bytes:
    """Return what sets a display up and clears it."""
    return RESET + (OVERWRITE if dialect == "epson" else b"") + bytes([CLEAR])


def encode_line(dialect: str, row: int, data: bytes) -> bytes:
    """Return a line.

    Args:
        dialect: One of ``DIALECTS``.
        row: 0 or 1.
        data: As many bytes as the display has columns, none below a space.
    """
    if dialect == "epson":
        return bytes([0x1F, ord("$"), 1, row + 1]) + data
    return bytes([0x1B, ord("Q"), ord("A") + row]) + data + b"\r"


class CommandDecoder:
    """The display's side, of both command sets; what is none is thrown away."""

    def __init__(self, *, column_count: int = 20) -> None:
        """Decode for a display of so many columns."""
        self._column_count = column_count
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Line | Cleared | NeedData:
        """Return the next command that changes what is shown, or ``NEED_DATA``.

        Raises:
            FrameError: What is no command was thrown away; call again.
        """
        while self._buffer.startswith(OVERWRITE):
            del self._buffer[: len(OVERWRITE)]
        if not self._buffer:
            return NEED_DATA
        if self._buffer[0] == CLEAR:
            return self._taken(1)
        if self._buffer.startswith(RESET):
            return self._taken(len(RESET))
        for head, size, data_at in (
            (b"\x1f$\x01", 4 + self._column_count, 4),
            (b"\x1bQ", 4 + self._column_count, 3),
        ):
            if head.startswith(self._buffer[: len(head)]):
                return self._line(size, data_at)
        return self._refused()

    def _line(self, size: int, data_at: int) -> Line | NeedData:
        if len(self._buffer) < size:
            return NEED_DATA
        row = self._buffer[data_at - 1] - (1 if data_at == 4 else ord("A"))
        data = bytes(self._buffer[data_at : data_at + self._column_count])
        is_ended = data_at == 4 or self._buffer[size - 1] == 0x0D
        if row not in range(ROW_COUNT) or not is_ended or min(data) < 0x20:
            return self._refused()
        del self._buffer[:size]
        return Line(row, data)

    def _taken(self, size: int) -> Cleared:
        del self._buffer[:size]
        return Cleared()

    def _refused(self) -> NeedData:
        byte = self._buffer.pop(0)
        raise FrameError(f"no command of a customer display: {byte:02X}")


def describe(frame: Line | Cleared) -> str:
    """Return a command in words."""
    if isinstance(frame, Cleared):
        return "cleared"
    return f"line {frame.row + 1}: {frame.data.decode('gb18030', 'replace').rstrip()!r}"
