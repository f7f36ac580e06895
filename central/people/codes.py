"""Codes of new hires: good many times until their end, for somebody the terminals know.

A code is not kept: it is signed again from what is kept. One that is cancelled is named in the
person's record, so that a terminal that has heard of it refuses it.
"""

import secrets
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row, insert, select, update

from central.database import Transaction
from central.people import repository
from central.tables import temporary_codes
from config.contract.schedules import Calendar
from config.contract.visitor_code import VisitorCode

WORKING_DAYS: Final = 3
LENGTH_MAX: Final = timedelta(days=31)
_SEARCHED_DAYS: Final = 60
_SATURDAY: Final = 5


def default_end(now: datetime, *, zone: ZoneInfo, calendar: Calendar | None) -> datetime:
    """Return the end of the third working day, today included where it is one.

    Args:
        now: Aware UTC.
        zone: Of the site, whose midnights count.
        calendar: Official holidays and make-up workdays; None knows weekdays alone.
    """
    today, count = now.astimezone(zone).date(), 0
    for day in (today + timedelta(days=n) for n in range(_SEARCHED_DAYS)):
        count += _is_working(day, calendar)
        if count == WORKING_DAYS:
            midnight = datetime.combine(day + timedelta(days=1), time(), zone)
            return midnight.astimezone(now.tzinfo)
    raise ValueError(f"the calendar has no {WORKING_DAYS} working days in {_SEARCHED_DAYS} days")


def _is_working(day: date, calendar: Calendar | None) -> bool:
    for year in () if calendar is None else calendar.years:
        if any(holiday.first <= day <= holiday.last for holiday in year.holidays):
            return False
        if any(workday.date == day for workday in year.makeup_workdays):
            return True
    return day.weekday() < _SATURDAY


async def add(
    transaction: Transaction,
    code_id: str,
    holder_id: str,
    *,
    points: Sequence[str],
    valid_from: datetime,
    valid_until: datetime,
    created_by: str,
) -> None:
    """Give a person a code."""
    await transaction.execute(
        insert(temporary_codes).values(
            code_id=code_id,
            holder_id=holder_id,
            nonce=secrets.token_hex(8),
            points=list(points),
            valid_from=valid_from,
            valid_until=valid_until,
            created_by=created_by,
        )
    )


async def of_person(transaction: Transaction, holder_id: str) -> Sequence[Row[Any]]:
    """Return a person's codes, newest first."""
    query = select(temporary_codes).where(temporary_codes.c.holder_id == holder_id)
    rows = await transaction.execute(query.order_by(temporary_codes.c.code_id.desc()))
    return rows.all()


async def cancel(transaction: Transaction, row: Row[Any], *, now: datetime) -> None:
    """End a code; terminals hear of it with the person."""
    chosen = update(temporary_codes).where(temporary_codes.c.code_id == row.code_id)
    await transaction.execute(chosen.values(cancelled_at=now))
    await repository.change(transaction, row.holder_id, {})


async def cancelled(
    transaction: Transaction, holder_ids: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Return the nonces of cancelled codes, by holder."""
    query = select(temporary_codes.c.holder_id, temporary_codes.c.nonce).where(
        temporary_codes.c.holder_id.in_(holder_ids), temporary_codes.c.cancelled_at.is_not(None)
    )
    found = dict[str, tuple[str, ...]]()
    for row in await transaction.execute(query.order_by(temporary_codes.c.code_id)):
        found[row.holder_id] = (*found.get(row.holder_id, ()), row.nonce)
    return found


def code_of(row: Row[Any]) -> VisitorCode:
    """Return what a code says."""
    return VisitorCode(
        holder_id=UUID(row.holder_id),
        nonce=row.nonce,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        points=tuple(row.points),
        is_one_time=False,
        stands_alone=False,
    )
