"""The tripod turnstile that ``drivers.eb_tripod`` talks to.

Source: as the driver's.
"""

import dataclasses
from typing import Any, ClassVar

from drivers.protocols import FrameError, NeedData
from drivers.protocols.eb_tripod import Command, FrameDecoder
from drivers.simulators.far_end import FarEnd

OPEN_S = 5.0


class Simulator(FarEnd):
    """One turnstile. It never answers.

    Attributes:
        open_way: ``left``, ``right``, or empty: where one person may pass now.
        opened_count: Commands to open that it obeyed.
    """

    KIND = "turnstile"
    ANSWERS = False
    ACTIONS: ClassVar = {"pass_through": {}}

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: address: of the board."""

        address: int = 1

    def __init__(self, settings: Settings) -> None:
        self._address, self._decoder = settings.address, FrameDecoder()
        self.open_way, self._open_s = "", 0.0
        self.is_forbidden, self.is_arm_down = False, False
        self.opened_count = self.passed_count = 0

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
            if frame.address == self._address:
                self._obey(frame.command)

    def _obey(self, command: Command) -> None:
        match command:
            case Command.OPEN_LEFT | Command.OPEN_RIGHT if not self.is_forbidden:
                self.open_way = "left" if command is Command.OPEN_LEFT else "right"
                self._open_s, self.opened_count = OPEN_S, self.opened_count + 1
            case Command.DROP_ARM | Command.RAISE_ARM:
                self.is_arm_down = command is Command.DROP_ARM
            case Command.FORBID | Command.RESUME:
                self.is_forbidden = command is Command.FORBID

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: who does not pass in time must ask again."""
        self._open_s -= dt_s
        if self._open_s <= 0:
            self.open_way = ""
        return []

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "open_way": self.open_way,
            "is_forbidden": self.is_forbidden,
            "is_arm_down": self.is_arm_down,
            "opened_count": self.opened_count,
            "passed_count": self.passed_count,
        }

    def do_pass_through(self) -> dict[str, Any]:
        """Somebody pushes the arm."""
        has_passed = bool(self.open_way) or self.is_arm_down
        self.passed_count += has_passed
        self.open_way = ""
        return {"has_passed": has_passed}
