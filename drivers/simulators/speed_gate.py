"""A speed gate as the reference register map has it, with a real gate's timing.

``Gate`` is the machine with its own time; ``Station`` is its Modbus dialect.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from drivers.base import GateState, Side
from drivers.protocols import modbus_rtu as rtu
from drivers.protocols.modbus_rtu import Request
from drivers.simulators.modbus_stations import ModbusStations

OPENING_S = CLOSING_S = 0.4
WALK_S: Final = 0.6
AFTER_PASSAGE_S: Final = 0.1
"""From the last beam free to closing."""
STATES: Final = tuple(GateState)
ILLEGAL_FUNCTION, ILLEGAL_ADDRESS = 1, 2
DONE, FORBIDDEN, FAULTY, UNKNOWN_COMMAND = 1, 2, 3, 4
CONTROLLED, FREE, FORBIDDEN_MODE = 0, 1, 2
EVENT_PASSED_IN, EVENT_PASSED_OUT, EVENT_NOT_PASSED, EVENT_WATCHDOG = 1, 2, 3, 4


class Gate:
    """One gate. Attributes are its state in the open; ``step`` lets time pass."""

    def __init__(self) -> None:
        self.state = GateState.CLOSED
        self.passages = {Side.IN: 0, Side.OUT: 0}
        self.modes = {Side.IN: CONTROLLED, Side.OUT: CONTROLLED}
        self.open_time_s, self.anti_tailgate, self.watchdog_s = 5, 1, 0
        self.next_open_time_s = 0
        """For the next release alone; 0 is ``open_time_s``."""
        self.faults = 0
        self.is_tampered = self.is_fire_open = False
        self.event_code = self.event_sequence = 0
        self.nonce = self.result = 0
        self.commands_executed = 0
        self.authorised = {Side.IN: 0, Side.OUT: 0}
        """People who may still pass; a gate that is told twice stays open for two."""
        self._for_s = 0.0
        self.longer_s = 0
        self._silent_s = 0.0
        self._walking: Side | None = None
        self._walked_s = 0.0
        self._is_held = False

    def step(self, dt_s: float) -> None:
        """Let time pass."""
        self._for_s += dt_s
        self._silent_s += dt_s
        if self.watchdog_s and self._silent_s > self.watchdog_s:
            self._silent_s = 0.0
            self._event(EVENT_WATCHDOG)
            self._close()
        if self.is_fire_open:
            self._become(GateState.EMERGENCY_OPEN)
        match self.state:
            case GateState.EMERGENCY_OPEN if not self.is_fire_open:
                self._close()
            case GateState.OPENING if self._for_s >= OPENING_S:
                self._become(GateState.OPEN)
            case GateState.CLOSING if self._for_s >= CLOSING_S:
                self._become(GateState.CLOSED)
            case GateState.OPEN | GateState.EMERGENCY_OPEN:
                self._while_open(dt_s)

    @property
    def is_crossed(self) -> bool:
        """Whether somebody stands in the beams."""
        return self._walking is not None

    def _while_open(self, dt_s: float) -> None:
        if self._walking is not None:
            self._walked_s += dt_s
            if self._walked_s >= WALK_S:
                self._passed(self._walking)
        elif (
            self._for_s >= self._stays_open_s and self.state is GateState.OPEN and not self._is_held
        ):
            if any(self.authorised.values()):
                self._event(EVENT_NOT_PASSED)
            self._close()

    @property
    def _stays_open_s(self) -> float:
        return max(self.open_time_s, self.longer_s)

    def _passed(self, side: Side) -> None:
        self._walking = None
        self._count(side)
        self.authorised[side] = max(0, self.authorised[side] - 1)
        # A gate closes behind the last person, not open_time_s later.
        is_last = not any(self.authorised.values())
        self._for_s = self._stays_open_s - AFTER_PASSAGE_S if is_last else 0.0

    def hear(self) -> None:
        """Note that the gateway spoke: the watchdog waits anew."""
        self._silent_s = 0.0

    def command(self, number: int, nonce: int) -> None:
        """Execute a command, once per nonce."""
        if nonce == self.nonce:
            return
        self.nonce = nonce
        self.result = self._execute(number)
        self.commands_executed += self.result == DONE

    def _execute(self, number: int) -> int:
        if number not in range(1, 7):
            return UNKNOWN_COMMAND
        if number == 6:
            self.faults = 0
            return DONE
        if self.faults:
            return FAULTY
        match number:
            case 1 | 2:
                side = Side.IN if number == 1 else Side.OUT
                if self.modes[side] == FORBIDDEN_MODE:
                    return FORBIDDEN
                self.authorised[side] += 1
                self.longer_s, self.next_open_time_s = self.next_open_time_s, 0
                self._open()
            case 3:
                self._is_held = True
                self._open()
            case 4 | 5:
                self._is_held = False
                self._close()
        return DONE

    def walk(self, side: Side) -> bool:
        """Let somebody walk into the gate; returns whether the way is open, or opens by itself."""
        if self.state in (GateState.CLOSED, GateState.CLOSING) and self.modes[side] == FREE:
            self._open()
        if self.state not in (GateState.OPENING, GateState.OPEN, GateState.EMERGENCY_OPEN):
            return False
        self._walking, self._walked_s = side, 0.0
        return True

    def _open(self) -> None:
        if self.state in (GateState.CLOSED, GateState.CLOSING):
            self._become(GateState.OPENING)
        elif self.state is GateState.OPEN:
            self._for_s = 0.0

    def _close(self) -> None:
        self.authorised = dict.fromkeys(self.authorised, 0)
        if self.state is not GateState.CLOSED:
            self._become(GateState.CLOSING)

    def _become(self, state: GateState) -> None:
        if state is not self.state:
            self.state, self._for_s = state, 0.0

    def _count(self, side: Side) -> None:
        self.passages[side] = (self.passages[side] + 1) % 2**32
        self._event(EVENT_PASSED_IN if side is Side.IN else EVENT_PASSED_OUT)

    def _event(self, code: int) -> None:
        self.event_code, self.event_sequence = code, (self.event_sequence + 1) % 2**16

    def input_registers(self) -> list[int]:
        """Return input registers 0..11."""
        counters = [
            half
            for side in (Side.IN, Side.OUT)
            for half in (self.passages[side] >> 16, self.passages[side] & 0xFFFF)
        ]
        return [
            STATES.index(self.state), *counters, self.event_code, self.event_sequence, self.faults,
            251, 24010, self.nonce, self.result,
        ]  # fmt: skip

    def discrete_inputs(self) -> list[bool]:
        """Return discrete inputs 0..9: beams, fire-open, tamper, closed and open limit."""
        is_open = self.state in (GateState.OPEN, GateState.EMERGENCY_OPEN)
        beams = [self.is_crossed] * 6
        is_closed = self.state is GateState.CLOSED
        return [*beams, self.is_fire_open, self.is_tampered, is_closed, is_open]


class Station:
    """The gate's Modbus dialect."""

    def __init__(self, gate: Gate) -> None:
        self.gate = gate
        self.exception_code: int | None = None
        """Every request is refused with this, if it is set."""
        self._holding = [0] * 8
        self._coils = [False] * 5

    def step(self, dt_s: float) -> None:
        """See ``line.Station``."""
        self.gate.step(dt_s)

    def restart(self) -> None:
        """Switch the gate off and on: it keeps its counters and forgets all that was written."""
        before, self.gate = self.gate, Gate()
        self.gate.passages = before.passages
        self._holding, self._coils = [0] * len(self._holding), [False] * len(self._coils)

    def reply_to(self, request: Request) -> bytes:
        """See ``line.Station``."""
        self.gate.hear()
        if self.exception_code is not None:
            return rtu.encode_exception(request, self.exception_code)
        first, count = request.address, request.count_or_value
        match request.function:
            case rtu.READ_COILS:
                return _bits(request, self._coils)
            case rtu.READ_DISCRETE_INPUTS:
                return _bits(request, self.gate.discrete_inputs())
            case rtu.READ_INPUT_REGISTERS:
                return _registers(request, self.gate.input_registers())
            case rtu.READ_HOLDING_REGISTERS:
                return _registers(request, self._holding)
            case rtu.WRITE_MULTIPLE_REGISTERS:
                if first + count > len(self._holding):
                    return rtu.encode_exception(request, ILLEGAL_ADDRESS)
                self._write(first, request.written)
                return rtu.encode_reply(request, b"")
            case rtu.WRITE_SINGLE_COIL if first < len(self._coils):
                self._coils[first] = count == 0xFF00
                return rtu.encode_reply(request, b"")
        return rtu.encode_exception(request, ILLEGAL_FUNCTION)

    def _write(self, first: int, values: Sequence[int]) -> None:
        self._holding[first : first + len(values)] = values
        gate, holding = self.gate, self._holding
        gate.modes = {Side.IN: holding[2], Side.OUT: holding[3]}
        if first <= 4 < first + len(values):
            gate.open_time_s = holding[4]
        gate.watchdog_s = holding[6]
        if first <= 7 < first + len(values):
            gate.next_open_time_s = holding[7]
        if first <= 1 < first + len(values):
            gate.command(holding[0], holding[1])


def _bits(request: Request, values: Sequence[bool]) -> bytes:
    first, count = request.address, request.count_or_value
    if not count or first + count > len(values):
        return rtu.encode_exception(request, ILLEGAL_ADDRESS)
    return rtu.encode_reply(request, rtu.encode_bits(values[first : first + count]))


def _registers(request: Request, values: Sequence[int]) -> bytes:
    first, count = request.address, request.count_or_value
    if not count or first + count > len(values):
        return rtu.encode_exception(request, ILLEGAL_ADDRESS)
    return rtu.encode_reply(request, rtu.encode_registers(values[first : first + count]))


class Simulator(ModbusStations["Station"]):
    """The gates of one line, and what a hand can do to them; unit id 0 is the first."""

    KIND = "turnstile"
    ACTIONS: ClassVar = {
        "walk": {"unit_id": 0, "side": "in"},
        "tamper": {"unit_id": 0, "on": True},
        "fire_open": {"unit_id": 0, "on": True},
        "fault": {"unit_id": 0, "bits": 1, "on": True},
        "refuse": {"unit_id": 0, "code": 4, "on": True},
        "restart": {"unit_id": 0},
    }
    STIMULI = (
        ("tamper", {}, "TamperChanged"),
        ("tamper", {"on": False}, "TamperChanged"),
        ("fault", {}, "FaultsChanged"),
        ("fault", {"on": False}, "FaultsChanged"),
        ("fire_open", {}, "GateStateChanged"),
        ("fire_open", {"on": False}, "GateStateChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: unit_id: bus addresses, a gate each."""

        unit_id: Sequence[int] = (1,)

    def __init__(self, settings: Settings) -> None:
        super().__init__({unit_id: Station(Gate()) for unit_id in settings.unit_id})

    def state(self) -> dict[str, Any]:
        """Return every gate's state by unit id."""
        return {
            "units": {
                str(unit_id): {
                    "state": station.gate.state.value,
                    "passages_in": station.gate.passages[Side.IN],
                    "passages_out": station.gate.passages[Side.OUT],
                    "authorised_in": station.gate.authorised[Side.IN],
                    "authorised_out": station.gate.authorised[Side.OUT],
                    "is_crossed": station.gate.is_crossed,
                    "commands_executed": station.gate.commands_executed,
                    "faults": station.gate.faults,
                    "tamper": station.gate.is_tampered,
                    "fire_open": station.gate.is_fire_open,
                }
                for unit_id, station in self.stations.items()
            }
        }

    def do_walk(self, unit_id: int, side: str) -> dict[str, Any]:
        """Somebody walks up to the gate and through it, if it is open."""
        return {"is_open": self.station(unit_id).gate.walk(Side(side))}

    def do_tamper(self, unit_id: int, *, on: bool) -> None:
        """Open or close the housing."""
        self.station(unit_id).gate.is_tampered = on

    def do_fire_open(self, unit_id: int, *, on: bool) -> None:
        """Close the fire panel's contact, or open it again."""
        self.station(unit_id).gate.is_fire_open = on

    def do_fault(self, unit_id: int, bits: int, *, on: bool) -> None:
        """Break something, or mend it."""
        self.station(unit_id).gate.faults = bits if on else 0

    def do_refuse(self, unit_id: int, code: int, *, on: bool) -> None:
        """Refuse every request with an exception code."""
        self.station(unit_id).exception_code = code if on else None

    def do_restart(self, unit_id: int) -> None:
        """Switch the gate off and on."""
        self.station(unit_id).restart()
