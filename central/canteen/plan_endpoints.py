"""The canteen's plan over HTTP: in force, put, looked at before, and who changed what."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from central.access import repository as access
from central.canteen import plans
from central.canteen.plan import Draft, PlanProblem, problems
from central.canteen.plan_changes import changes, warnings
from central.canteen.schemas import (
    MerchantView,
    PlanPreview,
    PlanVersion,
    PlanVersions,
    PlanView,
    TillPlace,
    WantedPlan,
)
from central.database import Transaction
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services

router = APIRouter(prefix="/canteen", tags=["canteen"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("canteen.read"))]
Manager = Annotated[Operator, Depends(Requires("canteen.manage"))]


@router.get("/plan")
async def get_canteen_plan(_: Reader, services: Given) -> PlanView:
    """Return prices, meal periods and limits in force."""
    async with services.database.read() as transaction:
        return await _view(transaction, services)


@router.put("/plan")
async def put_canteen_plan(wish: WantedPlan, operator: Manager, services: Given) -> PlanView:
    """Put a whole plan in force; refuses with 409 what is made from an old one.

    A plan that cannot be is refused with 422 and a line for everything that is wrong. Tills have
    the new one within seconds; charges that were made keep their price.
    """
    async with services.database.write() as transaction:
        await plans.take_turn(transaction)
        kept = await plans.current(transaction)
        if wish.made_from != kept.version:
            raise RefusedError(
                409,
                "plan_changed_meanwhile",
                "somebody changed the plan in between: load it and change it again",
                version=kept.version,
            )
        found = await _problems(transaction, wish.plan, services)
        if found:
            lines = [each.model_dump() for each in found]
            detail = "; ".join(each.detail for each in found)
            raise RefusedError(422, "plan_impossible", detail, problems=lines)
        await plans.put(
            transaction,
            wish.plan,
            changes(kept.draft, wish.plan),
            version=kept.version + 1,
            changed_by=operator.username,
            now=services.now(),
        )
        transaction.concerns(f"canteen-plan:{kept.version + 1}")
        return await _view(transaction, services)


@router.post("/plan/preview")
async def preview_canteen_plan(wish: WantedPlan, _: Manager, services: Given) -> PlanPreview:
    """Return what a plan would change, and what of it cannot be; nothing is changed."""
    async with services.database.read() as transaction:
        kept = await plans.current(transaction)
        found = await _problems(transaction, wish.plan, services)
    changed = changes(kept.draft, wish.plan)
    return PlanPreview(
        version=kept.version,
        changes=changed,
        problems=found,
        warnings=warnings(kept.draft, changed, now=services.now(), zone=services.canteen.zone),
    )


@router.get("/plan/versions")
async def list_canteen_plan_versions(
    _: Reader, services: Given, limit: Annotated[int, Query(ge=1, le=200)] = 50
) -> PlanVersions:
    """Return who changed what, the newest first."""
    async with services.database.read() as transaction:
        found = await plans.versions(transaction, limit=limit)
        names = await plans.gone_names(transaction)
    return PlanVersions(
        names={f"{part}/{item}": name for (part, item), name in names.items()},
        items=[
            PlanVersion(
                version=each.version,
                changed_by=each.changed_by or "",
                changed_at=each.changed_at,
                changes=list(each.changes),
            )
            for each in found
            if each.changed_at is not None
        ],
    )


async def _view(transaction: Transaction, services: Services) -> PlanView:
    kept = await plans.current(transaction)
    profiles = await _profiles(transaction)
    return PlanView(
        version=kept.version,
        plan=kept.draft,
        changed_by=kept.changed_by,
        changed_at=kept.changed_at,
        merchants=[
            MerchantView(id=each.id, name=dict(each.name.items()), kind=each.kind)
            for each in services.settings.site.merchant
        ],
        tills=[
            TillPlace(
                id=each.id, name=dict(each.name.items()), merchant=each.merchant, node=each.node
            )
            for each in services.settings.site.till
        ],
        profiles=sorted(profiles),
        profile_names=profiles,
    )


async def _profiles(transaction: Transaction) -> dict[str, dict[str, str]]:
    """Return the profiles of the access rules, with their names."""
    kept = await access.current(transaction)
    return (
        {} if kept is None else {each.id: dict(each.name.items()) for each in kept.model.profiles}
    )


async def _problems(
    transaction: Transaction, draft: Draft, services: Services
) -> list[PlanProblem]:
    merchants = frozenset(each.id for each in services.settings.site.merchant)
    return problems(draft, merchants=merchants, profiles=frozenset(await _profiles(transaction)))
