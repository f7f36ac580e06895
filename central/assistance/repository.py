"""Calls for assistance in the database: for each point at most one stands open."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from central.assistance.schemas import CallView
from central.database import Transaction
from central.tables import assistance_calls
from config.contract.assistance import WAIT_MAX
from config.contract.events import AssistanceRequested, ClockQuality, Event
from config.contract.identifiers import new_id

TOPIC: Final = "assistance"
_TABLE: Final = assistance_calls.c


async def note_rings(
    transaction: Transaction, node: str, events: Iterable[Event], *, now: datetime
) -> None:
    """Open a call for each ring that somebody may still wait behind.

    A ring at a point whose call waits belongs to that call; one at a point whose call was taken
    begins another.
    """
    for event in events:
        if event.type != AssistanceRequested.type_name:
            continue
        told = event.parsed()
        if isinstance(told, AssistanceRequested) and _may_wait(event, now):
            await _ring(transaction, node, told, asked_at=event.time, now=now)
            announce(transaction, node)


def _may_wait(event: Event, now: datetime) -> bool:
    """Return whether it is not too old; a clock that is not sure makes no ring too old."""
    return event.clockquality is ClockQuality.UNSURE or now - event.time <= WAIT_MAX


async def _ring(
    transaction: Transaction,
    node: str,
    told: AssistanceRequested,
    *,
    asked_at: datetime,
    now: datetime,
) -> None:
    here = (
        _TABLE.node == node,
        _TABLE.access_point == told.access_point,
        _TABLE.closed_at.is_(None),
    )
    waiting = await transaction.execute(
        update(assistance_calls)
        .where(*here, _TABLE.taken_at.is_(None))
        .values(ring_id=str(told.ring_id))
        .returning(_TABLE.call_id)
    )
    if waiting.first() is not None:
        return
    await transaction.execute(update(assistance_calls).where(*here).values(closed_at=now))
    await transaction.execute(
        insert(assistance_calls).values(
            call_id=str(new_id()),
            ring_id=str(told.ring_id),
            node=node,
            access_point=told.access_point,
            # A clock that is ahead must not make somebody wait a negative time.
            asked_at=min(asked_at, now),
        )
    )


async def open_calls(transaction: Transaction, *, node: str | None = None) -> list[Row[Any]]:
    """Return calls that nobody has closed, the longest waiting first; of one node, or of all."""
    query = select(assistance_calls).where(_TABLE.closed_at.is_(None)).order_by(_TABLE.asked_at)
    if node is not None:
        query = query.where(_TABLE.node == node)
    return list((await transaction.execute(query)).all())


async def find(transaction: Transaction, call_id: str) -> Row[Any] | None:
    """Return a call, a closed one, too."""
    query = select(assistance_calls).where(_TABLE.call_id == call_id)
    return (await transaction.execute(query)).first()


async def take(transaction: Transaction, call_id: str, *, username: str, now: datetime) -> bool:
    """Note who comes; returns False where somebody was first, or it is closed."""
    return await _set(transaction, call_id, _TABLE.taken_at, taken_at=now, taken_by=username)


async def close(transaction: Transaction, call_id: str, *, username: str, now: datetime) -> bool:
    """Note that it is done; returns False where it was."""
    return await _set(transaction, call_id, _TABLE.closed_at, closed_at=now, closed_by=username)


async def _set(transaction: Transaction, call_id: str, unset: Any, **values: Any) -> bool:  # noqa: ANN401 - a column, and what it holds
    changed = await transaction.execute(
        update(assistance_calls)
        .where(_TABLE.call_id == call_id, _TABLE.closed_at.is_(None), unset.is_(None))
        .values(**values)
        .returning(_TABLE.node)
    )
    row = changed.first()
    if row is not None:
        announce(transaction, row.node)
    return row is not None


def announce(transaction: Transaction, node: str) -> None:
    """Say that a call of a node is another one: to the pages, and to the node."""
    transaction.announce(f"{TOPIC}:{node}")


def view_of(row: Row[Any], *, now: datetime) -> CallView:
    """Return a call as it is shown."""
    waited = (row.taken_at or now) - row.asked_at
    return CallView(
        call_id=row.call_id,
        node=row.node,
        access_point=row.access_point,
        asked_at=row.asked_at,
        waited_s=max(0.0, waited.total_seconds()),
        taken_at=row.taken_at,
        taken_by=row.taken_by,
    )
