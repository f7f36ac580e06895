"""Events as their readers may see them: with or without names, and who was considered."""

from collections.abc import Collection
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from central.database import Transaction
from central.events.considered import candidates_of, without_candidates
from central.events.schemas import CandidateView, ConflictView, StoredEvent
from central.people.masking import masked
from central.tables import event_conflicts, events, people
from config.contract.events import Event, EventClass

Columns = ReadOnlyColumnCollection[str, Any] | SimpleNamespace
"""Columns named as those of events."""
MONEY_READERS = "canteen.read"
"""The permission without which nobody is shown what somebody eats and pays."""


def hidden_from(permissions: Collection[str]) -> frozenset[EventClass]:
    """Return the classes of events that readers with these permissions are not shown."""
    return frozenset() if MONEY_READERS in permissions else frozenset({EventClass.MONEY})


def stored_query(*, hidden: Collection[EventClass]) -> Select[Any]:
    """Return what finds events together with the names that they need; none of hidden classes."""
    query = joined_query(events.c)
    return query.where(events.c.event_class.not_in(hidden)) if hidden else query


def joined_query(columns: Columns) -> Select[Any]:
    """Return what tells events, of columns named as those of events, with the names they need."""
    name = and_(people.c.holder_id == columns.holder_id, ~people.c.is_removed)
    return select(
        columns.position, columns.received_at, columns.node, columns.body, people.c.name
    ).outerjoin_from(columns.position.table, people, name)


def stored_view(row: Row[Any], *, has_names: bool, has_candidates: bool = False) -> StoredEvent:
    """Return a row of ``stored_query`` as its reader may see it."""
    event = Event.model_validate_json(row.body)
    return StoredEvent(
        position=row.position,
        received_at=row.received_at,
        node=row.node,
        event=event if has_candidates else without_candidates(event),
        holder_name=_shown(row.name, has_names=has_names),
    )


async def after(
    transaction: Transaction,
    position: int,
    *,
    limit: int,
    has_names: bool,
    hidden: Collection[EventClass] = (),
    has_candidates: bool = False,
    since: datetime | None = None,
) -> list[StoredEvent]:
    """Return the next events after a position, oldest first.

    Args:
        transaction: Any.
        position: Of the last event that is known.
        limit: Of events.
        has_names: Whether the reader may see whole names.
        hidden: Classes that the reader is not shown; see ``hidden_from``.
        has_candidates: Whether the reader may see who was considered.
        since: Only what happened from then on; None is all of it.
    """
    query = stored_query(hidden=hidden).where(events.c.position > position)
    if since is not None:
        query = query.where(events.c.occurred_at >= since)
    query = query.order_by(events.c.position).limit(limit)
    return [
        stored_view(row, has_names=has_names, has_candidates=has_candidates)
        for row in await transaction.execute(query)
    ]


async def newest(
    transaction: Transaction, *, limit: int, has_names: bool, hidden: Collection[EventClass]
) -> list[StoredEvent]:
    """Return the newest events, oldest first; none of hidden classes."""
    query = stored_query(hidden=hidden).order_by(events.c.position.desc()).limit(limit)
    rows = (await transaction.execute(query)).all()
    return [stored_view(row, has_names=has_names) for row in reversed(rows)]


async def candidates(
    transaction: Transaction,
    position: int,
    *,
    has_names: bool,
    hidden: Collection[EventClass] = (),
) -> list[CandidateView] | None:
    """Return who was considered in one decision, best first; None where there is no event.

    Args:
        transaction: Any.
        position: Of the event.
        has_names: Whether the reader may see whole names.
        hidden: Classes that the reader is not shown.
    """
    query = select(events.c.body).where(
        events.c.position == position, events.c.event_class.not_in(hidden)
    )
    body: str | None = (await transaction.execute(query)).scalar_one_or_none()
    if body is None:
        return None
    considered = candidates_of(Event.model_validate_json(body))
    wanted = [candidate.holder_id for candidate in considered]
    known = select(people.c.holder_id, people.c.name).where(
        people.c.holder_id.in_(wanted), ~people.c.is_removed
    )
    names = {row.holder_id: row.name for row in await transaction.execute(known)}
    return [
        CandidateView(
            holder_id=candidate.holder_id,
            name=_shown(names.get(candidate.holder_id), has_names=has_names),
            similarity=candidate.similarity,
        )
        for candidate in considered
    ]


def _shown(name: str | None, *, has_names: bool) -> str | None:
    return name if name is None or has_names else masked(name)


async def conflicts(
    transaction: Transaction,
    *,
    limit: int,
    hidden: Collection[EventClass] = (),
    has_candidates: bool = False,
) -> list[ConflictView]:
    """Return the newest conflicts, newest first; see ``after`` for who sees what of them."""
    query = select(event_conflicts).where(event_conflicts.c.event_class.not_in(hidden))
    query = query.order_by(event_conflicts.c.received_at.desc()).limit(limit)
    found = [(row, Event.model_validate_json(row.body)) for row in await transaction.execute(query)]
    return [
        ConflictView(
            received_at=row.received_at,
            node=row.node,
            event=event if has_candidates else without_candidates(event),
        )
        for row, event in found
    ]
