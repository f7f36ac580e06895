"""Each event exactly once, whatever the network repeats; what contradicts is kept as an alarm."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from central.database import Database
from central.events import reading, repository
from config.contract.events import Event, EventClass, JournalDropped
from config.contract.nodes import BatchReceipt
from tests.central.bench import make_event

EPOCH, OWN_EPOCH = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
_Result = TypeVar("_Result")


def on(url: str, act: Callable[[Database], Awaitable[_Result]]) -> _Result:
    async def run() -> _Result:
        database = Database(url)
        await database.open()
        try:
            return await act(database)
        finally:
            await database.close()

    return asyncio.run(run())


async def append(database: Database, batch: list[Event], *, node: str = "gate-1") -> BatchReceipt:
    async with database.write() as transaction:
        return await repository.append(
            transaction, site="test", node=node, batch=batch, epoch=OWN_EPOCH, now=NOW
        )


async def stored(database: Database) -> list[tuple[int, str]]:
    async with database.read() as transaction:
        page = await reading.after(transaction, 0, limit=1000, has_names=True)
    return [(item.position, str(item.event.id)) for item in page]


async def gaps(database: Database) -> list[tuple[str, int, int]]:
    async with database.read() as transaction:
        found = await repository.gaps_of(transaction)
    return [(c, first, last) for _, c, first, last in found.get("gate-1", [])]


async def losses(database: Database) -> list[tuple[str, int, int]]:
    async with database.read() as transaction:
        found = await repository.losses_of(transaction)
    return [(c, first, last) for _, c, first, last in found.get("gate-1", [])]


EVENTS = [make_event(n, epoch=EPOCH) for n in range(1, 13)]


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(batches=st.lists(st.lists(st.sampled_from(EVENTS), max_size=12), max_size=6))
def test_splits_and_repeats_store_each_event_once(
    tmp_path: Path, batches: list[list[Event]]
) -> None:
    async def act(database: Database) -> None:
        receipts = [await append(database, batch) for batch in [*batches, EVENTS]]

        held = await stored(database)
        assert sorted(identity for _, identity in held) == sorted(str(e.id) for e in EVENTS)
        assert [position for position, _ in held] == list(range(1, 13))
        assert sum(receipt.stored for receipt in receipts) == 12
        assert sum(receipt.conflicts for receipt in receipts) == 0

    on(f"sqlite:///{tmp_path / uuid4().hex}.sqlite3", act)


def test_a_batch_that_comes_again_changes_nothing(database_url: str) -> None:
    async def act(database: Database) -> None:
        first = await append(database, EVENTS)
        again = await append(database, EVENTS)

        assert first == BatchReceipt(stored=12, duplicates=0, conflicts=0)
        assert again == BatchReceipt(stored=0, duplicates=12, conflicts=0)

    on(database_url, act)


def test_nodes_that_send_at_once_get_positions_without_gaps(database_url: str) -> None:
    async def act(database: Database) -> None:
        await asyncio.gather(
            *(append(database, [make_event(n)], node=f"gate-{n}") for n in range(1, 9))
        )

        assert [position for position, _ in await stored(database)] == list(range(1, 9))

    on(database_url, act)


def test_another_event_under_the_same_key_is_kept_and_becomes_an_alarm(database_url: str) -> None:
    async def act(database: Database) -> None:
        await append(database, EVENTS[:1])
        other = make_event(1, epoch=EPOCH)

        receipts = [await append(database, [other]) for _ in range(2)]

        assert [receipt.conflicts for receipt in receipts] == [1, 1]
        async with database.read() as transaction:
            page = await reading.after(transaction, 0, limit=9, has_names=True)
            conflicts = await reading.conflicts(transaction, limit=9)
        assert [conflict.event.id for conflict in conflicts] == [other.id]
        assert [item.event.type for item in page][1:] == ["menshen.journal.conflicted.v1"]
        assert page[1].event.event_class is EventClass.ALARM

    on(database_url, act)


def test_what_is_missing_is_a_gap_until_it_comes(database_url: str) -> None:
    async def act(database: Database) -> None:
        await append(database, [EVENTS[n] for n in (0, 1, 4, 8)])
        assert await gaps(database) == [("access", 3, 4), ("access", 6, 8)]

        await append(database, EVENTS)
        assert await gaps(database) == []

    on(database_url, act)


def test_a_counted_loss_is_no_gap(tmp_path: Path) -> None:
    dropped = JournalDropped(dropped_class=EventClass.ACCESS, first_sequence=2, last_sequence=11)

    async def act(database: Database) -> None:
        tombstone = make_event(1, epoch=EPOCH, fact=dropped)
        await append(database, [EVENTS[0], EVENTS[11], tombstone])

        assert await gaps(database) == []

    on(f"sqlite:///{tmp_path / 'central.sqlite3'}", act)


def test_a_batch_that_its_tombstone_overtook_is_stored_and_no_loss(database_url: str) -> None:
    """The tombstone is an alarm, which waits behind no batch that is under way."""
    dropped = JournalDropped(dropped_class=EventClass.ACCESS, first_sequence=2, last_sequence=11)
    tombstone = make_event(1, epoch=EPOCH, fact=dropped)

    async def act(database: Database) -> None:
        await append(database, [EVENTS[0], EVENTS[4], EVENTS[11]])
        await append(database, [tombstone])
        assert await losses(database) == [("access", 2, 4), ("access", 6, 11)]

        first = await append(database, [EVENTS[2], EVENTS[3], EVENTS[4], EVENTS[2]])
        again = await append(database, [EVENTS[2], EVENTS[3]])

        assert (first.stored, first.duplicates, first.conflicts) == (2, 2, 0)
        assert (again.stored, again.duplicates) == (0, 2)
        assert await losses(database) == [("access", 2, 2), ("access", 6, 11)]
        assert await gaps(database) == []

    on(database_url, act)


@settings(
    max_examples=10,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(order=st.permutations([*range(1, 8), 0]), dropped=st.tuples(*[st.integers(1, 9)] * 2))
def test_whatever_the_order_what_is_lost_is_what_never_came(
    tmp_path: Path, order: list[int], dropped: tuple[int, int]
) -> None:
    """0 stands for the tombstone; 8 and 9 never come."""
    first, last = sorted(dropped)
    fact = JournalDropped(dropped_class=EventClass.ACCESS, first_sequence=first, last_sequence=last)
    told = {0: make_event(1, epoch=EPOCH, fact=fact), **dict(enumerate(EVENTS[:7], start=1))}

    async def act(database: Database) -> None:
        for number in order:
            await append(database, [told[number]])

        lost = {n for _, begin, end in await losses(database) for n in range(begin, end + 1)}
        assert lost == set(range(first, last + 1)) - set(range(1, 8))
        assert len(await stored(database)) == 8

    on(f"sqlite:///{tmp_path / uuid4().hex}.sqlite3", act)


@pytest.mark.parametrize(
    "more",
    [
        {"type": "menshen.unheard.of.v9", "data": {"a": [1, None, "王"]}},
        {"data": {"access_point": 7, "holder_id": {"not": "text"}}},
        {"type": "with \0 zero", "data": {"holder_id": "\0", "text": "\0"}},
    ],
)
def test_what_is_not_understood_is_stored_as_it_came(
    database_url: str, more: dict[str, Any]
) -> None:
    event = make_event(1, **more)

    async def act(database: Database) -> None:
        await append(database, [event])

        async with database.read() as transaction:
            page = await reading.after(transaction, 0, limit=9, has_names=True)
        assert page[0].event == event

    on(database_url, act)
