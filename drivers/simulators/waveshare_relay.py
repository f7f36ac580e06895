"""The relay board that ``drivers.waveshare_relay`` talks to.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from drivers.protocols import modbus_rtu as rtu
from drivers.protocols.modbus_rtu import Request
from drivers.simulators.modbus_stations import ModbusStations

CHANNEL_COUNT: Final = 8
ON, OFF, TOGGLE = 0xFF00, 0x0000, 0x5500
ADDRESS_REGISTER: Final = 0x4000
ALL_ADDRESS, FLASH_ON_ADDRESS, FLASH_OFF_ADDRESS = 0x00FF, 0x0200, 0x0400
FLASH_STEP_S: Final = 0.1
FLASH_STEPS_MAX: Final = 0x7FFF
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE = 1, 2, 3


class Station:
    """One board, its state in the open.

    Attributes:
        outputs: Relays that are closed.
        inputs: Contacts that are closed.
        exception_code: Every request is refused with this, if it is set.
        new_address: Where it answers from now on, once it was told so.
    """

    def __init__(self) -> None:
        self.outputs, self.inputs = [False] * CHANNEL_COUNT, [False] * CHANNEL_COUNT
        self.exception_code: int | None = None
        self.new_address: int | None = None
        self._reverts_in_s: dict[int, float] = {}

    def step(self, dt_s: float) -> None:
        """Let time pass: a flashed relay goes back by itself."""
        for channel, left_s in list(self._reverts_in_s.items()):
            self._reverts_in_s[channel] = left_s - dt_s
            if left_s <= dt_s:
                del self._reverts_in_s[channel]
                self.outputs[channel] = not self.outputs[channel]

    def reply_to(self, request: Request) -> bytes:
        """See ``line.Station``."""
        code = self.exception_code
        if code is None and request.function in (rtu.READ_COILS, rtu.READ_DISCRETE_INPUTS):
            is_coils = request.function == rtu.READ_COILS
            return _bits(request, self.outputs if is_coils else self.inputs)
        if code is None and request.function == rtu.WRITE_SINGLE_COIL:
            code = self._write(request.address, request.count_or_value)
            if code is None:
                return rtu.encode_reply(request, b"")
        if code is None and request.address == ADDRESS_REGISTER:
            if request.function == rtu.READ_HOLDING_REGISTERS and request.count_or_value == 1:
                return rtu.encode_reply(request, rtu.encode_registers([request.unit_id]))
            if request.function == rtu.WRITE_SINGLE_REGISTER:
                self.new_address = request.count_or_value
                return rtu.encode_reply(request, b"")
        return rtu.encode_exception(request, ILLEGAL_FUNCTION if code is None else code)

    def _write(self, address: int, value: int) -> int | None:
        """Switch; returns the exception code of what the board does not know."""
        channel = address % 0x100
        flashed = {FLASH_ON_ADDRESS: True, FLASH_OFF_ADDRESS: False}.get(address - channel)
        if flashed is not None and channel < CHANNEL_COUNT:
            if not 1 <= value <= FLASH_STEPS_MAX:
                return ILLEGAL_VALUE
            self.outputs[channel] = flashed
            self._reverts_in_s[channel] = value * FLASH_STEP_S
            return None
        if address != ALL_ADDRESS and address >= CHANNEL_COUNT:
            return ILLEGAL_ADDRESS
        if value not in (ON, OFF, TOGGLE):
            return ILLEGAL_VALUE
        for number in range(CHANNEL_COUNT) if address == ALL_ADDRESS else [channel]:
            self._reverts_in_s.pop(number, None)
            self.outputs[number] = value == ON or (value == TOGGLE and not self.outputs[number])
        return None


def _bits(request: Request, values: Sequence[bool]) -> bytes:
    first, count = request.address, request.count_or_value
    if not count or first + count > len(values):
        return rtu.encode_exception(request, ILLEGAL_ADDRESS)
    return rtu.encode_reply(request, rtu.encode_bits(values[first : first + count]))


class Simulator(ModbusStations[Station]):
    """The boards of one line, and what a hand can do to them; unit id 0 is the first."""

    KIND = "relay_board"
    ACTIONS: ClassVar = {
        "input": {"unit_id": 0, "channel": 0, "on": True},
        "refuse": {"unit_id": 0, "code": 4, "on": True},
    }
    STIMULI = (("input", {}, "InputChanged"), ("input", {"on": False}, "InputChanged"))

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: unit_id: bus addresses, a board each."""

        unit_id: Sequence[int] = (1,)

    def __init__(self, settings: Settings) -> None:
        super().__init__({unit_id: Station() for unit_id in settings.unit_id})

    def receive_data(self, data: bytes) -> list[bytes]:
        """See ``FarEnd.receive_data``: a board that was given another address answers there."""
        replies = super().receive_data(data)
        for unit_id, board in list(self.stations.items()):
            if board.new_address is not None:
                self.stations[board.new_address] = self.stations.pop(unit_id)
                board.new_address = None
        return replies

    def state(self) -> dict[str, Any]:
        """Return every board's state by unit id."""
        return {
            "units": {
                str(unit_id): {"outputs": list(station.outputs), "inputs": list(station.inputs)}
                for unit_id, station in self.stations.items()
            }
        }

    def do_input(self, unit_id: int, channel: int, *, on: bool) -> None:
        """Close a contact, or open it."""
        if not 0 <= channel < CHANNEL_COUNT:
            raise ValueError(f"channel is 0..{CHANNEL_COUNT - 1}, not {channel}")
        self.station(unit_id).inputs[channel] = on

    def do_refuse(self, unit_id: int, code: int, *, on: bool) -> None:
        """Refuse every request with an exception code."""
        self.station(unit_id).exception_code = code if on else None
