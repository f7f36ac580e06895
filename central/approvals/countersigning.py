"""What one person did alone in an emergency: it is in force at once, and somebody else signs."""

from datetime import datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, insert, select, update

from central.approvals.schemas import TOPIC, CountersignatureView
from central.audit.notes import CENTRAL, Note
from central.database import Transaction
from central.events import repository as events
from central.events.facts import EmergencyReleased
from central.operator_tables import countersignatures
from central.problems import RefusedError
from central.security import Operator
from config.contract.identifiers import new_id

WITHIN: Final = timedelta(hours=24)
SIGNED_COUNT: Final = 50
Act = Literal["level_opened", "level_lifted"]


async def record(
    transaction: Transaction,
    act: Act,
    *,
    subject: str,
    reason: str,
    operator: Operator,
    site: str,
    epoch: UUID,
    now: datetime,
) -> None:
    """Alarm, and put an act on the list of what somebody else has to sign.

    Args:
        transaction: The one that does it.
        act: What was done.
        subject: To what; an identifier.
        reason: As the operator gave it; may be empty.
        operator: Who did it.
        site: Its identifier.
        epoch: Of central's own events.
        now: Aware UTC.
    """
    act_id = str(new_id())
    await transaction.execute(
        insert(countersignatures).values(
            act_id=act_id,
            act=act,
            subject=subject,
            reason=reason,
            done_by=operator.user_id,
            done_by_name=operator.username,
            done_at=now,
        )
    )
    transaction.concerns(f"act:{act_id}")
    transaction.announce(TOPIC)
    fact = EmergencyReleased(act=act, subject=subject, act_id=act_id, user_id=operator.user_id)
    await events.state(transaction, fact, site=site, epoch=epoch, now=now)


async def sign(
    transaction: Transaction, act_id: str, operator: Operator, *, reason: str, now: datetime
) -> None:
    """Sign what somebody else did; ``reason`` is what the one who signs says of it."""
    query = select(countersignatures).where(countersignatures.c.act_id == act_id)
    found = (await transaction.execute(query.with_for_update())).first()
    if found is None or found.signed_at is not None:
        raise RefusedError(404, "act_not_found", "nobody waits for this signature any more")
    if found.done_by == operator.user_id:
        raise RefusedError(409, "second_person_needed", "somebody else must sign this")
    await transaction.execute(
        update(countersignatures)
        .where(countersignatures.c.act_id == act_id)
        .values(
            signed_by=operator.user_id,
            signed_by_name=operator.username,
            signed_at=now,
            signed_reason=reason,
        )
    )
    transaction.announce(TOPIC)
    transaction.concerns(f"user:{found.done_by}", act=found.act, is_late=_is_late(found, now))


async def note_overdue(transaction: Transaction, *, now: datetime) -> None:
    """Record, once, what nobody has signed in time."""
    overdue = await transaction.execute(
        update(countersignatures)
        .where(
            countersignatures.c.signed_at.is_(None),
            countersignatures.c.overdue_at.is_(None),
            countersignatures.c.done_at <= now - WITHIN,
        )
        .values(overdue_at=now)
        .returning(countersignatures.c.act_id, countersignatures.c.done_by)
    )
    for row in overdue:
        about = (f"act:{row.act_id}", f"user:{row.done_by}")
        transaction.note(Note(actor=CENTRAL, action="countersignature_overdue", objects=about))
        transaction.announce(TOPIC)


async def listed(
    transaction: Transaction, operator: Operator, *, now: datetime
) -> list[CountersignatureView]:
    """Return what nobody has signed, oldest first, then the latest that somebody did."""
    signed_at = countersignatures.c.signed_at
    waiting = select(countersignatures).where(signed_at.is_(None))
    signed = select(countersignatures).where(signed_at.is_not(None)).order_by(signed_at.desc())
    rows = [
        *await transaction.execute(waiting.order_by(countersignatures.c.done_at)),
        *await transaction.execute(signed.limit(SIGNED_COUNT)),
    ]
    return [
        CountersignatureView(
            act_id=row.act_id,
            act=row.act,
            subject=row.subject,
            reason=row.reason,
            done_by=row.done_by_name,
            done_at=row.done_at,
            due_at=row.done_at + WITHIN,
            is_overdue=_is_late(row, row.signed_at or now),
            is_own=row.done_by == operator.user_id,
            signed_by=row.signed_by_name,
            signed_at=row.signed_at,
            signed_reason=row.signed_reason,
        )
        for row in rows
    ]


def _is_late(row: Row[Any], at: datetime) -> bool:
    return bool(row.done_at + WITHIN <= at)
