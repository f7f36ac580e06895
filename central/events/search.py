"""Events of the past: found by what happened where, when and to whom, the newest first.

A page continues after the last one's event, by the time it happened and then by its position, so
that each page is one short walk along an index, however many events there are.
"""

import dataclasses
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Select, func, select, tuple_
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from central.database import Database, Transaction
from central.events.reading import stored_query, stored_view
from central.events.schemas import StoredEvent
from central.tables import events
from config.contract.events import EventClass

PAGE_LENGTH: Final = 1_000
PARTS_MAX: Final = 24
"""So many types, places or classes are looked for one by one."""
Columns = ReadOnlyColumnCollection[str, Any]


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


async def page(
    transaction: Transaction,
    wanted: Wanted,
    *,
    before: int | None,
    limit: int,
    has_names: bool,
    has_candidates: bool,
) -> list[StoredEvent]:
    """Return events that are looked for, newest first.

    Args:
        transaction: Any.
        wanted: What is looked for.
        before: Position of the last event of the page before; None is the first page.
        limit: Of events.
        has_names: Whether the reader may see whole names.
        has_candidates: Whether the reader may see who was considered.
    """
    at: datetime | None = None
    if before is not None:
        last = select(events.c.occurred_at).where(events.c.position == before)
        at = (await transaction.execute(last)).scalar_one_or_none()
        if at is None:
            return []
    rows = list[Row[Any]]()
    for part in await _parts(transaction, wanted):
        query = query_of(part).add_columns(events.c.occurred_at)
        if before is not None:
            query = query.where(tuple_(events.c.occurred_at, events.c.position) < (at, before))
        rows += await transaction.execute(query.limit(limit))
    rows.sort(key=lambda row: (row.occurred_at, row.position), reverse=True)
    return [
        stored_view(r, has_names=has_names, has_candidates=has_candidates) for r in rows[:limit]
    ]


async def everything(
    database: Database, wanted: Wanted, *, has_names: bool, has_candidates: bool
) -> AsyncIterator[StoredEvent]:
    """Yield all events that are looked for, newest first; each page in a transaction of its own."""
    before: int | None = None
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
        for stored in found:
            yield stored
        if len(found) < PAGE_LENGTH:
            return
        before = found[-1].position


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
    columns = events.c
    order = (columns.occurred_at.desc(), columns.position.desc())
    found = stored_query(hidden=wanted.hidden).where(*conditions(columns, wanted))
    return found.order_by(*order)


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
