"""Events by position, for programs: what comes after the last one that a program has.

Each page says where to go on, also when nothing on it was wanted, and how many events before that
position retention had forgotten: whoever was away for longer than events are kept is told so. A
page looks at a bounded number of events, so a filter that finds little costs no more than another.
"""

import dataclasses
from collections.abc import Collection
from typing import Any, Final

from sqlalchemy import JSON, ColumnElement, Select, and_, cast, func, select

from central.database import Transaction
from central.events.reading import Columns, joined_query, stored_view
from central.events.repository import newest_position
from central.events.schemas import StoredEvent
from central.events.search import Wanted, conditions
from central.tables import events

LOOKED_AT_MAX: Final = 5_000
"""So many events are looked at for one page."""


class PositionUnknownError(Exception):
    """No event has had this position: it is of another store, or of one before a restore."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """One page.

    Attributes:
        next: Position to go on after; never before the one that was asked for.
        has_more: More events stand after ``next`` already.
        forgotten: How many events between the position asked for and ``next`` retention took.
    """

    items: list[StoredEvent]
    next: int
    has_more: bool
    forgotten: int


async def pull(
    transaction: Transaction,
    wanted: Wanted,
    *,
    after: int,
    limit: int,
    has_names: bool,
    has_candidates: bool,
    subjects: Collection[str] = (),
    looked_at: int = LOOKED_AT_MAX,
) -> Pulled:
    """Return what is wanted of the events after a position, oldest first.

    Args:
        transaction: Any.
        wanted: What is looked for.
        after: Position of the last event that is known; 0 is before the first.
        limit: Of events on the page.
        has_names: Whether the reader may see whole names.
        has_candidates: Whether the reader may see who was considered.
        subjects: CloudEvents' subjects; empty is no condition.
        looked_at: So many events are looked at.

    Raises:
        PositionUnknownError: The position lies after the newest event.
    """
    here = (
        select(events)
        .where(events.c.position > after)
        .order_by(events.c.position)
        .limit(looked_at)
        .subquery()
    )
    newest, looked = func.max(here.c.position), func.count(here.c.position)
    row = (await transaction.execute(select(newest.label("last"), looked.label("looked")))).one()
    last, count = row.last, row.looked
    if last is None:
        if after > await newest_position(transaction):
            raise PositionUnknownError
        return Pulled(items=[], next=after, has_more=False, forgotten=0)
    query = _query(here.c, wanted).order_by(here.c.position).limit(limit + 1)
    if subjects:
        query = query.where(_subject(here.c, transaction.is_postgresql).in_(subjects))
    rows = (await transaction.execute(query)).all()
    if len(rows) > limit:
        rows = rows[:limit]
        last = rows[-1].position
        between = and_(events.c.position > after, events.c.position <= last)
        told = select(func.count()).select_from(events).where(between)
        count = (await transaction.execute(told)).scalar_one()
    return Pulled(
        items=[stored_view(r, has_names=has_names, has_candidates=has_candidates) for r in rows],
        next=last,
        has_more=last < await newest_position(transaction),
        forgotten=last - after - count,
    )


def _query(columns: Columns, wanted: Wanted) -> Select[Any]:
    query = joined_query(columns).where(*conditions(columns, wanted))
    return query.where(columns.event_class.not_in(wanted.hidden)) if wanted.hidden else query


def _subject(columns: Columns, is_postgresql: bool) -> ColumnElement[Any]:
    subject: ColumnElement[Any] = (
        cast(columns.body, JSON)["subject"].as_string()
        if is_postgresql
        else func.json_extract(columns.body, "$.subject")
    )
    return subject
