"""Each loop that matters, stuck for real: the ticks stop, and the log says which one it is."""

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import pytest

from config.contract.events import Event
from config.watchdog import LATE_S, Watchdog
from drivers.base import Observation
from edge.backoff import BackOff
from edge.boards.life import Life
from edge.devices import DeviceTask
from edge.journal import Journal
from edge.pulse import DEVICE_LATE_S, Turning, pulses
from edge.supervisor import supervise
from tests.edge.conftest import NOW, eventually
from tests.edge.test_devices import Ear, ScriptedDriver
from tests.edge.test_journal import OPENED


class Stuck(ScriptedDriver):
    """A line whose poll never comes back."""

    async def poll(self) -> Sequence[Observation]:
        await asyncio.Event().wait()
        return []


async def never() -> None:
    """A lane, were it run."""


class Bench:
    """A watchdog whose clock runs ahead of the system's by as much as a test wants."""

    def __init__(self, journal: Journal, **devices: Turning) -> None:
        self.ahead_s, self.life = 0.0, Life()
        self.watchdog = Watchdog(
            tell=lambda *_: None,
            timeout_s=60.0,
            monotonic=self.now_s,
            dump=lambda: None,
        )
        self.tasks = pulses(self.watchdog, self.life, journal, devices=devices, watchers={})

    def now_s(self) -> float:
        return time.monotonic() + self.ahead_s

    def stuck(self) -> list[str]:
        return sorted(self.watchdog.stuck(now_s=self.now_s()))


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """Holds up who waits at it, until the test ends."""
    event = threading.Event()
    yield event
    event.set()


def ran(bench: Bench, act: Callable[[], object], **more: DeviceTask) -> None:
    """Run a node's pulses and these devices until something holds."""

    async def run() -> None:
        tasks = {**bench.tasks, **{name: device.run for name, device in more.items()}}
        running = asyncio.create_task(supervise(tasks, back_off=BackOff))
        await eventually(lambda: bool(act()))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(run())


def test_a_node_whose_loops_turn_lives(journal: Journal) -> None:
    device = DeviceTask("gate", ScriptedDriver(), Ear())
    bench = Bench(journal, gate=device)
    bench.ahead_s = LATE_S + 1

    # All beat again after the clock has gone on, the device by its own clock.
    ran(bench, lambda: bench.stuck() == [], gate=device)


def test_a_line_whose_poll_never_returns_stops_the_ticks(journal: Journal) -> None:
    device = DeviceTask("gate", Stuck(), Ear())
    bench = Bench(journal, gate=device)
    bench.ahead_s = DEVICE_LATE_S + 1

    ran(bench, lambda: bench.stuck() == ["device gate"], gate=device)


def test_a_journal_whose_writer_hangs_stops_the_ticks(
    journal: Journal, gate: threading.Event
) -> None:
    bench, is_hung = Bench(journal), threading.Event()
    looks = itertools.count()

    def hang(_: Sequence[Event]) -> None:
        is_hung.set()
        gate.wait()

    def is_noticed() -> bool:
        # A turn that was over just before is counted by the second look.
        if is_hung.is_set() and next(looks) == 1:
            bench.ahead_s = LATE_S + 1
        return bench.stuck() == ["journal"]

    journal.hear(hang)
    journal.submit(OPENED, subject=None, now=NOW)

    ran(bench, is_noticed)


def test_a_lane_that_ended_stops_the_ticks_after_a_while(journal: Journal) -> None:
    bench = Bench(journal)
    bench.life.watched({"access point east": never})

    first = bench.stuck()
    bench.ahead_s = LATE_S + 1

    assert first == []
    assert "lanes" in bench.stuck()


def test_an_event_loop_that_hangs_stops_the_ticks(journal: Journal) -> None:
    bench = Bench(journal)

    async def hang() -> list[str]:
        running = asyncio.create_task(supervise(bench.tasks, back_off=BackOff))
        await asyncio.sleep(0)
        bench.ahead_s = LATE_S + 1
        # Nothing else runs in this loop while this function does not wait.
        found = bench.stuck()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return found

    assert "event loop" in asyncio.run(hang())
