"""Whose orders there are, how many, and under which numbers."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, func, or_, select

from central.canteen.orders import STANDING
from central.canteen.tables import canteen_charges, canteen_orders
from central.database import Transaction
from central.due import earliest
from central.orders.windows import Window
from central.tables import people
from config.contract.money import OrderState

_ORDERS = canteen_orders.c
_IS_WAITING = _ORDERS.state == OrderState.WAITING.value
_IS_STANDING = _ORDERS.state.in_([state.value for state in STANDING])


async def of_wish(transaction: Transaction, holder_id: str, wish_id: str) -> Row[Any] | None:
    """Return the order that a wish of a person has become."""
    here = (_ORDERS.holder_id == holder_id, _ORDERS.wish_id == wish_id)
    return (await transaction.execute(select(canteen_orders).where(*here))).first()


async def of_person(
    transaction: Transaction, holder_id: str, *, since: date, limit: int
) -> Sequence[Row[Any]]:
    """Return a person's orders of a day and later, those that come next first."""
    query = (
        select(canteen_orders)
        .where(_ORDERS.holder_id == holder_id, _ORDERS.day >= since)
        .order_by(_ORDERS.begins_at.desc(), _ORDERS.charge_id.desc())
        .limit(limit)
    )
    return (await transaction.execute(query)).all()


async def counts_of(transaction: Transaction, holder_id: str, window: Window) -> tuple[int, int]:
    """Return how many orders of a window a person has ever made, and how many of them stand."""
    query = select(_ORDERS.state).where(_ORDERS.holder_id == holder_id, *_of(window))
    states = (await transaction.execute(query)).scalars().all()
    return len(states), sum(state in STANDING for state in states)


async def standing_count(transaction: Transaction, window: Window) -> int:
    """Return how many orders a window has."""
    query = select(func.count()).where(*_of(window), _IS_STANDING)
    return int((await transaction.execute(query)).scalar_one())


async def next_number(transaction: Transaction, window: Window) -> str:
    """Return the number of the next order of a window; who calls has the ledger's turn."""
    query = (
        select(_ORDERS.number)
        .where(
            _ORDERS.merchant == window.merchant,
            _ORDERS.day == window.day,
            _ORDERS.number.like(f"{window.letter}%"),
        )
        .order_by(func.length(_ORDERS.number).desc(), _ORDERS.number.desc())
        .limit(1)
    )
    last: str | None = (await transaction.execute(query)).scalar_one_or_none()
    return f"{window.letter}{1 if last is None else int(last[1:]) + 1:03}"


async def of_day(
    transaction: Transaction, day: date, *, merchant: str = "", period: str = ""
) -> Sequence[Row[Any]]:
    """Return a day's orders with what became of them, by merchant, window and number.

    Args:
        transaction: Any.
        day: Of the site.
        merchant: Of this one alone, where it is said.
        period: The same.
    """
    charges = canteen_charges.c
    query = (
        select(canteen_orders, charges.charged_at, charges.till)
        .select_from(
            canteen_orders.outerjoin(canteen_charges, charges.charge_id == _ORDERS.charge_id)
        )
        .where(_ORDERS.day == day)
        .order_by(
            _ORDERS.merchant,
            _ORDERS.begins_at,
            _ORDERS.period,
            func.length(_ORDERS.number),
            _ORDERS.number,
        )
    )
    for name, value in (("merchant", merchant), ("period", period)):
        if value:
            query = query.where(_ORDERS[name] == value)
    return (await transaction.execute(query)).all()


async def who_left(
    transaction: Transaction, *, holder_id: str | None = None, now: datetime
) -> list[str]:
    """Return who has an order that waits and is here no more; of one person, where one is named."""
    has_left = or_(
        people.c.holder_id.is_(None),
        people.c.is_removed,
        ~people.c.is_active,
        people.c.valid_until.is_not(None) & (people.c.valid_until <= now),
    )
    query = (
        select(_ORDERS.holder_id)
        .select_from(canteen_orders.outerjoin(people, people.c.holder_id == _ORDERS.holder_id))
        .where(_IS_WAITING, has_left)
        .distinct()
    )
    if holder_id is not None:
        query = query.where(_ORDERS.holder_id == holder_id)
    return list((await transaction.execute(query)).scalars())


async def waiting_of(transaction: Transaction, holder_id: str) -> list[str]:
    """Return the orders of somebody that are not collected yet."""
    query = select(_ORDERS.charge_id).where(_IS_WAITING, _ORDERS.holder_id == holder_id)
    return list((await transaction.execute(query)).scalars())


async def due(transaction: Transaction, *, now: datetime, limit: int) -> list[str]:
    """Return orders that nobody is waited for any more, the oldest first."""
    query = select(_ORDERS.charge_id).where(_IS_WAITING, _ORDERS.due_at <= now)
    rows = await transaction.execute(query.order_by(_ORDERS.due_at, _ORDERS.charge_id).limit(limit))
    return list(rows.scalars())


async def next_due(transaction: Transaction, *, now: datetime) -> datetime | None:
    """Return when time alone does something to an order next, after now."""
    until = select(func.min(_ORDERS.due_at)).where(_IS_WAITING, _ORDERS.due_at > now)
    leaving = (
        select(func.min(people.c.valid_until))
        .select_from(canteen_orders.join(people, people.c.holder_id == _ORDERS.holder_id))
        .where(_IS_WAITING, people.c.valid_until > now)
    )
    moments = [(await transaction.execute(query)).scalar_one() for query in (until, leaving)]
    return earliest(*moments)


def _of(window: Window) -> tuple[Any, ...]:
    return (
        _ORDERS.merchant == window.merchant,
        _ORDERS.day == window.day,
        _ORDERS.period == window.period.id,
    )
