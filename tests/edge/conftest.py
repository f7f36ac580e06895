"""What the edge's tests share: a clock that stands still and a journal in a temporary folder."""

import asyncio
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.contract.events import ClockQuality
from edge.identity import Home, Identity
from edge.journal import Journal
from tests.edge.central_stand_in import NODE, SITE, CentralStandIn

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DEADLINE_S = 60.0
"""Generous: the machine may be busy with other things."""


def make_journal(folder: Path, *, event_count_max: int = 1_000) -> Journal:
    """Return a journal of node ``gate-1`` that is not started."""
    return Journal(
        folder / "journal.sqlite3",
        site="demo",
        node="gate-1",
        utc_now=lambda: NOW,
        clockquality=lambda: ClockQuality.SYNCHRONISED,
        event_count_max=event_count_max,
    )


def wait_until(is_so: Callable[[], bool], *, timeout_s: float = DEADLINE_S) -> None:
    """Return when the condition holds; fail when it does not within the time."""
    deadline_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline_s, "did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An open journal."""
    made = make_journal(tmp_path)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def central() -> Iterator[CentralStandIn]:
    """The other end of the uplink, listening."""
    stand_in = CentralStandIn()
    stand_in.start()
    yield stand_in
    stand_in.stop()


def enrolled(folder: Path, central: CentralStandIn) -> Identity:
    """Return a node that has joined."""
    return asyncio.run(Home(folder).enrol(central.token(), site=SITE, node=NODE))


async def eventually(is_so: Callable[[], bool], *, timeout_s: float = DEADLINE_S) -> None:
    """Return when the condition holds; fail when it does not within the time."""
    deadline_s = time.monotonic() + timeout_s
    while not is_so():
        assert time.monotonic() < deadline_s, "did not happen in time"
        await asyncio.sleep(0.01)
