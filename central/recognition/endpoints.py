"""Recognition over HTTP: how well it works here, the self-test, and people too alike."""

from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Row

from central.database import Transaction
from central.people import repository as people
from central.people.endpoints import person
from central.problems import RESPONSES, RefusedError
from central.recognition import pairs, repository, thresholds
from central.recognition.repository import DoneTest
from central.recognition.schemas import (
    Decision,
    DemandView,
    NewPair,
    PairList,
    PointView,
    RecognitionView,
    SelfTestView,
    StrayView,
    TargetView,
)
from central.recognition.self_test import PEOPLE_MIN
from central.security import Operator, Requires
from central.services import Given
from models.face.demand import network_in_force, rates_of, target_of
from models.face.operating_point import FNIR_LIMIT, OperatingPoint

router = APIRouter(tags=["recognition"], responses=RESPONSES)
PAIRS_LISTED_MAX: Final = 1_000
Reader = Annotated[Operator, Depends(Requires("recognition.read"))]
Tester = Annotated[Operator, Depends(Requires("recognition.manage"))]
Decider = Annotated[Operator, Depends(Requires("recognition.pairs"))]


@router.get("/recognition")
async def recognition(operator: Reader, services: Given) -> RecognitionView:
    """Return what is demanded of a face here, what it costs, and what the self-tests found."""
    site, now = services.settings.site, services.now()
    network, rates = network_in_force(site.recognition), rates_of(site.recognition)
    target = target_of(site.recognition)
    async with services.database.read() as transaction:
        limits = await thresholds.thresholds_now(transaction, site)
        others = await thresholds.not_comparable_count(transaction, network)
        last = await repository.last_done(transaction)
        newest = await repository.newest(transaction)
        due_at = await repository.due_at(transaction, now=now)
        open_count = await pairs.count(transaction, is_open=True)
        last_view = None if last is None else await _done(transaction, last, network, operator)
    points = [
        PointView(access_point=point, demand=_demand(limits.at(point), people=size))
        for point, size in limits.sizes.items()
    ]
    whole = _demand(limits.whole, people=limits.gallery_size)
    return RecognitionView(
        pipeline=site.recognition.pipeline,
        network=network,
        network_name=rates.network,
        measured_on=rates.data,
        target=TargetView(
            strangers=target.strangers,
            step_up_strangers=target.step_up_strangers,
            tries=target.tries,
            refused_limit=FNIR_LIMIT,
        ),
        gallery_size=limits.gallery_size,
        not_comparable_count=others,
        whole=whole,
        points=points,
        holds=all(point.demand.holds for point in points) if points else whole.holds,
        last=last_view,
        attempt=None if newest is None or newest.state == "done" else _attempt(newest),
        next_at=None if limits.gallery_size < PEOPLE_MIN else max(due_at, now),
        open_pair_count=open_count,
    )


@router.post("/recognition/self-test", status_code=202)
async def run_self_test(operator: Tester, services: Given) -> SelfTestView:
    """Ask for a self-test now; while one waits or runs, it is that one."""
    async with services.database.write() as transaction:
        await repository.want(transaction, by=operator.user_id, now=services.now())
        newest = await repository.newest(transaction)
    if newest is None:
        raise LookupError("a self-test that was asked for is there")
    return _attempt(newest)


@router.get("/recognition/pairs")
async def list_pairs(
    operator: Reader,
    services: Given,
    limit: Annotated[int, Query(ge=1, le=PAIRS_LISTED_MAX)] = 200,
) -> PairList:
    """Return the people whom face alone does not tell apart, and what was said of them."""
    async with services.database.read() as transaction:
        items = await pairs.page(transaction, limit=limit, has_names=operator.may("people.names"))
        return PairList(items=items, count=await pairs.count(transaction))


@router.post("/recognition/pairs", status_code=204)
async def add_pair(wish: NewPair, operator: Decider, services: Given) -> None:
    """Say that two people are alike, such as twins: both are asked for a card from now on."""
    if wish.one == wish.other:
        raise RefusedError(422, "pair_of_one", "choose two different people")
    async with services.database.write() as transaction:
        transaction.concerns(f"person:{wish.one}", f"person:{wish.other}")
        for holder_id in (wish.one, wish.other):
            await person(transaction, holder_id, operator, services)
        await pairs.put(
            transaction,
            wish.one,
            wish.other,
            origin="operator",
            by=operator.user_id,
            now=services.now(),
        )


@router.put("/recognition/pairs/{one}/{other}", status_code=204)
async def decide_pair(
    one: UUID, other: UUID, wish: Decision, operator: Decider, services: Given
) -> None:
    """Say what two people are; only `not_confusable` lets their faces decide again."""
    async with services.database.write() as transaction:
        if not await pairs.decide(
            transaction,
            str(one),
            str(other),
            verdict=wish.verdict,
            by=operator.user_id,
            now=services.now(),
        ):
            raise RefusedError(404, "pair_not_found", "one of the two may have been removed")


@router.delete("/recognition/pairs/{one}/{other}", status_code=204)
async def remove_pair(one: UUID, other: UUID, _: Decider, services: Given) -> None:
    """Forget a pair that was given by mistake."""
    async with services.database.write() as transaction:
        if not await pairs.remove(transaction, str(one), str(other)):
            raise RefusedError(404, "pair_not_found", "one of the two may have been removed")


def _demand(point: OperatingPoint, *, people: int) -> DemandView:
    return DemandView(
        people=people,
        accept=point.accept,
        step_up=point.step_up,
        margin=point.margin,
        strangers_per_try=point.fpir_per_try,
        refused=point.fnir_expected,
        refused_outright=point.fnir_step_up,
        factor=point.factor,
        holds=point.holds,
        is_extrapolated=point.is_extrapolated,
        basis=point.basis,
        advice=list(point.advice),
        reason=point.reason,
    )


async def _done(
    transaction: Transaction, test: DoneTest, network: str, operator: Operator
) -> SelfTestView:
    result = test.result
    names = await people.names_of(
        transaction,
        [stray.holder_id for stray in result.strays],
        has_names=operator.may("people.names"),
    )
    return SelfTestView(
        state="done",
        wanted_at=test.wanted_at,
        started_at=test.started_at,
        finished_at=test.finished_at,
        duration_s=_duration_s(test.started_at, test.finished_at),
        progress=1.0,
        failure=None,
        is_of_this_network=test.network == network,
        people_count=result.people_count,
        comparison_count=result.comparison_count,
        pair_count=result.pair_count,
        is_complete=result.is_complete,
        uncheckable_count=result.uncheckable_count,
        strays=[
            StrayView(name=names[stray.holder_id], **stray.model_dump())
            for stray in result.strays
            if stray.holder_id in names
        ],
    )


def _attempt(row: Row[Any]) -> SelfTestView:
    return SelfTestView(
        state=row.state,
        wanted_at=row.wanted_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        duration_s=None,
        progress=row.progress,
        failure=row.failure,
        is_of_this_network=True,
    )


def _duration_s(started_at: datetime, finished_at: datetime) -> float:
    return (finished_at - started_at).total_seconds()
