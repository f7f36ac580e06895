"""Visits in the database. Every change gives the visit a new version, which nodes hear."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, insert, or_, select, update

from central.database import Transaction
from central.people.masking import masked
from central.people.repository import names_of
from central.site_values import next_replica_version
from central.tables import visits
from central.visits.schemas import NewVisit, Visit, VisitState
from config.contract.access_events import VisitorArrived
from config.contract.events import Event
from config.contract.nodes import HolderRecord
from config.contract.visitor_code import VisitorCode

TOPIC: Final = "visits"


async def add(
    transaction: Transaction,
    visit_id: str,
    wish: NewVisit,
    *,
    nonce: str,
    created_by: str,
    now: datetime,
) -> None:
    """Add a visit."""
    values = wish.model_dump() | {"host_id": str(wish.host_id)}
    await transaction.execute(
        insert(visits).values(
            **values,
            visit_id=visit_id,
            version=await next_replica_version(transaction),
            nonce=nonce,
            is_removed=False,
            created_by=created_by,
            created_at=now,
        )
    )
    transaction.announce(TOPIC)


async def find(transaction: Transaction, visit_id: str) -> Row[Any] | None:
    """Return a visit that is not removed."""
    query = select(visits).where(visits.c.visit_id == visit_id, ~visits.c.is_removed)
    return (await transaction.execute(query)).first()


async def visitors_of(
    transaction: Transaction, visit_ids: Collection[str], *, has_names: bool
) -> dict[str, str]:
    """Return the names of visitors by their visits, of those that are not removed."""
    query = select(visits.c.visit_id, visits.c.visitor).where(
        visits.c.visit_id.in_(visit_ids), ~visits.c.is_removed
    )
    rows = await transaction.execute(query)
    return {row.visit_id: row.visitor if has_names else masked(row.visitor) for row in rows}


async def page(transaction: Transaction, *, limit: int) -> Sequence[Row[Any]]:
    """Return visits by their beginning, latest first."""
    query = select(visits).where(~visits.c.is_removed)
    rows = await transaction.execute(
        query.order_by(visits.c.valid_from.desc(), visits.c.visit_id).limit(limit)
    )
    return rows.all()


async def views(
    transaction: Transaction, rows: Sequence[Row[Any]], *, has_names: bool, now: datetime
) -> list[Visit]:
    """Return visits as an operator may see them."""
    hosts = await names_of(transaction, {row.host_id for row in rows}, has_names=has_names)
    return [
        Visit(
            visit_id=row.visit_id,
            visitor=row.visitor if has_names else masked(row.visitor),
            host_id=row.host_id,
            host=hosts.get(row.host_id),
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            points=row.points,
            needs_escort=row.needs_escort,
            state=state_of(row, now=now),
            arrived_at=row.arrived_at,
            arrived_point=row.arrived_point,
            created_by=row.created_by,
        )
        for row in rows
    ]


def state_of(row: Row[Any], *, now: datetime) -> VisitState:
    """Return what has become of a visit."""
    if row.cancelled_at is not None:
        return "cancelled"
    if row.arrived_at is not None:
        return "arrived"
    return "over" if row.valid_until <= now else "expected"


def code_of(row: Row[Any]) -> VisitorCode:
    """Return what the visitor's code says."""
    return VisitorCode(
        holder_id=UUID(row.visit_id),
        nonce=row.nonce,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        points=tuple(row.points),
        needs_escort=row.needs_escort,
    )


async def cancel(transaction: Transaction, visit_id: str, *, now: datetime) -> None:
    """Make the code good nowhere that hears of it."""
    await _change(transaction, visit_id, {"cancelled_at": now})


async def note_arrivals(transaction: Transaction, events: Iterable[Event]) -> None:
    """Note who arrived first when; of somebody who is no visitor nothing is noted.

    A terminal that catches up tells of the first arrival after a later one.
    """
    for event in events:
        if event.type != VisitorArrived.type_name:
            continue
        told = event.parsed()
        if not isinstance(told, VisitorArrived) or not _is_visit_id(told.holder_id):
            continue
        noted = await transaction.execute(
            update(visits)
            .where(
                visits.c.visit_id == told.holder_id,
                or_(visits.c.arrived_at.is_(None), visits.c.arrived_at > event.time),
            )
            .values(arrived_at=event.time, arrived_point=told.access_point)
            .returning(visits.c.visit_id)
        )
        if noted.first() is not None:
            transaction.announce(TOPIC)


def _is_visit_id(text: str) -> bool:
    return "\0" not in text


async def forget_over(transaction: Transaction, *, until: datetime, limit: int) -> int:
    """Erase the names of visits that ended by then, here and at the nodes; returns how many."""
    query = select(visits.c.visit_id).where(~visits.c.is_removed, visits.c.valid_until <= until)
    over = (await transaction.execute(query.limit(limit))).scalars().all()
    for visit_id in over:
        await _change(transaction, visit_id, {"is_removed": True, "visitor": ""})
    return len(over)


async def _change(transaction: Transaction, visit_id: str, values: dict[str, Any]) -> None:
    version = await next_replica_version(transaction)
    await transaction.execute(
        update(visits).where(visits.c.visit_id == visit_id).values(**values, version=version)
    )
    transaction.announce(TOPIC)


async def records(transaction: Transaction, *, after: int, limit: int) -> list[HolderRecord]:
    """Return visits as nodes are told of them, in the order of versions."""
    query = select(visits).where(visits.c.version > after).order_by(visits.c.version)
    if after == 0:
        query = query.where(~visits.c.is_removed)
    return [_record(row) for row in await transaction.execute(query.limit(limit))]


def _record(row: Row[Any]) -> HolderRecord:
    if row.is_removed:
        return HolderRecord(holder_id=row.visit_id, version=row.version, is_removed=True)
    return HolderRecord(
        holder_id=row.visit_id,
        version=row.version,
        is_active=row.cancelled_at is None,
        masked_name=masked(row.visitor),
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        access_points=tuple(row.points),
        needs_escort=row.needs_escort,
    )
