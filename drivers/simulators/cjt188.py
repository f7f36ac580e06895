"""The water meter that ``drivers.cjt188`` reads.

Source: as the driver's.
"""

import dataclasses
from decimal import Decimal
from typing import Any, ClassVar

from drivers.protocols import FrameError, NeedData
from drivers.protocols.cjt188 import (
    ANY_ADDRESS,
    ORDERS,
    READ,
    REPLY,
    TYPES,
    Frame,
    FrameDecoder,
    Reading,
    encode,
    encode_reading,
)
from drivers.simulators.far_end import FarEnd


class Simulator(FarEnd):
    """One meter; it stands still unless a hand opens a tap. Attributes: reading: what it shows."""

    KIND = "meter"
    BAUDRATE = 2400
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "draw": {"litres": 10},
        "battery": {"low": True},
        "valve": {"state": "fault"},
    }
    STIMULI = (
        ("draw", {}, "ReadingChanged"),
        ("battery", {}, "FaultsChanged"),
        ("battery", {"low": False}, "FaultsChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: address: fourteen digits. type, order: as the driver's."""

        address: str = "33007811223344"
        type: str = "cold_water"
        order: str = "1F90"

    def __init__(self, settings: Settings) -> None:
        self._settings, self._decoder = settings, FrameDecoder()
        self._type = next(code for code, name in TYPES.items() if name == settings.type)
        self.reading = Reading(
            Decimal("123.45"), Decimal("120.00"), "m3", "open", has_low_battery=False
        )

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
            is_ours = frame.address in (self._settings.address, ANY_ADDRESS)
            is_read = frame.control == READ and frame.data[:2] == ORDERS[self._settings.order]
            if is_ours and is_read and len(frame.data) == 3:
                data_out = encode_reading(self.reading, self._settings.order, frame.data[2])
                reply = Frame(self._type, self._settings.address, READ | REPLY, data_out)
                replies.append(encode(reply))

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "current": str(self.reading.current),
            "valve": self.reading.valve,
            "has_low_battery": self.reading.has_low_battery,
        }

    def do_draw(self, litres: int) -> None:
        """Open a tap; the meter shows ten litres and more."""
        current = self.reading.current + Decimal(litres) / 1000
        self.reading = dataclasses.replace(self.reading, current=current)

    def do_battery(self, *, low: bool) -> None:
        """Let the battery run down, or change it."""
        self.reading = dataclasses.replace(self.reading, has_low_battery=low)

    def do_valve(self, state: str) -> None:
        """Let the valve be ``open``, ``closed`` or ``fault``."""
        if state not in ("open", "closed", "fault"):
            raise ValueError(f"state is open, closed or fault, not {state!r}")
        self.reading = dataclasses.replace(self.reading, valve=state)
