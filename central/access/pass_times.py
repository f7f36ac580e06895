"""How long people wait, by what they show: whoever has no face enrolled waits no longer.

From showing the credential to the gate that is open, as the latest passages' own events say.
"""

import asyncio
import dataclasses
import math
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import exists, func, select

from central.access.schemas import PassTime, PassTimes
from central.database import Transaction
from central.tables import events, people, templates
from config.contract.access import CredentialKind, DoorCommandOutcome
from config.contract.event_base import EventData
from config.contract.events import AccessGranted, DoorCommandAnswered, Event, FaceEvidence

EVENT_COUNT_MAX: Final = 6_000
KINDS: Final = (
    CredentialKind.FACE, CredentialKind.CARD, CredentialKind.QR, CredentialKind.PIN,
)  # fmt: skip


@dataclasses.dataclass(frozen=True, slots=True)
class Wait:
    """One person's. Attributes: total_ms: from showing the credential to the open gate."""

    credential: str
    total_ms: float


def waits(facts: Iterable[EventData | None]) -> list[Wait]:
    """Return the waits that events tell of, in any order; a grant without an open gate is none."""
    granted, opened = dict[UUID, tuple[str, float]](), dict[UUID, float]()
    for fact in facts:
        match fact:
            case DoorCommandAnswered(outcome=DoorCommandOutcome.CONFIRMED):
                opened[fact.decision_id] = fact.elapsed_ms
            case AccessGranted(credential_to_decision_ms=float(shown_ms)):
                granted[fact.decision_id] = (fact.credential, shown_ms)
            case AccessGranted(face=FaceEvidence(frame_to_decision_ms=shown_ms)):
                # A terminal of an earlier version says it of faces alone.
                granted[fact.decision_id] = (fact.credential, shown_ms)
    return [
        Wait(credential, shown_ms + opened[decision])
        for decision, (credential, shown_ms) in granted.items()
        if decision in opened
    ]


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value that so many do not exceed (nearest rank); None of none."""
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else None


async def pass_times(transaction: Transaction) -> PassTimes:
    """Return the waits of the latest passages, and how many people have no face enrolled."""
    bodies = list[str]()
    for told in (AccessGranted, DoorCommandAnswered):
        # One type after the other: an index has each in the order of time, and not both.
        query = select(events.c.body).where(events.c.type == told.type_name)
        query = query.order_by(events.c.occurred_at.desc(), events.c.position.desc())
        bodies += (await transaction.execute(query.limit(EVENT_COUNT_MAX // 2))).scalars()
    # Tenths of a second: others are answered meanwhile.
    found = await asyncio.to_thread(
        lambda: waits(Event.model_validate_json(body).parsed() for body in bodies)
    )
    active = (
        select(func.count()).select_from(people).where(~people.c.is_removed, people.c.is_active)
    )
    has_face = exists().where(templates.c.holder_id == people.c.holder_id)
    items = list[PassTime]()
    for kind in KINDS:
        of_kind = [wait.total_ms for wait in found if wait.credential == kind]
        p50, p95 = percentile(of_kind, 0.5), percentile(of_kind, 0.95)
        items.append(PassTime(credential=kind, count=len(of_kind), p50_ms=p50, p95_ms=p95))
    return PassTimes(
        items=items,
        people_count=int((await transaction.execute(active)).scalar_one()),
        faceless_count=int((await transaction.execute(active.where(~has_face))).scalar_one()),
    )
