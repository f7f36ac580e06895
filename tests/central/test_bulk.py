"""Many rows at once come back as they went in, on either database."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from central.bulk import (
    AT_ONCE,
    COPY_COUNT_MIN,
    VALUE_COUNT_MAX,
    Row,
    insert_rows,
    parts,
    upsert_rows,
)
from central.database import Database
from central.tables import event_ranges, events

ODD = "a\tb\\N\n\r\\.,中'\"%s?"
AT = datetime(2026, 11, 30, 9, 0, 0, 7, tzinfo=timezone(timedelta(hours=8)))
COUNT = max(COPY_COUNT_MIN, 64) + 3


ODDS = (ODD, "plain", "\\", "a\nb", "a\rb", "a\tb", "\\N")


def row(position: int) -> Row:
    odd, at = ODDS[position % len(ODDS)], AT + timedelta(microseconds=position // 3)
    holder = odd if position % 2 else None
    return (
        position,
        odd,
        "epoch",
        "access",
        position,
        "h",
        odd,
        holder,
        AT,
        odd,
        at.astimezone(UTC) if position % 5 else at,
        "place",
    )


def written(url: str, rows: list[Row]) -> list[Any]:
    """Insert rows; returns what is there then."""

    async def act() -> list[Any]:
        database = Database(url)
        await database.open()
        try:
            async with database.write() as transaction:
                await insert_rows(transaction, events, rows)
            async with database.read() as transaction:
                query = select(events).order_by(events.c.position)
                return [tuple(each) for each in await transaction.execute(query)]
        finally:
            await database.close()

    return asyncio.run(act())


@pytest.mark.parametrize("count", [1, COUNT])
def test_rows_come_back_as_they_went_in(database_url: str, count: int) -> None:
    rows = [row(position) for position in range(1, count + 1)]

    found = written(database_url, rows)

    assert found == rows
    assert found[0][8].utcoffset() == timedelta(0)
    assert found[0][8] == AT.astimezone(UTC)


def test_a_row_that_is_there_gets_its_other_values(database_url: str) -> None:
    async def act() -> list[tuple[int, int]]:
        database = Database(database_url)
        await database.open()
        try:
            async with database.write() as transaction:
                for last in (3, 9):
                    rows = [("n", "e", "access", 1, last), ("n", "e", "money", last, last)]
                    await upsert_rows(transaction, event_ranges, rows)
                query = select(event_ranges.c.first, event_ranges.c.last)
                return sorted(tuple(each) for each in await transaction.execute(query))
        finally:
            await database.close()

    assert asyncio.run(act()) == [(1, 9), (3, 3), (9, 9)]


def test_statements_have_few_lengths() -> None:
    rows: list[Row] = [(n,) for n in range(3_000)]

    lengths = [len(part) for part in parts(rows, width=12)]

    assert sum(lengths) == 3_000
    assert set(lengths) <= set(AT_ONCE)


@given(count=st.integers(0, 70_000), width=st.integers(1, 40))
def test_no_statement_has_more_values_than_sqlite_takes(count: int, width: int) -> None:
    lengths = [len(part) for part in parts([()] * count, width=width)]

    assert sum(lengths) == count
    assert max(lengths, default=0) * width <= VALUE_COUNT_MAX
