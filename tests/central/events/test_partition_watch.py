"""A partition that is missing is told of, and told to be there again."""

import asyncio

import psycopg
from sqlalchemy import select

from central.alarms.tables import alarm_sources
from central.database import Database
from central.events.partition_watch import ALARM, PartitionWatch
from central.events.partitions import LENGTH_MIN
from config.contract.events import EventClass
from tests.central.events.test_partitions import NOW, add, on, rows, url

__all__ = ["url"]


async def raised(database: Database) -> list[bool]:
    """Return whether the alarm is raised; nothing where it never was."""
    query = select(alarm_sources.c.is_active).where(alarm_sources.c.kind == ALARM)
    async with database.read() as transaction:
        return list((await transaction.execute(query)).scalars())


def test_a_missing_partition_is_an_alarm_until_it_is_made(url: str) -> None:
    beyond = 3 * LENGTH_MIN

    async def act(database: Database) -> None:
        watch, another = (PartitionWatch(database, now=lambda: NOW) for _ in range(2))
        await watch.look()
        await another.look()
        assert await raised(database) == []

        await add(database, *rows(beyond, EventClass.ALARM))
        with psycopg.connect(url) as reader:
            # Whoever reads what no partition has stands in the way of a new one.
            await asyncio.to_thread(reader.execute, b"SELECT count(*) FROM events_rest")
            await watch.look()
            assert await raised(database) == [True]

        # Whoever raised it may be gone, and whoever goes on has found nothing late.
        await another.look()
        assert await raised(database) == [False]

    on(url, act)
