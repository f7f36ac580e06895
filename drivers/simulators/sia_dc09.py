"""An alarm panel that dials in to ``drivers.sia_dc09``.

Source: as the driver's.
"""

import dataclasses
from collections import deque
from typing import Any, ClassVar, Final

from drivers.protocols import FrameError, NeedData
from drivers.protocols.sia_dc09 import ADM_CID, NULL, SIA_DCS, Message, MessageDecoder, encode
from drivers.simulators.far_end import FarEnd

REPEAT_AFTER_S: Final = 1.0
REPEAT_COUNT: Final = 5


class Simulator(FarEnd):
    """One panel; repeats a message until it is acknowledged. Attributes: acknowledged: how many."""

    KIND = "fire_panel"
    TRANSPORTS = ("dial", "tcp")
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "fire": {"zone": 1, "text": "SMOKE HALL", "on": True},
        "contact_id": {"code": "301", "zone": 0, "on": True},
        "supervise": {},
    }
    STIMULI = (
        ("fire", {}, "PointChanged"),
        ("fire", {"on": False}, "PointChanged"),
        ("contact_id", {}, "PointChanged"),
        ("contact_id", {"on": False}, "PointChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: account: hexadecimal digits."""

        account: str = "1234"

    def __init__(self, settings: Settings) -> None:
        self._account, self._decoder = settings.account, MessageDecoder()
        self._sequence = 0
        self._waiting: deque[Message] = deque()
        self._tries, self._since_s = 0, 0.0
        self.acknowledged = self.refused = self.given_up = 0

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``."""
        self._decoder.receive_data(data)
        while True:
            try:
                message = self._decoder.next_frame()
            except FrameError:
                continue
            if isinstance(message, NeedData):
                return []
            self._hear(message)

    def _hear(self, answer: Message) -> None:
        if answer.kind == "NAK":
            self.refused, self._since_s = self.refused + 1, REPEAT_AFTER_S
        elif self._waiting and answer.sequence == self._waiting[0].sequence:
            self._waiting.popleft()
            self._tries = 0
            self.acknowledged += answer.kind == "ACK"
            self.refused += answer.kind == "DUH"

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``: says what waits, and repeats it."""
        self._since_s += dt_s
        if not self._waiting or (self._tries and self._since_s < REPEAT_AFTER_S):
            return []
        if self._tries > REPEAT_COUNT:
            self._waiting.popleft()
            self.given_up, self._tries = self.given_up + 1, 0
            return []
        self._tries, self._since_s = self._tries + 1, 0.0
        return [encode(self._waiting[0])]

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "acknowledged": self.acknowledged,
            "refused": self.refused,
            "given_up": self.given_up,
            "waiting": len(self._waiting),
        }

    def do_fire(self, zone: int, text: str, *, on: bool) -> None:
        """Let a detector report a fire, or its end."""
        code = "FA" if on else "FH"
        self._send(SIA_DCS, f"#{self._account}|Nri1/{code}{zone:02d}*{text}*NM")

    def do_contact_id(self, code: str, zone: int, *, on: bool) -> None:
        """Report a Contact ID event, or its end."""
        qualifier = 1 if on else 3
        self._send(ADM_CID, f"#{self._account}|{qualifier}{code} 01 {zone:03d}")

    def do_supervise(self) -> None:
        """Say that the panel is there."""
        self._send(NULL, "")

    def _send(self, kind: str, content: str) -> None:
        self._sequence = self._sequence % 9999 + 1
        message = Message(kind, f"{self._sequence:04d}", "R0", "L0", self._account, content)
        self._waiting.append(message)
