"""The counter's cash drawers: a float, all cash of an operator, and a blind count at the end.

What went in and out follows from what deeds moved from and to ``source/counter``. It is told only
once the drawer is counted. Neither a count nor a difference moves money: people explain it.
Everything that changes a drawer has the ledger's turn, so no cash comes in while it is counted.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from central.database import Transaction
from central.ledger import repository as ledger
from central.ledger.accounts import source
from central.office.drawer_schemas import (
    CountView,
    DrawerEntry,
    DrawerView,
    WantedChange,
    WantedCount,
    WantedDrawer,
)
from central.office.planned import Move
from central.office.tables import office_drawer_entries, office_drawers
from central.problems import RefusedError
from central.security import Operator

COUNTER: Final = source("counter")
PUT_IN: Final = "put_in"
_DRAWERS, _ENTRIES = office_drawers.c, office_drawer_entries.c


def cash_of(moves: Iterable[Move]) -> int:
    """Return the cash that moves bring to the counter; below zero is paid out. Pure."""
    return sum(
        each.amount_fen * ((each.debit == COUNTER) - (each.credit == COUNTER)) for each in moves
    )


# ---- what deeds do


async def drawer_for(
    transaction: Transaction, moves: Iterable[Move], operator: Operator
) -> str | None:
    """Return whose drawer a deed's cash goes into or comes from; None where it moves no cash.

    Raises:
        RefusedError: 409: the operator has no drawer open.
    """
    if not any(COUNTER in (each.debit, each.credit) for each in moves):
        return None
    row = await _open(transaction, operator.user_id)
    if row is None:
        raise RefusedError(409, "drawer_needed", "open your cash drawer first")
    drawer_id: str = row.drawer_id
    return drawer_id


async def enter(
    transaction: Transaction,
    drawer_id: str,
    key: UUID,
    kind: str,
    cash_fen: int,
    *,
    reason: str = "",
    now: datetime,
) -> None:
    """Note cash of a deed, in the transaction that moves it."""
    await transaction.execute(
        insert(office_drawer_entries).values(
            entry_id=str(key),
            drawer_id=drawer_id,
            kind=kind,
            cash_fen=cash_fen,
            reason=reason,
            at=now,
        )
    )


# ---- what operators do


async def open_drawer(
    transaction: Transaction, wish: WantedDrawer, operator: Operator, *, now: datetime
) -> DrawerView:
    """Open a drawer of the operator's own; the same wish again is answered the same.

    Raises:
        RefusedError: 409: one is open, or the last one's difference has no sentence yet.
    """
    await ledger.take_turn(transaction)
    before = await _row(transaction, str(wish.key))
    if before is not None:
        if (before.operator_id, before.float_fen) != (operator.user_id, wish.float_fen):
            raise RefusedError(409, "key_used", "this key was used for something else")
        return await _view(transaction, before)
    standing = await of_operator(transaction, operator.user_id)
    if standing is not None:
        code = "drawer_open" if standing.count is None else "drawer_unexplained"
        raise RefusedError(409, code, "the drawer before comes first")
    await transaction.execute(
        insert(office_drawers).values(
            drawer_id=str(wish.key),
            operator_id=operator.user_id,
            operator_name=operator.username,
            float_fen=wish.float_fen,
            opened_at=now,
        )
    )
    transaction.concerns(f"drawer:{wish.key}", float_fen=wish.float_fen)
    return await find(transaction, wish.key)


async def change(
    transaction: Transaction,
    drawer_id: UUID,
    wish: WantedChange,
    operator: Operator,
    *,
    now: datetime,
) -> DrawerView:
    """Note cash that was brought or taken away; the same wish again changes nothing.

    Raises:
        RefusedError: 404 where it is not the operator's; 409 where it is counted.
    """
    await ledger.take_turn(transaction)
    row = await _row(transaction, str(drawer_id))
    if row is None or row.operator_id != operator.user_id:
        raise _unknown()
    fen = wish.amount_fen if wish.way == PUT_IN else -wish.amount_fen
    query = select(office_drawer_entries).where(_ENTRIES.entry_id == str(wish.key))
    before = (await transaction.execute(query)).first()
    said = (str(drawer_id), wish.way, fen, wish.reason)
    if before is None:
        if row.counted_at is not None:
            raise _counted()
        await enter(
            transaction, row.drawer_id, wish.key, wish.way, fen, reason=wish.reason, now=now
        )
        transaction.concerns(f"drawer:{drawer_id}", cash_fen=fen)
    elif (before.drawer_id, before.kind, before.cash_fen, before.reason) != said:
        raise RefusedError(409, "key_used", "this key was used for something else")
    return await find(transaction, drawer_id)


async def count(
    transaction: Transaction,
    drawer_id: UUID,
    wish: WantedCount,
    operator: Operator,
    *,
    may_close: bool,
    now: datetime,
) -> DrawerView:
    """Keep a blind count, which closes the drawer; only then its sum is told.

    Args:
        transaction: A writing one.
        drawer_id: Which.
        wish: What was counted.
        operator: Who counted: whose it is, or somebody who signs days.
        may_close: Whether the operator signs days.
        now: Aware UTC.

    Raises:
        RefusedError: 404 for a drawer that is not theirs; 409 where another count is kept.
    """
    await ledger.take_turn(transaction)
    row = await _theirs(transaction, drawer_id, operator, may_close=may_close)
    if row.counted_at is not None:
        if row.counted_fen != wish.fen:
            raise _counted()
        return await find(transaction, drawer_id)
    notes = {fen: many for fen, many in (wish.notes or {}).items() if many}
    moved = select(func.coalesce(func.sum(_ENTRIES.cash_fen), 0)).where(
        _ENTRIES.drawer_id == str(drawer_id)
    )
    moved_fen = int((await transaction.execute(moved)).scalar_one())
    await transaction.execute(
        update(office_drawers)
        .where(_DRAWERS.drawer_id == str(drawer_id))
        .values(
            counted_fen=wish.fen,
            expected_fen=row.float_fen + moved_fen,
            notes=None if wish.notes is None else json.dumps(notes, sort_keys=True),
            counted_by=operator.user_id,
            counted_by_name=operator.username,
            counted_at=now,
        )
    )
    done = await find(transaction, drawer_id)
    if done.count is not None:
        transaction.concerns(f"drawer:{drawer_id}", difference_fen=done.count.difference_fen)
    return done


async def explain(
    transaction: Transaction, drawer_id: UUID, words: str, operator: Operator, *, may_close: bool
) -> DrawerView:
    """Keep what a difference is; what is said stays.

    Raises:
        RefusedError: 404 for a drawer that is not theirs; 409 where nothing is to be said.
    """
    await ledger.take_turn(transaction)
    row = await _theirs(transaction, drawer_id, operator, may_close=may_close)
    view = await _view(transaction, row)
    if row.explanation != words:
        if not view.is_unexplained:
            raise RefusedError(409, "nothing_to_explain", "there is nothing to explain")
        values = {"explanation": words, "explained_by_name": operator.username}
        here = _DRAWERS.drawer_id == str(drawer_id)
        await transaction.execute(update(office_drawers).where(here).values(values))
        transaction.concerns(f"drawer:{drawer_id}")
    return await find(transaction, drawer_id)


# ---- read


async def find(transaction: Transaction, drawer_id: UUID) -> DrawerView:
    """Return a drawer; refuses with 404 one that is not there."""
    row = await _row(transaction, str(drawer_id))
    if row is None:
        raise _unknown()
    return await _view(transaction, row)


async def of_operator(transaction: Transaction, operator_id: str) -> DrawerView | None:
    """Return the drawer that somebody has open, or whose difference they have not explained."""
    if (row := await _open(transaction, operator_id)) is not None:
        return await _view(transaction, row)
    query = select(office_drawers).where(
        _DRAWERS.operator_id == operator_id,
        _DRAWERS.explanation.is_(None),
        _DRAWERS.counted_fen != _DRAWERS.expected_fen,
    )
    rows = (await transaction.execute(query.order_by(_DRAWERS.opened_at).limit(1))).all()
    return next(iter(await _views(transaction, rows)), None)


async def between(
    transaction: Transaction, *, since: datetime, until: datetime
) -> list[DrawerView]:
    """Return drawers that were opened in a span of time, the oldest first."""
    query = select(office_drawers).where(_DRAWERS.opened_at >= since, _DRAWERS.opened_at < until)
    rows = await transaction.execute(query.order_by(_DRAWERS.opened_at, _DRAWERS.drawer_id))
    return await _views(transaction, rows.all())


async def _row(transaction: Transaction, drawer_id: str) -> Row[Any] | None:
    query = select(office_drawers).where(_DRAWERS.drawer_id == drawer_id)
    return (await transaction.execute(query)).first()


async def _open(transaction: Transaction, operator_id: str) -> Row[Any] | None:
    query = select(office_drawers).where(
        _DRAWERS.operator_id == operator_id, _DRAWERS.counted_at.is_(None)
    )
    return (await transaction.execute(query)).first()


async def _theirs(
    transaction: Transaction, drawer_id: UUID, operator: Operator, *, may_close: bool
) -> Row[Any]:
    row = await _row(transaction, str(drawer_id))
    if row is None or not (may_close or row.operator_id == operator.user_id):
        raise _unknown()
    return row


async def _views(transaction: Transaction, rows: Sequence[Row[Any]]) -> list[DrawerView]:
    return [await _view(transaction, row) for row in rows]


async def _view(transaction: Transaction, row: Row[Any]) -> DrawerView:
    return DrawerView(
        drawer_id=row.drawer_id,
        operator_id=row.operator_id,
        operator_name=row.operator_name,
        float_fen=row.float_fen,
        opened_at=row.opened_at,
        count=None if row.counted_at is None else await _count(transaction, row),
    )


async def _count(transaction: Transaction, row: Row[Any]) -> CountView:
    query = select(office_drawer_entries).where(_ENTRIES.drawer_id == row.drawer_id)
    found = await transaction.execute(query.order_by(_ENTRIES.at, _ENTRIES.entry_id))
    entries = [
        DrawerEntry(at=each.at, kind=each.kind, cash_fen=each.cash_fen, reason=each.reason)
        for each in found
    ]
    return CountView(
        counted_fen=row.counted_fen,
        notes=None if row.notes is None else json.loads(row.notes),
        counted_by=row.counted_by,
        counted_by_name=row.counted_by_name,
        counted_at=row.counted_at,
        in_fen=sum(each.cash_fen for each in entries if each.cash_fen > 0),
        out_fen=-sum(each.cash_fen for each in entries if each.cash_fen < 0),
        expected_fen=row.expected_fen,
        difference_fen=row.counted_fen - row.expected_fen,
        explanation=row.explanation or "",
        explained_by_name=row.explained_by_name or "",
        entries=entries,
    )


def _unknown() -> RefusedError:
    return RefusedError(404, "drawer_not_found", "there is no such drawer of yours")


def _counted() -> RefusedError:
    return RefusedError(409, "drawer_counted", "the drawer is counted already")
