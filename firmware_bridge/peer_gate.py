"""A gate behind a simulated controller board, as ``board_gate`` is wired to it by default.

Outputs 0 and 1 open it, inputs 0 and 1 pulse for each passage, input 2 is closed by the fire panel,
input 3 by a fault of the gate; cards are held to the board's readers.

Source: docs/board.md; as the driver's.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from drivers.base import Side
from drivers.simulators.speed_gate import CONTROLLED, FREE, Gate
from firmware_bridge import peer
from firmware_bridge.peer_board import Board

PULSE_S: Final = 0.1
FIRE_INPUT, FAULT_INPUT = 2, 3
SIDES: Final = (Side.IN, Side.OUT)
OPEN_COMMANDS: Final = {Side.IN: 1, Side.OUT: 2}


class GateAtBoard:
    """The gate at one board's contacts."""

    def __init__(self) -> None:
        self.gate = Gate()
        self._were_on = dict.fromkeys(SIDES, False)
        self._counted = dict.fromkeys(SIDES, 0)
        self._pulse_s = dict.fromkeys(SIDES, 0.0)
        self._nonce = 0

    def step(self, dt_s: float, board: Board) -> None:
        """Let time pass; every passage is a pulse of its own."""
        app, gate = board.application, self.gate
        gate.is_fire_open = board.contacts[FIRE_INPUT]
        for channel, side in enumerate(SIDES):
            is_on = app is not None and app.outputs[channel]
            if is_on and not self._were_on[side]:
                self._nonce += 1
                gate.command(OPEN_COMMANDS[side], self._nonce)
            gate.modes[side] = FREE if is_on else CONTROLLED
            self._were_on[side] = is_on
        gate.step(dt_s)
        for channel, side in enumerate(SIDES):
            self._pulse_s[side] -= dt_s
            # A pause as long as the pulse: the board would take two without one for one.
            if self._pulse_s[side] <= -PULSE_S and self._counted[side] != gate.passages[side]:
                self._counted[side] += 1
                self._pulse_s[side] = PULSE_S
            self._close(board, channel, is_closed=self._pulse_s[side] > 0)
        self._close(board, FAULT_INPUT, is_closed=gate.faults != 0)

    @staticmethod
    def _close(board: Board, channel: int, *, is_closed: bool) -> None:
        if board.contacts[channel] is not is_closed:
            board.set_contact(channel, is_closed=is_closed)


class Simulator(peer.Simulator):
    """Boards with a gate each; address -1 is the first."""

    KIND = "turnstile"
    DRIVER_SETTINGS: ClassVar[Mapping[str, Any]] = {
        **peer.Simulator.DRIVER_SETTINGS,
        "fire_input": FIRE_INPUT,
        "is_fire_open": False,
        "input_fault": FAULT_INPUT,
    }
    ACTIONS: ClassVar = {
        **peer.Simulator.ACTIONS,
        "walk": {"address": -1, "side": "in"},
        "pass_through": {"address": -1, "side": "in"},
        "fire_open": {"address": -1, "on": True},
        "fault": {"address": -1, "on": True},
    }
    STIMULI = (
        ("swipe", {}, "CredentialRead"),
        ("pass_through", {}, "PassageCounted"),
        ("fault", {}, "FaultsChanged"),
        ("fault", {"on": False}, "FaultsChanged"),
        ("fire_open", {}, "GateStateChanged"),
        ("fire_open", {"on": False}, "GateStateChanged"),
    )

    def __init__(self, settings: peer.Simulator.Settings) -> None:
        super().__init__(settings)
        if settings.inputs <= FAULT_INPUT or settings.outputs < len(SIDES):
            raise ValueError("board_gate: a gate needs 4 inputs and 2 outputs")
        self.gates = {address: GateAtBoard() for address in self.boards}

    def step(self, dt_s: float) -> list[bytes]:
        """See ``FarEnd.step``."""
        for address, board in self.boards.items():
            self.gates[address].step(dt_s, board)
        return super().step(dt_s)

    def state(self) -> dict[str, Any]:
        """See ``FarEnd.state``."""
        state = super().state()
        for address, one in self.gates.items():
            gate = one.gate
            state["boards"][str(address)] |= {
                "state": gate.state.value,
                "passages_in": gate.passages[Side.IN],
                "passages_out": gate.passages[Side.OUT],
                "commands_executed": gate.commands_executed,
            }
        return state

    def do_walk(self, address: int, side: str) -> dict[str, Any]:
        """Somebody walks up to the gate and through it, if it is open."""
        return {"is_open": self._gate(address).walk(Side(side))}

    def do_pass_through(self, address: int, side: str) -> None:
        """The gate counts somebody, as if it had stood open."""
        self._gate(address).passages[Side(side)] += 1

    def do_fire_open(self, address: int, *, on: bool) -> None:
        """Close the fire panel's contact at the board, or open it again."""
        self._board(address).set_contact(FIRE_INPUT, is_closed=on)

    def do_fault(self, address: int, *, on: bool) -> None:
        """Break the gate, or mend it."""
        self._gate(address).faults = int(on)

    def _gate(self, address: int) -> Gate:
        self._board(address)
        return self.gates[next(iter(self.gates)) if address == -1 else address].gate
