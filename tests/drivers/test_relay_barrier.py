"""A boom barrier behind a relay board: it never closes on a vehicle."""

from collections.abc import Awaitable, Callable

import pytest

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    FaultsChanged,
    GateState,
    GateStateChanged,
    InputChanged,
    Observation,
)
from drivers.bus import Bus
from drivers.relay_barrier import LOOP, RelayBarrier
from drivers.simulators.relay_barrier import WAY_S, Boom, Simulator
from tests.drivers.heard import ClockOfATest
from tests.drivers.lines import LineInMemory, answers_of, with_bus


class Yard:
    """A barrier whose time the test lets pass."""

    def __init__(self, bus: Bus, simulator: Simulator) -> None:
        self.simulator, self.clock = simulator, ClockOfATest()
        self.driver = RelayBarrier(bus, RelayBarrier.Settings(timeout_s=2.0), self.clock)

    @property
    def boom(self) -> Boom:
        return self.simulator.station(0)

    async def after(self, seconds: float) -> list[Observation]:
        """Let time pass in small steps, and poll."""
        for _ in range(round(seconds / 0.05)):
            self.simulator.step(0.05)
        self.clock.now_s += seconds
        return list(await self.driver.poll())


def in_a_yard(act: Callable[[Yard], Awaitable[None]]) -> None:
    simulator = Simulator(Simulator.Settings())

    async def run(bus: Bus) -> None:
        yard = Yard(bus, simulator)
        await yard.driver.start()
        await yard.driver.poll()
        await act(yard)

    with_bus(LineInMemory(answers_of(simulator)), run)


def test_the_boom_opens_and_closes_and_says_where_it_is() -> None:
    async def act(yard: Yard) -> None:
        await yard.driver.open_barrier()
        assert await yard.after(0.2) == [GateStateChanged(GateState.OPENING)]
        assert await yard.after(WAY_S) == [GateStateChanged(GateState.OPEN)]
        await yard.driver.close_barrier()
        assert await yard.after(0.2) == [GateStateChanged(GateState.CLOSING)]

        assert await yard.after(WAY_S) == [GateStateChanged(GateState.CLOSED)]

    in_a_yard(act)


def test_it_never_closes_on_a_vehicle_even_one_that_came_since_the_last_poll() -> None:
    async def act(yard: Yard) -> None:
        await yard.driver.open_barrier()
        await yard.after(2 * WAY_S)
        yard.simulator.act("vehicle", {})

        with pytest.raises(CommandRejectedError, match="a vehicle is under the boom"):
            await yard.driver.close_barrier()
        assert yard.boom.height == 1

    in_a_yard(act)


def test_it_does_not_close_before_it_knows_whether_a_vehicle_is_there() -> None:
    simulator = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        driver = RelayBarrier(bus, RelayBarrier.Settings())
        with pytest.raises(CommandRejectedError, match="not known yet"):
            await driver.close_barrier()

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_opening_wins_over_closing() -> None:
    async def act(yard: Yard) -> None:
        await yard.driver.open_barrier()
        await yard.after(2 * WAY_S)
        await yard.driver.close_barrier()
        await yard.after(0.3)
        await yard.driver.access_door(0)

        assert await yard.after(0.2) == [GateStateChanged(GateState.OPENING)]
        await yard.after(2 * WAY_S)
        assert yard.boom.height == 1

    in_a_yard(act)


def test_a_boom_that_is_stopped_stands_between_its_limits() -> None:
    async def act(yard: Yard) -> None:
        await yard.driver.open_barrier()
        await yard.after(0.6)
        await yard.driver.stop_barrier()

        assert await yard.after(1.0) == [GateStateChanged(GateState.BLOCKED)]
        assert 0 < yard.boom.height < 1

    in_a_yard(act)


def test_a_boom_that_does_not_arrive_is_a_fault_and_the_fault_ends_when_it_does() -> None:
    async def act(yard: Yard) -> None:
        yard.simulator.act("jam", {})
        await yard.driver.open_barrier()
        yard.clock.now_s += 9
        assert await yard.after(0.1) == [
            GateStateChanged(GateState.FAULT),
            FaultsChanged(("jam",)),
        ]
        yard.simulator.act("jam", {"on": False})

        assert await yard.after(2 * WAY_S) == [
            GateStateChanged(GateState.OPEN),
            FaultsChanged(()),
        ]

    in_a_yard(act)


def test_a_vehicle_is_told_when_it_comes_and_goes() -> None:
    async def act(yard: Yard) -> None:
        yard.simulator.act("vehicle", {})
        assert await yard.after(0.1) == [InputChanged(LOOP, active=True)]
        yard.simulator.act("vehicle", {"on": False})

        assert await yard.after(0.1) == [InputChanged(LOOP, active=False)]

    in_a_yard(act)


def test_two_limits_at_once_are_a_wire_and_a_fault() -> None:
    simulator = Simulator(Simulator.Settings())
    simulator.station(0).inputs[1] = True

    async def act(bus: Bus) -> None:
        found = await RelayBarrier(bus, RelayBarrier.Settings()).poll()

        assert GateStateChanged(GateState.FAULT) in found

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_silent_board_is_unreachable() -> None:
    async def act(bus: Bus) -> None:
        driver = RelayBarrier(bus, RelayBarrier.Settings(timeout_s=0.02, attempt_count=1))
        with pytest.raises(DeviceUnreachableError):
            await driver.start()

    with_bus(LineInMemory(), act)


def test_there_is_one_door() -> None:
    async def act(yard: Yard) -> None:
        with pytest.raises(ValueError, match="door is 0, not 1"):
            await yard.driver.access_door(1)

    in_a_yard(act)


@pytest.mark.parametrize(
    "settings", [{"relay_open": 1}, {"input_loop": 8}, {"move_s": 0.1}, {"pulse_s": 11.0}]
)
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="relay_barrier: "):
        RelayBarrier.Settings(**settings)  # type: ignore[arg-type]  # nonsense on purpose


def test_a_release_opens_and_its_end_moves_nothing() -> None:
    async def act(yard: Yard) -> None:
        await yard.driver.release()
        assert await yard.after(0.2) == [GateStateChanged(GateState.OPENING)]
        assert await yard.after(WAY_S) == [GateStateChanged(GateState.OPEN)]

        await yard.driver.end_release()

        assert await yard.after(WAY_S) == []

    in_a_yard(act)
