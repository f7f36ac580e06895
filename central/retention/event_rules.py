"""How what nodes told is forgotten: facts by their class, and who was only considered in them."""

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, delete, func, select, update

from central.database import EVENTS_LOCK, Transaction
from central.events.considered import CANDIDATES
from central.muster.tables import forgiven
from central.retention.rule import Forgotten, Rule, delete_some
from central.tables import event_conflicts, events, retention_runs

FORGIVEN_KEPT: Final = 200
"""Acts of forgiveness that stay whatever their age: terminals are told the latest hundred."""
NAMED: Final = f'%"{CANDIDATES}":[{{%'
"""In an event's body, as it is written: somebody was considered."""


def of_classes(classes: Collection[str], *, with_forgiven: bool = False) -> Rule:
    """Return the rule of facts of some classes; the newest fact stays: positions go on from it."""

    def of(table: Table) -> ColumnElement[bool]:
        return table.c.event_class.in_(classes)

    newest = select(func.max(events.c.position)).scalar_subquery()

    async def oldest(transaction: Transaction) -> datetime | None:
        return await _first_received(transaction, of(events), events.c.position < newest)

    async def forget(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
        await transaction.take_turn(EVENTS_LOCK)
        due = and_(of(events), events.c.received_at <= until, events.c.position < newest)
        count = await delete_some(transaction, events.c.position, due, limit)
        await transaction.execute(
            delete(event_conflicts).where(
                of(event_conflicts), event_conflicts.c.received_at <= until
            )
        )
        if with_forgiven:
            last = select(func.max(forgiven.c.number)).scalar_subquery()
            await transaction.execute(
                delete(forgiven).where(
                    forgiven.c.at <= until, forgiven.c.number <= last - FORGIVEN_KEPT
                )
            )
        return Forgotten(count, count == limit)

    return Rule(oldest, forget)


async def _first_received(transaction: Transaction, *where: ColumnElement[bool]) -> datetime | None:
    # Positions are the order of receiving, and finding the first one looks at no others.
    query = select(events.c.received_at).where(*where).order_by(events.c.position).limit(1)
    at: datetime | None = (await transaction.execute(query)).scalar_one_or_none()
    return at


async def _mark(transaction: Transaction) -> int:
    query = select(retention_runs.c.mark).where(retention_runs.c.name == "candidates")
    return int((await transaction.execute(query)).scalar_one_or_none() or 0)


async def _oldest_candidates(transaction: Transaction) -> datetime | None:
    return await _first_received(
        transaction, events.c.event_class == "access", events.c.position > await _mark(transaction)
    )


async def _forget_candidates(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    """Erase who was only considered; the decision itself stays, and the hash of what it was."""
    await transaction.take_turn(EVENTS_LOCK)
    mark, here = await _mark(transaction), events.c
    query = (
        select(here.position, here.body)
        .where(here.position > mark, here.received_at <= until)
        .order_by(here.position)
        .limit(limit)
    )
    rows = (await transaction.execute(query)).all()
    named = [row for row in rows if f'"{CANDIDATES}":[{{' in row.body]
    for row in named:
        erased = update(events).where(here.position == row.position)
        await transaction.execute(erased.values(body=_without_candidates(row.body)))
    conflicting = event_conflicts.c
    old = and_(conflicting.received_at <= until, conflicting.body.like(NAMED))
    for body in (await transaction.execute(select(conflicting.body).where(old))).scalars().all():
        await transaction.execute(
            update(event_conflicts)
            .where(conflicting.body == body)
            .values(body=_without_candidates(body))
        )
    if rows:
        await transaction.execute(
            update(retention_runs)
            .where(retention_runs.c.name == "candidates")
            .values(mark=rows[-1].position)
        )
    return Forgotten(len(named), len(rows) == limit)


def _without_candidates(body: str) -> str:
    def emptied(value: Any) -> Any:  # noqa: ANN401 - JSON
        if isinstance(value, dict):
            return {k: [] if k == CANDIDATES else emptied(v) for k, v in value.items()}
        return [emptied(each) for each in value] if isinstance(value, list) else value

    return json.dumps(emptied(json.loads(body)), sort_keys=True, separators=(",", ":"))


CANDIDATES_RULE: Final = Rule(_oldest_candidates, _forget_candidates)
"""Of who was considered in decisions, and is not named there any more."""
