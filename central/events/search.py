"""Events of the past: found by what happened where, when and to whom, the newest first.

A page continues after the last one's event, by the time it happened and then by its position, so
that each page is one short walk along an index, however many events there are.
"""

import dataclasses
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, select, tuple_

from central.database import Database, Transaction
from central.events.reading import stored_query, stored_view
from central.events.schemas import StoredEvent
from central.tables import events
from config.contract.events import EventClass

PAGE_LENGTH: Final = 1_000


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
    query = query_of(wanted)
    if before is not None:
        last = select(events.c.occurred_at).where(events.c.position == before)
        at: datetime | None = (await transaction.execute(last)).scalar_one_or_none()
        if at is None:
            return []
        query = query.where(tuple_(events.c.occurred_at, events.c.position) < (at, before))
    rows = await transaction.execute(query.limit(limit))
    return [stored_view(r, has_names=has_names, has_candidates=has_candidates) for r in rows]


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


def query_of(wanted: Wanted) -> Select[Any]:
    """Return the question as the database is asked it."""
    columns, conditions = events.c, list[ColumnElement[bool]]()
    if wanted.since is not None:
        conditions.append(columns.occurred_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(columns.occurred_at < wanted.until)
    if wanted.types:
        conditions.append(_of_types(wanted.types))
    if wanted.classes:
        conditions.append(columns.event_class.in_(wanted.classes))
    if wanted.places:
        conditions.append(columns.place.in_(wanted.places))
    if wanted.node:
        conditions.append(columns.node == wanted.node)
    if wanted.holder_id:
        conditions.append(columns.holder_id == wanted.holder_id)
    order = (columns.occurred_at.desc(), columns.position.desc())
    return stored_query(hidden=wanted.hidden).where(*conditions).order_by(*order)


def _of_types(types: Sequence[str]) -> ColumnElement[bool]:
    whole = [each for each in types if not each.endswith(".")]
    found: ColumnElement[bool] = events.c.type.in_(whole)
    for beginning in (each for each in types if each.endswith(".")):
        # A range, which an index answers, where LIKE would not be answered by one.
        found |= (events.c.type >= beginning) & (events.c.type < f"{beginning[:-1]}/")
    return found
