"""A speed gate behind a relay board, as ``drivers.relay_gate`` is wired to it by default.

Source: as the driver's.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any, ClassVar

from drivers.base import GateState, Side
from drivers.simulators.modbus_stations import ModbusStations
from drivers.simulators.speed_gate import Gate
from drivers.simulators.waveshare_relay import Station

PULSE_S = 0.4
SIDES = (Side.IN, Side.OUT)
FIRE_INPUT, FAULT_INPUT = 2, 3
OPEN_COMMANDS = {Side.IN: 1, Side.OUT: 2}


class GateBoard(Station):
    """The board, and the gate at its contacts: relays 0 and 1 open it, inputs 0 and 1 pulse."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = Gate()
        self._was_closed = dict.fromkeys(SIDES, False)
        self._counted = dict.fromkeys(SIDES, 0)
        self._pulse_s = dict.fromkeys(SIDES, 0.0)
        self._nonce = 0

    def step(self, dt_s: float) -> None:
        """See ``Station.step``."""
        super().step(dt_s)
        for index, side in enumerate(SIDES):
            is_closed = self.outputs[index]
            if is_closed and not self._was_closed[side]:
                self._nonce += 1
                self.gate.command(OPEN_COMMANDS[side], self._nonce)
            self._was_closed[side] = is_closed
        self.gate.step(dt_s)
        for index, side in enumerate(SIDES):
            passed = self.gate.passages[side]
            self._pulse_s[side] = max(0.0, self._pulse_s[side] - dt_s)
            if passed != self._counted[side]:
                self._counted[side], self._pulse_s[side] = passed, PULSE_S
            self.inputs[index] = self._pulse_s[side] > 0
        self.inputs[FIRE_INPUT] = self.gate.state is GateState.EMERGENCY_OPEN
        self.inputs[FAULT_INPUT] = self.gate.faults != 0


class Simulator(ModbusStations[GateBoard]):
    """A board and a gate each; unit id 0 is the first."""

    KIND = "turnstile"
    ACTIONS: ClassVar[dict[str, dict[str, Any]]] = {
        "walk": {"unit_id": 0, "side": "in"},
        "pass_through": {"unit_id": 0, "side": "in"},
        "fire_open": {"unit_id": 0, "on": True},
        "fault": {"unit_id": 0, "on": True},
        "restart": {"unit_id": 0},
    }
    STIMULI = (
        ("pass_through", {}, "PassageCounted"),
        ("fault", {}, "FaultsChanged"),
        ("fault", {"on": False}, "FaultsChanged"),
        ("fire_open", {}, "GateStateChanged"),
        ("fire_open", {"on": False}, "GateStateChanged"),
    )

    @dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
    class Settings:
        """Attributes: unit_id: bus addresses, a board with its gate each."""

        unit_id: Sequence[int] = (1,)

    def __init__(self, settings: Settings) -> None:
        super().__init__({unit_id: GateBoard() for unit_id in settings.unit_id})

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        return {
            "units": {
                str(unit_id): {
                    "state": board.gate.state.value,
                    "outputs": list(board.outputs),
                    "passages_in": board.gate.passages[Side.IN],
                    "passages_out": board.gate.passages[Side.OUT],
                    "commands_executed": board.gate.commands_executed,
                }
                for unit_id, board in self.stations.items()
            }
        }

    def do_walk(self, unit_id: int, side: str) -> dict[str, Any]:
        """Somebody walks up to the gate and through it, if it is open."""
        return {"is_open": self.station(unit_id).gate.walk(Side(side))}

    def do_pass_through(self, unit_id: int, side: str) -> None:
        """The gate counts somebody, as if it had stood open."""
        self.station(unit_id).gate.passages[Side(side)] += 1

    def do_fire_open(self, unit_id: int, *, on: bool) -> None:
        """Close the fire panel's contact, or open it again."""
        self.station(unit_id).gate.is_fire_open = on

    def do_fault(self, unit_id: int, *, on: bool) -> None:
        """Break the gate, or mend it."""
        self.station(unit_id).gate.faults = int(on)

    def do_restart(self, unit_id: int) -> None:
        """Switch the board off and on: every relay is open then."""
        board = self.station(unit_id)
        board.outputs = [False] * len(board.outputs)
