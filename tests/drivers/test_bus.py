"""The discipline of the line, a test for each rule; lines are in memory.

What must come in time has ``PATIENCE_S``, what must not come has simulated time or no answer at
all: no test depends on how busy the machine is.
"""

import asyncio
import itertools
import traceback
from collections.abc import Callable

import pytest

from drivers.base import DeviceUnreachableError, ProtocolViolationError
from drivers.bus import Bus, Priority
from drivers.protocols import NEED_DATA, NeedData
from drivers.protocols import modbus_rtu as rtu
from drivers.transport import LineError, Transport
from tests.drivers.lines import (
    LIMIT_S,
    LineInMemory,
    LineInSimulatedTime,
    request_in,
    with_bus,
    with_simulated_time,
)

TIMEOUT_S = 0.06
"""Of requests that have no answer."""
PATIENCE_S = 10.0


def read(unit_id: int, address: int) -> rtu.Request:
    return rtu.encode_read_holding_registers(unit_id, address=address, count=1)


def value_of(frame: bytes) -> bytes:
    """Return the reply to a read of one register, whose value is its own address."""
    request = request_in(frame)
    return rtu.encode_reply(request, rtu.encode_registers([request.address]))


def answering(delays_s: dict[int, float | None]) -> Callable[[bytes], list[tuple[float, bytes]]]:
    """Return a far end that answers each address so late, None never; others at once."""

    def answer(frame: bytes) -> list[tuple[float, bytes]]:
        delay_s = delays_s.get(request_in(frame).address, 0.0)
        return [] if delay_s is None else [(delay_s, value_of(frame))]

    return answer


async def ask(
    bus: Bus,
    request: rtu.Request,
    priority: Priority = Priority.POLL,
    *,
    timeout_s: float = PATIENCE_S,
) -> int:
    """Return the value of the register that was asked for."""
    reply = await bus.exchange(
        request.frame,
        rtu.ReplyDecoder(request),
        unit_id=request.unit_id,
        timeout_s=timeout_s,
        priority=priority,
    )
    return reply.registers[0]


async def fails(bus: Bus, request: rtu.Request) -> None:
    """Ask somebody who does not answer in time."""
    with pytest.raises(DeviceUnreachableError, match="no reply"):
        await ask(bus, request, timeout_s=TIMEOUT_S)


def addresses(line: LineInMemory | LineInSimulatedTime) -> list[int]:
    return [request_in(frame).address for _, frame in line.sent]


def test_a_late_reply_is_never_taken_for_the_next_answer() -> None:
    line = LineInSimulatedTime(answering({1: TIMEOUT_S + 0.03, 2: TIMEOUT_S - 0.015}))

    async def act(bus: Bus) -> None:
        await fails(bus, read(1, 1))

        assert await ask(bus, read(1, 2)) == 2

    with_simulated_time(line, act)


def test_a_cancelled_exchange_is_never_taken_for_the_next_answer() -> None:
    line = LineInMemory(answering({1: 0.04, 2: 0.02}))

    async def act(bus: Bus) -> None:
        leaving = asyncio.create_task(ask(bus, read(1, 1)))
        await line.until_sent()
        leaving.cancel()

        assert await ask(bus, read(1, 2)) == 2

    with_bus(line, act)

    assert line.sent[1][0] - line.sent[0][0] >= 0.04


def test_what_nobody_asked_for_is_dropped_and_counted() -> None:
    line = LineInMemory(answering({2: 0.01}))

    async def act(bus: Bus) -> None:
        await ask(bus, read(1, 1))
        line.arrive(value_of(read(1, 77).frame))

        assert await ask(bus, read(1, 2)) == 2
        assert bus.counts(1).dropped_bytes == len(value_of(read(1, 77).frame))

    with_bus(line, act)


def test_a_unit_that_was_late_is_left_alone_while_others_go_on() -> None:
    line = LineInMemory(answering({1: None}))

    async def act(bus: Bus) -> None:
        await fails(bus, read(1, 1))
        await asyncio.gather(ask(bus, read(1, 2)), ask(bus, read(2, 3)))

    with_bus(line, act)

    silent, _, again = (at_s for at_s, _ in line.sent)
    assert addresses(line) == [1, 3, 2]
    assert again - silent >= 2 * TIMEOUT_S


def test_a_dead_device_costs_the_others_one_time_out() -> None:
    line = LineInSimulatedTime(answering({1: None}), baudrate=115_200)

    async def act(bus: Bus) -> None:
        dead = asyncio.create_task(fails(bus, read(1, 1)))
        await asyncio.sleep(0)
        values = [await ask(bus, read(2, address)) for address in range(2, 22)]

        assert values == list(range(2, 22))
        assert TIMEOUT_S < line.clock.now_s < 3 * TIMEOUT_S
        await dead

    with_simulated_time(line, act)


def test_a_command_goes_before_polls_that_wait_and_fire_before_both() -> None:
    line = LineInMemory(answering({0: None}))

    async def act(bus: Bus) -> None:
        polls = [asyncio.create_task(ask(bus, read(1, address))) for address in range(5)]
        await line.until_sent()
        command = asyncio.create_task(ask(bus, read(1, 100), Priority.COMMAND))
        fire = asyncio.create_task(ask(bus, read(1, 200), Priority.FIRE))
        await asyncio.sleep(0)
        line.arrive(value_of(read(1, 0).frame))
        await asyncio.gather(command, fire, *polls)

    with_bus(line, act)

    assert addresses(line) == [0, 200, 100, 1, 2, 3, 4]


def test_a_caller_who_left_before_its_turn_is_never_sent() -> None:
    line = LineInMemory(answering({1: None}))

    async def act(bus: Bus) -> None:
        first = asyncio.create_task(ask(bus, read(1, 1)))
        await line.until_sent()
        leaving = asyncio.create_task(ask(bus, read(1, 2), Priority.COMMAND))
        await asyncio.sleep(0)
        leaving.cancel()
        line.arrive(value_of(read(1, 1).frame))
        await first
        await ask(bus, read(1, 3))

    with_bus(line, act)

    assert addresses(line) == [1, 3]


def test_bytes_that_are_no_answer_are_a_violation_and_the_unit_is_left_alone() -> None:
    line = LineInMemory(lambda frame: [(0.0, value_of(frame)[:-1] + b"?")])

    async def act(bus: Bus) -> None:
        with pytest.raises(ProtocolViolationError, match="wrong CRC"):
            await ask(bus, read(1, 1), timeout_s=TIMEOUT_S)
        line.answer = answering({})

        assert await ask(bus, read(1, 2)) == 2
        assert bus.counts(1).noise == 1

    with_bus(line, act)

    assert line.sent[1][0] - line.sent[0][0] >= 2 * TIMEOUT_S


def test_a_late_reply_behind_noise_is_never_taken_for_the_next_answer() -> None:
    def answer(frame: bytes) -> list[tuple[float, bytes]]:
        if request_in(frame).address == 1:
            return [(0.0, b"\xff\x00"), (TIMEOUT_S + 0.03, value_of(frame))]
        return [(TIMEOUT_S - 0.015, value_of(frame))]

    async def act(bus: Bus) -> None:
        with pytest.raises(ProtocolViolationError):
            await ask(bus, read(1, 1), timeout_s=TIMEOUT_S)

        assert await ask(bus, read(1, 2)) == 2

    with_simulated_time(LineInSimulatedTime(answer), act)


def test_noise_and_other_units_frames_before_the_reply_cost_nothing() -> None:
    other = value_of(read(2, 9).frame)
    line = LineInMemory(
        lambda frame: [(0.0, frame), (0.005, b"\xff" + other), (0.01, value_of(frame))]
    )

    async def act(bus: Bus) -> None:
        assert await ask(bus, read(1, 1)) == 1
        assert bus.counts(1).noise == 1

    with_bus(line, act)


def test_a_late_reply_of_one_unit_costs_another_nothing() -> None:
    delays_s = {1: TIMEOUT_S + 0.02, 2: 0.03}
    line = LineInSimulatedTime(
        lambda frame: [(delays_s[request_in(frame).unit_id], value_of(frame))]
    )

    async def act(bus: Bus) -> None:
        await fails(bus, read(1, 1))

        assert await ask(bus, read(2, 2)) == 2
        assert bus.counts(2).noise == 1

    with_simulated_time(line, act)


def test_a_long_outage_costs_no_memory() -> None:
    line = LineInMemory()
    line.is_connected = False

    async def depth(bus: Bus) -> int:
        with pytest.raises(DeviceUnreachableError) as caught:
            await ask(bus, read(1, 1))
        assert caught.value.__cause__ is not None
        return len(traceback.extract_tb(caught.value.__cause__.__traceback__))

    async def act(bus: Bus) -> None:
        assert max([await depth(bus) for _ in range(100)]) < 10

    with_bus(line, act)


def test_a_reply_that_dribbles_is_put_together() -> None:
    def dribble(frame: bytes) -> list[tuple[float, bytes]]:
        reply = value_of(frame)
        return [(0.005 * i, reply[i : i + 1]) for i in range(len(reply))]

    async def act(bus: Bus) -> None:
        assert await ask(bus, read(1, 1)) == 1

    with_bus(LineInMemory(dribble), act)


def test_frames_are_apart_by_three_and_a_half_characters() -> None:
    line = LineInMemory(answering({}))

    async def act() -> None:
        bus = Bus("line", baudrate=1200, opener=line.open)
        try:
            for address in range(3):
                await ask(bus, read(1, address))
        finally:
            await bus.close()

    asyncio.run(act())

    times = [at_s for at_s, _ in line.sent]
    silence_s = 3.5 * 11 / 1200
    assert all(after - before >= silence_s for before, after in itertools.pairwise(times))


def test_an_event_loop_that_is_busy_delays_no_exchange() -> None:
    line = LineInMemory(answering({}))

    async def act(bus: Bus) -> None:
        asking = [asyncio.create_task(ask(bus, read(1, address))) for address in range(5)]
        await asyncio.sleep(0)
        line.wait_until_sent(5)  # stands for a network that holds the loop

        assert await asyncio.gather(*asking) == [0, 1, 2, 3, 4]

    with_bus(line, act)


def test_every_exchange_is_counted_for_its_unit() -> None:
    line = LineInMemory(answering({9: None}))

    async def act(bus: Bus) -> None:
        for address in (1, 2):
            await ask(bus, read(1, address))
        await fails(bus, read(1, 9))
        await ask(bus, read(2, 1))

        one, two = bus.counts(1), bus.counts(2)
        assert (one.answered, one.timed_out, sum(one.latency_counts)) == (2, 1, 2)
        assert (two.answered, two.timed_out) == (1, 0)

    with_bus(line, act)


def test_a_line_that_is_lost_is_said_once_and_opened_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "drivers.bus")
    line = LineInMemory(answering({}))

    async def until_answered(bus: Bus) -> None:
        while True:
            try:
                await ask(bus, read(1, 1))
            except DeviceUnreachableError:
                await asyncio.sleep(0.02)
            else:
                return

    async def act(bus: Bus) -> None:
        await ask(bus, read(1, 1))
        line.is_connected = False
        for _ in range(5):
            with pytest.raises(DeviceUnreachableError, match="not plugged in"):
                await ask(bus, read(1, 1))
        line.is_connected = True
        await until_answered(bus)

    with_bus(line, act)

    assert [record.message for record in caplog.records] == [
        "line line is lost: the adapter is not plugged in",
        "line line is back",
    ]


def test_a_port_that_is_gone_is_not_tried_at_every_call() -> None:
    line, tried_at_s = LineInSimulatedTime(answering({}), baudrate=115_200), list[float]()

    def opener() -> Transport:
        tried_at_s.append(line.clock.now_s)
        raise LineError("the adapter is not plugged in")

    async def act(bus: Bus) -> None:
        for _ in range(50):
            with pytest.raises(DeviceUnreachableError, match="not plugged in"):
                await ask(bus, read(1, 1))

    with_simulated_time(line, act, opener)

    assert tried_at_s == [0.0]


def test_who_waits_when_the_bus_closes_gets_an_error() -> None:
    line = LineInMemory(answering({1: None}))

    async def act(bus: Bus) -> None:
        waiting = [
            asyncio.create_task(ask(bus, read(1, address), timeout_s=TIMEOUT_S))
            for address in (1, 2, 3)
        ]
        await line.until_sent()
        await bus.close()
        errors = await asyncio.gather(*waiting, return_exceptions=True)

        assert [type(error) for error in errors] == [DeviceUnreachableError] * 3
        with pytest.raises(DeviceUnreachableError, match="is closed"):
            await ask(bus, read(1, 4))
        await bus.close()

    with_bus(line, act)


class MistakenDecoder:
    """A decoder with a mistake of ours."""

    def receive_data(self, data: bytes) -> None:
        raise ZeroDivisionError

    def next_frame(self) -> NeedData:
        return NEED_DATA


def test_our_own_mistake_reaches_its_caller_and_the_line_lives(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(ZeroDivisionError):
            await bus.exchange(read(1, 1).frame, MistakenDecoder(), unit_id=1, timeout_s=PATIENCE_S)

        assert await ask(bus, read(1, 2)) == 2

    with_bus(LineInMemory(answering({})), act)

    assert "an exchange on line failed" in caplog.text


def test_a_poll_that_waits_goes_before_others_while_a_command_waits_for_it() -> None:
    line = LineInMemory(answering({1: None}))

    async def act(bus: Bus) -> None:
        busy = asyncio.create_task(ask(bus, read(1, 1)))
        await line.until_sent()
        others = [asyncio.create_task(ask(bus, read(2, address))) for address in (2, 3)]
        poll = asyncio.create_task(ask(bus, read(3, 4)))
        await asyncio.sleep(0)
        with bus.hastened(poll):
            line.arrive(value_of(read(1, 1).frame))
            await poll
        await asyncio.gather(busy, *others)

        assert addresses(line) == [1, 4, 2, 3]

    with_bus(line, act)


def test_what_releases_for_a_fire_goes_before_commands_that_wait_longer() -> None:
    line = LineInMemory(answering({1: None}))

    async def act(bus: Bus) -> None:
        busy = asyncio.create_task(ask(bus, read(1, 1)))
        await line.until_sent()
        others = [asyncio.create_task(ask(bus, read(2, a), Priority.COMMAND)) for a in (2, 3)]
        await asyncio.sleep(0)
        with bus.hastened(asyncio.current_task(), to=Priority.FIRE):
            release = ask(bus, read(3, 4))
            line.arrive(value_of(read(1, 1).frame))
            await release
        await asyncio.gather(busy, *others)

        assert addresses(line) == [1, 4, 2, 3]

    with_bus(line, act)


def test_all_gates_are_told_of_a_fire_before_the_first_is_read_back() -> None:
    line = LineInMemory(answering({1: None}))

    async def act(bus: Bus) -> None:
        async def release(unit_id: int) -> None:
            with bus.hastened(asyncio.current_task(), to=Priority.FIRE):
                await ask(bus, read(unit_id, 10 * unit_id), Priority.COMMAND)
                await bus.exchange(
                    read(unit_id, 10 * unit_id + 1).frame,
                    rtu.ReplyDecoder(read(unit_id, 10 * unit_id + 1)),
                    unit_id=unit_id,
                    timeout_s=LIMIT_S,
                    priority=Priority.COMMAND,
                    is_read_back=True,
                )

        busy = asyncio.create_task(ask(bus, read(1, 1)))
        await line.until_sent()
        releases = [asyncio.create_task(release(unit_id)) for unit_id in (2, 3)]
        await asyncio.sleep(0)
        line.arrive(value_of(read(1, 1).frame))
        await asyncio.gather(busy, *releases)

        assert addresses(line)[:3] == [1, 20, 30]
        assert set(addresses(line)[3:]) == {21, 31}

    with_bus(line, act)


def test_the_wait_for_a_unit_that_is_silent_anyway_ends_when_a_command_comes() -> None:
    line = LineInMemory(answering({1: None}))

    async def act(bus: Bus) -> None:
        for _ in range(2):
            await fails(bus, read(1, 1))
        probe = asyncio.create_task(ask(bus, read(1, 1), timeout_s=2 * LIMIT_S))
        await line.until_sent(3)

        assert await ask(bus, read(2, 2), Priority.COMMAND) == 2
        with pytest.raises(DeviceUnreachableError):
            await probe

    with_bus(line, act)


def test_what_comes_after_the_time_out_is_counted_as_late() -> None:
    line = LineInSimulatedTime(answering({1: 1.5 * TIMEOUT_S}))

    async def act(bus: Bus) -> None:
        await fails(bus, read(1, 1))
        line.clock.sleep(TIMEOUT_S)  # the late reply arrives; nobody is asked meanwhile
        await ask(bus, read(2, 2))

        assert bus.counts(1).late == 1

    with_simulated_time(line, act)


def test_what_came_while_the_thread_was_held_up_is_taken() -> None:
    def in_two_pieces(frame: bytes) -> list[tuple[float, bytes]]:
        reply = value_of(frame)
        return [(0.0, reply[:3]), (0.01, reply[3:])]

    line = LineInSimulatedTime(in_two_pieces, held_up_s=2 * TIMEOUT_S)

    async def act(bus: Bus) -> None:
        assert await ask(bus, read(1, 1), timeout_s=TIMEOUT_S) == 1

    with_simulated_time(line, act)


def test_sending_without_a_reply_says_when_there_is_no_port() -> None:
    line = LineInMemory()
    line.is_connected = False

    async def act(bus: Bus) -> None:
        with pytest.raises(DeviceUnreachableError, match="not plugged in"):
            await bus.send(b"", unit_id=1)

    with_bus(line, act)


@pytest.mark.parametrize("delay_s", [0.46, 0.48, 0.49, 0.495, 0.5])
def test_a_reply_that_just_begins_when_its_unit_may_be_asked_again_answers_nothing(
    delay_s: float,
) -> None:
    async def act(bus: Bus) -> None:
        await fails(bus, read(1, 1))

        assert await ask(bus, read(1, 2)) == 2

    with_simulated_time(LineInSimulatedTime(answering({1: delay_s})), act)


def test_a_silent_unit_s_probe_that_gave_way_leaves_it_alone_as_long_as_any_other() -> None:
    line = LineInMemory(answering({1: None, 2: None}))

    async def act(bus: Bus) -> None:
        await fails(bus, read(1, 1))
        probe = asyncio.create_task(ask(bus, read(1, 2), timeout_s=0.2))
        await line.until_sent(2)
        await ask(bus, read(2, 3), Priority.COMMAND)
        with pytest.raises(DeviceUnreachableError):
            await probe
        await ask(bus, read(1, 4))

    with_bus(line, act)

    sent_at_s = [at_s for at_s, _ in line.sent]
    assert addresses(line) == [1, 2, 3, 4]
    assert sent_at_s[3] - sent_at_s[1] >= 0.4
