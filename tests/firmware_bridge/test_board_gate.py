"""A gate behind a controller board: its pulses, its sides, and what the board does by itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    FaultsChanged,
    FireInputChanged,
    GateMode,
    GateState,
    GateStateChanged,
    Observation,
    PassageCounted,
    Side,
    TwoSidedGate,
)
from drivers.bus import Bus
from firmware_bridge.board_gate import BoardGate, BoardGateSettings
from tests.firmware_bridge.boards import LineOfBoards

IN, OUT = 0, 1
Act = Callable[[BoardGate], Awaitable[Any]]


def gate_behind(line: LineOfBoards, act: Act, **settings: object) -> Any:  # noqa: ANN401 - act's
    """Return what comes of doings with a gate that was set up as the edge does it."""
    made: Any = BoardGateSettings

    async def acting(bus: Bus) -> object:
        gate = BoardGate(bus, made(**{"watchdog_s": 0.0, **settings}))
        await gate.start()
        await gate.poll()
        return await act(gate)

    return line.run(acting)


def outputs(line: LineOfBoards) -> list[bool]:
    on: list[bool] = line.simulator.state()["boards"]["0"]["outputs"]
    return on[:2]


def is_one(found: Sequence[Observation], wanted: Observation) -> bool:
    return [each for each in found if type(each) is type(wanted)] == [wanted]


@pytest.mark.parametrize(("side", "output"), [(Side.IN, IN), (Side.OUT, OUT)])
def test_one_person_is_let_through_by_a_pulse_that_the_board_ends(side: Side, output: int) -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> list[bool]:
        await gate.access(side)
        return outputs(line)

    during = gate_behind(line, act, pulse_s=0.4)
    line.let_pass(0.5)

    assert during[output]
    assert outputs(line) == [False, False]
    assert line.switched(output) == [1]


def test_a_lost_answer_lets_no_second_person_through() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> None:
        line.lose(True, True)
        await gate.access(Side.IN)

    gate_behind(line, act)

    assert line.switched(IN) == [1]


def test_a_free_side_is_held_open_and_takes_no_pulse() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> None:
        await gate.set_mode(Side.OUT, GateMode.FREE)
        await gate.access(Side.OUT)

    gate_behind(line, act)
    line.let_pass(10)

    assert outputs(line) == [False, True]


def test_two_contacts_cannot_forbid_a_side() -> None:
    async def act(gate: BoardGate) -> None:
        with pytest.raises(CommandRejectedError, match="cannot forbid side in"):
            await gate.set_mode(Side.IN, GateMode.FORBIDDEN)

    gate_behind(LineOfBoards(), act)


def test_outputs_that_are_not_the_gate_s_are_switched_and_its_own_are_not() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> None:
        await gate.set_output(2, on=True)
        with pytest.raises(CommandRejectedError, match="output 1 is the gate's"):
            await gate.set_output(OUT, on=True)

    gate_behind(line, act)

    assert line.simulator.state()["boards"]["0"]["outputs"] == [False, False, True, False]


def test_a_free_side_is_held_again_when_the_board_has_restarted() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> None:
        await gate.set_mode(Side.OUT, GateMode.FREE)
        await gate.poll()
        line.simulator.do_restart(-1)
        line.let_pass(0.5)
        await gate.poll()

    gate_behind(line, act)

    assert outputs(line) == [False, True]


def test_a_side_that_was_not_confirmed_is_set_with_the_next_poll() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> None:
        line.unheard = iter((True,) * 3)
        with pytest.raises(DeviceUnreachableError):
            await gate.set_mode(Side.OUT, GateMode.FREE)
        await gate.poll()

    gate_behind(line, act)

    assert outputs(line) == [False, True]


def test_without_its_node_the_way_out_is_free_and_afterwards_it_is_as_before() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> tuple[list[bool], list[bool]]:
        await gate.heartbeat()
        line.let_pass(2.0)
        alone = outputs(line)
        await gate.poll()
        still = outputs(line)
        await gate.heartbeat()
        await gate.poll()
        return alone, still

    alone, still = gate_behind(line, act, watchdog_s=1.0)

    assert (alone, still, outputs(line)) == ([False, True], [False, True], [False, False])


@pytest.mark.parametrize("opens_when_off", [False, True])
def test_a_node_that_speaks_and_does_not_live_leaves_the_way_out_free(
    *, opens_when_off: bool
) -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> list[bool]:
        await gate.heartbeat()
        line.let_pass(2.0)
        await gate.start()
        await gate.set_mode(Side.OUT, GateMode.CONTROLLED)
        await gate.set_modes(dict.fromkeys(Side, GateMode.CONTROLLED), stands_open=False)
        await gate.access(Side.OUT)
        await gate.access(Side.IN)
        line.let_pass(2.0)
        await gate.poll()
        alone = outputs(line)
        await gate.heartbeat()
        await gate.poll()
        return alone

    alone = gate_behind(line, act, watchdog_s=1.0, opens_when_off=opens_when_off)

    assert alone == [opens_when_off, not opens_when_off]
    assert outputs(line) == [opens_when_off, opens_when_off]


def test_a_pulse_that_meets_the_safe_state_leaves_the_way_out_free() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> None:
        await gate.heartbeat()
        await gate.poll()
        line.let_pass(2.0)
        await gate.access(Side.OUT)
        line.let_pass(2.0)
        await gate.poll()

    gate_behind(line, act, watchdog_s=1.0)

    assert outputs(line) == [False, True]


def test_whoever_is_let_out_when_the_safe_state_has_just_ended_finds_the_gate_open() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> list[bool]:
        await gate.heartbeat()
        line.let_pass(2.0)
        await gate.poll()
        await gate.heartbeat()
        await gate.access(Side.OUT)
        await gate.poll()
        during = outputs(line)
        line.let_pass(0.6)
        await gate.heartbeat()
        await gate.poll()
        return during

    during = gate_behind(line, act, watchdog_s=1.0)

    assert (during, outputs(line)) == ([False, True], [False, False])


def test_what_the_board_did_without_any_node_ends_when_one_has_come() -> None:
    line = LineOfBoards()

    async def nothing(_: BoardGate) -> None: ...

    async def act(gate: BoardGate) -> None:
        await gate.heartbeat()
        await gate.poll()

    gate_behind(line, nothing, watchdog_s=1.0, safe_in="free")
    line.let_pass(2.0)
    alone = outputs(line)
    gate_behind(line, act, watchdog_s=1.0, safe_in="free")

    assert (alone, outputs(line)) == ([True, True], [False, False])


def test_a_pulse_that_has_begun_is_not_cut_short() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> list[bool]:
        await gate.heartbeat()
        line.let_pass(2.0)
        await gate.heartbeat()
        await gate.access(Side.IN)
        await gate.poll()
        during = outputs(line)
        line.let_pass(3.0)
        await gate.heartbeat()
        await gate.poll()
        return during

    during = gate_behind(line, act, watchdog_s=1.0, pulse_s=2.0)

    assert (during, outputs(line)) == ([True, False], [False, False])


FIRE = {"fire_input": 2, "is_fire_open": False}


def test_a_fire_at_the_board_opens_both_sides_and_is_told() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> Sequence[Observation]:
        line.simulator.do_input(-1, 2, on=True)
        line.let_pass(0.1)
        found = await gate.poll()
        assert await gate.poll() == []
        return found

    found = gate_behind(line, act, **FIRE)

    assert outputs(line) == [True, True]
    assert is_one(found, FireInputChanged(active=True))
    assert is_one(found, GateStateChanged(GateState.EMERGENCY_OPEN))


def test_whoever_is_let_in_during_a_fire_finds_the_gate_open() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> None:
        line.simulator.do_input(-1, 2, on=True)
        line.let_pass(0.1)
        await gate.access(Side.IN)

    gate_behind(line, act, **FIRE)

    assert line.switched(IN) == []


def test_when_the_fire_is_over_people_are_treated_as_before() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> Sequence[Observation]:
        await gate.set_mode(Side.OUT, GateMode.FREE)
        for is_fire in (True, False):
            line.simulator.do_input(-1, 2, on=is_fire)
            line.let_pass(0.1)
            found = await gate.poll()
        return found

    found = gate_behind(line, act, **FIRE)

    assert outputs(line) == [False, True]
    assert is_one(found, GateStateChanged(GateState.CLOSED))


def test_a_mode_that_a_fire_forbids_is_set_when_it_is_over() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> None:
        await gate.set_mode(Side.OUT, GateMode.FREE)
        line.simulator.do_input(-1, 2, on=True)
        line.let_pass(0.1)
        with pytest.raises(CommandRejectedError):
            await gate.set_mode(Side.OUT, GateMode.CONTROLLED)
        line.simulator.do_input(-1, 2, on=False)
        line.let_pass(0.1)
        await gate.poll()

    gate_behind(line, act, **FIRE)

    assert outputs(line) == [False, False]


def test_sides_that_the_site_releases_are_free_first_and_stay_so_after_the_board_s_own_fire() -> (
    None
):
    line = LineOfBoards()

    async def act(gate: BoardGate) -> list[bool]:
        line.simulator.do_input(-1, 2, on=True)
        line.let_pass(0.1)
        await gate.set_modes(
            {Side.IN: GateMode.CONTROLLED, Side.OUT: GateMode.FREE}, stands_open=False
        )
        during = outputs(line)
        line.simulator.do_input(-1, 2, on=False)
        line.let_pass(0.1)
        await gate.poll()
        return during

    during = gate_behind(line, act, **FIRE)

    assert (during, outputs(line)) == ([True, True], [False, True])


def test_sides_that_cannot_be_forbidden_are_left_as_they_are() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> None:
        with pytest.raises(CommandRejectedError, match="cannot forbid a side"):
            await gate.set_modes(
                {Side.OUT: GateMode.FREE, Side.IN: GateMode.FORBIDDEN}, stands_open=False
            )

    gate_behind(line, act)

    assert line.switched(OUT) == []


def test_a_lock_that_the_output_holds_shut_opens_the_other_way_round() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> tuple[list[bool], list[bool]]:
        shut = outputs(line)
        await gate.access(Side.IN)
        return shut, outputs(line)

    shut, during = gate_behind(line, act, opens_when_off=True)
    line.let_pass(1.0)

    assert (shut, during, outputs(line)) == ([True, True], [False, True], [True, True])


def test_people_who_pass_between_two_polls_are_all_counted() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> Sequence[Observation]:
        for is_closed in (True, False, True, False):
            line.simulator.do_input(-1, 1, on=is_closed)
            line.let_pass(0.05)
        return await gate.poll()

    assert gate_behind(line, act) == [PassageCounted(Side.OUT, 1), PassageCounted(Side.OUT, 1)]


def test_a_fault_of_the_gate_is_told() -> None:
    line = LineOfBoards()

    async def act(gate: BoardGate) -> list[Sequence[Observation]]:
        found = []
        for is_closed in (True, False):
            line.simulator.do_input(-1, 3, on=is_closed)
            line.let_pass(0.05)
            found.append(await gate.poll())
        return found

    found = gate_behind(line, act, input_fault=3)

    assert found == [[FaultsChanged(("gate",))], [FaultsChanged(())]]


def test_it_is_a_gate() -> None:
    assert isinstance(BoardGate(Bus("none"), BoardGateSettings()), TwoSidedGate)
