"""The turnstile that ``drivers.digicon_tx1500`` releases.

Source: as the driver's.
"""

import dataclasses
from typing import Any, ClassVar

from drivers.protocols import FrameError, NeedData
from drivers.protocols.digicon import (
    ACK,
    ALWAYS_FREE,
    BOTH,
    CONTROL,
    LEFT_TO_RIGHT,
    NAK,
    PASSED_LEFT_TO_RIGHT,
    PASSED_RIGHT_TO_LEFT,
    RIGHT_TO_LEFT,
    CommandDecoder,
    DamagedCommandError,
)
from drivers.simulators.far_end import FarEnd

OPEN_S = 5.0
PASSED = {RIGHT_TO_LEFT: PASSED_RIGHT_TO_LEFT, LEFT_TO_RIGHT: PASSED_LEFT_TO_RIGHT}


class Simulator(FarEnd):
    """One turnstile. Attributes: released: ways with people who may still pass."""

    KIND = "turnstile"
    BAUDRATE = 115_200
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "pass_through": {"way": "right_to_left"},
        "force": {"way": "right_to_left"},
        "refuse": {"count": 1},
    }
    STIMULI = (("force", {}, "PassageCounted"),)

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """It has none."""

    def __init__(self, settings: Settings) -> None:
        self._decoder = CommandDecoder()
        self.released: dict[bytes, int] = dict.fromkeys(PASSED, 0)
        self.always_free: bytes = b""
        self.released_count = self._refused_count = 0
        self._since_s = 0.0
        self._said: list[bytes] = []

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._decoder.receive_data(data)
        replies: list[bytes] = []
        while True:
            try:
                command = self._decoder.next_frame()
            except DamagedCommandError:
                replies.append(bytes([NAK]))
                continue
            except FrameError:
                continue
            if isinstance(command, NeedData):
                return replies
            replies.append(bytes([ACK if self._obey(command.body) else NAK]))

    def _obey(self, command: bytes) -> bool:
        if self._refused_count:
            self._refused_count -= 1
            return False
        if command == CONTROL:
            self.always_free = b""
        elif command[:1] == ALWAYS_FREE and command[1:] in (RIGHT_TO_LEFT, LEFT_TO_RIGHT, BOTH):
            self.always_free = command[1:]
        elif command in (RIGHT_TO_LEFT, LEFT_TO_RIGHT, BOTH):
            for way in PASSED if command == BOTH else (command,):
                self.released[way] += 1
            self.released_count, self._since_s = self.released_count + 1, 0.0
        else:
            return False
        return True

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: who does not pass in time must ask again."""
        self._since_s += dt_s
        if self._since_s > OPEN_S:
            self.released = dict.fromkeys(PASSED, 0)
        said, self._said = self._said, []
        return said

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "released": {way.decode(): count for way, count in self.released.items()},
            "released_count": self.released_count,
            "always_free": self.always_free.decode(),
        }

    def do_pass_through(self, way: str) -> dict[str, Any]:
        """Somebody walks, if the way is free."""
        code = self._way(way)
        is_free = self.always_free in (code, BOTH) or self.released[code] > 0
        if is_free:
            self.released[code] = max(0, self.released[code] - 1)
            self._said.append(bytes([PASSED[code]]))
        return {"has_passed": is_free}

    def do_force(self, way: str) -> None:
        """Somebody is counted although nobody was released."""
        self._said.append(bytes([PASSED[self._way(way)]]))

    def do_refuse(self, count: int) -> None:
        """Refuse so many commands."""
        self._refused_count = count

    def _way(self, way: str) -> bytes:
        ways = {"right_to_left": RIGHT_TO_LEFT, "left_to_right": LEFT_TO_RIGHT}
        if way not in ways:
            raise ValueError(f"way is {' or '.join(ways)}, not {way!r}")
        return ways[way]
