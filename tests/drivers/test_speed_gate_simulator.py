"""The simulated gate's own time, and what a hand can do to it."""

from typing import Any

import pytest

from drivers.base import GateState, Side
from drivers.simulators.speed_gate import FORBIDDEN, FREE, Gate, Simulator


def pass_time(gate: Gate, seconds: float) -> None:
    for _ in range(round(seconds * 100)):
        gate.step(0.01)


@pytest.fixture
def gate() -> Gate:
    return Gate()


def test_a_gate_opens_lets_one_through_and_closes(gate: Gate) -> None:
    states = [gate.state]
    gate.command(1, 7)
    pass_time(gate, 0.05)
    states.append(gate.state)
    pass_time(gate, 0.4)
    states.append(gate.state)
    gate.walk(Side.IN)
    pass_time(gate, 1.2)
    states.append(gate.state)

    assert states == [GateState.CLOSED, GateState.OPENING, GateState.OPEN, GateState.CLOSED]
    assert (gate.passages[Side.IN], gate.passages[Side.OUT]) == (1, 0)


def test_nobody_passes_a_closed_gate(gate: Gate) -> None:
    assert not gate.walk(Side.IN)
    pass_time(gate, 2.0)

    assert gate.passages[Side.IN] == 0


def test_a_gate_that_nobody_uses_closes_after_its_open_time(gate: Gate) -> None:
    gate.command(1, 7)
    pass_time(gate, 0.5 + gate.open_time_s - 0.2)
    was_open = gate.state
    pass_time(gate, 1.0)

    assert (was_open, gate.state) == (GateState.OPEN, GateState.CLOSED)


def test_the_same_nonce_opens_once(gate: Gate) -> None:
    gate.command(1, 7)
    pass_time(gate, 8.0)
    gate.command(1, 7)
    pass_time(gate, 0.1)

    assert gate.state is GateState.CLOSED
    assert gate.commands_executed == 1


def test_a_forbidden_side_is_refused(gate: Gate) -> None:
    gate.modes[Side.IN] = 2
    gate.command(1, 7)

    assert (gate.nonce, gate.result, gate.state) == (7, FORBIDDEN, GateState.CLOSED)


def test_a_free_side_opens_for_whoever_walks_up(gate: Gate) -> None:
    gate.modes[Side.OUT] = FREE

    assert gate.walk(Side.OUT)
    pass_time(gate, 1.2)

    assert gate.passages[Side.OUT] == 1


def test_fire_opens_the_gate_until_it_is_over(gate: Gate) -> None:
    gate.is_fire_open = True
    pass_time(gate, 20.0)
    during = gate.state
    gate.is_fire_open = False
    pass_time(gate, 1.0)

    assert (during, gate.state) == (GateState.EMERGENCY_OPEN, GateState.CLOSED)


def test_a_gate_that_nobody_speaks_to_closes_when_its_watchdog_ends(gate: Gate) -> None:
    gate.watchdog_s, gate.open_time_s = 2, 60
    gate.command(3, 7)
    pass_time(gate, 1.9)
    was = gate.state
    pass_time(gate, 1.0)

    assert (was, gate.state) == (GateState.OPEN, GateState.CLOSED)


def test_a_counter_wraps_at_32_bits(gate: Gate) -> None:
    gate.passages[Side.IN] = 2**32 - 1
    gate.command(1, 7)
    pass_time(gate, 0.5)
    gate.walk(Side.IN)
    pass_time(gate, 1.0)

    assert gate.passages[Side.IN] == 0
    assert gate.input_registers()[1:3] == [0, 0]


@pytest.mark.parametrize(
    ("name", "arguments", "complaint"),
    [
        ("dance", {}, "no action 'dance'"),
        ("walk", {"unit_id": 9}, "no unit 9; there are: 1"),
        ("walk", {"side": "up"}, "'up' is not a valid Side"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(
    name: str, arguments: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        Simulator(Simulator.Settings()).act(name, arguments)
