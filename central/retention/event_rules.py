"""How what nodes told is forgotten: facts by their class, and who was only considered in them."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Final

from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from central.database import EVENTS_LOCK, Transaction
from central.events import partitions
from central.events.considered import CANDIDATES, erased
from central.events.reading import Columns
from central.indices import unindexed
from central.muster.tables import forgiven
from central.retention.rule import Forgotten, Rule, delete_some
from central.tables import event_conflicts, events, retention_runs
from config.contract.events import PayerIdentified

FORGIVEN_KEPT: Final = 200
"""Acts of forgiveness that stay whatever their age: terminals are told the latest hundred."""
NEAR: Final = 2_000
"""So many events are looked at for the first of a class, before an index is asked."""
Of = Callable[[Columns], ColumnElement[bool]]
_CANDIDATES: Final = "candidates"
"""The class of data of those who were only considered."""
NAMED: Final = f'%"{CANDIDATES}":[{{%'
"""In an event's body, as it is written: somebody was considered."""


def of_classes(
    name: str,
    classes: Collection[str],
    *,
    types: Collection[str] = (),
    with_forgiven: bool = False,
) -> Rule:
    """Return the rule of facts of some classes; the newest fact stays: positions go on from it.

    Args:
        name: Of the class of data, under which it is noted how far it was looked.
        classes: Of which all facts go.
        types: Of other classes, which go with them.
        with_forgiven: Acts of forgiveness go, too.
    """

    def of(columns: Columns) -> ColumnElement[bool]:
        here = columns.event_class.in_(classes)
        return or_(here, columns.type.in_(types)) if types else here

    newest = select(func.max(events.c.position)).scalar_subquery()

    async def oldest(transaction: Transaction) -> datetime | None:
        mark = await _mark(transaction, name)
        there = select(events.c.position).where(of(events.c)).limit(1)
        if mark == 0 and (await transaction.execute(there)).first() is None:
            return None  # as an index of classes knows; without it every event would be looked at
        return await _first_received(
            transaction, of, events.c.position > mark, events.c.position < newest
        )

    async def forget(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
        if transaction.is_postgresql:
            dropped = await partitions.drop_due(transaction, classes, until=until)
            if dropped:
                return Forgotten(dropped, has_more=True)
        await transaction.take_turn(EVENTS_LOCK)
        here = events.c if transaction.is_postgresql else unindexed(events.c)
        count = await _forget_rows(transaction, name, of(here), until, limit)
        conflicting = event_conflicts.c
        await transaction.execute(
            delete(event_conflicts).where(
                conflicting.event_class.in_(classes), conflicting.received_at <= until
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


async def _forget_rows(
    transaction: Transaction, name: str, of: ColumnElement[bool], until: datetime, limit: int
) -> int:
    """Delete due facts one by one, between what was looked at before and the youngest due one."""
    here, mark = events.c, await _mark(transaction, name)
    youngest = await _youngest_due(transaction, until)
    newest = await transaction.execute(select(func.max(here.position)))
    last = min(youngest, int(newest.scalar_one() or 0) - 1)
    if transaction.is_postgresql:
        last = await partitions.row_by_row_until(transaction, last)
    if last <= mark:
        return 0
    between = and_(here.position > mark, here.position <= last)
    count = await delete_some(
        transaction, here.position, and_(between, of, here.received_at <= until), limit
    )
    # What is left below is younger than its place says: a clock was set back.
    left = select(here.position).where(between, of).order_by(here.position).limit(1)
    first_left = (await transaction.execute(left)).scalar_one_or_none()
    await _set_mark(transaction, name, last if first_left is None else first_left - 1)
    return count


async def _youngest_due(transaction: Transaction, until: datetime) -> int:
    """Return the position of the youngest event that is due, or 0; none behind it is looked at."""
    due = select(events.c.position).where(events.c.received_at <= until)
    due = due.order_by(events.c.received_at.desc()).limit(1)
    return int((await transaction.execute(due)).scalar_one_or_none() or 0)


async def _first_received(
    transaction: Transaction, of: Of, *where: ColumnElement[bool]
) -> datetime | None:
    """Return when the first event of some was received: positions are the order of receiving.

    Those that are many have one among the first that there are; those that are few an index finds,
    which of many would read and sort all.
    """
    first = select(events).where(*where).order_by(events.c.position).limit(NEAR).subquery().c
    for here, conditions in ((first, (of(first),)), (events.c, (of(events.c), *where))):
        query = select(here.received_at).where(*conditions).order_by(here.position).limit(1)
        at: datetime | None = (await transaction.execute(query)).scalar_one_or_none()
        if at is not None:
            return at
    return None


async def _mark(transaction: Transaction, name: str) -> int:
    query = select(retention_runs.c.mark).where(retention_runs.c.name == name)
    return int((await transaction.execute(query)).scalar_one_or_none() or 0)


async def _set_mark(transaction: Transaction, name: str, position: int) -> None:
    await transaction.execute(
        update(retention_runs).where(retention_runs.c.name == name).values(mark=position)
    )


async def _oldest_candidates(transaction: Transaction) -> datetime | None:
    def of(columns: Columns) -> ColumnElement[bool]:
        return or_(columns.event_class == "access", columns.type == PayerIdentified.type_name)

    mark = await _mark(transaction, _CANDIDATES)
    return await _first_received(transaction, of, events.c.position > mark)


async def _forget_candidates(transaction: Transaction, until: datetime, limit: int) -> Forgotten:
    """Erase who was only considered; the decision itself stays, and the hash of what it was."""
    await transaction.take_turn(EVENTS_LOCK)
    mark, here = await _mark(transaction, _CANDIDATES), events.c
    query = (
        select(here.position, here.body)
        .where(
            here.position > mark,
            here.position <= await _youngest_due(transaction, until),
            here.received_at <= until,
        )
        .order_by(here.position)
        .limit(limit)
    )
    rows = (await transaction.execute(query)).all()
    named = [row for row in rows if f'"{CANDIDATES}":[{{' in row.body]
    for row in named:
        to_erase = update(events).where(here.position == row.position)
        await transaction.execute(to_erase.values(body=erased(row.body)))
    conflicting = event_conflicts.c
    old = and_(conflicting.received_at <= until, conflicting.body.like(NAMED))
    for body in (await transaction.execute(select(conflicting.body).where(old))).scalars().all():
        await transaction.execute(
            update(event_conflicts).where(conflicting.body == body).values(body=erased(body))
        )
    if rows:
        await _set_mark(transaction, _CANDIDATES, rows[-1].position)
    return Forgotten(len(named), len(rows) == limit)


CANDIDATES_RULE: Final = Rule(_oldest_candidates, _forget_candidates)
"""Of who was considered in decisions, and is not named there any more."""
