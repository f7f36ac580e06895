"""The electricity meter that ``drivers.dlt645`` reads.

Source: as the driver's.
"""

import dataclasses
from decimal import Decimal
from typing import Any, ClassVar

from drivers.protocols import FrameError, NeedData
from drivers.protocols.dlt645 import (
    ANY_ADDRESS,
    BROADCAST_ADDRESS,
    ERROR,
    ITEMS,
    READ,
    READ_ADDRESS,
    REPLY,
    SET_TIME,
    Frame,
    FrameDecoder,
    encode,
)
from drivers.simulators.far_end import FarEnd

NO_SUCH_DATA: int = 0b10
EXAMPLES = {"V": "230.1", "A": "5.250", "kWh": "1234.56", "kW": "1.2000", "Hz": "50.00"}


class Simulator(FarEnd):
    """One meter; it stands still unless a hand turns it. Attributes: values: by quantity."""

    KIND = "meter"
    BAUDRATE = 2400
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "show": {"quantity": "voltage_l1", "value": 229.5},
        "turn": {"kwh": 0.5},
        "lose": {"quantity": "voltage_l1"},
    }
    STIMULI = (("turn", {}, "ReadingChanged"), ("show", {"value": 231.5}, "ReadingChanged"))

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: address: twelve digits."""

        address: str = "000000000161"

    def __init__(self, settings: Settings) -> None:
        self._address, self._decoder = settings.address, FrameDecoder()
        self.values = {
            item.quantity: Decimal(EXAMPLES.get(item.unit, "0.980")) for item in ITEMS.values()
        }
        self.time = ""

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
            if (reply := self._reply_to(frame)) is not None:
                replies.append(encode(reply, preamble_count=2))

    def _reply_to(self, frame: Frame) -> Frame | None:
        if frame.address == BROADCAST_ADDRESS and frame.control == SET_TIME:
            self.time = frame.data[::-1].hex()
        if frame.control == READ_ADDRESS and frame.address in (ANY_ADDRESS, self._address):
            address = bytes.fromhex(self._address)[::-1]
            return Frame(self._address, READ_ADDRESS | REPLY, address)
        if frame.address != self._address or frame.control != READ:
            return None
        identifier = int.from_bytes(frame.data[:4], "little")
        for item in ITEMS.values():
            if item.identifier == identifier and item.quantity in self.values:
                raw = item.encode(self.values[item.quantity])
                return Frame(self._address, READ | REPLY, frame.data[:4] + raw)
        return Frame(self._address, READ | REPLY | ERROR, bytes([NO_SUCH_DATA]))

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {"time": self.time, **{name: str(value) for name, value in self.values.items()}}

    def do_show(self, quantity: str, value: float) -> None:
        """Let a quantity have a value."""
        if quantity not in ITEMS:
            raise ValueError(f"no quantity {quantity!r}; there are: {', '.join(ITEMS)}")
        ITEMS[quantity].encode(Decimal(str(value)))
        self.values[quantity] = Decimal(str(value))

    def do_turn(self, kwh: float) -> None:
        """Use energy."""
        self.values["energy_import"] += Decimal(str(kwh))

    def do_lose(self, quantity: str) -> None:
        """Let the meter not have a quantity, as simple ones do not."""
        self.values.pop(quantity, None)
