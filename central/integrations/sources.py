"""Outside systems in the database, and what becomes of their events."""

import functools
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, update

from central.alarms.service import raise_alarm
from central.database import EVENTS_LOCK, Transaction
from central.events.repository import take_in_outside
from central.integrations.outside import NODE_BEGIN, OutsideEvent
from central.integrations.schemas import NewSource, SourceView, TakenIn
from central.integrations.tables import outside_events, outside_sources
from config.contract.events import EventClass

KNOWN_AGAIN: Final = timedelta(days=90)
"""So long an event that comes again is known to have been taken in."""


async def add(
    transaction: Transaction, wish: NewSource, *, secret_hash: str, made_by: str, now: datetime
) -> SourceView | None:
    """Let an outside system in; None where there is one of this identifier."""
    if await _found(transaction, outside_sources.c.source_id == wish.source_id) is not None:
        return None
    await transaction.execute(
        insert(outside_sources).values(
            **wish.model_dump(),
            secret_hash=secret_hash,
            made_by=made_by,
            made_at=now,
            event_count=0,
        )
    )
    return (await views(transaction, wish.source_id))[0]


async def remove(transaction: Transaction, source_id: str) -> bool:
    """Shut an outside system out; what it told stays. Returns whether there was one."""
    await transaction.execute(delete(outside_events).where(outside_events.c.source_id == source_id))
    removed = delete(outside_sources).where(outside_sources.c.source_id == source_id)
    found = await transaction.execute(removed.returning(outside_sources.c.source_id))
    return found.first() is not None


async def put_secret(transaction: Transaction, source_id: str, secret_hash: str) -> bool:
    """Replace a token; the one of before is good for nothing at once."""
    changed = (
        update(outside_sources)
        .where(outside_sources.c.source_id == source_id)
        .values(secret_hash=secret_hash)
    )
    found = await transaction.execute(changed.returning(outside_sources.c.source_id))
    return found.first() is not None


async def views(transaction: Transaction, source_id: str | None = None) -> list[SourceView]:
    """Return outside systems by identifier, or the one."""
    query = select(outside_sources).order_by(outside_sources.c.source_id)
    if source_id is not None:
        query = query.where(outside_sources.c.source_id == source_id)
    return [_view(row) for row in await transaction.execute(query)]


async def count(transaction: Transaction) -> int:
    """Return how many there are."""
    query = select(func.count()).select_from(outside_sources)
    return int((await transaction.execute(query)).scalar_one())


async def by_secret(transaction: Transaction, secret_hash: str) -> SourceView | None:
    """Return the outside system whose token this is."""
    row = await _found(transaction, outside_sources.c.secret_hash == secret_hash)
    return None if row is None else _view(row)


async def take_in(
    transaction: Transaction,
    source: SourceView,
    events: Sequence[OutsideEvent],
    *,
    site: str,
    epoch: UUID,
    now: datetime,
) -> TakenIn:
    """Keep what is new of some events, and raise the alarms that they say.

    Args:
        transaction: A writing one.
        source: Who sends; the caller has checked types and alarms.
        events: In order; repetitions are harmless.
        site: Its identifier.
        epoch: Of the store.
        now: Aware UTC.
    """
    await transaction.take_turn(EVENTS_LOCK)
    wanted = {each.identity(source.source_id): each for each in events}
    columns, node = outside_events.c, f"{NODE_BEGIN}{source.source_id}"
    query = select(columns.event_hash).where(columns.event_hash.in_(wanted))
    held = set((await transaction.execute(query)).scalars())
    fresh = {identity: each for identity, each in wanted.items() if identity not in held}
    for event in fresh.values():
        position = await take_in_outside(
            transaction,
            node,
            event.event_class,
            functools.partial(event.kept, site=site, node=node, epoch=epoch, now=now),
            epoch=epoch,
            now=now,
        )
        if event.event_class is EventClass.ALARM:
            await raise_alarm(
                transaction,
                kind="outside",
                subject={"outside": source.source_id},
                now=now,
                detail={"type": event.type},
                event_position=position,
            )
    await transaction.execute_many(
        insert(outside_events),
        [
            {"source_id": source.source_id, "event_hash": identity, "expires_at": now + KNOWN_AGAIN}
            for identity in fresh
        ],
    )
    await transaction.execute(
        update(outside_sources)
        .where(outside_sources.c.source_id == source.source_id)
        .values(heard_at=now, event_count=outside_sources.c.event_count + len(fresh))
    )
    return TakenIn(stored=len(fresh), duplicates=len(events) - len(fresh))


async def _found(transaction: Transaction, condition: Any) -> Row[Any] | None:  # noqa: ANN401 - a column's
    return (await transaction.execute(select(outside_sources).where(condition))).first()


def _view(row: Row[Any]) -> SourceView:
    return SourceView(
        source_id=row.source_id,
        name=row.name,
        vendor=row.vendor,
        may_alarm=row.may_alarm,
        made_by=row.made_by,
        made_at=row.made_at,
        heard_at=row.heard_at,
        count=row.event_count,
    )
