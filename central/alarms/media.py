"""Pictures and clips that alarms are given once a node has kept them."""

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from central.alarms.book import Book
from central.alarms.tables import alarms
from central.database import Transaction

NEAR: Final = timedelta(seconds=30)
"""A picture belongs to an alarm that was raised so near to what it shows."""
MEDIA_COUNT_MAX: Final = 12
"""Of one alarm: it tells what happened, it is no recording."""


async def attach_media(
    transaction: Transaction,
    medium: dict[str, str],
    *,
    subjects: Collection[str],
    from_at: datetime,
    to_at: datetime,
    now: datetime,
) -> None:
    """Give a picture to the alarms about the same place and time; giving it again changes nothing.

    Args:
        transaction: A writing one.
        medium: As ``schemas.Medium``.
        subjects: What the picture was kept for, as the site file names it.
        from_at: Of its first picture.
        to_at: Of its last picture.
        now: Aware UTC.
    """
    query = select(alarms.c.source, alarms.c.subject_id).where(
        alarms.c.last_raised_at >= from_at - NEAR, alarms.c.last_raised_at <= to_at + NEAR
    )
    rows = (await transaction.execute(query)).all()
    # A point of a panel is named after its panel, which is what cameras cover.
    sources = {r.source for r in rows if {r.subject_id, r.subject_id.split("/")[0]} & {*subjects}}
    if not sources:
        return
    book = await Book.open(transaction, now=now)
    await book.read_sources(sources)
    for kept in book.kept:
        is_full = len(kept.media) >= MEDIA_COUNT_MAX
        if kept.alarm_id is not None and medium not in kept.media and not is_full:
            kept.media = [*kept.media, medium]
            kept.is_line_changed = True
    await book.save()
