"""A customer display of two lines on a pole (VFD or LCD), write-only, 9600 8N1 unless set so.

Source: see ``drivers.protocols.pole_display``.
"""

import dataclasses
from collections.abc import Sequence

from drivers.base import CommandReceipt, Observation
from drivers.bus import Bus, Priority
from drivers.protocols.pole_display import DIALECTS, ROW_COUNT, encode_line, encode_start
from drivers.registry import register


@register("pole_display")
class PoleDisplay:
    """One display; satisfies ``Driver`` and ``LineDisplay``.

    It answers nothing: what it shows is not known, and only loss of the line is seen. The last
    lines are shown again when the line is back.
    """

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """What the display is.

        Attributes:
            commands: ``epson`` or ``cd5220``.
            columns: 8..40.
            chinese: It has Chinese characters in GB18030; otherwise it shows ASCII only.
        """

        commands: str = "epson"
        columns: int = 20
        chinese: bool = False

        def __post_init__(self) -> None:
            if self.commands not in DIALECTS:
                known = ", ".join(DIALECTS)
                raise ValueError(f"pole_display: commands is {known}, not {self.commands!r}")
            if not 8 <= self.columns <= 40:
                raise ValueError(f"pole_display: columns is 8..40, not {self.columns}")

    def __init__(self, bus: Bus, settings: Settings) -> None:
        self._bus, self._settings = bus, settings
        self._encoding = "gb18030" if settings.chinese else "ascii"
        self._shown: tuple[bytes, ...] = ()

    @property
    def row_count(self) -> int:
        """See ``LineDisplay.row_count``."""
        return ROW_COUNT

    @property
    def column_count(self) -> int:
        """See ``LineDisplay.column_count``."""
        return self._settings.columns

    def can_show(self, text: str) -> bool:
        """See ``LineDisplay.can_show``."""
        try:
            self._encoded(text)
        except ValueError:
            return False
        return True

    async def start(self) -> None:
        """Set it up and show the last lines again; raises when the line is not there."""
        await self._bus.send(
            encode_start(self._settings.commands) + self._lines(), unit_id="pole_display"
        )

    async def poll(self) -> Sequence[Observation]:
        """Report nothing; only whether the line is there can be known."""
        await self._bus.send(b"", unit_id="pole_display", priority=Priority.POLL)
        return []

    async def show(self, text: str) -> CommandReceipt:
        """See ``Display.show``; one or two lines. Sent, not confirmed."""
        self._shown = self._encoded(text)
        await self._bus.send(self._lines(), unit_id="pole_display")
        return CommandReceipt(attempts=1)

    def _lines(self) -> bytes:
        return b"".join(
            encode_line(self._settings.commands, row, data) for row, data in enumerate(self._shown)
        )

    def _encoded(self, text: str) -> tuple[bytes, ...]:
        """Return all rows, filled with spaces.

        Raises:
            ValueError: It has characters that the display has not, or does not fit.
        """
        columns = self._settings.columns
        lines = text.split("\n")
        lines += [""] * (ROW_COUNT - len(lines))
        try:
            encoded = [line.encode(self._encoding) for line in lines]
        except UnicodeEncodeError as error:
            raise ValueError(f"this display shows {self._encoding} only: {error.reason}") from error
        fits = len(encoded) == ROW_COUNT and all(len(data) <= columns for data in encoded)
        if not fits or any(byte < 0x20 for data in encoded for byte in data):
            raise ValueError(f"this display shows {ROW_COUNT} lines of {columns} characters")
        return tuple(data.ljust(columns) for data in encoded)
