"""Alarms over HTTP: the list, what operators do about them, procedures, handovers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query

from central.alarms import acts, metrics, procedures, repository
from central.alarms.aside import AsideList, aside
from central.alarms.kinds import KINDS
from central.alarms.procedures import LANGUAGES, kind_of
from central.alarms.repository import State
from central.alarms.schemas import (
    Acknowledged,
    AlarmDetail,
    AlarmList,
    AlarmMetrics,
    AlarmView,
    Chosen,
    HandoverList,
    HandoverView,
    Procedure,
    ProcedureList,
    WantedHandover,
    WantedNote,
    WantedProcedure,
    WantedReason,
    WantedShelf,
    WantedTaking,
)
from central.database import Transaction
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given

router = APIRouter(tags=["alarms"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("alarms.read"))]
Guard = Annotated[Operator, Depends(Requires("alarms.act"))]
Manager = Annotated[Operator, Depends(Requires("alarms.manage"))]
HANDED_OVER_MAX = 200


@router.get("/alarms")
async def list_alarms(
    _: Viewer,
    services: Given,
    state: State = "standing",
    limit: Annotated[int, Query(ge=1, le=10_000)] = 500,
    before: datetime | None = None,
    before_id: UUID | None = None,
    with_gathered: bool = False,
) -> AlarmList:
    """Return alarms of a state, the most pressing first; closed ones newest first.

    The next page of closed ones is behind `before`, the last `closed_at`, and `before_id`, its
    `id`: without it, those that closed in the same moment are left out.

    `shelved` are all that live behind the list: shelved, suppressed by design, out of service.
    """
    if before is not None and before.tzinfo is None:
        raise RefusedError(422, "invalid_request", "before: a time needs its zone")
    async with services.database.read() as transaction:
        # The version first: what changes in between is told twice rather than never.
        version = await repository.newest_version(transaction)
        items = await repository.views(
            transaction,
            state,
            limit=limit + 1,
            before=None if before is None else (before, str(before_id or "")),
            with_gathered=with_gathered,
        )
        return AlarmList(
            items=items[:limit],
            totals=await repository.totals(transaction),
            flood=await repository.flood(transaction),
            version=version,
            has_more=len(items) > limit,
        )


@router.get("/alarms/aside")
async def list_alarms_aside(_: Viewer, services: Given) -> AsideList:
    """Return which sources are shelved or out of service, and what is hidden by design."""
    async with services.database.read() as transaction:
        return await aside(transaction)


@router.get("/alarms/metrics")
async def get_alarm_metrics(
    _: Viewer, services: Given, days: Annotated[int, Query(ge=1, le=31)] = 1
) -> AlarmMetrics:
    """Return how the list is doing: rates, peak, top ten, what stands long."""
    async with services.database.read() as transaction:
        return await metrics.measured(transaction, now=services.now(), days=days)


@router.get("/alarms/procedures")
async def list_procedures(_: Viewer, services: Given) -> ProcedureList:
    """Return what to do about each kind, and about single sources."""
    async with services.database.read() as transaction:
        return ProcedureList(items=await procedures.all_procedures(transaction))


@router.put("/alarms/procedures")
async def put_procedure(wish: WantedProcedure, operator: Manager, services: Given) -> Procedure:
    """Say what to do about a kind or a source, and how urgent it is; empty is as shipped."""
    kind = kind_of(wish.key)
    if kind not in KINDS:
        raise RefusedError(422, "unknown_alarm_kind", "there is no such kind of alarm")
    texts = {language: text.strip() for language, text in wish.text.items()}
    if any(texts.values()) and not all(texts.get(each) for each in LANGUAGES):
        raise RefusedError(422, "procedure_in_one_language", "both languages, or neither")
    if KINDS[kind].is_latched and wish.priority not in (None, 1):
        raise RefusedError(422, "alarm_is_latched", "life is at stake: its priority is 1")
    async with services.database.write() as transaction:
        await procedures.put_procedure(
            transaction,
            wish.key,
            text=texts,
            priority=wish.priority,
            by=operator.username,
            now=services.now(),
        )
        transaction.concerns(f"alarm_procedure:{wish.key}", priority=wish.priority)
        return await procedures.procedure(transaction, wish.key)


@router.post("/alarms/acknowledge")
async def acknowledge_alarms(wish: Chosen, operator: Guard, services: Given) -> Acknowledged:
    """Say that one has seen these alarms."""
    async with services.database.write() as transaction:
        ids = [str(each) for each in wish.ids]
        if wish.gathered:
            ids += await repository.gathered(transaction)
        done = await acts.acknowledge(
            transaction, dict.fromkeys(ids), by=operator.username, now=services.now()
        )
        transaction.concerns(*(f"alarm:{each}" for each in done[:HANDED_OVER_MAX]))
    return Acknowledged(ids=done)


@router.get("/alarms/{alarm_id}")
async def get_alarm(alarm_id: UUID, _: Viewer, services: Given) -> AlarmDetail:
    """Return an alarm, its history, and what to do about it."""
    async with services.database.read() as transaction:
        view = await _found(transaction, alarm_id)
        return AlarmDetail(
            alarm=view,
            history=await repository.history(transaction, str(alarm_id)),
            procedure=await procedures.procedure(transaction, view.source),
        )


@router.post("/alarms/{alarm_id}/acknowledge")
async def acknowledge_alarm(alarm_id: UUID, operator: Guard, services: Given) -> AlarmView:
    """Say that one has seen it; repeating it is harmless."""
    async with services.database.write() as transaction:
        transaction.concerns(f"alarm:{alarm_id}")
        await acts.acknowledge(
            transaction, [str(alarm_id)], by=operator.username, now=services.now()
        )
        return await _found(transaction, alarm_id)


@router.post("/alarms/{alarm_id}/shelve")
async def shelve_alarm(
    alarm_id: UUID, wish: WantedShelf, operator: Guard, services: Given
) -> AlarmView:
    """Put its source aside for some minutes; never what is latched."""
    async with services.database.write() as transaction:
        transaction.concerns(f"alarm:{alarm_id}", minutes=wish.minutes)
        return await acts.shelve(
            transaction,
            alarm_id,
            minutes=wish.minutes,
            by=operator.username,
            reason=wish.reason,
            now=services.now(),
        )


@router.post("/alarms/{alarm_id}/unshelve")
async def unshelve_alarm(alarm_id: UUID, operator: Guard, services: Given) -> AlarmView:
    """Take its source from the shelf."""
    async with services.database.write() as transaction:
        transaction.concerns(f"alarm:{alarm_id}")
        return await acts.unshelve(transaction, alarm_id, by=operator.username, now=services.now())


@router.post("/alarms/{alarm_id}/out-of-service")
async def take_out_of_service(
    alarm_id: UUID, wish: WantedReason, operator: Manager, services: Given
) -> AlarmView:
    """Show nothing of its source until it is returned to service; never what is latched."""
    async with services.database.write() as transaction:
        transaction.concerns(f"alarm:{alarm_id}")
        return await acts.take_out_of_service(
            transaction,
            alarm_id,
            by=operator.username,
            reason=wish.reason,
            now=services.now(),
        )


@router.post("/alarms/{alarm_id}/return-to-service")
async def return_to_service(alarm_id: UUID, operator: Manager, services: Given) -> AlarmView:
    """Show its source again."""
    async with services.database.write() as transaction:
        transaction.concerns(f"alarm:{alarm_id}")
        return await acts.return_to_service(
            transaction, alarm_id, by=operator.username, now=services.now()
        )


@router.post("/alarms/{alarm_id}/note")
async def note_alarm(
    alarm_id: UUID, wish: WantedNote, operator: Guard, services: Given
) -> AlarmView:
    """Write something into its history."""
    async with services.database.write() as transaction:
        transaction.concerns(f"alarm:{alarm_id}")
        return await acts.note(
            transaction, alarm_id, text=wish.note, by=operator.username, now=services.now()
        )


@router.get("/handovers")
async def list_handovers(
    _: Viewer, services: Given, limit: Annotated[int, Query(ge=1, le=200)] = 20
) -> HandoverList:
    """Return what shifts told each other, newest first."""
    async with services.database.read() as transaction:
        return HandoverList(items=await repository.newest_handovers(transaction, limit=limit))


@router.post("/handovers", status_code=201)
async def hand_over(wish: WantedHandover, operator: Guard, services: Given) -> HandoverView:
    """Tell the next shift what it must know; what stands now is kept with it."""
    async with services.database.write() as transaction:
        standing = await repository.views(transaction, "standing", limit=HANDED_OVER_MAX)
        handover_id = await repository.add_handover(
            transaction,
            by=operator.username,
            text=wish.text,
            standing=standing,
            now=services.now(),
        )
        transaction.concerns(f"handover:{handover_id}")
        return await _handover(transaction, handover_id)


@router.post("/handovers/{handover_id}/take")
async def take_over(
    handover_id: UUID, wish: WantedTaking, operator: Guard, services: Given
) -> HandoverView:
    """Confirm that one takes over; another person than whoever wrote it, once."""
    async with services.database.write() as transaction:
        transaction.concerns(f"handover:{handover_id}")
        before = await _handover(transaction, str(handover_id))
        if before.written_by == operator.username:
            raise RefusedError(409, "handover_to_oneself", "somebody else takes over")
        is_first = await repository.take_over(
            transaction,
            str(handover_id),
            by=operator.username,
            note=wish.note,
            now=services.now(),
        )
        if not is_first:
            raise RefusedError(409, "handover_taken", "somebody has taken over")
        return await _handover(transaction, str(handover_id))


async def _found(transaction: Transaction, alarm_id: UUID) -> AlarmView:
    view = await repository.find(transaction, str(alarm_id))
    if view is None:
        raise RefusedError(404, "alarm_not_found", "there is no such alarm")
    return view


async def _handover(transaction: Transaction, handover_id: str) -> HandoverView:
    view = await repository.handover(transaction, handover_id)
    if view is None:
        raise RefusedError(404, "handover_not_found", "there is no such handover")
    return view
