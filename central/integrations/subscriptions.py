"""Webhooks in the database: who is told what, up to where each is, and who sends just now."""

import dataclasses
import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, select, update

from central.database import Transaction
from central.events.repository import newest_position
from central.integrations.schemas import Attempt, NewWebhook, Webhook, WebhookView
from central.integrations.tables import webhook_attempts, webhooks
from central.keys import KeyEncryptionKey

TOPIC: Final = "webhooks"
LEASE: Final = timedelta(seconds=60)
"""Whoever sends to a webhook has it for so long; then another process may."""
BEFORE_KEPT: Final = timedelta(days=1)
"""So long messages are signed with the secret of before, too."""
ATTEMPTS_KEPT: Final = 50


def purpose(webhook_id: str) -> str:
    """Return what a webhook's secrets are bound to."""
    return f"webhook|{webhook_id}"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Due:
    """A webhook that somebody has taken to send to; not printable, as it holds secrets."""

    webhook_id: str
    settings: Webhook
    secret: str
    made_by: str
    position: int
    until: int | None
    attempts: int
    failing_since: datetime | None


async def add(
    transaction: Transaction,
    wish: NewWebhook,
    *,
    webhook_id: str,
    secret: str,
    kek: KeyEncryptionKey,
    made_by: str,
    now: datetime,
) -> WebhookView:
    """Keep a new webhook."""
    newest = await newest_position(transaction)
    kept = json.dumps({"now": secret})
    await transaction.execute(
        insert(webhooks).values(
            webhook_id=webhook_id,
            name=wish.name,
            wish=_wish(wish),
            secret=kek.wrap(kept.encode(), purpose=purpose(webhook_id)),
            made_by=made_by,
            made_at=now,
            is_on=wish.is_on,
            off_reason="",
            position=newest if wish.after is None else min(wish.after, newest),
            forgotten=0,
            attempts=0,
            next_at=now,
            failure="",
        )
    )
    transaction.announce(TOPIC)
    return (await views(transaction, webhook_id))[0]


async def put(
    transaction: Transaction, webhook_id: str, wish: Webhook, *, now: datetime
) -> WebhookView | None:
    """Replace what is wanted; it goes on from where it is. None where there is none."""
    changed = await transaction.execute(
        update(webhooks)
        .where(webhooks.c.webhook_id == webhook_id)
        .values(
            name=wish.name, wish=_wish(wish), is_on=wish.is_on, off_reason="", attempts=0,
            until=None, next_at=now, failing_since=None, failure="",
        )
        .returning(webhooks.c.webhook_id)
    )  # fmt: skip
    if changed.first() is None:
        return None
    transaction.announce(TOPIC)
    return (await views(transaction, webhook_id))[0]


async def remove(transaction: Transaction, webhook_id: str) -> bool:
    """Forget a webhook; returns whether there was one."""
    await transaction.execute(
        delete(webhook_attempts).where(webhook_attempts.c.webhook_id == webhook_id)
    )
    removed = delete(webhooks).where(webhooks.c.webhook_id == webhook_id)
    found = await transaction.execute(removed.returning(webhooks.c.webhook_id))
    return found.first() is not None


async def views(transaction: Transaction, webhook_id: str | None = None) -> list[WebhookView]:
    """Return webhooks by name, or the one of an identifier."""
    newest = await newest_position(transaction)
    query = select(webhooks).order_by(webhooks.c.name, webhooks.c.webhook_id)
    if webhook_id is not None:
        query = query.where(webhooks.c.webhook_id == webhook_id)
    return [
        WebhookView(
            webhook_id=row.webhook_id,
            settings=_settings(row),
            made_by=row.made_by,
            made_at=row.made_at,
            off_reason=row.off_reason,
            position=row.position,
            waiting=max(0, newest - row.position),
            forgotten=row.forgotten,
            attempts=row.attempts,
            failure=row.failure,
            failing_since=row.failing_since,
            next_at=row.next_at if row.is_on and row.attempts else None,
            taken_at=row.taken_at,
        )
        for row in await transaction.execute(query)
    ]


async def put_secret(
    transaction: Transaction, webhook_id: str, secret: str, *, kek: KeyEncryptionKey, now: datetime
) -> datetime | None:
    """Replace a secret; returns until when the one of before is good, None where there is none."""
    query = select(webhooks.c.secret).where(webhooks.c.webhook_id == webhook_id).with_for_update()
    wrapped = (await transaction.execute(query)).scalar_one_or_none()
    if wrapped is None:
        return None
    bound, until = purpose(webhook_id), now + BEFORE_KEPT
    before = json.loads(kek.unwrap(wrapped, purpose=bound))["now"]
    kept = json.dumps({"now": secret, "before": before, "until": until.isoformat()})
    await transaction.execute(
        update(webhooks)
        .where(webhooks.c.webhook_id == webhook_id)
        .values(secret=kek.wrap(kept.encode(), purpose=bound))
    )
    return until


def keys_of(wrapped: str, webhook_id: str, kek: KeyEncryptionKey, *, now: datetime) -> list[str]:
    """Return the secrets to sign with, the newest first."""
    kept = json.loads(kek.unwrap(wrapped, purpose=purpose(webhook_id)))
    is_both = "before" in kept and datetime.fromisoformat(kept["until"]) > now
    return [kept["now"], kept["before"]] if is_both else [kept["now"]]


async def find(transaction: Transaction, webhook_id: str) -> Due | None:
    """Return a webhook, on or off, without taking it."""
    query = select(webhooks).where(webhooks.c.webhook_id == webhook_id)
    row = (await transaction.execute(query)).first()
    return None if row is None else _due(row)


@dataclasses.dataclass(frozen=True, slots=True)
class Standing:
    """How webhooks stand.

    Attributes:
        has_any: Whether one is on.
        due: Those that something may be sent to now, the one that waits longest first.
        next_at: When one is due next that is behind and has to wait; a lease ends then, too.
    """

    has_any: bool
    due: list[str]
    next_at: datetime | None


async def standing(transaction: Transaction, *, now: datetime) -> Standing:
    """Return how webhooks stand now."""
    columns = webhooks.c
    query = select(columns.webhook_id, columns.next_at, columns.position).where(columns.is_on)
    rows = (await transaction.execute(query.order_by(columns.next_at, columns.webhook_id))).all()
    if not rows:
        return Standing(has_any=False, due=[], next_at=None)
    newest = await newest_position(transaction)
    behind = [row for row in rows if row.position < newest]
    return Standing(
        has_any=True,
        due=[row.webhook_id for row in behind if row.next_at <= now],
        next_at=min((row.next_at for row in behind if row.next_at > now), default=None),
    )


async def take(transaction: Transaction, webhook_id: str, *, now: datetime) -> Due | None:
    """Take a webhook, so that nobody else sends to it meanwhile; None where somebody has it."""
    columns = webhooks.c
    taken = await transaction.execute(
        update(webhooks)
        .where(columns.webhook_id == webhook_id, columns.is_on, columns.next_at <= now)
        .values(next_at=now + LEASE)
        .returning(webhooks)
    )
    row = taken.first()
    return None if row is None else _due(row)


async def note_taken(
    transaction: Transaction,
    due: Due,
    *,
    position: int,
    forgotten: int,
    has_sent: bool,
    is_last: bool,
    now: datetime,
) -> None:
    """It has everything up to a position; whoever sends keeps it unless this was the last."""
    values: dict[str, Any] = {
        "position": position,
        "until": None,
        "forgotten": webhooks.c.forgotten + forgotten,
        "next_at": now if is_last else now + LEASE,
    }
    if has_sent:
        values |= {"attempts": 0, "failing_since": None, "failure": "", "taken_at": now}
    await _set(transaction, due, values)


async def note_failed(
    transaction: Transaction,
    due: Due,
    *,
    until: int,
    failure: str,
    next_at: datetime,
    off_reason: str,
    now: datetime,
) -> None:
    """It did not take a message; the same one is tried again."""
    values = {
        "until": until,
        "attempts": due.attempts + 1,
        "next_at": next_at,
        "failing_since": due.failing_since or now,
        "failure": failure,
        "is_on": not off_reason,
        "off_reason": off_reason,
    }
    await _set(transaction, due, values)


async def note_attempt(transaction: Transaction, webhook_id: str, attempt: Attempt) -> None:
    """Keep what became of a message, and forget the oldest."""
    columns = webhook_attempts.c
    await transaction.execute(
        insert(webhook_attempts).values(
            webhook_id=webhook_id,
            event_count=attempt.count,
            **attempt.model_dump(exclude={"count"}),
        )
    )
    kept = (
        select(columns.number)
        .where(columns.webhook_id == webhook_id)
        .order_by(columns.number.desc())
        .offset(ATTEMPTS_KEPT)
        .limit(1)
        .scalar_subquery()
    )
    await transaction.execute(
        delete(webhook_attempts).where(columns.webhook_id == webhook_id, columns.number <= kept)
    )


async def attempts_of(transaction: Transaction, webhook_id: str) -> Sequence[Attempt]:
    """Return the last messages, the newest first."""
    columns = webhook_attempts.c
    query = (
        select(webhook_attempts)
        .where(columns.webhook_id == webhook_id)
        .order_by(columns.number.desc())
    )
    return [
        Attempt(
            at=row.at,
            position=row.position,
            count=row.event_count,
            status=row.status,
            duration_ms=row.duration_ms,
            failure=row.failure,
        )
        for row in await transaction.execute(query)
    ]


async def count(transaction: Transaction) -> int:
    """Return how many webhooks there are."""
    query = select(func.count()).select_from(webhooks)
    return int((await transaction.execute(query)).scalar_one())


async def behind(transaction: Transaction, newest: int) -> int:
    """Return how many events all webhooks that are on have not been told yet, together."""
    query = select(func.sum(newest - webhooks.c.position)).where(webhooks.c.is_on)
    return max(0, int((await transaction.execute(query)).scalar_one() or 0))


async def _set(transaction: Transaction, due: Due, values: dict[str, Any]) -> None:
    # Who changed it meanwhile began anew: what is noted of before does not count any more.
    here = (webhooks.c.webhook_id == due.webhook_id) & (webhooks.c.position == due.position)
    await transaction.execute(update(webhooks).where(here).values(**values))


def _wish(wish: Webhook) -> dict[str, Any]:
    return wish.model_dump(mode="json", exclude={"name", "is_on", "after"})


def _settings(row: Row[Any]) -> Webhook:
    return Webhook.model_validate({**row.wish, "name": row.name, "is_on": row.is_on})


def _due(row: Row[Any]) -> Due:
    return Due(
        webhook_id=row.webhook_id,
        settings=_settings(row),
        secret=row.secret,
        made_by=row.made_by,
        position=row.position,
        until=row.until,
        attempts=row.attempts,
        failing_since=row.failing_since,
    )
