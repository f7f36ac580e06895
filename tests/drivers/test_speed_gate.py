"""The gate's driver against its simulated machine, on a line in memory."""

from collections.abc import Awaitable, Callable

import pytest

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    DriverError,
    FaultsChanged,
    GateMode,
    GateState,
    GateStateChanged,
    InputChanged,
    PassageCounted,
    PassageGate,
    ProtocolViolationError,
    Side,
    TamperChanged,
)
from drivers.bus import Bus
from drivers.protocols import modbus_rtu as rtu
from drivers.simulators.speed_gate import FREE, Gate, Station
from drivers.speed_gate import INPUTS_EVERY, OPEN_TIME_REGISTER, SETUP_EVERY, SpeedGate
from tests.drivers.lines import LineInMemory, Stations, request_in, with_bus


class Bench:
    """A gate on a line in memory. Attributes: gate: the machine, its state in the open."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.station = Station(self.gate)
        self.far_end = Stations({1: self.station})
        self.line = LineInMemory(self.far_end)

    def play(self, act: Callable[[SpeedGate], Awaitable[None]]) -> None:
        async def with_driver(bus: Bus) -> None:
            await act(SpeedGate(bus, SpeedGate.Settings(timeout_s=0.05)))

        with_bus(self.line, with_driver)

    def written(self, address: int) -> list[tuple[int, ...]]:
        """Return every write that began at an address."""
        requests = [request_in(frame) for _, frame in self.line.sent]
        return [
            request.written
            for request in requests
            if request.function == rtu.WRITE_MULTIPLE_REGISTERS and request.address == address
        ]

    def let_pass(self, side: Side) -> None:
        """Let time pass until somebody has walked through a gate that opens or is open."""
        before = self.gate.passages[side]
        self.gate.step(0.5)
        assert self.gate.walk(side)
        for _ in range(300):
            self.gate.step(0.01)
        assert self.gate.passages[side] == before + 1


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_it_is_a_passage_gate() -> None:
    assert isinstance(SpeedGate(Bus("none"), SpeedGate.Settings()), PassageGate)


def test_granted_and_passed_are_two_facts(bench: Bench) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.start()
        await driver.poll()
        receipt = await driver.access(Side.IN)
        granted = await driver.poll()
        bench.let_pass(Side.IN)
        passed = await driver.poll()

        assert receipt.attempts == 1
        assert granted == [GateStateChanged(GateState.OPENING)]
        assert PassageCounted(Side.IN, 1) in passed

    bench.play(act)


@pytest.mark.parametrize(("side", "command"), [(Side.IN, 1), (Side.OUT, 2)])
def test_each_side_has_its_command(bench: Bench, side: Side, command: int) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.access(side)

    bench.play(act)

    ((number, _),) = bench.written(0)
    assert number == command


def test_a_command_whose_reply_is_lost_is_executed_once(bench: Bench) -> None:
    lost = [rtu.WRITE_MULTIPLE_REGISTERS, rtu.READ_INPUT_REGISTERS]

    def lose_each_once(reply: bytes) -> bytes:
        if reply[1] in lost:
            lost.remove(reply[1])
            return b""
        return reply

    bench.far_end.distort = lose_each_once

    async def act(driver: SpeedGate) -> None:
        assert (await driver.access(Side.IN)).attempts == 2

    bench.play(act)

    assert bench.gate.commands_executed == 1
    assert len(set(bench.written(0))) == 1


def test_the_next_command_has_another_nonce(bench: Bench) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.access(Side.IN)
        await driver.access(Side.IN)

    bench.play(act)

    assert bench.gate.commands_executed == len(set(bench.written(0))) == 2


def test_a_nonce_that_the_gate_has_executed_before_is_not_used(bench: Bench) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.access(Side.IN)
        executed = bench.gate.nonce
        await driver.start()
        await driver.access(Side.IN)

        assert bench.gate.nonce == executed % 0xFFFF + 1

    bench.play(act)


def test_a_nonce_is_never_zero_which_a_gate_has_after_power_on(bench: Bench) -> None:
    bench.gate.nonce = 0xFFFF

    async def act(driver: SpeedGate) -> None:
        await driver.start()
        await driver.access(Side.IN)

    bench.play(act)

    assert bench.written(0) == [(1, 1)]


def test_a_gate_that_keeps_quiet_about_the_command_has_not_confirmed_it(bench: Bench) -> None:
    bench.gate.command = lambda number, nonce: None  # type: ignore[method-assign]  # a deaf machine

    async def act(driver: SpeedGate) -> None:
        with pytest.raises(ProtocolViolationError, match="did not take the command"):
            await driver.access(Side.IN)

    bench.play(act)


def test_a_forbidden_side_is_refused_with_the_gate_s_code_and_not_repeated(bench: Bench) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.set_mode(Side.IN, GateMode.FORBIDDEN)
        with pytest.raises(CommandRejectedError, match="the side is forbidden") as caught:
            await driver.access(Side.IN)

        assert caught.value.code == 2

    bench.play(act)

    assert len(bench.written(0)) == 1


def test_a_modbus_refusal_is_a_rejection_with_its_code(bench: Bench) -> None:
    bench.station.exception_code = 6

    async def act(driver: SpeedGate) -> None:
        with pytest.raises(CommandRejectedError, match="server device busy") as caught:
            await driver.access(Side.IN)

        assert caught.value.code == 6

    bench.play(act)


def test_a_gate_that_does_not_answer_is_unreachable(bench: Bench) -> None:
    bench.far_end.is_mute = True

    async def act(driver: SpeedGate) -> None:
        with pytest.raises(DeviceUnreachableError):
            await driver.access(Side.IN)
        with pytest.raises(DeviceUnreachableError):
            await driver.set_mode(Side.IN, GateMode.FREE)

    bench.play(act)


def test_free_egress_needs_no_command(bench: Bench) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.poll()
        await driver.set_mode(Side.OUT, GateMode.FREE)
        assert bench.gate.walk(Side.OUT)
        bench.let_pass(Side.OUT)

        assert PassageCounted(Side.OUT, 1) in await driver.poll()

    bench.play(act)

    assert bench.gate.modes[Side.OUT] == FREE
    assert bench.written(0) == []


def test_a_mode_that_the_gate_does_not_keep_is_no_success(bench: Bench) -> None:
    def read_back_as_zero(reply: bytes) -> bytes:
        if reply[1] != rtu.READ_HOLDING_REGISTERS:
            return reply
        return rtu.encode_frame(1, reply[1], b"\x02\x00\x00")

    bench.far_end.distort = read_back_as_zero

    async def act(driver: SpeedGate) -> None:
        with pytest.raises(ProtocolViolationError, match="did not keep mode free"):
            await driver.set_mode(Side.OUT, GateMode.FREE)

    bench.play(act)


def test_set_up_writes_open_time_and_watchdog(bench: Bench) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.start()

    bench.play(act)

    assert (bench.gate.open_time_s, bench.gate.watchdog_s) == (5, 10)


def test_people_who_passed_while_nobody_asked_are_counted_when_the_gate_is_back(
    bench: Bench,
) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.poll()
        bench.far_end.is_mute = True
        with pytest.raises(DriverError):
            await driver.poll()
        bench.gate.passages[Side.IN] += 3
        bench.far_end.is_mute = False

        assert await driver.poll() == [PassageCounted(Side.IN, 3)]

    bench.play(act)


@pytest.mark.parametrize(
    ("before", "after", "passed"),
    [
        (0, 0, 0),
        (41, 42, 1),
        (0xFFFF, 0x1_0001, 2),
        (2**32 - 1, 2, 3),
        (500, 3, 0),
        (0, 1_000_000, 0),
    ],
    ids=["none", "one", "carry", "wrap", "reset", "another gate's counter"],
)
def test_a_counter_counts_what_it_grew(bench: Bench, before: int, after: int, passed: int) -> None:
    async def act(driver: SpeedGate) -> None:
        bench.gate.passages[Side.IN] = before
        await driver.poll()
        bench.gate.passages[Side.IN] = after

        assert await driver.poll() == ([PassageCounted(Side.IN, passed)] if passed else [])

    bench.play(act)


def test_faults_tamper_and_the_fire_input_are_told_once_each_way(bench: Bench) -> None:
    async def changes(driver: SpeedGate) -> list[object]:
        return [change for _ in range(INPUTS_EVERY) for change in await driver.poll()]

    async def act(driver: SpeedGate) -> None:
        await changes(driver)
        bench.gate.faults, bench.gate.is_tampered, bench.gate.is_fire_open = 0b10001, True, True
        told = await changes(driver)
        told_again = await changes(driver)
        bench.gate.faults, bench.gate.is_tampered, bench.gate.is_fire_open = 0, False, False
        ended = await changes(driver)

        assert FaultsChanged(("motor", "over_temperature")) in told
        assert TamperChanged(True) in told
        assert InputChanged(6, active=True) in told
        assert told_again == []
        assert FaultsChanged(()) in ended
        assert TamperChanged(False) in ended
        assert InputChanged(6, active=False) in ended

    bench.play(act)


def test_a_change_that_was_read_is_not_lost_when_the_next_reading_fails(bench: Bench) -> None:
    bench.gate.is_tampered = True
    bench.far_end.distort = lambda reply: b"" if reply[1] == rtu.READ_INPUT_REGISTERS else reply

    async def act(driver: SpeedGate) -> None:
        with pytest.raises(DeviceUnreachableError):
            await driver.poll()
        bench.far_end.distort = lambda reply: reply

        assert TamperChanged(True) in await driver.poll()

    bench.play(act)


def test_a_gate_known_to_be_dead_is_asked_once(bench: Bench) -> None:
    bench.far_end.is_mute = True

    async def act(driver: SpeedGate) -> None:
        with pytest.raises(DeviceUnreachableError):
            await driver.poll()
        bench.line.sent.clear()
        with pytest.raises(DeviceUnreachableError):
            await driver.poll()
        assert len(bench.line.sent) == 1
        with pytest.raises(DeviceUnreachableError):
            await driver.access(Side.IN)

    bench.play(act)

    assert len(bench.line.sent) == 3


def test_a_fault_that_we_have_no_name_for_is_still_a_fault(bench: Bench) -> None:
    bench.gate.faults = 0b100001

    async def act(driver: SpeedGate) -> None:
        assert FaultsChanged(("motor", "unknown_0x1")) in await driver.poll()

    bench.play(act)


def test_a_state_that_is_none_is_a_violation_and_never_shown(bench: Bench) -> None:
    def strange(reply: bytes) -> bytes:
        if reply[1] != rtu.READ_INPUT_REGISTERS:
            return reply
        return rtu.encode_frame(1, reply[1], reply[2:3] + b"\x00\x63" + reply[5:-2])

    bench.far_end.distort = strange

    async def act(driver: SpeedGate) -> None:
        with pytest.raises(ProtocolViolationError, match="state 99"):
            await driver.poll()

    bench.play(act)


def test_a_poll_is_one_short_exchange_so_that_a_command_waits_for_little(
    bench: Bench,
) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.poll()
        bench.line.sent.clear()
        for _ in range(10):
            await driver.poll()

    bench.play(act)

    assert len(bench.line.sent) == 10
    assert all(len(frame) == 8 for _, frame in bench.line.sent)


def test_a_gate_that_was_off_for_a_moment_is_set_up_again() -> None:
    bench = Bench()

    async def act(driver: SpeedGate) -> None:
        await driver.start()
        await driver.set_mode(Side.OUT, GateMode.FREE)
        bench.station.restart()
        assert bench.station.gate.modes[Side.OUT] != FREE
        for _ in range(SETUP_EVERY):
            await driver.poll()

    bench.play(act)

    assert bench.station.gate.modes[Side.OUT] == FREE
    assert bench.station.gate.open_time_s == SpeedGate.Settings().open_time_s


def test_a_gate_that_holds_its_setup_is_not_written_to() -> None:
    bench = Bench()

    async def act(driver: SpeedGate) -> None:
        await driver.start()
        before = len(bench.written(OPEN_TIME_REGISTER))
        for _ in range(2 * SETUP_EVERY):
            await driver.poll()
        assert len(bench.written(OPEN_TIME_REGISTER)) == before

    bench.play(act)


def stays_open_s(gate: Gate) -> float:
    """Return how long a gate that was told to open stays open, to a tenth of a second."""
    gate.watchdog_s = 0
    gate.step(0.5)
    open_s = 0.0
    while gate.state is GateState.OPEN:
        gate.step(0.1)
        open_s += 0.1
    gate.step(1.0)
    return round(open_s, 1)


@pytest.mark.parametrize(("access_time_s", "open_s"), [(11.2, 12), (2, 5)])
def test_a_person_who_needs_more_time_has_it_and_the_next_one_does_not(
    access_time_s: float, open_s: int
) -> None:
    bench, found = Bench(), list[float]()

    async def act(gate: SpeedGate) -> None:
        await gate.start()
        await gate.access_for(Side.IN, access_time_s=access_time_s)
        found.append(stays_open_s(bench.gate))
        await gate.access(Side.IN)
        found.append(stays_open_s(bench.gate))

    bench.play(act)

    assert found == pytest.approx([open_s, 5], abs=0.2)


def test_the_set_up_is_kept_after_a_release_with_more_time() -> None:
    bench = Bench()

    async def act(gate: SpeedGate) -> None:
        await gate.start()
        await gate.access_for(Side.IN, access_time_s=20)
        for _ in range(2 * SETUP_EVERY):
            await gate.poll()

    bench.play(act)

    assert bench.written(7) == [(20,)]


def test_both_sides_are_free_after_two_exchanges_and_the_gate_stands_open_after_a_poll(
    bench: Bench,
) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.start()
        await driver.poll()
        bench.line.sent.clear()

        await driver.set_modes(dict.fromkeys(Side, GateMode.FREE), stands_open=True)
        exchanged = len(bench.line.sent)
        await driver.poll()

        assert exchanged == 2
        assert bench.gate.modes == dict.fromkeys(Side, FREE)
        assert bench.gate.state is GateState.OPENING

    bench.play(act)


def test_a_gate_that_stands_open_closes_when_it_no_longer_is_to(bench: Bench) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.start()
        await driver.set_modes(dict.fromkeys(Side, GateMode.FREE), stands_open=True)
        await driver.poll()
        bench.gate.step(1.0)
        stood = bench.gate.state

        await driver.set_modes(dict.fromkeys(Side, GateMode.CONTROLLED), stands_open=False)
        await driver.poll()
        await driver.poll()

        assert stood is GateState.OPEN
        assert bench.gate.state is GateState.CLOSING

    bench.play(act)


def test_a_gate_in_fault_is_free_although_it_does_not_open(bench: Bench) -> None:
    async def act(driver: SpeedGate) -> None:
        await driver.start()
        bench.gate.faults = 1

        await driver.set_modes(dict.fromkeys(Side, GateMode.FREE), stands_open=True)
        await driver.poll()

        assert bench.gate.modes == dict.fromkeys(Side, FREE)

    bench.play(act)
