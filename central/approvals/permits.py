"""Deeds that wait for a second person. Whoever asks, asks again once it was approved."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, insert, select, update

from central.approvals.schemas import TOPIC, ApprovalView
from central.audit.chain import canonical
from central.database import APPROVALS_LOCK, Transaction
from central.operator_tables import approvals
from central.problems import RefusedError
from central.security import Operator
from config.contract.identifiers import new_id
from config.site import Policy

LIFETIME: Final = timedelta(hours=24)
"""Of a question, and of its answer."""
LIST_LENGTH: Final = 100
DEEDS: Final[Mapping[str, str]] = {
    "key_rotation": "keys.manage",
    "canteen_refund": "canteen.refund",
    "canteen_price": "canteen.refund",
    "canteen_reversal": "canteen.refund",
    "canteen_settlement": "canteen.refund",
    "canteen_unit_charge": "canteen.manage",
}
"""Each deed, and what a second person must be allowed to do to approve it."""
ALWAYS: Final = frozenset(deed for deed in DEEDS if deed.startswith("canteen_"))
"""Deeds that wait for a second person whatever the site says: they give money away."""


async def permit(
    transaction: Transaction,
    policy: Policy,
    *,
    deed: str,
    subject: Mapping[str, Any],
    operator: Operator,
    now: datetime,
) -> RefusedError | None:
    """Return None where a deed may be done now, in this transaction; an approval is then used up.

    Else a second person is asked, and the refusal is returned: raise it once this transaction is
    committed, so that the question stays.

    Args:
        transaction: A writing one.
        policy: Of the site, which says what needs a second person.
        deed: One of ``DEEDS``.
        subject: What exactly is to be done, as JSON; an approval is good for this alone.
        operator: Who asks.
        now: Aware UTC.
    """
    if deed not in DEEDS:
        raise ValueError(f"no deed {deed!r}")
    if deed not in policy.four_eyes and deed not in ALWAYS:
        return None
    await transaction.take_turn(APPROVALS_LOCK)
    mine = (
        approvals.c.deed == deed,
        approvals.c.subject == canonical(dict(subject)),
        approvals.c.asked_by == operator.user_id,
        approvals.c.expires_at > now,
    )
    query = select(approvals).where(*mine, approvals.c.state.in_(("approved", "pending")))
    found = (await transaction.execute(query)).first()
    if found is not None and found.state == "approved":
        await _change(transaction, found.approval_id, state="used")
        transaction.concerns(f"approval:{found.approval_id}")
        return None
    approval_id = str(new_id()) if found is None else str(found.approval_id)
    if found is None:
        await transaction.execute(
            insert(approvals).values(
                approval_id=approval_id,
                deed=deed,
                subject=canonical(dict(subject)),
                state="pending",
                asked_by=operator.user_id,
                asked_by_name=operator.username,
                asked_at=now,
                expires_at=now + LIFETIME,
            )
        )
        transaction.announce(TOPIC)
    transaction.concerns(f"approval:{approval_id}", is_asked=True)
    return RefusedError(
        409,
        "approval_needed",
        "a second person must approve this: ask again when somebody has",
        approval_id=approval_id,
    )


async def decide(
    transaction: Transaction,
    approval_id: str,
    operator: Operator,
    *,
    is_approved: bool,
    now: datetime,
) -> None:
    """Approve or refuse what somebody else asked for; the answer is good for as long again."""
    await transaction.take_turn(APPROVALS_LOCK)
    query = select(approvals).where(approvals.c.approval_id == approval_id)
    found = (await transaction.execute(query)).first()
    if found is None or found.state != "pending" or found.expires_at <= now:
        raise RefusedError(404, "approval_not_found", "nobody waits for this any more")
    if found.asked_by == operator.user_id:
        raise RefusedError(409, "second_person_needed", "somebody else must decide this")
    if not operator.may(DEEDS.get(found.deed, "")):
        raise RefusedError(403, "forbidden", f"this needs the permission {DEEDS.get(found.deed)}")
    await _change(
        transaction,
        approval_id,
        state="approved" if is_approved else "refused",
        decided_by=operator.user_id,
        decided_by_name=operator.username,
        decided_at=now,
        expires_at=now + LIFETIME,
    )
    transaction.concerns(f"user:{found.asked_by}", deed=found.deed)


async def latest(
    transaction: Transaction, operator: Operator, *, now: datetime
) -> list[ApprovalView]:
    """Return the latest, newest first; whose money it is about sees the canteen alone."""
    query = select(approvals).order_by(approvals.c.asked_at.desc(), approvals.c.approval_id)
    if not operator.may("canteen.read"):
        query = query.where(approvals.c.deed.not_in(ALWAYS))
    rows = await transaction.execute(query.limit(LIST_LENGTH))
    return [_view(row, operator, now) for row in rows]


async def _change(transaction: Transaction, approval_id: str, **values: object) -> None:
    await transaction.execute(
        update(approvals).where(approvals.c.approval_id == approval_id).values(**values)
    )
    transaction.announce(TOPIC)


def _view(row: Row[Any], operator: Operator, now: datetime) -> ApprovalView:
    is_over = row.expires_at <= now and row.state in ("pending", "approved")
    return ApprovalView(
        approval_id=row.approval_id,
        deed=row.deed,
        subject=json.loads(row.subject),
        state="expired" if is_over else row.state,
        asked_by=row.asked_by_name,
        asked_at=row.asked_at,
        expires_at=row.expires_at,
        decided_by=row.decided_by_name,
        decided_at=row.decided_at,
        is_own=row.asked_by == operator.user_id,
    )
