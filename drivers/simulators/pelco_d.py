"""The head that ``drivers.pelco_d`` moves.

Source: as the driver's.
"""

import dataclasses
from typing import Any, ClassVar

from drivers.protocols import FrameError, NeedData
from drivers.protocols.pelco_d import (
    CALL_PRESET,
    CLEAR_PRESET,
    DOWN,
    LEFT,
    QUERY_PAN,
    QUERY_TILT,
    QUERY_ZOOM,
    REPLIES,
    RIGHT,
    SET_PRESET,
    SPEED_MAX,
    TELE,
    UP,
    WIDE,
    Frame,
    FrameDecoder,
    encode,
)
from drivers.simulators.far_end import FarEnd
from drivers.simulators.head import Head


class Simulator(FarEnd):
    """One head, which moves for ever without a stop. Attributes: head: where it stands."""

    KIND = "camera"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "turn": {"pan": 10.0},
        "lose_stops": {"count": 1},
    }
    STIMULI = (("turn", {}, "PositionChanged"),)

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: address: of the head. has_queries: it tells its position."""

        address: int = 1
        has_queries: bool = True

    def __init__(self, settings: Settings) -> None:
        self._settings, self._decoder = settings, FrameDecoder()
        self.head = Head()
        self.moved_count = 0

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
            if frame.address == self._settings.address and frame.command1 == 0:
                if frame.command2 not in REPLIES:
                    self._obey(frame)
                elif self._settings.has_queries:
                    replies.append(encode(self._answer(frame)))

    def _answer(self, frame: Frame) -> Frame:
        head = self.head
        value = {
            QUERY_PAN: head.pan * 100,
            QUERY_TILT: head.tilt * 100,
            QUERY_ZOOM: head.zoom,
        }[frame.command2]
        number = int(value)
        return Frame(frame.address, 0, REPLIES[frame.command2], number >> 8, number & 0xFF)

    def _obey(self, frame: Frame) -> None:
        head, bits = self.head, frame.command2
        match bits:
            case n if n == SET_PRESET:
                head.presets[frame.data2] = (head.pan, head.tilt, head.zoom)
            case n if n == CLEAR_PRESET:
                head.presets.pop(frame.data2, None)
            case n if n == CALL_PRESET:
                here = (head.pan, head.tilt, head.zoom)
                head.pan, head.tilt, head.zoom = head.presets.get(frame.data2, here)
            case _:
                pan = ((bits & RIGHT > 0) - (bits & LEFT > 0)) * frame.data1 / SPEED_MAX
                tilt = ((bits & UP > 0) - (bits & DOWN > 0)) * frame.data2 / SPEED_MAX
                zoom = (bits & TELE > 0) - (bits & WIDE > 0)
                self.moved_count += bool(pan or tilt or zoom)
                head.drive(pan, tilt, zoom)

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``."""
        self.head.step(dt_s)
        return []

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {**self.head.state(), "moved_count": self.moved_count}

    def do_turn(self, pan: float) -> None:
        """Turn the head by hand."""
        self.head.pan = (self.head.pan + pan) % 360

    def do_lose_stops(self, count: int) -> None:
        """Let so many stops get lost on their way."""
        self.head.ignored_stops = count
