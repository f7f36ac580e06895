"""What a rule of retention is: two questions about one class of data."""

import dataclasses
from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Column, ColumnElement, delete, func, select

from central.database import Transaction

Oldest = Callable[[Transaction], Awaitable[datetime | None]]
Forget = Callable[[Transaction, datetime, int], Awaitable["Forgotten"]]


class Forgotten(NamedTuple):
    """What a batch did. Attributes: has_more: perhaps more are due."""

    items: int
    has_more: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """How one class is emptied.

    Attributes:
        oldest: Since when the oldest item counts; None where there is none.
        forget: Deletes of those that counted until a moment about as many as it is told.
    """

    oldest: Oldest
    forget: Forget


async def minimum(
    transaction: Transaction,
    *columns: ColumnElement[datetime],
    where: ColumnElement[bool] | None = None,
) -> datetime | None:
    """Return the earliest moment in some columns; None where there is none."""
    found = list[datetime]()
    for column in columns:
        query = select(func.min(column))
        at = (
            await transaction.execute(query if where is None else query.where(where))
        ).scalar_one()
        found += [] if at is None else [at]
    return min(found, default=None)


async def delete_some(
    transaction: Transaction, key: Column[Any], condition: ColumnElement[bool], limit: int
) -> int:
    """Delete at most so many rows that fulfil a condition; returns how many."""
    query = select(key).where(condition).order_by(key).limit(limit)
    keys = (await transaction.execute(query)).scalars().all()
    if keys:
        await transaction.execute(delete(key.table).where(key.in_(keys)))
    return len(keys)
