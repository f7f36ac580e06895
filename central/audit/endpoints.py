"""The audit log over HTTP, for auditors; and how endpoints record that somebody looked."""

import json
import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Row

from central.audit import repository
from central.audit.notes import Note
from central.audit.purposes import MONITORING, Reason
from central.audit.schemas import AuditEntry, AuditPage
from central.problems import RESPONSES
from central.security import Operator, Requires
from central.services import Given, Services
from central.users import repository as users

router = APIRouter(tags=["audit"], responses=RESPONSES)
WATCHING: Final = Reason(MONITORING, "")
"""Of whoever has the console open."""
Auditor = Annotated[Operator, Depends(Requires("audit.read"))]


@router.get("/audit")
async def list_audit(
    _: Auditor,
    services: Given,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    actor: Annotated[str, Query(max_length=100)] = "",
    action: Annotated[str, Query(max_length=100)] = "",
    about: Annotated[str, Query(max_length=100)] = "",
) -> AuditPage:
    """Return who did or looked at what, newest first; `actor` may be a user name."""
    async with services.database.read() as transaction:
        names = dict(await users.names(transaction))
        wanted = next((f"user:{key}" for key, name in names.items() if name == actor), actor)
        rows = await repository.page(
            transaction,
            before=before,
            limit=limit + 1,
            actor=wanted,
            action=action,
            about=about.replace("\0", ""),
        )
        head = await repository.head_of(transaction)
    has_more, rows = len(rows) > limit, rows[:limit]
    return AuditPage(
        items=[_entry(row, names) for row in rows],
        next=rows[-1].sequence if has_more else None,
        head=str(head or ""),
    )


def _entry(row: Row[Any], names: dict[str, str]) -> AuditEntry:
    return AuditEntry(
        sequence=row.sequence,
        at=row.at,
        actor=row.actor,
        actor_name=names.get(row.actor.removeprefix("user:")),
        address=row.address,
        action=row.action,
        objects=row.objects.split(),
        purpose=row.purpose,
        detail=json.loads(row.detail),
        hash=row.hash,
    )


async def looked(
    services: Services,
    operator: Operator,
    action: str,
    *objects: str,
    reason: Reason = WATCHING,
    **detail: object,
) -> None:
    """Record that an operator looks at something; the same again within minutes is one look."""
    said = (reason.purpose, reason.reference)
    key = " ".join((operator.session, action, *said, *objects))
    if services.looks.take(key, now_s=time.monotonic()) > 0:
        return
    note = Note(
        actor=operator.actor,
        address=operator.address,
        action=action,
        objects=objects,
        purpose=reason.purpose,
        detail={**detail, **reason.detail},
    )
    async with services.database.write() as transaction:
        transaction.note(note)
