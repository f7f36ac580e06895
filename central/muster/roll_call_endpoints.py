"""Roll-calls over HTTP: begun, ticked by several guards at once, ended, kept."""

from collections import Counter
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlalchemy import Row

from central.database import Transaction
from central.muster import roll_calls, service
from central.muster.roll_call import Mark, Standing
from central.muster.roll_call_schemas import (
    AddedByName,
    AreaCount,
    NewRollCall,
    RollCallList,
    RollCallPerson,
    RollCallView,
)
from central.people.masking import masked
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given

router = APIRouter(tags=["muster"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("muster.read"))]
Caller = Annotated[Operator, Depends(Requires("muster.call"))]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.post(
    "/roll-calls",
    status_code=201,
    responses={200: {"model": RollCallView, "description": "One goes on already"}},
)
async def begin_roll_call(
    wish: NewRollCall, operator: Caller, services: Given, response: Response
) -> RollCallView:
    """Begin a roll-call, which fixes who is inside; 200 with the one that goes on already."""
    async with services.database.write() as transaction:
        roll_call_id, is_new = await service.begin_roll_call(
            transaction,
            services,
            cause="operator",
            reason=wish.reason,
            started_by=operator.username,
        )
        transaction.concerns(f"roll_call:{roll_call_id}")
        row = await _found(transaction, roll_call_id)
        if not is_new:
            response.status_code = 200
        return await _view(transaction, row, operator)


@router.get("/roll-calls")
async def list_roll_calls(
    _: Viewer, services: Given, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> RollCallList:
    """Return roll-calls, newest first; one that goes on is the first."""
    async with services.database.read() as transaction:
        rows = await roll_calls.newest(transaction, limit=limit)
    return RollCallList(items=[roll_calls.line_of(row) for row in rows])


@router.get("/roll-calls/{roll_call_id}")
async def get_roll_call(roll_call_id: UUID, operator: Viewer, services: Given) -> RollCallView:
    """Return a roll-call with everybody on its list, who is missing first."""
    async with services.database.read() as transaction:
        row = await _found(transaction, roll_call_id)
        return await _view(transaction, row, operator)


@router.post("/roll-calls/{roll_call_id}/people", status_code=201)
async def add_to_roll_call(
    roll_call_id: UUID, wish: AddedByName, operator: Caller, services: Given
) -> RollCallView:
    """Add somebody who stands there and is not on the list, by name; they are safe."""
    async with services.database.write() as transaction:
        row = await _going_on(transaction, roll_call_id)
        number = await roll_calls.add_found(
            transaction,
            row.roll_call_id,
            at=services.now(),
            name=wish.name,
            marked_by=operator.username,
        )
        transaction.concerns(line=number)
        return await _view(transaction, row, operator)


@router.put("/roll-calls/{roll_call_id}/people/{number}/safe", status_code=204)
async def mark_safe(roll_call_id: UUID, number: Number, operator: Caller, services: Given) -> None:
    """Mark somebody as safe; who is safe already stays as they were marked."""
    async with services.database.write() as transaction:
        row = await _going_on(transaction, roll_call_id)
        await _mark(transaction, row, number, operator, services, is_safe=True)


@router.delete("/roll-calls/{roll_call_id}/people/{number}/safe", status_code=204)
async def mark_missing(
    roll_call_id: UUID, number: Number, operator: Caller, services: Given
) -> None:
    """Undo a mark: the person is missing again."""
    async with services.database.write() as transaction:
        row = await _going_on(transaction, roll_call_id)
        await _mark(transaction, row, number, operator, services, is_safe=False)


@router.post("/roll-calls/{roll_call_id}/end")
async def end_roll_call(roll_call_id: UUID, operator: Caller, services: Given) -> RollCallView:
    """End a roll-call; what it says then is kept, and is changed by nobody."""
    async with services.database.write() as transaction:
        row = await _going_on(transaction, roll_call_id)
        await roll_calls.end(
            transaction, row.roll_call_id, by=operator.username, now=services.now()
        )
        return await _view(transaction, await _found(transaction, roll_call_id), operator)


async def _found(transaction: Transaction, roll_call_id: UUID) -> Row[Any]:
    row = await roll_calls.find(transaction, roll_call_id)
    if row is None:
        raise RefusedError(404, "roll_call_not_found", "there is no such roll-call")
    return row


async def _going_on(transaction: Transaction, roll_call_id: UUID) -> Row[Any]:
    """Take a turn and return a roll-call that is not ended."""
    await roll_calls.take_turn(transaction)
    row = await _found(transaction, roll_call_id)
    if row.ended_at is not None:
        raise RefusedError(409, "roll_call_over", "this roll-call is ended: begin another")
    return row


async def _mark(
    transaction: Transaction,
    row: Row[Any],
    number: int,
    operator: Operator,
    services: Given,
    *,
    is_safe: bool,
) -> None:
    people = await roll_calls.everybody(transaction, row.roll_call_id)
    person = next((each for each in people if each.listed.number == number), None)
    if person is None:
        raise RefusedError(404, "person_not_listed", "nobody on the list has this number")
    if person.listed.holder_id is not None:
        transaction.concerns(f"person:{person.listed.holder_id}")
    transaction.concerns(line=number)
    if person.is_safe is is_safe:
        return
    # Never before what it answers, whatever the clock of another process says.
    at = max(services.now(), services.now() if person.mark is None else person.mark.at)
    said = Mark(number=number, at=at, is_safe=is_safe, marked_by=operator.username)
    await roll_calls.mark(transaction, row.roll_call_id, said)


async def _view(transaction: Transaction, row: Row[Any], operator: Operator) -> RollCallView:
    people = await roll_calls.everybody(transaction, row.roll_call_id)
    has_names = operator.may("people.names")
    known = [person.listed.holder_id for person in people if person.listed.holder_id is not None]
    names = await service.names(transaction, known, has_names=has_names)
    kept = roll_calls.state_of(row)
    counts = Counter(person.listed.area for person in people)
    missing = Counter(person.listed.area for person in people if not person.is_safe)
    line = roll_calls.line_of(row).model_copy(
        update={"count": len(people), "missing_count": missing.total()}
    )
    return RollCallView(
        **line.model_dump(),
        areas=[
            AreaCount(
                **area.model_dump(), count=counts[area.area], missing_count=missing[area.area]
            )
            for area in kept.areas
        ],
        silent_nodes=kept.silent_nodes,
        people=[_person(person, names, has_names=has_names) for person in people],
    )


def _person(person: Standing, names: dict[str, str], *, has_names: bool) -> RollCallPerson:
    listed, said = person.listed, person.mark
    if listed.holder_id is not None:
        name = names.get(listed.holder_id)
    else:
        name = listed.name if has_names else masked(listed.name)
    return RollCallPerson(
        number=listed.number,
        holder_id=listed.holder_id,
        name=name,
        area=listed.area,
        since=listed.since,
        node=listed.node,
        is_found=listed.is_found,
        is_safe=person.is_safe,
        marked_at=None if said is None else said.at,
        marked_by="" if said is None else said.marked_by,
        access_point="" if said is None else said.access_point,
    )
