"""What a device says unasked, from the bus's thread to a driver's task."""

import asyncio

import pytest

from drivers.base import DeviceUnreachableError
from drivers.bus import Bus, Priority
from drivers.protocols import NEED_DATA, FrameError, NeedData
from drivers.subscription import FRAME_COUNT_MAX, Subscription
from tests.drivers.lines import LineInMemory, with_bus


class Letters:
    """A codec whose frames are capital letters; everything else is noise."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        self._buffer += data

    def next_frame(self) -> str | NeedData:
        if not self._buffer:
            return NEED_DATA
        letter = chr(self._buffer.pop(0))
        if not letter.isupper():
            raise FrameError(f"no letter: {letter!r}")
        return letter


async def heard(subscription: Subscription[str], count: int) -> str:
    """Return so many letters, in the order in which they came."""
    letters = ""
    while len(letters) < count:
        await subscription.wait(timeout_s=5.0)
        letters += "".join(subscription.take())
    return letters


def test_what_is_said_unasked_is_heard_and_noise_is_counted() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        subscription = bus.subscribe(Letters())
        await bus.send(b"", unit_id="x")
        line.arrive(b"A?B")

        assert await heard(subscription, 2) == "AB"
        assert subscription.noise_count == 1
        assert subscription.last_heard_at_s is not None

    with_bus(line, act)


def test_an_exchange_hides_nothing_from_who_listens() -> None:
    line = LineInMemory(lambda _: [(0.0, b"XY")])

    async def act(bus: Bus) -> None:
        subscription = bus.subscribe(Letters())
        reply = await bus.exchange(b"?", Letters(), unit_id="x", timeout_s=1.0)

        assert reply == "X"
        assert await heard(subscription, 2) == "XY"

    with_bus(line, act)


def test_a_command_does_not_wait_for_who_listens() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        bus.subscribe(Letters())
        await bus.send(b"open", unit_id="x", priority=Priority.COMMAND)

        assert [data for _, data in line.sent] == [b"open"]

    with_bus(line, act)


def test_a_lost_line_is_an_error_after_all_that_came_before() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        subscription = bus.subscribe(Letters())
        await bus.send(b"", unit_id="x")
        line.arrive(b"A")
        assert await heard(subscription, 1) == "A"
        line.is_connected = False
        while bus.problem is None:  # noqa: ASYNC110 - the bus notices in a thread of its own
            await asyncio.sleep(0.001)

        with pytest.raises(DeviceUnreachableError, match="not plugged in"):
            subscription.take()

    with_bus(line, act)


def test_who_never_takes_loses_the_oldest_and_it_is_counted() -> None:
    subscription = Subscription(Letters(), problem=lambda: None, on_close=lambda _: None)

    subscription.hear(b"A" * FRAME_COUNT_MAX + b"BC", now_s=1.0)

    assert "".join(subscription.take()).endswith("ABC")
    assert subscription.overflow_count == 2


def test_waiting_ends_when_nothing_comes() -> None:
    subscription = Subscription(Letters(), problem=lambda: None, on_close=lambda _: None)

    asyncio.run(subscription.wait(timeout_s=0.01))

    assert subscription.take() == []


def test_who_has_left_hears_no_more() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        gone, here = bus.subscribe(Letters()), bus.subscribe(Letters())
        gone.close()
        await bus.send(b"", unit_id="x")
        line.arrive(b"A")

        assert await heard(here, 1) == "A"
        assert gone.take() == []

    with_bus(line, act)


def test_a_line_that_was_handed_over_is_nobody_else_s() -> None:
    async def act() -> None:
        bus = Bus("none")
        bus.hand_over()
        with pytest.raises(ValueError, match="belongs to one protocol alone"):
            await bus.send(b"", unit_id="x")
        with pytest.raises(ValueError, match="belongs to one protocol alone"):
            bus.subscribe(Letters())

    asyncio.run(act())


def test_a_line_in_use_is_not_handed_over() -> None:
    async def act(bus: Bus) -> None:
        await bus.send(b"", unit_id="x")
        with pytest.raises(ValueError, match="is used by another device already"):
            bus.hand_over()

    with_bus(LineInMemory(), act)


def test_who_taps_a_line_that_was_handed_over_still_sees_every_byte() -> None:
    line = LineInMemory(lambda _: [(0.0, b"pong")])
    seen: list[tuple[bool, bytes]] = []

    def tap(at_s: float, *, is_sent: bool, data: bytes) -> None:
        seen.append((is_sent, data))

    bus = Bus("line", opener=line.open)
    end = bus.tap(tap)
    transport = bus.hand_over()()
    transport.send(b"ping")
    transport.receive(timeout_s=1.0)
    end()
    transport.send(b"again")

    assert seen == [(True, b"ping"), (False, b"pong")]
