"""The office over HTTP: money put in, subsidies, units, people's accounts, what was done."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Path, Query

from central.approvals import permits
from central.approvals.schemas import ApprovalList
from central.audit.endpoints import looked
from central.canteen import plans
from central.database import Transaction
from central.office import corrections, deeds, drawers, money, people, statements
from central.office.deeds import Deed
from central.office.money import Ground
from central.office.planned import Planned
from central.office.schemas import (
    LINES_SHOWN_MAX,
    AccountView,
    Confirm,
    DeedList,
    DeedView,
    FoundPeople,
    FoundPerson,
    Named,
    Preview,
    Setting,
    UnitList,
    UnitStatement,
)
from central.office.wishes import (
    APPROVED,
    AnyWish,
    CorrectionWish,
    HolderText,
    MoneyWish,
    Month,
    Refund,
    Reversal,
    WrongPerson,
    WrongPrice,
)
from central.people.repository import names_of
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services

router = APIRouter(prefix="/canteen/office", tags=["canteen office"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("canteen.read"))]
Seller = Annotated[Operator, Depends(Requires("canteen.sell"))]
Manager = Annotated[Operator, Depends(Requires("canteen.manage"))]
Corrector = Annotated[Operator, Depends(Requires("canteen.refund"))]
OfMonth = Annotated[Month, Path(description="`YYYY-MM`")]


def zone_of(services: Services) -> ZoneInfo:
    """Return the site's."""
    return ZoneInfo(services.settings.site.site.time_zone)


async def planned(transaction: Transaction, wish: AnyWish, services: Services) -> Planned:
    """Return what a wish would move."""
    if isinstance(wish, Refund | WrongPerson | WrongPrice | Reversal):
        return await corrections.plan(transaction, wish)
    now = services.now()
    kept = await plans.current(transaction)
    ground = Ground(
        now=now,
        today=now.astimezone(zone_of(services)).date(),
        groups=kept.plan.groups,
        merchants=frozenset(each.id for each in services.settings.site.merchant),
    )
    return await money.plan(transaction, wish, ground)


async def _previewed(wish: AnyWish, operator: Operator, services: Services) -> Preview:
    async with services.database.read() as transaction:
        coming = await planned(transaction, wish, services)
        problem = coming.problem or await _drawer_problem(transaction, coming, operator)
        refused = [line for line in coming.lines if line.code]
        shown = (refused + [line for line in coming.lines if not line.code])[:LINES_SHOWN_MAX]
        named = {line.holder_id for line in shown if line.holder_id is not None}
        names = await _names(transaction, named, operator)
    return Preview(
        kind=wish.kind,
        lines=shown,
        done_count=len(coming.lines) - len(refused),
        refused_count=len(refused),
        amount_fen=coming.amount_fen,
        fingerprint=coming.fingerprint,
        problem=problem,
        warning=coming.warning,
        needs_second_person=wish.kind in APPROVED,
        people=names,
    )


async def _drawer_problem(transaction: Transaction, coming: Planned, operator: Operator) -> str:
    try:
        await drawers.drawer_for(transaction, coming.moves, operator)
    except RefusedError as error:
        return error.code
    return ""


async def _done(wish: AnyWish, operator: Operator, services: Services) -> DeedView:
    async with services.database.write() as transaction:
        done = await deeds.do(
            transaction,
            wish,
            lambda within: planned(within, wish, services),
            operator=operator,
            policy=services.settings.site.policy,
            now=services.now(),
        )
    if isinstance(done, RefusedError):
        raise done
    return _view(done)


def _view(deed: Deed) -> DeedView:
    said = dataclasses.asdict(deed)
    del said["done_by"]
    return DeedView(**said)


async def _names(
    transaction: Transaction, holder_ids: set[str], operator: Operator
) -> dict[str, str]:
    return await names_of(transaction, holder_ids, has_names=operator.may("people.names"))


@router.post("/money/check")
async def check_money(wish: MoneyWish, operator: Manager, services: Given) -> Preview:
    """Return what top-ups, subsidies, a unit's charge or a settlement would move."""
    return await _previewed(wish, operator, services)


@router.post("/money")
async def do_money(wish: MoneyWish, operator: Manager, services: Given) -> DeedView:
    """Do it; the same key again is answered by what it came to."""
    return await _done(wish, operator, services)


@router.post("/corrections/check")
async def check_correction(wish: CorrectionWish, operator: Corrector, services: Given) -> Preview:
    """Return what a correction would move."""
    return await _previewed(wish, operator, services)


@router.post("/corrections")
async def do_correction(wish: CorrectionWish, operator: Corrector, services: Given) -> DeedView:
    """Do it, once somebody else has approved what needs a second person."""
    return await _done(wish, operator, services)


@router.post("/refunds/check")
async def check_refund(wish: Refund, operator: Seller, services: Given) -> Preview:
    """Return what a refund would move."""
    return await _previewed(wish, operator, services)


@router.post("/refunds")
async def do_refund(wish: Refund, operator: Seller, services: Given) -> DeedView:
    """Give a charge back for a cashier, once a manager has approved it."""
    return await _done(wish, operator, services)


@router.get("/setting")
async def get_setting(_: Reader, services: Given) -> Setting:
    """Return what pages name: merchants, tills, groups, meal periods and dishes.

    Periods and dishes that are in the plan no longer come last: charges still name them.
    """
    site = services.settings.site
    async with services.database.read() as transaction:
        kept = await plans.current(transaction)
        gone = await plans.gone_names(transaction)
    return Setting(
        today=services.now().astimezone(zone_of(services)).date(),
        merchants=[Named(id=each.id, name=each.name) for each in site.merchant],
        tills=[Named(id=each.id, name=each.name) for each in site.till],
        groups=sorted({group for _, group in kept.plan.groups}),
        periods=[
            Named(id=each.id, name=each.name)
            for merchant in kept.plan.merchants
            for each in merchant.periods
        ]
        + _gone(gone, "period"),
        dishes=[
            Named(id=each.id, name=each.name)
            for merchant in kept.plan.merchants
            for each in merchant.dishes
        ]
        + _gone(gone, "dish"),
    )


def _gone(names: Mapping[tuple[str, str], dict[str, str]], part: str) -> list[Named]:
    return [
        Named.model_validate({"id": item, "name": name})
        for (which, item), name in names.items()
        if which == part
    ]


@router.get("/questions")
async def list_questions(operator: Reader, services: Given) -> ApprovalList:
    """Return what waits for a second person, or for who asked to do it now."""
    async with services.database.read() as transaction:
        found = await permits.latest(transaction, operator, now=services.now())
    return ApprovalList(
        items=[
            each
            for each in found
            if each.deed in permits.ALWAYS
            and (each.state == "pending" or (each.state == "approved" and each.is_own))
        ]
    )


@router.get("/deeds")
async def list_deeds(
    operator: Reader,
    services: Given,
    kind: Annotated[str | None, Query(max_length=24)] = None,
    holder_id: Annotated[HolderText | None, Query()] = None,
) -> DeedList:
    """Return what the office did, the newest first."""
    async with services.database.read() as transaction:
        found: Sequence[Deed] = await deeds.latest(transaction, kind=kind, holder_id=holder_id)
        named = {each.holder_id for each in found if each.holder_id is not None}
        names = await _names(transaction, named, operator)
    return DeedList(items=[_view(each) for each in found], people=names)


@router.get("/people")
async def find_people(
    operator: Reader,
    services: Given,
    query: Annotated[str, Query(min_length=1, max_length=64)],
) -> FoundPeople:
    """Return those whom a part of a name or number finds."""
    has_names = operator.may("people.names")
    await looked(services, operator, "canteen_people_get")
    async with services.database.read() as transaction:
        found = await people.found(transaction, query, has_names=has_names)
    return FoundPeople(
        items=[
            FoundPerson(holder_id=holder_id, name=name, number=number, is_active=is_active)
            for holder_id, name, number, is_active in found
        ]
    )


@router.get("/people/{holder_id}")
async def get_wallets(
    holder_id: Annotated[HolderText, Path()], operator: Reader, services: Given
) -> AccountView:
    """Return what somebody holds, and their statement."""
    await looked(services, operator, "canteen_account_get", f"person:{holder_id}")
    async with services.database.read() as transaction:
        found = await statements.of_person(
            transaction, holder_id, has_names=operator.may("people.names")
        )
    if found is None:
        raise RefusedError(404, "person_not_found", "there is no such person")
    return found


@router.get("/units")
async def list_unit_accounts(_: Reader, services: Given) -> UnitList:
    """Return the organisation units with what their accounts hold."""
    async with services.database.read() as transaction:
        return UnitList(items=await statements.all_units(transaction))


@router.get("/units/{unit_id}/statements/{month}")
async def get_statement(
    unit_id: Annotated[HolderText, Path()], month: OfMonth, _: Reader, services: Given
) -> UnitStatement:
    """Return a month of a unit's account."""
    async with services.database.read() as transaction:
        return await statements.of_unit(
            transaction, unit_id, month, zone=zone_of(services), now=services.now()
        )


@router.post("/units/{unit_id}/statements/{month}/confirmations", status_code=204)
async def confirm_statement(
    unit_id: Annotated[HolderText, Path()],
    month: OfMonth,
    wish: Confirm,
    operator: Manager,
    services: Given,
) -> None:
    """Confirm a month for one side; somebody else confirms it for the other."""
    now = services.now()
    async with services.database.write() as transaction:
        statement = await statements.of_unit(
            transaction, unit_id, month, zone=zone_of(services), now=now
        )
        await statements.confirm(transaction, statement, wish, operator, now=now)
