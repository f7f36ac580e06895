"""Floor plans over HTTP: read by everybody who reads the site, changed by few."""

import asyncio
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Response
from sqlalchemy import Row

from central.database import PLANS_LOCK, Transaction
from central.plans import repository
from central.plans.drawing import Drawing, DrawingError, read_drawing
from central.plans.schemas import (
    SCHEMATIC,
    KeptPlan,
    Place,
    PlanList,
    PlanVersions,
    PlanView,
    WantedPlaces,
    WantedPlan,
    WantedVersion,
)
from central.plans.schematic import schematic
from central.plans.subjects import subjects_of
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from config.contract.identifiers import Sha256, Slug

router = APIRouter(tags=["plans"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("site.read"))]
Draughtsman = Annotated[Operator, Depends(Requires("plans.write"))]
PLAN_COUNT_MAX: Final = 200
DRAWING_HEADERS: Final = {
    # A drawing that somebody opens by itself: nothing in it may run, load or be clicked through.
    "Content-Security-Policy": (
        "default-src 'none'; img-src data:; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'; sandbox"
    ),
    # Named by its content, so that it never changes.
    "Cache-Control": "private, max-age=31536000, immutable",
}


@router.get("/plans")
async def list_plans(_: Viewer, services: Given) -> PlanList:
    """Return the plans, lowest floor first; a schematic one where the site has uploaded none."""
    subjects = subjects_of(services.settings.site)
    async with services.database.read() as transaction:
        items = await repository.in_force(transaction)
    return PlanList(items=items or [schematic(subjects)[0]], subjects=subjects)


@router.get(
    "/plans/drawings/{sha256}",
    response_class=Response,
    responses={200: {"content": {"image/svg+xml": {}}}},
)
async def get_drawing(sha256: Sha256, _: Viewer, services: Given) -> Response:
    """Return a drawing, which holds nothing but what is drawn."""
    own = schematic(subjects_of(services.settings.site))[1]
    async with services.database.read() as transaction:
        kept = await repository.drawing_of(transaction, sha256)
    content = own.content if own.sha256 == sha256 else kept
    if content is None:
        raise RefusedError(404, "plan_not_found", "no plan has this drawing")
    return Response(content, media_type="image/svg+xml", headers=DRAWING_HEADERS)


@router.put("/plans/{plan_id}")
async def put_floor_plan(
    plan_id: Slug, wish: WantedPlan, operator: Draughtsman, services: Given
) -> KeptPlan:
    """Put a plan in force; its drawing is rewritten, and what was left out of it is said."""
    if plan_id == SCHEMATIC:
        raise RefusedError(409, "plan_name_taken", "central's own plan is called so")
    drawing = None if wish.svg is None else await asyncio.to_thread(_read, wish.svg)
    async with services.database.write() as transaction:
        before = await _before(transaction, plan_id, wish.version)
        if before is None and len(await repository.in_force(transaction)) >= PLAN_COUNT_MAX:
            raise RefusedError(409, "too_many_plans", "remove a plan first")
        shown = None if before is None else before.drawing
        if drawing is not None:
            shown = await repository.keep_drawing(transaction, drawing)
        plan = await repository.add_version(
            transaction,
            plan_id=plan_id,
            name={str(language): name for language, name in wish.name.items()},
            floor=wish.floor,
            drawing=shown,
            places=_places(before),
            changed_by=operator.username,
            now=services.now(),
        )
        transaction.concerns(f"plan:{plan_id}", version=plan.version)
    left_out = {} if drawing is None else dict(drawing.left_out)
    return KeptPlan(**plan.model_dump(), left_out=left_out)


@router.put("/plans/{plan_id}/places")
async def put_places(
    plan_id: Slug, wish: WantedPlaces, operator: Draughtsman, services: Given
) -> PlanView:
    """Say where everything stands on a plan; what is not named stands nowhere on it."""
    known = {(subject.kind, subject.id) for subject in subjects_of(services.settings.site)}
    async with services.database.write() as transaction:
        before = await _there(transaction, plan_id, wish.version)
        # What the site file has no more may stay where it was, and is not placed anew.
        known |= {(place.kind, place.id) for place in _places(before)}
        if any((place.kind, place.id) not in known for place in wish.places):
            raise RefusedError(422, "unknown_subject", "the site file has no such thing to place")
        plan = await repository.add_version(
            transaction,
            plan_id=plan_id,
            name=before.name,
            floor=before.floor,
            drawing=before.drawing,
            places=wish.places,
            changed_by=operator.username,
            now=services.now(),
        )
        transaction.concerns(version=plan.version, count=len(wish.places))
    return plan


@router.delete("/plans/{plan_id}", status_code=204)
async def remove_plan(plan_id: Slug, operator: Draughtsman, services: Given) -> None:
    """Remove a plan; its versions stay, and one of them can be put in force again."""
    async with services.database.write() as transaction:
        before = await _there(transaction, plan_id, None)
        await repository.add_version(
            transaction,
            plan_id=plan_id,
            name=before.name,
            floor=before.floor,
            drawing=before.drawing,
            places=_places(before),
            changed_by=operator.username,
            now=services.now(),
            is_removed=True,
        )


@router.get("/plans/{plan_id}/versions")
async def list_plan_versions(plan_id: Slug, _: Draughtsman, services: Given) -> PlanVersions:
    """Return the latest versions of a plan, newest first; of a removed one, too."""
    async with services.database.read() as transaction:
        return PlanVersions(items=await repository.versions(transaction, plan_id))


@router.post("/plans/{plan_id}/restore")
async def restore_version(
    plan_id: Slug, wish: WantedVersion, operator: Draughtsman, services: Given
) -> PlanView:
    """Put an earlier version in force again, as a new one."""
    async with services.database.write() as transaction:
        newest = await _locked(transaction, plan_id)
        if newest is None or newest.version != wish.version:
            raise _changed_meanwhile()
        earlier = await repository.find(transaction, plan_id, wish.restore)
        if earlier is None:
            raise RefusedError(404, "plan_not_found", "this version is not kept")
        plan = await repository.add_version(
            transaction,
            plan_id=plan_id,
            name=earlier.name,
            floor=earlier.floor,
            drawing=earlier.drawing,
            places=_places(earlier),
            changed_by=operator.username,
            now=services.now(),
        )
        transaction.concerns(version=plan.version, restored=wish.restore)
    return plan


def _read(svg: str) -> Drawing:
    try:
        return read_drawing(svg)
    except DrawingError as error:
        raise RefusedError(422, error.code, str(error)) from error


async def _locked(transaction: Transaction, plan_id: str) -> Row[Any] | None:
    await transaction.take_turn(PLANS_LOCK)
    return await repository.find(transaction, plan_id)


async def _before(transaction: Transaction, plan_id: str, version: int) -> Row[Any] | None:
    """Return the version in force, which must be the one that was changed; None of a new plan."""
    newest = await _locked(transaction, plan_id)
    before = None if newest is None or newest.is_removed else newest
    if version != (0 if before is None else before.version):
        raise _changed_meanwhile()
    return before


async def _there(transaction: Transaction, plan_id: str, version: int | None) -> Row[Any]:
    """Return the version in force of a plan that is there."""
    newest = await _locked(transaction, plan_id)
    if newest is None or newest.is_removed:
        raise RefusedError(404, "plan_not_found", "there is no such plan")
    if version not in (None, newest.version):
        raise _changed_meanwhile()
    return newest


def _places(row: Row[Any] | None) -> tuple[Place, ...]:
    return () if row is None else tuple(Place.model_validate(place) for place in row.places)


def _changed_meanwhile() -> RefusedError:
    return RefusedError(409, "plan_changed", "somebody changed this plan meanwhile: look again")
