"""The display that ``drivers.xunpeng_led`` writes to.

Source: as the driver's.
"""

import dataclasses
from typing import Any

from drivers.protocols import FrameError, NeedData
from drivers.protocols.xunpeng import FrameDecoder
from drivers.simulators.far_end import FarEnd


class Simulator(FarEnd):
    """One display. Attributes: number: what it shows; None while it is dark."""

    KIND = "display"
    ANSWERS = False

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """It has none."""

    def __init__(self, settings: Settings) -> None:
        self._decoder = FrameDecoder()
        self.number: int | None = None
        self.colour = self.shown_count = 0

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._decoder.receive_data(data)
        while True:
            try:
                frame = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(frame, NeedData):
                return []
            self.number, self.colour = frame.number, frame.colour
            self.shown_count += 1

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {"number": self.number, "colour": self.colour, "shown_count": self.shown_count}
