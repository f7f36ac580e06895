"""Events of the past: found by what happened where, when and to whom, the newest first.

A page continues after the last one's place in time, by when an event happened and then by its
position, so that each page is one short walk along an index, however many events there are. What
no index answers is looked for among a bounded number of them: such a page may hold little, and says
where to go on.
"""

import dataclasses
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, select, tuple_

from central.database import Database, Transaction
from central.events.reading import Columns, joined_query, stored_query, stored_view
from central.events.schemas import StoredEvent
from central.indices import unindexed
from central.tables import events
from config.contract.events import EventClass

PAGE_LENGTH: Final = 1_000
PARTS_MAX: Final = 24
"""So many types, places or classes are looked for one by one."""
LOOKED_AT_MAX: Final = 5_000
"""So many events at most are looked at for a page, where no index knows those that are wanted."""
Moment = tuple[datetime, int]
"""When an event happened, and its position: the place of an event in time."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is looked for; an empty field is no condition.

    Attributes:
        since, until: When it happened, by the node's clock; ``until`` itself is outside.
        types: Whole types, or their beginnings with a dot at the end (``menshen.door.``).
        classes: Of the journal.
        places: Access points, devices, zones, checkpoints, or nodes.
        holder_id: Whom it names.
        hidden: Classes that whoever looks is not shown.
    """

    since: datetime | None = None
    until: datetime | None = None
    types: Sequence[str] = ()
    classes: Sequence[str] = ()
    places: Sequence[str] = ()
    node: str = ""
    holder_id: str = ""
    hidden: Collection[EventClass] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Found:
    """One page.

    Attributes:
        next: Behind which the next page goes on, whether the event is still there or not; None at
            the end.
    """

    items: list[StoredEvent]
    next: Moment | None


async def moment_of(transaction: Transaction, position: int) -> Moment | None:
    """Return where an event stands among the others; None where there is none any more."""
    at = select(events.c.occurred_at).where(events.c.position == position)
    found = (await transaction.execute(at)).scalar_one_or_none()
    return None if found is None else (found, position)


async def page(
    transaction: Transaction,
    wanted: Wanted,
    *,
    before: Moment | None,
    limit: int,
    has_names: bool,
    has_candidates: bool,
    looked_at: int = LOOKED_AT_MAX,
) -> Found:
    """Return events that are looked for, newest first; perhaps fewer than there is room for.

    Args:
        transaction: Any.
        wanted: What is looked for.
        before: ``next`` of the page before; None is the first page.
        limit: Of events.
        has_names: Whether the reader may see whole names.
        has_candidates: Whether the reader may see who was considered.
        looked_at: So many events are looked at, for each type, place or class.
    """
    rows, end = list[Row[Any]](), None
    for part in await _parts(transaction, needed(wanted)):
        query = query_of(part).add_columns(events.c.occurred_at).where(*_between(before, None))
        known = known_by_index(part, is_postgresql=transaction.is_postgresql)
        if known != part:
            own_end = await _end(transaction, known, before, looked_at)
            end = max((each for each in (end, own_end) if each is not None), default=None)
            query = (
                _of_the_first(part, known, before, looked_at)
                if transaction.is_postgresql
                else in_order(part, known, before, own_end)
            )
        rows += await transaction.execute(query.limit(limit + 1))
    rows = [row for row in rows if end is None or (row.occurred_at, row.position) >= end]
    rows.sort(key=lambda row: (row.occurred_at, row.position), reverse=True)
    following = end
    if len(rows) > limit:
        rows = rows[:limit]
        following = rows[-1].occurred_at, rows[-1].position
    items = [stored_view(r, has_names=has_names, has_candidates=has_candidates) for r in rows]
    return Found(items, following)


async def everything(
    database: Database, wanted: Wanted, *, has_names: bool, has_candidates: bool
) -> AsyncIterator[StoredEvent]:
    """Yield all events that are looked for, newest first; each page in a transaction of its own."""
    before: Moment | None = None
    while True:
        async with database.read() as transaction:
            found = await page(
                transaction,
                wanted,
                before=before,
                limit=PAGE_LENGTH,
                has_names=has_names,
                has_candidates=has_candidates,
            )
        for stored in found.items:
            yield stored
        if found.next is None:
            return
        before = found.next


def known_by_index(part: Wanted, *, is_postgresql: bool) -> Wanted:
    """Return what of a question an index knows, in the order of time."""
    known = Wanted(since=part.since, until=part.until, hidden=part.hidden)
    if part.holder_id:
        known = dataclasses.replace(known, holder_id=part.holder_id)
    elif len(part.types) == 1 and not part.types[0].endswith("."):
        known = dataclasses.replace(known, types=part.types)
    elif len(part.places) == 1:
        known = dataclasses.replace(known, places=part.places)
    elif len(part.classes) == 1:
        known = dataclasses.replace(known, classes=part.classes)
    # PostgreSQL passes over the partitions of hidden classes.
    return known if is_postgresql else dataclasses.replace(known, hidden=frozenset())


async def _end(
    transaction: Transaction, known: Wanted, begin: Moment | None, looked_at: int
) -> Moment | None:
    """Return the last event that is looked at for a part; None: the oldest of all is."""
    here = events.c
    # What is hidden counts here: an index alone answers this, which does not know of it.
    query = select(here.occurred_at, here.position).where(*conditions(here, known))
    query = query.where(*_between(begin, None)).order_by(*_order(here))
    row = (await transaction.execute(query.offset(looked_at - 1).limit(1))).first()
    return None if row is None else (row.occurred_at, row.position)


def _of_the_first(part: Wanted, known: Wanted, begin: Moment | None, looked_at: int) -> Select[Any]:
    """Return the question among so many events, for PostgreSQL.

    With an end in its place it would read and sort all of them: it takes the newest for few.
    """
    here = select(events).where(*_all_of(events.c, known), *_between(begin, None))
    columns = here.order_by(*_order(events.c)).limit(looked_at).subquery().c
    return (
        joined_query(columns)
        .add_columns(columns.occurred_at)
        .where(*_all_of(columns, part))
        .order_by(*_order(columns))
    )


def in_order(part: Wanted, known: Wanted, begin: Moment | None, end: Moment | None) -> Select[Any]:
    """Return the question up to an end, for SQLite: no other index is to be taken."""
    columns = events.c
    return (
        joined_query(columns)
        .add_columns(columns.occurred_at)
        .where(*_all_of(columns, known), *_between(begin, end))
        .where(*_all_of(unindexed(columns), part))
        .order_by(*_order(columns))
    )


def _all_of(columns: Columns, wanted: Wanted) -> list[ColumnElement[bool]]:
    found = conditions(columns, wanted)
    hidden = columns.event_class.not_in(wanted.hidden) if wanted.hidden else None
    return found if hidden is None else [*found, hidden]


def _order(columns: Columns) -> tuple[ColumnElement[Any], ...]:
    return columns.occurred_at.desc(), columns.position.desc()


def _between(begin: Moment | None, end: Moment | None) -> list[ColumnElement[bool]]:
    """Return that an event stands behind the one and not behind the other, newest first."""
    here = tuple_(events.c.occurred_at, events.c.position)
    found = [] if begin is None else [here < begin]
    return found if end is None else [*found, here >= end]


def needed(wanted: Wanted) -> Wanted:
    """Return the same question, in which nothing is hidden that is not looked for."""
    is_needed = not wanted.classes or set(wanted.classes) & set(wanted.hidden)
    return dataclasses.replace(
        wanted,
        types=tuple(wanted.types),
        classes=tuple(wanted.classes),
        places=tuple(wanted.places),
        hidden=frozenset(wanted.hidden) if is_needed else frozenset(),
    )


async def _parts(transaction: Transaction, wanted: Wanted) -> list[Wanted]:
    """Return questions that together are this one, each of which an index answers in order.

    Of several types, places or classes no index is in the order of time: all that there ever was
    of them would be read and sorted for one page.
    """
    if wanted.holder_id:
        return [wanted]  # of one person an index is in order, and there are few events
    parts = [wanted]
    if wanted.types:
        types = await _types(transaction, wanted.types)
        parts = [dataclasses.replace(wanted, types=(each,)) for each in types]
    elif len(wanted.places) > 1:
        parts = [dataclasses.replace(wanted, places=(each,)) for each in set(wanted.places)]
    elif len(wanted.classes) > 1:
        parts = [dataclasses.replace(wanted, classes=(each,)) for each in set(wanted.classes)]
    # So many kinds are so much of all events that a page of them is found among the newest.
    return parts if len(parts) <= PARTS_MAX else [wanted]


async def _types(transaction: Transaction, named: Sequence[str]) -> set[str]:
    """Return whole types; for the beginning of some, those that there are events of."""
    found, column = {each for each in named if not each.endswith(".")}, events.c.type
    for beginning in (each for each in named if each.endswith(".")):
        last: str | None = beginning
        while last is not None and len(found) <= PARTS_MAX:
            further = (column > last) & (column < f"{beginning[:-1]}/")
            query = select(func.min(column)).where(further)
            last = (await transaction.execute(query)).scalar_one()
            found |= set() if last is None else {last}
    return found


def query_of(wanted: Wanted) -> Select[Any]:
    """Return the question as the database is asked it."""
    found = stored_query(hidden=wanted.hidden).where(*conditions(events.c, wanted))
    return found.order_by(*_order(events.c))


def conditions(columns: Columns, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return what is looked for, but for hidden classes, of columns named as those of events."""
    found = list[ColumnElement[bool]]()
    if wanted.since is not None:
        found.append(columns.occurred_at >= wanted.since)
    if wanted.until is not None:
        found.append(columns.occurred_at < wanted.until)
    if wanted.types:
        found.append(_of_types(columns.type, wanted.types))
    if wanted.classes:
        found.append(columns.event_class.in_(wanted.classes))
    if wanted.places:
        found.append(columns.place.in_(wanted.places))
    if wanted.node:
        found.append(columns.node == wanted.node)
    if wanted.holder_id:
        found.append(columns.holder_id == wanted.holder_id)
    return found


def _of_types(column: ColumnElement[str], types: Sequence[str]) -> ColumnElement[bool]:
    whole = [each for each in types if not each.endswith(".")]
    found: ColumnElement[bool] = column.in_(whole)
    for beginning in (each for each in types if each.endswith(".")):
        # A range, which an index answers, where LIKE would not be answered by one.
        found |= (column >= beginning) & (column < f"{beginning[:-1]}/")
    return found
