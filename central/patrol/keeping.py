"""What retention asks of patrols: since when the oldest item counts, and to forget what is due.

A round counts from when it closed, a scan from when it was made, a duty from its day.
"""

from datetime import UTC, datetime, time
from typing import Any

from sqlalchemy import Column, delete, func, select

from central.database import PATROL_LOCK, Transaction
from central.patrol.tables import patrol_duties, patrol_rounds, patrol_scans


async def oldest(transaction: Transaction) -> datetime | None:
    """Return since when the oldest item counts; None where there is none."""
    found = list[datetime]()
    for column in (patrol_rounds.c.closes_at, patrol_scans.c.scanned_at):
        at = (await transaction.execute(select(func.min(column)))).scalar_one()
        found += [] if at is None else [at]
    day = (await transaction.execute(select(func.min(patrol_duties.c.day)))).scalar_one()
    found += [] if day is None else [datetime.combine(day, time.max, UTC)]
    return min(found, default=None)


async def forget(transaction: Transaction, *, until: datetime, limit: int) -> int:
    """Delete about so many of the items that counted until a moment; returns how many."""
    await transaction.take_turn(PATROL_LOCK)
    due: tuple[tuple[Column[Any], Column[Any], object], ...] = (
        (patrol_rounds.c.round_id, patrol_rounds.c.closes_at, until),
        (patrol_scans.c.scan_id, patrol_scans.c.scanned_at, until),
    )
    count = 0
    for key, at, limit_at in due:
        query = select(key).where(at <= limit_at).limit(limit)
        keys = (await transaction.execute(query)).scalars().all()
        if keys:
            await transaction.execute(delete(key.table).where(key.in_(keys)))
        count += len(keys)
    over = await transaction.execute(
        delete(patrol_duties)
        .where(patrol_duties.c.day < until.date())
        .returning(patrol_duties.c.shift)
    )
    return count + len(over.all())
