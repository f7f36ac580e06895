"""Central's loops, stuck for real: the ticks stop, and the log says which one it is."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from central.app import create_app
from central.feed import Feed
from central.pulse import WRITE_LATE_S, watched
from central.services import Services
from central.settings import Settings
from config.watchdog import LATE_S, Watchdog
from tests.central.bench import SITE


class Ahead:
    """A watchdog whose clock runs ahead of the system's by as much as a test wants."""

    def __init__(self) -> None:
        self.by_s = 0.0
        self.watchdog = Watchdog(
            tell=lambda *_: None, timeout_s=60.0, monotonic=self.now_s, dump=lambda: None
        )

    def now_s(self) -> float:
        return time.monotonic() + self.by_s

    def stuck(self) -> list[str]:
        return sorted(self.watchdog.stuck(now_s=self.now_s()))

    async def until(self, expected: list[str]) -> None:
        async with asyncio.timeout(60):
            while self.stuck() != expected:  # noqa: ASYNC110 - the loops say nothing by themselves
                await asyncio.sleep(0.02)


def alive(folder: Path, act: Callable[[Ahead, Services], Awaitable[None]]) -> None:
    async def live() -> None:
        ahead, app = Ahead(), create_app(Settings(site=SITE, home=folder))
        async with app.router.lifespan_context(app):
            services: Services = app.state.services
            async with watched(ahead.watchdog, services.database, app.state.feed):
                await act(ahead, services)

    asyncio.run(live())


def test_central_lives_while_its_loops_turn(tmp_path: Path) -> None:
    async def act(ahead: Ahead, _: Services) -> None:
        await ahead.until([])

    alive(tmp_path, act)


def test_a_write_that_never_ends_stops_the_ticks(tmp_path: Path) -> None:
    async def act(ahead: Ahead, services: Services) -> None:
        async with services.database.write():
            ahead.by_s = WRITE_LATE_S + 1
            assert "database write" in ahead.stuck()

    alive(tmp_path, act)


def test_the_feed_says_that_it_turns_and_is_named_where_it_does_not(tmp_path: Path) -> None:
    async def live() -> None:
        ahead, app = Ahead(), create_app(Settings(site=SITE, home=tmp_path))
        async with app.router.lifespan_context(app):
            running: Feed = app.state.feed
            hung, before_s = Feed(app.state.services), running.turned_at_s
            ahead.by_s = LATE_S + 1
            async with watched(ahead.watchdog, app.state.services.database, hung):
                await ahead.until(["feed"])
            async with asyncio.timeout(60):
                while running.turned_at_s == before_s:  # noqa: ASYNC110 - it says nothing else
                    await asyncio.sleep(0.02)

    asyncio.run(live())
