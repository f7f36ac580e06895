"""Patrols over HTTP: the plan, who is on duty, rounds and their replay, the month's report."""

from collections.abc import Collection, Sequence
from datetime import date, timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, Response

from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.database import Transaction
from central.nodes import repository as nodes
from central.nodes.endpoints import installed
from central.patrol import repository, views
from central.patrol.plan import PatrolPlan
from central.patrol.report import as_csv, month_report
from central.patrol.repository import KeptRound
from central.patrol.schemas import (
    Board,
    DutyList,
    DutyView,
    MonthReport,
    PlanView,
    Preview,
    PreviewedRound,
    RoundDetail,
    SilentReader,
    WantedDuty,
    WantedPlan,
)
from central.people.repository import names_of
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from config.contract.identifiers import Slug

router = APIRouter(prefix="/patrol", tags=["patrol"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("patrol.read"))]
Planner = Annotated[Operator, Depends(Requires("patrol.plan"))]
Month = Annotated[str, Query(pattern=r"^20\d\d-(0[1-9]|1[0-2])$", description="`YYYY-MM`")]
PREVIEW: Final = timedelta(hours=48)
PREVIEW_MAX: Final = 200
BOARD_BEFORE: Final = timedelta(hours=8)
BOARD_AFTER: Final = timedelta(hours=16)
DUTY_DAYS_MAX: Final = 62


@router.get("/routes")
async def get_patrol_plan(operator: Reader, services: Given) -> PlanView:
    """Return the routes and shifts in force."""
    async with services.database.read() as transaction:
        return await _plan_view(transaction, operator, services)


@router.put("/routes")
async def put_patrol_plan(wish: WantedPlan, operator: Planner, services: Given) -> PlanView:
    """Put a whole plan in force; refuses with 409 what is made from an old one.

    Rounds that have begun are walked as they were planned, those to come are made anew.
    """
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        version = await repository.current_version(transaction)
        if wish.made_from != version:
            raise RefusedError(
                409,
                "plan_changed_meanwhile",
                "somebody changed the plan in between: load it and change it again",
                version=version,
            )
        await _check(transaction, wish.plan, services)
        await repository.put_plan(
            transaction,
            wish.plan,
            version=version + 1,
            changed_by=operator.username,
            now=services.now(),
        )
        return await _plan_view(transaction, operator, services)


@router.post("/preview")
async def preview_patrol_plan(wish: WantedPlan, _: Planner, services: Given) -> Preview:
    """Return the rounds of the next two days that a plan would make; nothing is changed."""
    now = services.now()
    async with services.database.read() as transaction:
        await _check(transaction, wish.plan, services)
        coming = await services.patrols.planned(transaction, wish.plan, now, now + PREVIEW)
    return Preview(
        rounds=[
            PreviewedRound(
                route=each.route,
                day=each.day,
                starts_at=each.starts_at,
                closes_at=each.closes_at,
                stop_count=len(each.stops),
                guards=each.guards,
            )
            for each in coming[:PREVIEW_MAX]
        ],
        has_more=len(coming) > PREVIEW_MAX,
    )


@router.get("/duties")
async def list_duties(
    operator: Reader,
    services: Given,
    first: Annotated[date | None, Query(description="Today, if it is not said.")] = None,
    days: Annotated[int, Query(ge=1, le=DUTY_DAYS_MAX)] = 14,
) -> DutyList:
    """Return who is on duty, day by day and shift by shift."""
    start = first or services.now().astimezone(services.patrols.zone).date()
    async with services.database.read() as transaction:
        plan = (await repository.current_plan(transaction)).plan
        last = start + timedelta(days=days - 1)
        known = await repository.duties(transaction, start, last)
        items = [
            DutyView(
                day=day,
                shift=shift.id,
                guards=known.get((day, shift.id), shift.guards),
                is_usual=(day, shift.id) not in known,
            )
            for day in (start + timedelta(days=number) for number in range(days))
            for shift in plan.shifts
        ]
        named = {guard for item in items for guard in item.guards}
        people = await _names(transaction, named, operator)
    return DutyList(items=items, people=people)


@router.put("/duties/{day}/{shift}", status_code=204)
async def put_duty(
    day: date, shift: Annotated[Slug, Path()], wish: WantedDuty, operator: Planner, services: Given
) -> None:
    """Say who is on duty in one shift of one day; rounds that have not begun are theirs then."""
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        plan = (await repository.current_plan(transaction)).plan
        if shift not in {each.id for each in plan.shifts}:
            raise RefusedError(404, "shift_not_found", "the plan has no such shift")
        await _check_people(transaction, wish.guards or ())
        await repository.set_duty(
            transaction, day, shift, wish.guards, set_by=operator.username, now=services.now()
        )
        transaction.concerns(f"shift:{shift}", day=day.isoformat())


@router.get("/rounds")
async def get_board(
    operator: Reader,
    services: Given,
    on: Annotated[
        date | None, Query(alias="date", description="Of the shifts' beginning; else around now.")
    ] = None,
) -> Board:
    """Return the rounds of a night, or those of some hours around now."""
    now = services.now()
    async with services.database.read() as transaction:
        rounds = (
            await repository.overlapping(transaction, now - BOARD_BEFORE, now + BOARD_AFTER)
            if on is None
            else await repository.of_days(transaction, on, on)
        )
        kept = await repository.current_plan(transaction)
        namer = await _namer(transaction, kept.plan, rounds, operator)
        silent = await _silent(transaction, services)
    return Board(
        at=now,
        has_plan=bool(kept.plan.routes),
        rounds=[views.round_view(each, namer, now=now) for each in rounds],
        checkpoints=views.checkpoints_of(services.settings.site),
        silent=silent,
    )


@router.get("/rounds/{round_id}")
async def get_round(round_id: UUID, operator: Reader, services: Given) -> RoundDetail:
    """Return a round with everything that was scanned in its time, to be replayed."""
    now = services.now()
    async with services.database.read() as transaction:
        kept = await repository.find(transaction, round_id)
        if kept is None:
            raise RefusedError(404, "round_not_found", "there is no such round")
        plan = (await repository.current_plan(transaction)).plan
        planned = kept.planned
        scans = views.scan_views(
            kept,
            await repository.scans_between(transaction, planned.opens_at, planned.closes_at),
        )
        fields = views.fields_of(kept, await _namer(transaction, plan, [kept], operator), now=now)
        others = {scan.holder_id for scan in scans if scan.holder_id is not None}
        fields["people"] |= await _names(transaction, others, operator)
    return RoundDetail(**fields, scans=scans)


@router.get("/report")
async def get_patrol_report(operator: Reader, services: Given, month: Month) -> MonthReport:
    """Return what became of a month's rounds, counted."""
    now = services.now()
    async with services.database.read() as transaction:
        rounds = await _of_month(transaction, month)
        plan = (await repository.current_plan(transaction)).plan
        people = await _names(transaction, views.people_in(rounds), operator)
    namer = views.Namer(plan, people)
    return month_report(
        month,
        rounds,
        now=now,
        routes=namer.route,
        checkpoints={each.id: {**each.name} for each in services.settings.site.checkpoint},
        people=people,
    )


@router.get("/report.csv", response_class=Response)
async def get_report_lines(
    operator: Reader,
    services: Given,
    month: Month,
    reason: Annotated[Reason, Depends(Purposeful())],
) -> Response:
    """Return a month's stops, a line each, for a spreadsheet."""
    await looked(services, operator, "patrol_report_csv_get", reason=reason, month=month)
    async with services.database.read() as transaction:
        rounds = await _of_month(transaction, month)
        people = await _names(transaction, views.people_in(rounds), operator)
    text = as_csv(rounds, now=services.now(), zone=services.patrols.zone, people=people)
    headers = {"Content-Disposition": f'attachment; filename="patrols-{month}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)


async def _plan_view(transaction: Transaction, operator: Operator, services: Services) -> PlanView:
    kept = await repository.current_plan(transaction)
    return PlanView(
        version=kept.version,
        plan=kept.plan,
        changed_by=kept.changed_by,
        changed_at=kept.changed_at,
        checkpoints=views.checkpoints_of(services.settings.site),
        people=await _names(transaction, kept.plan.guards, operator),
    )


async def _check(transaction: Transaction, plan: PatrolPlan, services: Services) -> None:
    """Refuse a plan that names what the site has not."""
    known = {each.id for each in services.settings.site.checkpoint}
    if unknown := sorted(plan.checkpoints - known):
        raise RefusedError(
            422, "checkpoint_not_found", f"the site has no checkpoint {', '.join(unknown)}"
        )
    await _check_people(transaction, plan.guards)


async def _check_people(transaction: Transaction, guards: Collection[str]) -> None:
    known = await names_of(transaction, guards, has_names=True) if guards else {}
    if set(guards) - set(known):
        raise RefusedError(422, "guard_not_found", "one of the guards is not known any more")


async def _names(
    transaction: Transaction, holder_ids: Collection[str], operator: Operator
) -> dict[str, str]:
    return await names_of(transaction, holder_ids, has_names=operator.may("people.names"))


async def _namer(
    transaction: Transaction, plan: PatrolPlan, rounds: Sequence[KeptRound], operator: Operator
) -> views.Namer:
    return views.Namer(plan, await _names(transaction, views.people_in(rounds), operator))


async def _of_month(transaction: Transaction, month: str) -> list[KeptRound]:
    year, _, number = month.partition("-")
    first = date(int(year), int(number), 1)
    last = (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return await repository.of_days(transaction, first, last)


async def _silent(transaction: Transaction, services: Services) -> list[SilentReader]:
    """Return terminals with readers that do not answer: a scan there may be on its way."""
    wanted = views.reader_nodes(services.settings.site)
    seen = await nodes.views(transaction, installed(services), now=services.now())
    return [
        SilentReader(node=view.node, last_seen_at=view.last_seen_at)
        for view in seen
        if view.node in wanted and not view.is_online
    ]
