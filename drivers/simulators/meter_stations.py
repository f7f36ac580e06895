"""What simulated meters with Modbus registers share: a register file that a hand can turn."""

from decimal import Decimal
from typing import Any, ClassVar

from drivers.protocols import modbus_rtu as rtu
from drivers.register_map import FUNCTIONS, Point, encode
from drivers.simulators.modbus_stations import ModbusStations

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2
EXAMPLES = {"V": "230", "A": "5.25", "Hz": "50", "kWh": "1234.5", "W": "1200", "VA": "1210"}
"""What a quantity shows at first, by its unit; others show 0, a ratio 0.98."""


class MeterStation:
    """One meter; it stands still unless a hand turns it.

    Attributes:
        values: By quantity.
        writable: Holding registers that may be written, by address.
    """

    def __init__(self, points: tuple[Point, ...]) -> None:
        self._points = {point.quantity: point for point in points}
        self.writable: dict[int, int] = {}
        self.values: dict[str, Decimal] = {}
        self._registers: dict[tuple[int, int], int] = {}
        for point in points:
            example = EXAMPLES.get(point.unit, "0.98" if not point.unit else "0")
            self.set_value(point.quantity, Decimal(example))

    def set_value(self, quantity: str, value: Decimal) -> None:
        """Let the meter show something.

        Raises:
            ValueError: It has no such quantity, or cannot show that.
        """
        if quantity not in self._points:
            known = ", ".join(self._points)
            raise ValueError(f"no quantity {quantity!r}; there are: {known}")
        point = self._points[quantity]
        for offset, word in enumerate(encode(point, value)):
            self._registers[FUNCTIONS[point.function], point.address + offset] = word
        self.values[quantity] = value

    def set_words(self, quantity: str, words: list[int]) -> None:
        """Let the registers hold anything at all, as a broken meter does."""
        point = self._points[quantity]
        for offset, word in enumerate(words):
            self._registers[FUNCTIONS[point.function], point.address + offset] = word

    def reply_to(self, request: rtu.Request) -> bytes:
        """See ``Station``."""
        if request.function in FUNCTIONS.values():
            return self._read(request)
        if request.function == rtu.WRITE_SINGLE_REGISTER and request.address in self.writable:
            self.writable[request.address] = request.count_or_value
            return rtu.encode_reply(request, b"")
        return rtu.encode_exception(request, ILLEGAL_FUNCTION)

    def _read(self, request: rtu.Request) -> bytes:
        wanted = range(request.address, request.address + request.count_or_value)
        if request.function == FUNCTIONS["holding"] and set(wanted) <= set(self.writable):
            words = [self.writable[address] for address in wanted]
            return rtu.encode_reply(request, rtu.encode_registers(words))
        known = {address for function, address in self._registers if function == request.function}
        if not known or wanted.start < 0 or wanted.stop - 1 > max(known):
            return rtu.encode_exception(request, ILLEGAL_ADDRESS)
        words = [self._registers.get((request.function, address), 0) for address in wanted]
        return rtu.encode_reply(request, rtu.encode_registers(words))

    def step(self, dt_s: float) -> None:
        """Nothing moves by itself."""


class MeterStations(ModbusStations[MeterStation]):
    """Meters of one line."""

    KIND = "meter"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "show": {"unit_id": 0, "quantity": "voltage_l1", "value": 229.5},
        "turn": {"unit_id": 0, "kwh": 0.5},
    }
    STIMULI = (
        ("show", {"value": 231.5}, "ReadingChanged"),
        ("turn", {}, "ReadingChanged"),
    )

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "units": {
                str(unit_id): {quantity: str(value) for quantity, value in station.values.items()}
                for unit_id, station in self.stations.items()
            }
        }

    def do_show(self, unit_id: int, quantity: str, value: float) -> None:
        """Let a quantity have a value."""
        self.station(unit_id).set_value(quantity, Decimal(str(value)))

    def do_turn(self, unit_id: int, kwh: float) -> None:
        """Use energy."""
        station = self.station(unit_id)
        now = station.values["energy_import"] + Decimal(str(kwh))
        station.set_value("energy_import", now)
