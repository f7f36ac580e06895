"""What webhooks and mail servers are to be told: a durable queue in the database.

A message holds identifiers, figures and a link; never a name, a picture or what an operator wrote.
"""

import dataclasses
import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from sqlalchemy import Row, insert, select, update

from central.alarms.channels import ChannelSettings, all_channels
from central.alarms.rows import Kept
from central.alarms.tables import alarm_deliveries
from central.database import Transaction
from central.webhooks import pause_after
from config.contract.identifiers import new_id

Channel = Literal["webhook", "mail"]
TOPIC: Final = "alarm-deliveries"
PAUSE_MAX: Final = timedelta(minutes=15)
GIVEN_UP: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=60)
"""Whoever tries a delivery has it for so long; then another process may."""
FAILURE_LENGTH_MAX: Final = 200


@dataclasses.dataclass(frozen=True, slots=True)
class Delivery:
    """Something to be told. Attributes: attempts: before this one."""

    delivery_id: str
    channel: str
    alarm_id: str
    body: str
    made_at: datetime
    attempts: int

    @property
    def is_test(self) -> bool:
        """Whether it is about no alarm: somebody tries the channel."""
        return not self.alarm_id


async def put(transaction: Transaction, told: Iterable[tuple[Kept, int]], *, now: datetime) -> None:
    """Put what was raised or escalated into the queue, for those who want to be told of it."""
    waiting = list(told)
    if not waiting:
        return
    channels = [each for each in await all_channels(transaction) if each.is_on]
    for kept, level in waiting:
        line = kept.source.line
        if line is None or kept.alarm_id is None:
            continue
        for channel in channels:
            if line.priority <= channel.priority and level == channel.level:
                body = {
                    "alarm_id": kept.alarm_id,
                    "kind": kept.key.kind,
                    "priority": line.priority,
                    "source": kept.key.source,
                    "node": kept.key.node,
                    "raised_at": line.raised_at.isoformat(),
                    "count": line.raise_count,
                    "escalation": level,
                }
                await add(transaction, channel, alarm_id=kept.alarm_id, body=body, now=now)


async def add(
    transaction: Transaction,
    channel: ChannelSettings,
    *,
    alarm_id: str,
    body: dict[str, Any],
    now: datetime,
) -> str:
    """Put one message into the queue; returns its identifier."""
    delivery_id = str(new_id())
    await transaction.execute(
        insert(alarm_deliveries).values(
            delivery_id=delivery_id,
            channel=channel.name,
            alarm_id=alarm_id,
            body=json.dumps(body, separators=(",", ":")),
            made_at=now,
            next_at=now,
            attempts=0,
            failure="",
        )
    )
    transaction.announce(TOPIC)
    return delivery_id


async def take_due(transaction: Transaction, *, limit: int, now: datetime) -> list[Delivery]:
    """Take what is due, so that nobody else tries it meanwhile."""
    columns = alarm_deliveries.c
    query = (
        select(alarm_deliveries)
        .where(columns.next_at <= now)
        .order_by(columns.next_at, columns.delivery_id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    rows: Sequence[Row[Any]] = (await transaction.execute(query)).all()
    ids = [row.delivery_id for row in rows]
    if ids:
        taken = update(alarm_deliveries).where(columns.delivery_id.in_(ids))
        await transaction.execute(taken.values(next_at=now + LEASE))
    return [
        Delivery(row.delivery_id, row.channel, row.alarm_id, row.body, row.made_at, row.attempts)
        for row in rows
    ]


async def note_delivered(transaction: Transaction, delivery: Delivery, *, now: datetime) -> None:
    """It was taken."""
    await _set(
        transaction,
        delivery,
        next_at=None,
        delivered_at=now,
        attempts=delivery.attempts + 1,
        failure="",
    )


async def note_failed(
    transaction: Transaction, delivery: Delivery, failure: str, *, now: datetime
) -> None:
    """It was not taken: try again later, for a day; a trial is tried once."""
    next_at = now + pause_after(delivery.attempts, most=PAUSE_MAX)
    is_over = delivery.is_test or next_at > delivery.made_at + GIVEN_UP
    await _set(
        transaction,
        delivery,
        next_at=None if is_over else next_at,
        attempts=delivery.attempts + 1,
        failure=failure[:FAILURE_LENGTH_MAX],
    )


async def _set(transaction: Transaction, delivery: Delivery, **values: Any) -> None:  # noqa: ANN401 - columns
    here = alarm_deliveries.c.delivery_id == delivery.delivery_id
    await transaction.execute(update(alarm_deliveries).where(here).values(**values))


async def next_due(transaction: Transaction) -> datetime | None:
    """Return when something is due next; None while nothing waits."""
    columns = alarm_deliveries.c
    query = select(columns.next_at).where(columns.next_at.is_not(None))
    at: datetime | None = (
        await transaction.execute(query.order_by(columns.next_at).limit(1))
    ).scalar_one_or_none()
    return at
