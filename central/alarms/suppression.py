"""What is hidden by design: alarms of a gate that a fire, or a drill, has set free.

A gate that is held open is forced, held open and walked through by everybody, as it must be; a list
full of that would hide the fire.
"""

from datetime import datetime, timedelta
from typing import Final, Literal

from sqlalchemy import delete, insert, select

from central.alarms.tables import alarm_suppressions
from central.database import Transaction
from config.contract.access import DoorCommandOutcome
from config.contract.events import Event
from config.contract.fire_events import FireReleaseAnswered, FireReleaseClosed

KINDS: Final = frozenset({"forced_open", "held_open", "unauthorised", "wrong_way", "tailgating"})
LIFETIME: Final = timedelta(hours=12)
"""A release that nobody was ever told the end of hides nothing for longer."""
TYPES: Final = frozenset({FireReleaseAnswered.type_name, FireReleaseClosed.type_name})
"""Events that are looked at."""
SubjectKind = Literal["access_point", "device"]


async def suppressed(transaction: Transaction) -> set[tuple[str, str]]:
    """Return whose alarms are hidden: kind of subject and subject."""
    columns = alarm_suppressions.c
    rows = await transaction.execute(select(columns.subject_kind, columns.subject_id))
    return {(row.subject_kind, row.subject_id) for row in rows}


async def note_releases(transaction: Transaction, events: list[Event], *, now: datetime) -> bool:
    """Note which gates fires set free and which were closed again; returns whether any was."""
    has_changed = False
    for event in events:
        told = event.parsed() if event.type in TYPES else None
        if isinstance(told, FireReleaseClosed):
            has_changed |= await _end(transaction, _cause(told.access_point))
        elif isinstance(told, FireReleaseAnswered) and told.access_point is not None:
            is_free = told.outcome is DoorCommandOutcome.CONFIRMED
            if is_free and now - event.time <= LIFETIME:
                for kind, subject in (("access_point", told.access_point), ("device", told.device)):
                    await _begin(transaction, kind, subject, _cause(told.access_point), event.time)
                has_changed = True
    return has_changed


async def forget_old(transaction: Transaction, *, now: datetime) -> bool:
    """Let go of what is older than ``LIFETIME``; returns whether there was any."""
    columns = alarm_suppressions.c
    old = delete(alarm_suppressions).where(columns.since <= now - LIFETIME)
    return bool((await transaction.execute(old.returning(columns.cause))).all())


def _cause(access_point: str) -> str:
    return f"fire_release:{access_point}"


async def _begin(
    transaction: Transaction, subject_kind: str, subject_id: str, cause: str, since: datetime
) -> None:
    columns = alarm_suppressions.c
    here = (
        columns.subject_kind == subject_kind,
        columns.subject_id == subject_id,
        columns.cause == cause,
    )
    await transaction.execute(delete(alarm_suppressions).where(*here))
    await transaction.execute(
        insert(alarm_suppressions).values(
            subject_kind=subject_kind, subject_id=subject_id, cause=cause, since=since
        )
    )


async def _end(transaction: Transaction, cause: str) -> bool:
    columns = alarm_suppressions.c
    ended = delete(alarm_suppressions).where(columns.cause == cause)
    return bool((await transaction.execute(ended.returning(columns.cause))).all())
