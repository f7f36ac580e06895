"""Whoever pulls sees every event once, in order, or is told that it is gone."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from central.database import Database
from central.events.pulling import PositionUnknownError, Pulled, pull
from central.events.search import Wanted
from central.tables import events
from tests.central.bench import make_event
from tests.central.events.test_repository import NOW, append, on
from tests.central.migrated import migrated_file

EPOCH = UUID(int=7)
TYPES = ("menshen.door.secured.v1", "menshen.door.tampered.v1", "menshen.access.denied.v1")
Step = tuple[str, int]


async def next_page(database: Database, after: int, **asked: Any) -> Pulled:  # noqa: ANN401 - arguments of any type
    asked = {"wanted": Wanted(), "limit": 10, **asked}
    async with database.read() as transaction:
        return await pull(transaction, after=after, has_names=True, has_candidates=False, **asked)


async def keep(database: Database, first: int, count: int) -> None:
    """Keep events as they stand in the table, each of the next type."""
    rows = []
    for position in range(first, first + count):
        kind, event = TYPES[position % 3], make_event(position, epoch=EPOCH)
        body = event.model_copy(update={"type": kind, "subject": f"door-{position % 2}"})
        rows.append(
            {
                "position": position, "node": "gate-1", "epoch": str(EPOCH), "sequence": position,
                "event_class": "access", "content_hash": "", "type": kind, "received_at": NOW,
                "body": body.model_dump_json(by_alias=True), "occurred_at": NOW, "place": "lane",
            }
        )  # fmt: skip
    async with database.write() as transaction:
        await transaction.execute_many(insert(events), rows)
        transaction.announce("events")


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(1, 7)),
        st.tuples(st.just("pull"), st.integers(1, 4)),
        st.tuples(st.just("forget"), st.integers(1, 6)),
        st.tuples(st.just("restart"), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS, wanted_types=st.sampled_from([(), TYPES[:1], ("menshen.door.",)]))
def test_every_event_is_seen_once_in_order_or_counted_as_forgotten(
    steps: list[Step], wanted_types: tuple[str, ...]
) -> None:
    async def run(path: Path) -> None:
        shutil.copy(migrated_file(), path)
        database = Database(f"sqlite:///{path}")
        await database.open()
        newest, after, forgotten = 0, 0, 0
        seen, gone, told_late = list[int](), set[int](), set[int]()
        try:
            for kind, number in [*steps, *[("pull", 3)] * (2 * 7 * len(steps) + 1)]:
                if kind == "commit":
                    await keep(database, newest + 1, number)
                    newest += number
                elif kind == "forget":
                    # Retention takes any, but never the newest: positions go on from it.
                    here = [p for p in range(1, newest) if p % 7 < number and p not in gone]
                    async with database.write() as transaction:
                        await transaction.execute(delete(events).where(events.c.position.in_(here)))
                    gone |= set(here)
                    told_late |= {p for p in here if p > after}
                elif kind == "restart":
                    await database.close()
                    database = Database(f"sqlite:///{path}")
                    await database.open()
                else:
                    wanted = Wanted(types=wanted_types)
                    page = await next_page(
                        database, after, wanted=wanted, limit=number, looked_at=5
                    )
                    assert after <= page.next <= newest
                    assert page.has_more == (page.next < newest)
                    seen += [item.position for item in page.items]
                    after, forgotten = page.next, forgotten + page.forgotten
            assert after == newest
            fits = {
                p for p in range(1, newest + 1)
                if not wanted_types or TYPES[p % 3].startswith(wanted_types)
            }  # fmt: skip
            assert seen == sorted(fits - told_late)
            assert forgotten == len(told_late)
        finally:
            await database.close()

    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(run(Path(folder) / "central.sqlite3"))


def test_a_filter_goes_on_where_nothing_was_wanted(database_url: str) -> None:
    async def act(database: Database) -> list[Pulled]:
        await keep(database, 1, 12)
        none = await next_page(database, 0, wanted=Wanted(places=["attic"]), looked_at=5)
        more = await next_page(database, none.next, subjects=["door-1"], looked_at=5)
        rest = await next_page(database, more.next, subjects=["door-1"], looked_at=5)
        return [none, more, rest]

    none, more, rest = on(database_url, act)

    assert (none.items, none.next, none.has_more) == ([], 5, True)
    assert ([item.position for item in more.items], more.next, more.has_more) == ([7, 9], 10, True)
    assert ([item.position for item in rest.items], rest.next, rest.has_more) == ([11], 12, False)


def test_a_position_that_no_event_has_had_is_refused(database_url: str) -> None:
    async def act(database: Database) -> Pulled:
        await append(database, [make_event(1)])
        assert (await next_page(database, 1)).next == 1
        return await next_page(database, 2)

    with pytest.raises(PositionUnknownError):
        on(database_url, act)
