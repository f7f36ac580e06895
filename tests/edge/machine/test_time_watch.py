"""A terminal's clock beside a time server: the one that we ship, over UDP."""

import asyncio
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from config.contract.events import ClockQuality
from config.site_time import SiteTime
from drivers.simulation import Simulation, Wiring
from edge.clock import NodeClock, system_now
from edge.machine.time_watch import TimeWatch


class Terminal:
    """One whose clock is off and runs away; both can be set by hand."""

    def __init__(self, server: str | None) -> None:
        self.off_s, self.passed_s = 0.0, 0.0
        self.clock = NodeClock(wall=self.wall, monotonic=self.monotonic)
        self.changes = list[bool]()
        self.watch = TimeWatch(
            self.clock,
            SiteTime(server=server),
            wall=self.wall,
            monotonic=self.monotonic,
            on_change=lambda: self.changes.append(self.watch.status().is_wrong),
        )

    def wall(self) -> datetime:
        return system_now() + timedelta(seconds=self.off_s)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time() + self.passed_s


@pytest.fixture
def server() -> Iterator[Simulation]:
    with Simulation("time_server", {}, Wiring(transport="udp")) as made:
        yield made


def address(server: Simulation) -> str:
    return server.address.rpartition("/")[2]


def test_a_clock_that_is_off_takes_the_server_s_time_and_alarms(server: Simulation) -> None:
    async def act() -> None:
        terminal = Terminal(address(server))
        terminal.off_s = -7.0

        await terminal.watch.look()

        assert abs((terminal.clock.now() - system_now()).total_seconds()) < 3.0
        assert terminal.clock.quality is ClockQuality.SYNCHRONISED
        status = terminal.watch.status()
        assert (status.source, status.is_wrong) == ("time_server", True)
        # On a busy machine one way takes longer than the other, which no client can know.
        assert status.offset_s == pytest.approx(7.0, abs=3.0)
        assert terminal.changes == [True]

    asyncio.run(act())


def test_a_clock_that_loses_more_than_the_site_allows_alarms_before_it_is_off(
    server: Simulation,
) -> None:
    async def act() -> None:
        terminal = Terminal(address(server))

        for number in range(1, 60):
            await terminal.watch.look()
            terminal.passed_s += 600.0
            terminal.off_s += 600.0 - 600.0 * 20 / 86_400
            server.act("set_off", {"offset_s": 600.0 * number})

        status = terminal.watch.status()
        assert status.drift_s_a_day == pytest.approx(20.0, abs=1.0)
        assert status.is_wrong
        assert status.stepped_s is None

    asyncio.run(act())


@pytest.mark.parametrize(("act", "arguments"), [("lose_time", {"on": True}), ("refuse", {})])
def test_a_server_that_does_not_know_leaves_the_clock_alone_and_is_said_once(
    server: Simulation, caplog: pytest.LogCaptureFixture, act: str, arguments: dict[str, bool]
) -> None:
    server.act(act, arguments)

    async def look() -> None:
        terminal = Terminal(address(server))
        for _ in range(3):
            await terminal.watch.look()

        assert terminal.clock.quality is ClockQuality.UNSURE
        assert terminal.watch.status().source == "none"

    asyncio.run(look())

    assert caplog.text.count("the time server does not help") == 1


def test_a_server_that_contradicts_central_is_an_alarm_and_changes_nothing(
    server: Simulation,
) -> None:
    server.act("set_off", {"offset_s": 3600.0})

    async def act() -> None:
        terminal = Terminal(address(server))
        terminal.clock.compare(system_now().replace(microsecond=0))

        await terminal.watch.look()

        assert abs((terminal.clock.now() - system_now()).total_seconds()) < 2.0
        status = terminal.watch.status()
        assert (status.source, status.is_wrong) == ("central", True)

    asyncio.run(act())


def test_without_a_server_central_is_the_source() -> None:
    async def act() -> None:
        terminal = Terminal(None)
        await terminal.watch.look()
        before = terminal.watch.status()
        terminal.clock.compare(system_now() + timedelta(seconds=60))

        await terminal.watch.look()

        after = terminal.watch.status()
        assert (before.source, before.is_wrong) == ("none", False)
        assert (after.source, after.is_wrong) == ("central", True)

    asyncio.run(act())
