import asyncio

import pytest

from drivers.base import CredentialKind, CredentialRead, DeviceUnreachableError
from drivers.bus import Bus
from drivers.rdm6300 import Rdm6300
from tests.drivers.heard import ClockOfATest, observed
from tests.drivers.lines import LineInMemory, with_bus

# 02 "010063E9AE" "25" 03, and 02 "100086F444" "26" 03.
ONE = bytes.fromhex("02 30 31 30 30 36 33 45 39 41 45 32 35 03")
OTHER = bytes.fromhex("02 31 30 30 30 38 36 46 34 34 34 32 36 03")
ONE_READ = CredentialRead(CredentialKind.EM4100, "010063E9AE")
OTHER_READ = CredentialRead(CredentialKind.EM4100, "100086F444")


def reader_on(bus: Bus, clock: ClockOfATest | None = None) -> Rdm6300:
    return Rdm6300(bus, Rdm6300.Settings(), clock or ClockOfATest())


def test_a_tag_that_is_held_is_read_once() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        await reader.start()
        line.arrive(ONE * 20 + OTHER)

        assert await observed(reader, 2) == [ONE_READ, OTHER_READ]
        assert await reader.poll() == []

    with_bus(line, act)


def test_a_tag_that_left_is_read_again() -> None:
    line, clock = LineInMemory(), ClockOfATest()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus, clock)
        await reader.start()
        line.arrive(ONE)
        first = await observed(reader)
        clock.now_s += 1.6
        line.arrive(ONE)

        assert first + await observed(reader) == [ONE_READ, ONE_READ]

    with_bus(line, act)


def test_two_visits_between_two_polls_are_two() -> None:
    line, clock = LineInMemory(), ClockOfATest()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus, clock)
        await reader.start()
        for _ in range(2):
            before = len(line.sent)
            line.arrive(ONE)
            await bus.send(b"\x00", unit_id="another")
            assert len(line.sent) == before + 1
            clock.now_s += 1.6

        assert await observed(reader, 2) == [ONE_READ, ONE_READ]

    with_bus(line, act)


def test_a_reading_that_waited_too_long_is_not_reported() -> None:
    line, clock = LineInMemory(), ClockOfATest()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus, clock)
        await reader.start()
        line.arrive(ONE)
        await bus.send(b"\x00", unit_id="another")
        clock.now_s += 5.1

        assert await reader.poll() == []
        assert reader.findings == ["1 x a reading waited longer than 5 s"]

    with_bus(line, act)


def test_damage_is_a_finding_without_the_number() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        await reader.start()
        line.arrive(ONE.replace(b"63", b"64") + b"noise" + OTHER)

        assert await observed(reader) == [OTHER_READ]
        assert reader.findings == [
            "1 x bytes outside a frame",
            "1 x the check sum of a tag does not fit",
        ]

    with_bus(line, act)


def test_a_lost_line_is_told_and_its_return_needs_nothing() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        line.is_connected = False
        with pytest.raises(DeviceUnreachableError):
            await reader.start()
        with pytest.raises(DeviceUnreachableError):
            await reader.poll()

    with_bus(line, act)


def test_a_line_that_came_back_is_heard_again() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        await reader.start()
        line.is_connected = False
        with pytest.raises(DeviceUnreachableError):
            await observed(reader)
        line.is_connected = True
        await until_heard(reader)
        line.arrive(ONE)

        assert await observed(reader) == [ONE_READ]

    with_bus(line, act)


async def until_heard(reader: Rdm6300) -> None:
    """Wait until the line is there."""
    while True:
        try:
            await reader.poll()
        except DeviceUnreachableError:
            await asyncio.sleep(0.01)
        else:
            return


def test_nothing_is_ever_sent() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        await reader.start()
        await reader.poll()

    with_bus(line, act)

    assert line.sent == []


def test_a_closed_reader_hears_no_more() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        reader = reader_on(bus)
        await reader.start()
        await reader.close()
        await reader.close()
        line.arrive(ONE)
        await bus.send(b"\x00", unit_id="another")

        assert await reader.poll() == []

    with_bus(line, act)


def test_a_tag_can_be_cloned_and_says_so() -> None:
    assert ONE_READ.kind.can_be_cloned


def test_a_setting_out_of_its_range_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^rdm6300: hold_s is 0\.2\.\.60, not 0$"):
        Rdm6300.Settings(hold_s=0)
