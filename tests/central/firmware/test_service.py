"""Of several central processes exactly one tells a node."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select, update

from central.database import Database
from central.firmware.service import Rollouts
from central.firmware.tables import rollouts
from central.tables import commands
from tests.central.bench import running_central
from tests.central.firmware.acting import Terminal, made, site_with

FLEET = site_with(12)


@asynccontextmanager
async def replicas(url: str, *, count: int) -> AsyncIterator[list[Database]]:
    async with AsyncExitStack() as stack:
        found = list[Database]()
        for _ in range(count):
            database = Database(url)
            await database.open()
            stack.push_async_callback(database.close)
            found.append(database)
        yield found


async def told(url: str, *, now: datetime) -> int:
    """Start what is there and let four look at once, some times; returns how many commands came."""
    # SQLite has one process, whose tasks look at once.
    count = 1 if url.startswith("sqlite") else 4
    async with replicas(url, count=count) as processes:
        async with processes[0].write() as transaction:
            await transaction.execute(update(rollouts).values(state="running", started_at=now))
        drives = [Rollouts(each, FLEET, now=lambda: now) for each in (processes * 4)[:4]]
        for _ in range(3):
            await asyncio.gather(*(each.look() for each in drives))
        async with processes[0].read() as transaction:
            query = select(func.count()).select_from(commands)
            return int((await transaction.execute(query)).scalar_one())


def test_one_of_several_processes_tells_a_node(tmp_path: Path, database_url: str) -> None:
    with running_central(tmp_path / "home", database=database_url, site=FLEET) as bench:
        terminal = Terminal(bench)
        terminal.identify(*(f"board-{n}" for n in range(12)))
        made(bench, starts=False)
        now = bench.clock()

    assert asyncio.run(told(database_url, now=now)) == 1
