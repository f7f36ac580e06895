"""Waiting for what is due, on a loop whose time is turned on by whoever has nothing to do."""

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta

import pytest

from central.database import EVERYTHING
from central.due import FAR_S, LEAST_S, SPREAD, TURN_S, Due, Lookout, earliest

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class _Selector(selectors.SelectSelector):
    """Waits for nothing: the loop's time goes on at once by what it would have waited."""

    passed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready and timeout:
            self.passed_s += timeout
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._own = _Selector()
        super().__init__(self._own)

    def time(self) -> float:
        return self._own.passed_s


class Site:
    """Announcements and a wall clock that goes with the loop's time, or is set."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[str], None]] = []
        self.set_on = timedelta()
        self.is_clock_still = False
        self.due = Due(self.listeners.append, ("alarms", "node"), now=self.now)

    def now(self) -> datetime:
        passed_s = 0.0 if self.is_clock_still else asyncio.get_running_loop().time()
        return NOON + timedelta(seconds=passed_s) + self.set_on

    def announce(self, topic: str) -> None:
        for listener in self.listeners:
            listener(topic)

    async def waited_s(self, next_at: datetime | None = None) -> float:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        await self.due.wait(next_at)
        return loop.time() - began_s


def run(script: Callable[[Site], Coroutine[None, None, float]]) -> float:
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(script(Site()))


def later(call: Callable[[], None], *, after_s: float) -> None:
    asyncio.get_running_loop().call_later(after_s, call)


def test_what_is_due_in_a_while_is_waited_for_and_no_longer() -> None:
    waited_s = run(lambda site: site.waited_s(NOON + timedelta(seconds=17)))

    assert waited_s == pytest.approx(17, abs=LEAST_S)


def test_where_nothing_is_due_somebody_looks_after_a_minute_all_the_same() -> None:
    waits = {run(lambda site: site.waited_s()) for _ in range(5)}

    assert all(waited_s == pytest.approx(FAR_S, rel=SPREAD, abs=LEAST_S) for waited_s in waits)
    assert len(waits) > 1, "and no two sites at once"


@pytest.mark.parametrize("topic", ["alarms", "node:gate-1", EVERYTHING])
def test_an_announcement_ends_the_wait(topic: str) -> None:
    async def script(site: Site) -> float:
        later(lambda: site.announce(topic), after_s=3)
        return await site.waited_s(NOON + timedelta(seconds=17))

    assert run(script) == pytest.approx(3)


@pytest.mark.parametrize("topic", ["people", "nodes", "alarm"])
def test_an_announcement_of_something_else_ends_no_wait(topic: str) -> None:
    async def script(site: Site) -> float:
        later(lambda: site.announce(topic), after_s=3)
        return await site.waited_s(NOON + timedelta(seconds=17))

    assert run(script) == pytest.approx(17, abs=LEAST_S)


def test_what_is_announced_during_a_look_lets_it_look_again_once() -> None:
    async def script(site: Site) -> float:
        site.announce("alarms")
        assert await site.waited_s() == pytest.approx(LEAST_S)
        return await site.waited_s()

    assert run(script) > FAR_S / 2


def test_what_stays_due_does_not_keep_a_process_busy() -> None:
    waited_s = run(lambda site: site.waited_s(NOON - timedelta(hours=1)))

    assert waited_s == pytest.approx(LEAST_S)


def test_a_clock_that_is_set_on_is_heeded_within_a_second() -> None:
    async def script(site: Site) -> float:
        later(lambda: setattr(site, "set_on", timedelta(hours=1)), after_s=3)
        return await site.waited_s(NOON + timedelta(seconds=50))

    assert 3 <= run(script) <= 3 + TURN_S


def test_a_clock_that_stands_still_holds_nobody_longer_than_a_minute() -> None:
    async def script(site: Site) -> float:
        site.is_clock_still = True
        return await site.waited_s(NOON + timedelta(seconds=1))

    assert run(script) == pytest.approx(FAR_S, rel=SPREAD, abs=TURN_S)


def test_of_several_moments_the_first_counts_and_none_is_none() -> None:
    assert earliest(None, NOON, NOON - timedelta(days=1)) == NOON - timedelta(days=1)
    assert earliest(None) is None


class _Clocks:
    """Both clocks of a ``Lookout``, turned on by hand."""

    def __init__(self) -> None:
        self.at, self.at_s = NOON, 0.0
        self.lookout = Lookout(now=lambda: self.at, now_s=lambda: self.at_s)

    def are_due_after(self, passed_s: float) -> bool:
        self.at, self.at_s = self.at + timedelta(seconds=passed_s), self.at_s + passed_s
        return self.lookout.is_due


def test_who_turns_all_the_same_looks_at_first_and_then_when_something_is_due() -> None:
    clocks = _Clocks()
    is_due_at_first = clocks.lookout.is_due
    clocks.lookout.looked(NOON + timedelta(seconds=17))

    assert is_due_at_first
    assert [clocks.are_due_after(passed_s) for passed_s in (0, 16.5, 0.5)] == [False, False, True]


def test_who_turns_all_the_same_looks_after_a_minute_where_nothing_is_due() -> None:
    clocks = _Clocks()
    clocks.lookout.looked(None)

    assert not clocks.are_due_after(FAR_S * (1 - SPREAD) - 1)
    assert clocks.are_due_after(FAR_S * 2 * SPREAD + 1)


def test_who_is_told_to_look_at_once_does() -> None:
    clocks = _Clocks()
    clocks.lookout.looked(NOON + timedelta(seconds=17))
    clocks.lookout.look_at_once()

    assert clocks.lookout.is_due


def test_a_clock_that_is_set_on_is_heeded() -> None:
    clocks = _Clocks()
    clocks.lookout.looked(NOON + timedelta(seconds=17))
    clocks.at += timedelta(hours=1)

    assert clocks.lookout.is_due
