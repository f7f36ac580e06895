"""Roll-calls in the database. One goes on at a time; marks are only added.

Whoever writes takes the turn of events first: nobody moves while a roll-call begins, and what is
shown at an assembly point meets a guard's tick in one order.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, insert, select, update

from central.database import EVENTS_LOCK, Transaction
from central.muster.repository import TOPIC
from central.muster.roll_call import Listed, Mark, Standing, shown_at, standings
from central.muster.roll_call_schemas import Cause, KeptState, RollCallLine
from central.muster.tables import roll_call_marks, roll_call_people, roll_calls
from central.tables import access_models
from config.contract.access_model import AccessModel
from config.contract.area_state import Areas
from config.contract.events import AccessDenied, AccessGranted, Event
from config.contract.identifiers import new_id

SHOWING: Final = frozenset({AccessGranted.type_name, AccessDenied.type_name})
"""Events that show where somebody is."""


async def take_turn(transaction: Transaction) -> None:
    """Wait until nobody else writes passages or marks."""
    await transaction.take_turn(EVENTS_LOCK)


async def open_now(transaction: Transaction) -> Row[Any] | None:
    """Return the roll-call that goes on."""
    query = select(roll_calls).where(roll_calls.c.ended_at.is_(None))
    return (await transaction.execute(query)).first()


async def find(transaction: Transaction, roll_call_id: UUID) -> Row[Any] | None:
    """Return a roll-call."""
    query = select(roll_calls).where(roll_calls.c.roll_call_id == str(roll_call_id))
    return (await transaction.execute(query)).first()


async def newest(transaction: Transaction, *, limit: int) -> Sequence[Row[Any]]:
    """Return roll-calls, newest first."""
    query = select(roll_calls).order_by(roll_calls.c.ended_at.is_(None).desc())
    order = (roll_calls.c.started_at.desc(), roll_calls.c.roll_call_id.desc())
    return (await transaction.execute(query.order_by(*order).limit(limit))).all()


async def begin(
    transaction: Transaction,
    inside: Areas,
    kept: KeptState,
    *,
    cause: Cause,
    reason: str,
    started_by: str,
    now: datetime,
) -> UUID:
    """Fix who is inside; the caller has taken its turn and seen that none goes on."""
    roll_call_id = new_id()
    people = [fact for area in kept.areas for fact in inside.people(area.area)]
    await transaction.execute(
        insert(roll_calls).values(
            roll_call_id=str(roll_call_id),
            cause=cause,
            reason=reason,
            started_at=now,
            started_by=started_by,
            state=kept.model_dump_json(),
        )
    )
    await transaction.execute_many(
        insert(roll_call_people),
        [
            {
                "roll_call_id": str(roll_call_id),
                "number": number,
                "holder_id": fact.holder_id,
                "name": "",
                "area": fact.area,
                "since": fact.at,
                "node": fact.node,
                "is_found": False,
            }
            for number, fact in enumerate(people, start=1)
        ],
    )
    transaction.announce(TOPIC)
    return roll_call_id


async def everybody(transaction: Transaction, roll_call_id: str) -> list[Standing]:
    """Return who is on the list and what is known of them, who is missing first."""
    people, marks = roll_call_people.c, roll_call_marks.c
    listed = select(roll_call_people).where(people.roll_call_id == roll_call_id)
    said = select(roll_call_marks).where(marks.roll_call_id == roll_call_id)
    return standings(
        [
            Listed(
                number=row.number,
                holder_id=row.holder_id,
                name=row.name,
                area=row.area,
                since=row.since,
                node=row.node,
                is_found=row.is_found,
            )
            for row in await transaction.execute(listed)
        ],
        [
            Mark(
                number=row.number,
                at=row.at,
                is_safe=row.is_safe,
                marked_by=row.marked_by,
                access_point=row.access_point,
            )
            for row in await transaction.execute(said.order_by(marks.mark_id))
        ],
    )


async def mark(transaction: Transaction, roll_call_id: str, said: Mark) -> None:
    """Keep what somebody said of a person; the caller has taken its turn."""
    await transaction.execute(
        insert(roll_call_marks).values(
            mark_id=str(new_id()),
            roll_call_id=roll_call_id,
            number=said.number,
            at=said.at,
            is_safe=said.is_safe,
            marked_by=said.marked_by,
            access_point=said.access_point,
        )
    )
    transaction.announce(TOPIC)


async def add_found(
    transaction: Transaction,
    roll_call_id: str,
    *,
    at: datetime,
    holder_id: str | None = None,
    name: str = "",
    marked_by: str = "",
    access_point: str = "",
) -> int:
    """Add somebody who stands there and is not listed, as safe; returns the number.

    The caller has taken its turn.
    """
    people = roll_call_people.c
    last = select(func.max(people.number)).where(people.roll_call_id == roll_call_id)
    number = int((await transaction.execute(last)).scalar_one() or 0) + 1
    await transaction.execute(
        insert(roll_call_people).values(
            roll_call_id=roll_call_id,
            number=number,
            holder_id=holder_id,
            name=name,
            area="",
            since=at,
            node="",
            is_found=True,
        )
    )
    said = Mark(number=number, at=at, is_safe=True, marked_by=marked_by, access_point=access_point)
    await mark(transaction, roll_call_id, said)
    return number


async def end(transaction: Transaction, roll_call_id: str, *, by: str, now: datetime) -> None:
    """End a roll-call and keep its counts; the caller has taken its turn."""
    people = await everybody(transaction, roll_call_id)
    await transaction.execute(
        update(roll_calls)
        .where(roll_calls.c.roll_call_id == roll_call_id)
        .values(
            ended_at=now,
            ended_by=by,
            people_count=len(people),
            missing_count=sum(not person.is_safe for person in people),
        )
    )
    transaction.announce(TOPIC)


async def note_shown(transaction: Transaction, events: Iterable[Event], *, now: datetime) -> None:
    """Take who showed at an assembly point who they are for safe; the caller has taken its turn."""
    showing = [event for event in events if event.type in SHOWING]
    if not showing or (going_on := await open_now(transaction)) is None:
        return
    points = await _assembly_points(transaction)
    shown = shown_at(points, showing, since=going_on.started_at, now=now)
    if not shown:
        return
    people = await everybody(transaction, going_on.roll_call_id)
    known = {person.listed.holder_id: person for person in people}
    for one in {each.holder_id: each for each in reversed(shown)}.values():
        person = known.get(one.holder_id)
        if person is None:
            await add_found(
                transaction,
                going_on.roll_call_id,
                at=one.at,
                holder_id=one.holder_id,
                access_point=one.access_point,
            )
        elif not person.is_safe:
            said = Mark(
                number=person.listed.number,
                at=one.at,
                is_safe=True,
                access_point=one.access_point,
            )
            await mark(transaction, going_on.roll_call_id, said)


async def _assembly_points(transaction: Transaction) -> Collection[str]:
    # Not by central.access: it knows nodes, and those know the events that call this.
    table = access_models.c
    query = select(table.body).order_by(table.version.desc()).limit(1)
    body = (await transaction.execute(query)).scalar_one_or_none()
    model = AccessModel() if body is None else AccessModel.model_validate_json(body)
    return {point.id for point in model.points if point.is_assembly_point}


def line_of(row: Row[Any]) -> RollCallLine:
    """Return a roll-call as it stands in the list."""
    return RollCallLine(
        roll_call_id=UUID(row.roll_call_id),
        cause=row.cause,
        reason=row.reason,
        started_at=row.started_at,
        started_by=row.started_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
        count=row.people_count,
        missing_count=row.missing_count,
    )


def state_of(row: Row[Any]) -> KeptState:
    """Return what was known when it began."""
    return KeptState.model_validate_json(row.state)
