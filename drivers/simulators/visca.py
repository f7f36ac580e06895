"""The camera that ``drivers.visca`` moves.

Source: as the driver's.
"""

import dataclasses
from typing import Any, ClassVar

from drivers.protocols import FrameError, NeedData
from drivers.protocols.visca import (
    BROADCAST,
    BUFFER_FULL,
    INQUIRE_POSITION,
    INQUIRE_ZOOM,
    PAN_SPEED_MAX,
    TILT_SPEED_MAX,
    ZOOM_SPEED_MAX,
    MessageDecoder,
    encode_nibbles,
    encode_reply,
)
from drivers.simulators.far_end import FarEnd
from drivers.simulators.head import Head

STEPS_PER_DEGREE = 14.4
SYNTAX_ERROR = 0x02
WAYS = {1: 1, 2: -1, 3: 0}


class Simulator(FarEnd):
    """One camera, whose head moves for ever without a stop."""

    KIND = "camera"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "turn": {"pan": 10.0},
        "lose_stops": {"count": 1},
        "fill_buffer": {"count": 2},
    }
    STIMULI = (("turn", {}, "PositionChanged"),)

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: address: its place in the chain."""

        address: int = 1

    def __init__(self, settings: Settings) -> None:
        self._address, self._decoder = settings.address, MessageDecoder()
        self.head = Head()
        self.moved_count = self._full_count = 0
        self._socket = 0

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._decoder.receive_data(data)
        replies: list[bytes] = []
        while True:
            try:
                message = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(message, NeedData):
                return replies
            if message.head & 0x0F in (self._address, BROADCAST):
                replies += [encode_reply(self._address, body) for body in self._do(message.body)]

    def _do(self, body: bytes) -> list[bytes]:
        """Return the bodies of what is said then."""
        if body == INQUIRE_POSITION:
            pan = int(self.head.pan * STEPS_PER_DEGREE) & 0xFFFF
            tilt = int(self.head.tilt * STEPS_PER_DEGREE) & 0xFFFF
            return [b"\x50" + encode_nibbles(pan) + encode_nibbles(tilt)]
        if body == INQUIRE_ZOOM:
            return [b"\x50" + encode_nibbles(int(self.head.zoom))]
        if body[:1] != b"\x01" or body == b"\x01\x00\x01":
            return []
        if self._full_count:
            self._full_count -= 1
            return [bytes([0x60, BUFFER_FULL])]
        if not self._obey(body):
            return [bytes([0x60, SYNTAX_ERROR])]
        self._socket = self._socket % 2 + 1
        return [bytes([0x40 | self._socket]), bytes([0x50 | self._socket])]

    def _obey(self, body: bytes) -> bool:
        head = self.head
        pan, tilt, zoom = head.speeds
        if body[:3] == b"\x01\x06\x01" and len(body) == 7 and {*body[5:]} <= {*WAYS}:
            pan = -WAYS[body[5]] * body[3] / PAN_SPEED_MAX
            tilt = WAYS[body[6]] * body[4] / TILT_SPEED_MAX
        elif body[:3] == b"\x01\x04\x07" and len(body) == 4:
            way = {0: 0, 2: 1, 3: -1}.get(body[3] >> 4, 0)
            zoom = way * (body[3] & 0x0F) / ZOOM_SPEED_MAX
        elif body[:3] == b"\x01\x04\x3f" and len(body) == 5:
            return self._preset(body[3], body[4])
        else:
            return False
        self.moved_count += bool(pan or tilt or zoom)
        head.drive(pan, tilt, zoom)
        return True

    def _preset(self, action: int, number: int) -> bool:
        head = self.head
        here = (head.pan, head.tilt, head.zoom)
        match action:
            case 0:
                head.presets.pop(number, None)
            case 1:
                head.presets[number] = here
            case 2:
                head.pan, head.tilt, head.zoom = head.presets.get(number, here)
            case _:
                return False
        return True

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
        """Let so many stops get lost inside the camera."""
        self.head.ignored_stops = count

    def do_fill_buffer(self, count: int) -> None:
        """Refuse so many commands because the buffer is full."""
        self._full_count = count
