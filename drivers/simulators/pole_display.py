"""The customer display that ``drivers.pole_display`` writes to.

Source: as the driver's.
"""

import dataclasses
from typing import Any

from drivers.protocols import FrameError, NeedData
from drivers.protocols.pole_display import ROW_COUNT, CommandDecoder, Line
from drivers.simulators.far_end import FarEnd


class Simulator(FarEnd):
    """One display. Attributes: lines: what stands there, without the spaces behind it."""

    KIND = "display"
    ANSWERS = False

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: columns, chinese: as the driver's."""

        columns: int = 20
        chinese: bool = False

    def __init__(self, settings: Settings) -> None:
        self._decoder = CommandDecoder(column_count=settings.columns)
        self._encoding = "gb18030" if settings.chinese else "cp437"
        self.lines = [""] * ROW_COUNT
        self.shown_count = 0

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._decoder.receive_data(data)
        while True:
            try:
                command = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(command, NeedData):
                return []
            if isinstance(command, Line):
                text = command.data.decode(self._encoding, "replace")
                self.lines[command.row] = text.rstrip()
                self.shown_count += 1
            else:
                self.lines = [""] * ROW_COUNT

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {"lines": list(self.lines), "shown_count": self.shown_count}
