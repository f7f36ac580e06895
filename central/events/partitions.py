"""Partitions of events on PostgreSQL: made ahead of time, and dropped when all in them is due.

``events`` is cut by position into ranges, and each range by class into leaves. A range is long
enough for a week, and the next one is there before it is wanted; should it not be, its events go
to ``events_rest`` and nobody is refused. What was there before partitions is ``events_before``.

No unique key of PostgreSQL spans partitions, so each leaf has its own. That an event is taken in
once is decided under ``EVENTS_LOCK``, by ``event_ranges`` and by the hashes that are kept. On
SQLite there is one table, and nothing of this.
"""

import dataclasses
import logging
import re
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, func, literal_column, select, table, text

from central.database import EVENTS_LOCK, PARTITIONS_LOCK, Database, Transaction
from central.events.stored import stored_since
from central.tables import events

_log = logging.getLogger("central.events")
LENGTH_MIN: Final = 1 << 22
"""Positions of a range at least; fewer would be many ranges, and every question asks each."""
SPAN: Final = timedelta(days=7)
"""What a range of a busy site holds. Its leaves wait until all in them is due and are dropped as a
whole; those of a range of ``LENGTH_MIN``, which may hold a year, are emptied row by row."""
LOCK_TIMEOUT_MS: Final = 1_000
"""Of statements that readers are in the way of: who waits for them stops every other reader."""
BEFORE: Final = "events_before"
REST: Final = "events_rest"
LEAVES: Final = {
    "access": "FOR VALUES IN ('access')",
    "telemetry": "FOR VALUES IN ('telemetry')",
    "money": "FOR VALUES IN ('money')",
    "alarm": "FOR VALUES IN ('alarm')",
    "rest": "DEFAULT",
}
"""Of a range, by the end of their names. Fires and classes unknown as yet are the rest."""
_BOUNDS: Final = re.compile(r"FROM \('?(\d+|MINVALUE)'?\) TO \('?(\d+)'?\)")
_RANGES: Final = text(
    "SELECT c.relname AS name, pg_get_expr(c.relpartbound, c.oid) AS bounds"
    " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
    " WHERE i.inhparent = 'events'::regclass"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Range:
    """Positions from ``first`` up to and without ``end``."""

    name: str
    first: int
    end: int

    def leaf(self, kind: str) -> str:
        """Return the name of the table of one of ``LEAVES``."""
        return f"{self.name}_{kind}"


async def ranges(transaction: Transaction) -> list[Range]:
    """Return all ranges, ascending; what was there before partitions counts as one."""
    found = list[Range]()
    for row in await transaction.execute(_RANGES):
        bounds = _BOUNDS.search(row.bounds)
        if bounds is not None:
            first = 0 if bounds[1] == "MINVALUE" else int(bounds[1])
            found.append(Range(row.name, first, int(bounds[2])))
    return sorted(found, key=lambda each: each.first)


async def newest_position(transaction: Transaction) -> int:
    """Return the position of the newest event, or 0; of PostgreSQL.

    It is looked for in the last ranges first: a question to all of them takes the longer to plan
    the more there are, and each batch asks it.
    """
    newest = select(func.max(events.c.position))
    known = await ranges(transaction)
    # Written out, and not a parameter: what is planned once for all would be planned for all.
    begin: ColumnElement[int] = literal_column(str(known[-2].first if len(known) > 1 else 0))
    last = (await transaction.execute(newest.where(events.c.position >= begin))).scalar_one()
    if last is None:
        last = (await transaction.execute(newest)).scalar_one()
    return int(last or 0)


async def make_ahead(database: Database, *, now: datetime) -> bool:
    """Make the next range where events have come to the last one; returns whether there is more.

    Args:
        database: Of either kind; SQLite has no partitions.
        now: Aware UTC.
    """
    async with database.read() as transaction:
        if not transaction.is_postgresql or await _has_next(transaction):
            return False
    async with database.write() as transaction:
        await transaction.take_turn(PARTITIONS_LOCK)
        known = await ranges(transaction)
        end = known[-1].end if known else 1
        if await newest_position(transaction) >= end - 1:
            # They went to the rest, whose positions no range may have: it begins behind them.
            await transaction.take_turn(EVENTS_LOCK)
            end = max(end, await newest_position(transaction) + 1)
            _log.warning("there was no partition for the newest events: they are in %s", REST)
        elif await _has_next(transaction):
            return False
        stored = await stored_since(transaction, now - SPAN)
        length = max(LENGTH_MIN, 0 if stored is None else stored.count_since)
        await _set_lock_timeout(transaction)
        await make(transaction, Range(f"events_{end}", end, end + length))
    return True


async def room_ahead(transaction: Transaction) -> int:
    """Return for how many events to come there are partitions; below 1: they go to the rest."""
    known = await ranges(transaction)
    return (known[-1].end if known else 1) - 1 - await newest_position(transaction)


def is_late(room: int) -> bool:
    """Return whether the next range should have been made long ago, by ``room_ahead``."""
    return room < LENGTH_MIN // 2


async def drop_due(
    transaction: Transaction, classes: Collection[str], *, until: datetime, limit: int = 1
) -> int:
    """Drop leaves of some classes in which all was received by a moment; returns how many events.

    Args:
        transaction: A writing one, of PostgreSQL.
        classes: Of which everything goes.
        until: Aware UTC.
        limit: Of leaves: readers of each are waited for.
    """
    newest, count, dropped = await newest_position(transaction), 0, 0
    kinds = sorted(kind for kind in LEAVES if kind in classes)
    if "fire" in classes:
        kinds.append("rest")
    leaves = await _leaves(transaction)
    for each in await ranges(transaction):
        if each.name == BEFORE or each.end > newest:
            return count
        for name in (each.leaf(kind) for kind in kinds if each.leaf(kind) in leaves):
            youngest = await _youngest(transaction, name)
            if youngest is not None and youngest > until:
                continue
            count += await _size(transaction, name)
            await _set_lock_timeout(transaction)
            await transaction.execute(text(f"DROP TABLE {name}"))
            dropped += 1
            if dropped == limit:
                return count
    return count


async def row_by_row_until(transaction: Transaction, position: int) -> int:
    """Return up to which position due events are deleted row by row, and not with their leaf.

    Args:
        transaction: Of PostgreSQL.
        position: Of the youngest event that is due.
    """
    for each in await ranges(transaction):
        is_busy = each.name != BEFORE and each.end - each.first > LENGTH_MIN
        if is_busy and each.first <= position < each.end:
            return each.first - 1
    return position


async def _has_next(transaction: Transaction) -> bool:
    known = await ranges(transaction)
    return bool(known) and await newest_position(transaction) < known[-1].first


def statements(made: Range) -> list[str]:
    """Return what makes a range beside the others and attaches it, which stops no reader."""
    leaves = (
        statement
        for kind, values in LEAVES.items()
        for statement in (
            f"CREATE TABLE {made.leaf(kind)} PARTITION OF {made.name} {values}",
            f"ALTER TABLE {made.leaf(kind)} ADD PRIMARY KEY (position)",
            f"CREATE UNIQUE INDEX ON {made.leaf(kind)} (node, epoch, event_class, sequence)",
        )
    )
    return [
        f"CREATE TABLE {made.name} (LIKE events) PARTITION BY LIST (event_class)",
        *leaves,
        f"ALTER TABLE events ATTACH PARTITION {made.name}"
        f" FOR VALUES FROM ({made.first}) TO ({made.end})",
    ]


async def make(transaction: Transaction, made: Range) -> None:
    """Make a range."""
    for statement in statements(made):
        await transaction.execute(text(statement))


async def _set_lock_timeout(transaction: Transaction) -> None:
    await transaction.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))


async def _youngest(transaction: Transaction, leaf: str) -> datetime | None:
    query = text(f"SELECT max(received_at) FROM {leaf}")  # noqa: S608 - a name from the catalog
    at: datetime | None = (await transaction.execute(query)).scalar_one_or_none()
    return at


async def _size(transaction: Transaction, leaf: str) -> int:
    query = select(func.count()).select_from(table(leaf))
    return int((await transaction.execute(query)).scalar_one())


async def _leaves(transaction: Transaction) -> set[str]:
    query = text("SELECT relid::regclass::text FROM pg_partition_tree('events') WHERE isleaf")
    return set((await transaction.execute(query)).scalars())
