"""How many events there are and came lately, found without counting them."""

import dataclasses
from datetime import datetime

from sqlalchemy import select

from central.database import Transaction
from central.tables import events


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """The events that were ever taken in, but for the oldest that are gone altogether.

    Attributes:
        count: Positions between the oldest and the newest.
        oldest_at: When the oldest was received, aware UTC.
        count_since: Of those received since the moment that was asked for.
    """

    count: int
    oldest_at: datetime
    count_since: int


async def stored_since(transaction: Transaction, moment: datetime) -> Stored | None:
    """Return how many events there are, and came since a moment; None where there is none.

    Positions are the order of commits, so the first after a moment is found by halving.
    """
    ends = [
        (await transaction.execute(select(events.c.position, events.c.received_at)
         .order_by(order).limit(1))).first()
        for order in (events.c.position.asc(), events.c.position.desc())
    ]  # fmt: skip
    oldest, newest = ends
    if oldest is None or newest is None:
        return None
    low, high = oldest.position, newest.position + 1
    while low < high:
        middle = (low + high) // 2
        query = select(events.c.position, events.c.received_at).where(events.c.position >= middle)
        row = (await transaction.execute(query.order_by(events.c.position).limit(1))).first()
        if row is not None and row.received_at < moment:
            low = row.position + 1
        else:
            high = middle
    end = newest.position + 1
    return Stored(end - oldest.position, oldest.received_at, end - low)
