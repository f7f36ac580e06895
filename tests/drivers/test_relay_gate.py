"""A speed gate behind two dry contacts and two passage pulses."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    FaultsChanged,
    GateMode,
    GateState,
    GateStateChanged,
    InputChanged,
    Observation,
    PassageCounted,
    Side,
)
from drivers.bus import Bus
from drivers.protocols import modbus_rtu as rtu
from drivers.relay_gate import RelayGate
from drivers.simulation import Simulation, Wiring
from drivers.simulators.relay_gate import GateBoard, Simulator
from tests.drivers.lines import LineInMemory, answers_of, with_bus


def board_of(simulator: Simulator) -> GateBoard:
    return simulator.station(0)


def with_gate(act: Callable[[RelayGate, Simulator], Awaitable[None]]) -> None:
    """Run a test with a driver and a simulated gate whose time the test lets pass."""
    simulator = Simulator(Simulator.Settings())

    async def run(bus: Bus) -> None:
        driver = RelayGate(bus, RelayGate.Settings(timeout_s=2.0))
        await driver.start()
        await driver.poll()
        await act(driver, simulator)

    with_bus(LineInMemory(answers_of(simulator)), run)


@pytest.mark.parametrize(("side", "relay"), [(Side.IN, 0), (Side.OUT, 1)])
def test_a_side_is_opened_by_a_pulse_that_the_board_ends_by_itself(side: Side, relay: int) -> None:
    async def act(driver: RelayGate, simulator: Simulator) -> None:
        await driver.access(side)
        assert board_of(simulator).outputs[relay]
        simulator.step(0.6)

        assert not any(board_of(simulator).outputs)

    with_gate(act)


def test_the_pulse_is_the_board_s_own_flash_of_half_a_second() -> None:
    simulator = Simulator(Simulator.Settings())
    line = LineInMemory(answers_of(simulator))

    async def act(bus: Bus) -> None:
        await RelayGate(bus, RelayGate.Settings()).access(Side.OUT)

    with_bus(line, act)
    assert line.sent[0][1] == rtu.encode_write_coil(1, address=0x0201, value=5).frame


def test_a_passage_is_a_pulse_and_is_counted_once() -> None:
    async def act(driver: RelayGate, simulator: Simulator) -> None:
        simulator.act("pass_through", {"side": "out"})
        simulator.step(0.05)
        first, second = await driver.poll(), await driver.poll()
        simulator.step(1.0)
        third = await driver.poll()

        assert [list(found) for found in (first, second, third)] == [
            [PassageCounted(Side.OUT, 1)],
            [],
            [],
        ]

    with_gate(act)


def test_a_contact_that_is_closed_at_the_start_is_nobody_s_passage() -> None:
    simulator = Simulator(Simulator.Settings())
    board_of(simulator).inputs[0] = True

    async def act(bus: Bus) -> None:
        assert await RelayGate(bus, RelayGate.Settings()).poll() == [
            GateStateChanged(GateState.CLOSED)
        ]

    with_bus(LineInMemory(answers_of(simulator)), act)


@pytest.mark.parametrize(
    ("action", "begins", "ends"),
    [
        (
            "fire_open",
            GateStateChanged(GateState.EMERGENCY_OPEN),
            GateStateChanged(GateState.CLOSED),
        ),
        ("fault", FaultsChanged(("gate",)), FaultsChanged(())),
    ],
)
def test_fire_and_fault_are_told_by_their_contacts(
    action: str, begins: Observation, ends: Observation
) -> None:
    async def act(driver: RelayGate, simulator: Simulator) -> None:
        simulator.act(action, {})
        simulator.step(0.05)
        assert await driver.poll() == [begins]
        simulator.act(action, {"on": False})
        simulator.step(0.05)

        assert await driver.poll() == [ends]

    with_gate(act)


def test_a_free_side_is_held_open_and_again_after_the_board_was_off() -> None:
    async def act(driver: RelayGate, simulator: Simulator) -> None:
        await driver.set_mode(Side.OUT, GateMode.FREE)
        assert board_of(simulator).outputs[1]
        simulator.act("restart", {})
        await driver.start()
        assert board_of(simulator).outputs[1]
        await driver.set_mode(Side.OUT, GateMode.CONTROLLED)

        assert not any(board_of(simulator).outputs)

    with_gate(act)


def test_a_free_side_is_held_again_by_the_next_poll_when_the_board_forgot_it_unnoticed() -> None:
    async def act(driver: RelayGate, simulator: Simulator) -> None:
        await driver.set_mode(Side.OUT, GateMode.FREE)
        simulator.act("restart", {})
        await driver.poll()

        assert board_of(simulator).outputs[1]

    with_gate(act)


def test_a_side_that_could_not_be_closed_is_closed_by_the_next_start() -> None:
    simulator, is_cut = Simulator(Simulator.Settings()), [False]
    answer = answers_of(simulator)

    async def act(bus: Bus) -> None:
        driver = RelayGate(bus, RelayGate.Settings(timeout_s=0.02))
        await driver.set_mode(Side.IN, GateMode.FREE)
        is_cut[0] = True
        with pytest.raises(DeviceUnreachableError):
            await driver.set_mode(Side.IN, GateMode.CONTROLLED)
        is_cut[0] = False
        assert board_of(simulator).outputs[0]
        await driver.start()

        assert not any(board_of(simulator).outputs)

    with_bus(LineInMemory(lambda data: [] if is_cut[0] else answer(data)), act)


def test_a_side_that_only_should_be_free_is_opened_for_somebody_all_the_same() -> None:
    simulator, is_cut = Simulator(Simulator.Settings()), [True]
    answer = answers_of(simulator)

    async def act(bus: Bus) -> None:
        driver = RelayGate(bus, RelayGate.Settings(timeout_s=0.02))
        with pytest.raises(DeviceUnreachableError):
            await driver.set_mode(Side.OUT, GateMode.FREE)
        is_cut[0] = False
        await driver.access(Side.OUT)

        assert board_of(simulator).outputs[1]

    with_bus(LineInMemory(lambda data: [] if is_cut[0] else answer(data)), act)


def test_letting_somebody_through_a_free_side_does_not_end_its_freedom() -> None:
    async def act(driver: RelayGate, simulator: Simulator) -> None:
        await driver.set_mode(Side.OUT, GateMode.FREE)
        await driver.access(Side.OUT)
        simulator.step(1.0)

        assert board_of(simulator).outputs[1]

    with_gate(act)


def test_two_contacts_cannot_forbid_a_side() -> None:
    async def act(driver: RelayGate, simulator: Simulator) -> None:
        with pytest.raises(CommandRejectedError, match="cannot forbid side in"):
            await driver.set_mode(Side.IN, GateMode.FORBIDDEN)

    with_gate(act)


def test_an_input_that_the_gate_is_not_wired_to_is_reported_as_it_is() -> None:
    async def act(driver: RelayGate, simulator: Simulator) -> None:
        before = await driver.poll()
        board_of(simulator).inputs[5] = True
        pressed = await driver.poll()
        board_of(simulator).inputs[5] = False

        assert (before, pressed) == ([], [InputChanged(5, active=True)])
        assert await driver.poll() == [InputChanged(5, active=False)]
        assert driver.free_inputs == {4, 5, 6, 7}

    with_gate(act)


def test_somebody_walks_through_a_real_line_and_is_counted(tmp_path: Path) -> None:
    async def act(simulation: Simulation) -> list[Observation]:
        bus, found = Bus(simulation.driver_port), list[Observation]()
        driver = RelayGate(bus, RelayGate.Settings())
        await driver.start()
        await driver.poll()
        await driver.access(Side.IN)
        deadline_s, is_walking = time.monotonic() + 20, False
        while not found and time.monotonic() < deadline_s:
            is_walking = is_walking or simulation.act("walk", {})["is_open"]
            found += await driver.poll()
            await asyncio.sleep(0.05)
        await bus.close()
        return found

    with Simulation("relay_gate", {}, Wiring(link=tmp_path / "gate")) as simulation:
        assert asyncio.run(act(simulation)) == [PassageCounted(Side.IN, 1)]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"relay_in": 8}, "relay_in is 0"),
        ({"input_fire": -2}, "input_fire is 0"),
        ({"input_in": 1}, "two contacts are on the same channel"),
        ({"relay_out": 0}, "two contacts are on the same channel"),
        ({"pulse_s": 0.05}, "pulse_s is 0.1"),
    ],
)
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, float], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        RelayGate.Settings(**settings)  # type: ignore[arg-type]  # nonsense on purpose
