"""Events in partitions: the next is there in time, a missing one refuses nobody, old ones go."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, insert, text

from central.database import Database, Transaction
from central.events import partitions, reading
from central.events.partitions import LENGTH_MIN, REST
from central.retention import repository as runs
from central.retention.event_rules import of_classes
from central.tables import events
from config.contract.events import EventClass
from tests.central.bench import make_event
from tests.central.postgresql import empty_database, fresh_database
from tests.central.test_database import migrate, opened_and_closed, sync_url

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
Act = Callable[[Database], Awaitable[None]]


@pytest.fixture
def url(postgresql: str) -> str:
    return fresh_database(postgresql)


def rows(first: int, *classes: EventClass, at: datetime = NOW) -> list[dict[str, Any]]:
    """Return events at positions from the first on, received a second apart."""
    made = [make_event(first + n, event_class=each, epoch=None) for n, each in enumerate(classes)]
    return [
        {
            "position": event.sequence, "node": "gate-1", "epoch": str(event.epoch),
            "event_class": event.event_class.value, "sequence": event.sequence,
            "content_hash": "h", "type": event.type, "holder_id": None,
            "received_at": at + timedelta(seconds=n), "body": event.model_dump_json(by_alias=True),
            "occurred_at": event.time, "place": "lane",
        }
        for n, event in enumerate(made)
    ]  # fmt: skip


async def add(database: Database, *added: dict[str, Any]) -> None:
    async with database.write() as transaction:
        await transaction.execute_many(insert(events), list(added))


async def counted(database: Database) -> dict[str, int]:
    """Return how many events each table has that has any."""
    query = text("SELECT tableoid::regclass::text AS name, count(*) AS n FROM events GROUP BY 1")
    async with database.read() as transaction:
        return {row.name: row.n for row in await transaction.execute(query)}


async def positions(database: Database) -> list[int]:
    async with database.read() as transaction:
        found = await reading.after(transaction, 0, limit=100, has_names=True)
    return [each.position for each in found]


def on(url: str, act: Act) -> None:
    async def run() -> None:
        database = Database(url)
        await database.open()
        try:
            await act(database)
        finally:
            await database.close()

    asyncio.run(run())


async def forgotten(transaction: Transaction, until: datetime) -> list[int]:
    """Forget passages until nothing is left to do; returns how many went each time."""
    rule, counts = of_classes("passages", {"access"}), list[int]()
    await runs.run_of(transaction, "passages")
    while True:
        done = await rule.forget(transaction, until, 500)
        counts.append(done.items)
        if not done.has_more:
            return counts


def test_each_class_has_its_own_table_and_one_order(url: str) -> None:
    async def act(database: Database) -> None:
        await add(database, *rows(1, *EventClass))

        assert await counted(database) == {
            f"events_1_{kind}": 1 for kind in ("access", "alarm", "money", "rest", "telemetry")
        }
        assert await positions(database) == [1, 2, 3, 4, 5]

    on(url, act)


def test_the_next_range_is_made_once_before_it_is_wanted(url: str) -> None:
    async def act(database: Database) -> None:
        assert not await partitions.make_ahead(database, now=NOW)  # nothing is in the first yet
        await add(database, *rows(1, EventClass.ACCESS))

        made = await asyncio.gather(*(partitions.make_ahead(database, now=NOW) for _ in range(3)))

        assert sorted(made) == [False, False, True]
        await add(database, *rows(LENGTH_MIN + 1, EventClass.ACCESS))
        assert (await counted(database))[f"events_{LENGTH_MIN + 1}_access"] == 1

    on(url, act)


def test_without_a_range_events_are_taken_all_the_same(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    beyond = 3 * LENGTH_MIN

    async def act(database: Database) -> None:
        await add(database, *rows(beyond, EventClass.ALARM))
        assert await counted(database) == {REST: 1}

        assert await partitions.make_ahead(database, now=NOW)
        await add(database, *rows(beyond + 1, EventClass.ALARM))

        assert await counted(database) == {REST: 1, f"events_{beyond + 1}_alarm": 1}

    on(url, act)
    assert "there was no partition" in caplog.text


async def with_ranges(database: Database) -> None:
    """Fill three ranges: the first by position is a busy site's, of more than the least length."""
    async with database.write() as transaction:
        for name in ("events_1", REST):
            await transaction.execute(text(f"DROP TABLE {name}"))
        await transaction.execute(text("CREATE TABLE events_rest PARTITION OF events DEFAULT"))
        for first, end in ((1, 2 * LENGTH_MIN), (2 * LENGTH_MIN, 4 * LENGTH_MIN)):
            await partitions.make(transaction, partitions.Range(f"events_{first}", first, end))
    access, money = EventClass.ACCESS, EventClass.MONEY
    await add(database, *rows(1, access, access, money))
    await add(database, *rows(2 * LENGTH_MIN, access, access, at=NOW + timedelta(days=7)))


def test_what_is_due_goes_with_its_leaf_and_waits_for_it(url: str) -> None:
    async def act(database: Database) -> None:
        await with_ranges(database)
        async with database.write() as transaction:
            assert await forgotten(transaction, NOW) == [0]  # one of two is due: they go together
        async with database.write() as transaction:
            assert await forgotten(transaction, NOW + timedelta(days=1)) == [2, 0]

        assert await positions(database) == [3, 2 * LENGTH_MIN, 2 * LENGTH_MIN + 1]
        query = text("SELECT to_regclass('events_1_access')")
        async with database.read() as transaction:
            assert (await transaction.execute(query)).scalar_one() is None

    on(url, act)


def test_the_newest_event_and_a_quiet_sites_range_are_no_leaf_to_drop(url: str) -> None:
    async def act(database: Database) -> None:
        access = EventClass.ACCESS
        await add(database, *rows(1, access, EventClass.ALARM, access, access))

        async with database.write() as transaction:
            assert await forgotten(transaction, NOW + timedelta(seconds=1)) == [1]
            assert await forgotten(transaction, NOW + timedelta(days=1)) == [1]

        assert await positions(database) == [2, 4]

    on(url, act)


@pytest.fixture
def filled_before(postgresql: str) -> str:
    """Address of a database of before partitions that has events."""
    url = empty_database(postgresql)
    engine = create_engine(sync_url(url))
    with engine.begin() as connection:
        migrate(connection, "0034")
        connection.execute(insert(events), rows(1, *EventClass))
    engine.dispose()
    return url


def test_what_was_there_before_stays_where_it_is(filled_before: str) -> None:
    opened_and_closed(filled_before)

    async def act(database: Database) -> None:
        await add(database, *rows(6, EventClass.ACCESS))
        assert await counted(database) == {"events_before": 5, "events_6_access": 1}
        assert await positions(database) == [1, 2, 3, 4, 5, 6]
        async with database.write() as transaction:
            assert await forgotten(transaction, NOW + timedelta(days=1)) == [1]
        assert (await counted(database))["events_before"] == 4

    on(filled_before, act)


def test_partitions_are_found_in_a_schema_of_another_name(postgresql: str) -> None:
    url = empty_database(postgresql)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA site_a")
        connection.execute("CREATE SCHEMA site_b")

    async def act(database: Database) -> None:
        await add(database, *rows(1, EventClass.ACCESS))
        assert await partitions.make_ahead(database, now=NOW)
        async with database.write() as transaction:
            known = await partitions.ranges(transaction)
            assert [each.first for each in known] == [1, LENGTH_MIN + 1]
            assert await forgotten(transaction, NOW + timedelta(days=1)) == [0]

    for site in ("site_a", "site_b"):
        on(f"{url}&options=-csearch_path%3D{site}", act)
