"""What terminals tell of fires, as it comes: kept once, in whatever order it arrives.

A node that was away tells its past later: what is older than what is known never replaces it. Of a
gate the first confirmation stands, for that is what is to be proved.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Table, and_, insert, select, update

from central.database import Transaction
from central.fire.duty import note_answer
from central.fire.tables import (
    fire_drills,
    fire_panels,
    fire_paths,
    fire_points,
    fire_releases,
    fire_sightings,
    fire_tests,
    fires,
)
from central.operator_tables import users
from config.contract.access import DoorCommandOutcome, DoorState
from config.contract.events import DoorStateChanged, DutyCheckAnswered, Event
from config.contract.fire_events import (
    FireConfirmed,
    FireDrillChanged,
    FireEnded,
    FireOutputClosed,
    FirePanelChanged,
    FirePathChanged,
    FirePointChanged,
    FireReleaseAnswered,
    FireReleaseClosed,
    FireTestChanged,
)

TOPIC: Final = "fire"
_OF_FIRE: Final = frozenset(
    kind.type_name
    for kind in (
        FireConfirmed,
        FireDrillChanged,
        FireEnded,
        FireOutputClosed,
        FirePanelChanged,
        FirePathChanged,
        FirePointChanged,
        FireReleaseAnswered,
        FireReleaseClosed,
        FireTestChanged,
        DutyCheckAnswered,
    )
)


TYPES: Final = _OF_FIRE | {DoorStateChanged.type_name}
"""Events that are looked at."""


async def note_events(
    transaction: Transaction, node: str, events: Iterable[Event], *, now: datetime
) -> None:
    """Keep what a node tells of fires; the caller has taken the turn of events.

    Args:
        transaction: A writing one.
        node: Who tells.
        events: New ones, in the order in which they came.
        now: Aware UTC.
    """
    has_changed = False
    for event in events:
        if event.type == DoorStateChanged.type_name:
            if event.data.get("state") != DoorState.EMERGENCY_OPEN.value:
                continue  # most doors, and not worth reading as what they are
            await _note_sighting(transaction, node, event, now=now)
        elif event.type in _OF_FIRE:
            await _note(transaction, node, event, now=now)
            has_changed = True
    if has_changed:
        transaction.announce(TOPIC)


async def _note(transaction: Transaction, node: str, event: Event, *, now: datetime) -> None:
    # A clock that is ahead must not keep what comes later from being newer.
    at = min(event.time, now)
    match event.parsed():
        case FireConfirmed() as told:
            await _note_fire(transaction, node, told, at=at, now=now)
        case FireEnded(fire_id=fire_id):
            ended = update(fires).where(fires.c.fire_id == str(fire_id), fires.c.ended_at.is_(None))
            await transaction.execute(ended.values(ended_at=at))
        case FireReleaseAnswered() as told:
            await _note_release(transaction, node, told, at=at, now=now)
        case FireReleaseClosed() as told:
            await _note_closed(transaction, told, told.access_point, at=at)
        case FireOutputClosed() as told:
            await _note_closed(transaction, told, f"{told.device}:{told.output}", at=at)
        case FirePointChanged() as told:
            values = told.model_dump(mode="json", include={"zone", "kind", "text", "conditions"})
            test_id = None if told.test_id is None else str(told.test_id)
            place = {"device": told.device, "point": told.point}
            await _newest(transaction, fire_points, place, at, test_id=test_id, **values)
        case FirePanelChanged() as told:
            values = told.model_dump(exclude={"device", "mode"}) | {"mode": told.mode.value}
            for name in ("conditions", "disabled", "faulty"):
                values[name] = list(values[name])
            await _newest(
                transaction, fire_panels, {"device": told.device}, at, node=node, **values
            )
        case FirePathChanged() as told:
            values = told.model_dump(exclude={"zone"})
            await _newest(transaction, fire_paths, {"zone": told.zone, "node": node}, at, **values)
        case FireTestChanged() as told:
            await _note_test(transaction, told, at=at)
        case FireDrillChanged() as told:
            await _note_drill(transaction, node, told, at=at)
        case DutyCheckAnswered() as told:
            await note_answer(transaction, told, at=at)
        case _:
            pass


async def _note_fire(
    transaction: Transaction, node: str, told: FireConfirmed, *, at: datetime, now: datetime
) -> None:
    await _begin(transaction, str(told.fire_id), told.zone, node, is_drill=told.is_drill, now=now)
    known = update(fires).where(
        fires.c.fire_id == str(told.fire_id), fires.c.confirmed_by.is_(None)
    )
    await transaction.execute(
        known.values(
            origin=node,
            confirmed_by=told.confirmed_by.value,
            points=[point.model_dump() for point in told.points],
            is_drill=told.is_drill,
            has_release=told.has_release,
            access_points=list(told.access_points),
            began_at=at,
            # Central looks again: what the origin says is more than what a gate did.
            expected=None,
        )
    )


async def _begin(
    transaction: Transaction,
    fire_id: str,
    zone: str,
    origin: str,
    *,
    is_drill: bool,
    now: datetime,
    began_at: datetime | None = None,
) -> None:
    """Keep that there is a fire, by whichever fact of it comes first."""
    if (await transaction.execute(select(fires.c.zone).where(fires.c.fire_id == fire_id))).first():
        return
    await transaction.execute(
        insert(fires).values(
            fire_id=fire_id,
            zone=zone,
            origin=origin,
            points=[],
            is_drill=is_drill,
            has_release=True,
            access_points=[],
            began_at=began_at or now,
            heard_at=now,
        )
    )


async def _note_release(
    transaction: Transaction, node: str, told: FireReleaseAnswered, *, at: datetime, now: datetime
) -> None:
    fire_id = str(told.fire_id)
    told_before = timedelta(milliseconds=told.confirmed_ms or told.told_ms)
    await _begin(
        transaction,
        fire_id,
        told.zone,
        told.origin,
        is_drill=told.is_drill,
        now=now,
        began_at=at - told_before,
    )
    subject = told.access_point or f"{told.device}:{told.output}"
    here = and_(fire_releases.c.fire_id == fire_id, fire_releases.c.subject == subject)
    said = {
        "device": told.device,
        "node": node,
        "heard": told.heard,
        "told_ms": told.told_ms,
        "confirmed_ms": told.confirmed_ms,
        "outcome": told.outcome.value,
        "attempts": told.attempts,
        "answered_at": at,
    }
    last = {"last_outcome": told.outcome.value, "last_at": at}
    known = (await transaction.execute(select(fire_releases).where(here))).first()
    if known is None:
        row: dict[str, Any] = {
            "fire_id": fire_id,
            "subject": subject,
            "access_point": told.access_point,
        }
        row |= {"output": told.output} | said | last
        await transaction.execute(insert(fire_releases).values(row))
        return
    is_first_confirmation = (
        known.outcome != DoorCommandOutcome.CONFIRMED.value
        and told.outcome is DoorCommandOutcome.CONFIRMED
    )
    changed = dict[str, Any]()
    if is_first_confirmation:
        changed |= said
    if at >= known.last_at:
        changed |= last
    if changed:
        await transaction.execute(update(fire_releases).where(here).values(changed))


async def _note_closed(
    transaction: Transaction,
    told: FireReleaseClosed | FireOutputClosed,
    subject: str,
    *,
    at: datetime,
) -> None:
    who = await username_of(transaction, told.asked_by)
    await transaction.execute(
        update(fire_releases)
        .where(
            fire_releases.c.fire_id.in_([str(fire_id) for fire_id in told.fire_ids]),
            fire_releases.c.subject == subject,
            fire_releases.c.closed_at.is_(None),
        )
        .values(closed_at=at, closed_by=who)
    )


async def _note_test(transaction: Transaction, told: FireTestChanged, *, at: datetime) -> None:
    # Each node that has panels of the zone says so; the first that begins and the last that ends.
    table = fire_tests.c
    here = table.test_id == str(told.test_id)
    if told.is_on:
        begun = update(fire_tests).where(here, table.began_at.is_(None))
        await transaction.execute(begun.values(began_at=at))
    else:
        over = update(fire_tests).where(here, (table.ended_at.is_(None)) | (table.ended_at < at))
        await transaction.execute(over.values(ended_at=at))


async def _note_drill(
    transaction: Transaction, node: str, told: FireDrillChanged, *, at: datetime
) -> None:
    drill_id, table = str(told.drill_id), fire_drills.c
    query = select(table.drill_id).where(table.drill_id == drill_id)
    if (await transaction.execute(query)).first() is None:
        # A drill that another central, of an older backup, has asked for.
        await transaction.execute(
            insert(fire_drills).values(
                drill_id=drill_id,
                zone=told.zone,
                releases=told.releases,
                until=told.until,
                node=node,
                asked_by=await username_of(transaction, told.asked_by),
                reason="",
                asked_at=at,
            )
        )
    unset = table.began_at if told.is_on else table.ended_at
    values = {"began_at": at} if told.is_on else {"ended_at": at}
    changed = update(fire_drills).where(table.drill_id == drill_id, unset.is_(None))
    await transaction.execute(changed.values(values))


async def _note_sighting(
    transaction: Transaction, node: str, event: Event, *, now: datetime
) -> None:
    told = event.parsed()
    if not isinstance(told, DoorStateChanged):
        return
    at = min(event.time, now)
    table = fire_sightings.c
    known = select(table.device).where(table.device == told.device, table.seen_at == at)
    if (await transaction.execute(known)).first() is None:
        await transaction.execute(
            insert(fire_sightings).values(device=told.device, seen_at=at, node=node)
        )


async def _newest(
    transaction: Transaction,
    table: Table,
    place: dict[str, str],
    at: datetime,
    **values: Any,  # noqa: ANN401 - columns of any type
) -> None:
    """Keep a state, unless a newer one is known."""
    here: ColumnElement[bool] = and_(*(table.c[name] == value for name, value in place.items()))
    known = (await transaction.execute(select(table.c.changed_at).where(here))).scalar_one_or_none()
    if known is None:
        await transaction.execute(insert(table).values(**place, **values, changed_at=at))
    elif known <= at:
        await transaction.execute(update(table).where(here).values(**values, changed_at=at))


async def username_of(transaction: Transaction, user_id: str) -> str:
    """Return the name of an operator as it is now; the identifier of one who is gone."""
    query = select(users.c.username).where(users.c.user_id == user_id)
    return str((await transaction.execute(query)).scalar_one_or_none() or user_id)
