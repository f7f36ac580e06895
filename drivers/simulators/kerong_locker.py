"""The locker board that ``drivers.kerong_locker`` talks to.

Source: as the driver's.
"""

import dataclasses
from typing import Any, ClassVar

from drivers.protocols import FrameError, NeedData
from drivers.protocols.kerong import (
    FEEDBACK_CODES,
    OPEN,
    OPEN_CODE,
    QUERY,
    QUERY_CODE,
    Frame,
    FrameDecoder,
    encode,
)
from drivers.simulators.far_end import FarEnd


class Simulator(FarEnd):
    """One board.

    Attributes:
        is_open: Of each door, the first at 0.
        jammed: Doors that stay shut.
    """

    KIND = "locker"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "shut": {"door": 0},
        "pull_open": {"door": 0},
        "jam": {"door": 0, "on": True},
    }
    STIMULI = (
        ("pull_open", {"door": 1}, "DoorMonitorChanged"),
        ("shut", {"door": 1}, "DoorMonitorChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: address: of the board. closed_code: as it is wired."""

        address: int = 1
        lock_count: int = 8
        closed_code: int = 0x11

    def __init__(self, settings: Settings) -> None:
        self._settings, self._decoder = settings, FrameDecoder()
        self.is_open = [False] * settings.lock_count
        self.jammed: set[int] = set()
        self.opened_count = 0

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._decoder.receive_data(data)
        replies: list[bytes] = []
        while True:
            try:
                frame = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(frame, NeedData):
                return replies
            if frame.board == self._settings.address and frame.lock <= len(self.is_open):
                replies += [encode(reply) for reply in self._do(frame)]

    def _do(self, frame: Frame) -> list[Frame]:
        if frame.kind == OPEN and frame.code == OPEN_CODE:
            doors = range(len(self.is_open)) if frame.lock == 0 else [frame.lock - 1]
            for door in doors:
                self.opened_count += 1
                self.is_open[door] = self.is_open[door] or door not in self.jammed
            return [self._feedback(door) for door in doors]
        if frame.kind == QUERY and frame.code == QUERY_CODE and frame.lock:
            return [self._feedback(frame.lock - 1)]
        return []

    def _feedback(self, door: int) -> Frame:
        (other,) = set(FEEDBACK_CODES) - {self._settings.closed_code}
        code = other if self.is_open[door] else self._settings.closed_code
        return Frame(OPEN, self._settings.address, door + 1, code)

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {"is_open": list(self.is_open), "opened_count": self.opened_count}

    def do_shut(self, door: int) -> None:
        """Push a door shut."""
        self._door(door)
        self.is_open[door] = False

    def do_pull_open(self, door: int) -> None:
        """Force a door."""
        self._door(door)
        self.is_open[door] = True

    def do_jam(self, door: int, *, on: bool) -> None:
        """Let a door stay shut whatever its lock does."""
        self._door(door)
        (self.jammed.add if on else self.jammed.discard)(door)

    def _door(self, door: int) -> None:
        if not 0 <= door < len(self.is_open):
            raise ValueError(f"door is 0..{len(self.is_open) - 1}, not {door}")
