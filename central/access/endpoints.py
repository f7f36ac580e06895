"""The access rules over HTTP: the model, lockdown levels, what operators forgive."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from central.access import checking, preview, repository
from central.access.pass_times import pass_times
from central.access.schemas import (
    AccessModelView,
    CheckedAccessModel,
    Finding,
    ForgivenView,
    KeptAccessModel,
    LockdownList,
    LockdownView,
    PassTimes,
    PersonEffect,
    VersionList,
    WantedAccessModel,
    WantedForgiveness,
    WantedLockdown,
)
from central.approvals import countersigning
from central.database import Transaction
from central.people.masking import masked
from central.people.repository import names_of
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from central.visits.repository import visitors_of
from config.calendars import shipped_calendar
from config.contract.access_model import AccessModel
from config.contract.access_terms import LockdownEffect
from config.contract.identifiers import Slug

router = APIRouter(tags=["access"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("access.read"))]
Writer = Annotated[Operator, Depends(Requires("access.write"))]
Guardian = Annotated[Operator, Depends(Requires("lockdown.set"))]
Forgiver = Annotated[Operator, Depends(Requires("passback.forgive"))]
SHOWN_PEOPLE_MAX = 200


@router.get("/access-model")
async def get_model(_: Reader, services: Given) -> AccessModelView:
    """Return the access model in force, or what a site's first one starts from."""
    async with services.database.read() as transaction:
        return await _view(transaction, services)


@router.put("/access-model")
async def put_model(wish: WantedAccessModel, operator: Writer, services: Given) -> AccessModelView:
    """Put a whole model in force at every node; refuses with 409 what is made from an old one."""
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        version = await repository.current_version(transaction)
        if wish.made_from != version:
            raise RefusedError(
                409,
                "changed_meanwhile",
                "somebody changed the access model in between: load it and change it again",
                version=version,
            )
        try:
            model = await checking.usable_model(
                transaction, services, wish.model, version=version + 1
            )
        except checking.UnusableModelError as error:
            raise RefusedError(
                422, "invalid_access_model", str(error), lines=error.lines
            ) from error
        await repository.put(transaction, model, changed_by=operator.username, now=services.now())
        return await _view(transaction, services)


@router.post("/access-model/check")
async def check_model(
    wish: WantedAccessModel, operator: Writer, services: Given
) -> CheckedAccessModel:
    """Return what would change if a model were put in force: compare, then apply."""
    async with services.database.read() as transaction:
        kept = await repository.current(transaction)
        before = AccessModel() if kept is None else kept.model
        nothing = CheckedAccessModel(
            version=before.version, is_outdated=wish.made_from != before.version, problems=[],
            warnings=[], found_problems=[], found_warnings=[], changes=[], people=[],
            people_count=0,
        )  # fmt: skip
        try:
            after = await checking.usable_model(
                transaction, services, wish.model, version=before.version + 1
            )
        except checking.UnusableModelError as error:
            return nothing.model_copy(
                update={"problems": error.lines, "found_problems": Finding.of(error.lines)}
            )
        people = await repository.profiled_people(transaction)
        found_warnings = await checking.warnings_of(transaction, services, after)
    found = preview.effects(before, after, people)
    has_names = operator.may("people.names")
    return nothing.model_copy(
        update={
            "warnings": found_warnings,
            "found_warnings": Finding.of(found_warnings),
            "changes": preview.changed_entries(before, after),
            "people": [
                PersonEffect(
                    holder_id=person.holder_id,
                    name=person.name if has_names else masked(person.name),
                    gains=list(effect.gains),
                    loses=list(effect.loses),
                    at_other_times=list(effect.at_other_times),
                )
                for person, effect in found[:SHOWN_PEOPLE_MAX]
            ],
            "people_count": len(found),
        }
    )


@router.get("/access-model/versions")
async def list_access_versions(
    _: Reader, services: Given, limit: Annotated[int, Query(ge=1, le=1000)] = 100
) -> VersionList:
    """Return who changed the access model and when, newest first."""
    async with services.database.read() as transaction:
        return VersionList(items=await repository.versions(transaction, limit=limit))


@router.get("/access-model/versions/{version}")
async def get_version(
    version: Annotated[int, Path(ge=1, le=2**31 - 1)], _: Reader, services: Given
) -> KeptAccessModel:
    """Return a version as it was in force."""
    async with services.database.read() as transaction:
        kept = await repository.find(transaction, version)
    if kept is None:
        raise RefusedError(404, "version_not_found", "the access model had no such version")
    return kept


@router.get("/pass-times")
async def get_pass_times(_: Reader, services: Given) -> PassTimes:
    """Return how long people of the latest passages waited, by what they showed."""
    async with services.database.read() as transaction:
        return await pass_times(transaction)


@router.get("/lockdowns")
async def list_lockdowns(_: Reader, services: Given) -> LockdownList:
    """Return the lockdown levels that are on, and the latest that are over."""
    async with services.database.read() as transaction:
        return LockdownList(
            active=await repository.active_lockdowns(transaction),
            ended=await repository.ended_lockdowns(transaction),
        )


@router.put("/lockdowns/{level}")
async def set_lockdown(
    level: Slug, wish: WantedLockdown, operator: Guardian, services: Given
) -> LockdownView:
    """Set a level off; one that is on already stays as it is."""
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        kept = await repository.current(transaction)
        effect = _effect_of(kept, level)
        if effect is None:
            raise RefusedError(404, "level_not_found", "the access model has no such level")
        if (found := await _active(transaction, level)) is None:
            if effect is LockdownEffect.OPEN:
                await _to_be_signed(
                    transaction, services, operator, "level_opened", level, wish.reason
                )
            await repository.set_lockdown(
                transaction,
                level,
                reason=wish.reason,
                set_by=operator.username,
                now=services.now(),
            )
            found = await _active(transaction, level)
    if found is None:
        raise LookupError(level)
    return found


@router.delete("/lockdowns/{level}", status_code=204)
async def end_lockdown(level: Slug, operator: Guardian, services: Given) -> None:
    """End a level."""
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        effect = _effect_of(await repository.current(transaction), level)
        is_lifted = effect is LockdownEffect.LOCK and await _active(transaction, level)
        if is_lifted:
            await _to_be_signed(transaction, services, operator, "level_lifted", level, "")
        if not await repository.end_lockdown(
            transaction, level, ended_by=operator.username, now=services.now()
        ):
            raise RefusedError(404, "level_not_on", "this level is not on")


@router.post("/forgiven", status_code=201)
async def forgive(wish: WantedForgiveness, operator: Forgiver, services: Given) -> ForgivenView:
    """Forgive where somebody or everybody is, or the refusals at a point."""
    holder_id = None if wish.holder_id is None else str(wish.holder_id)
    points = {point.id for point in services.settings.site.access_point}
    if wish.access_point is not None and wish.access_point not in points:
        raise RefusedError(422, "unknown_access_point", "the site file has no such point")
    now = services.now()
    async with services.database.write() as transaction:
        await repository.take_turn(transaction)
        if holder_id is not None and not await _is_known(transaction, holder_id):
            raise RefusedError(404, "person_not_found")
        number = await repository.forgive(
            transaction,
            holder_id=holder_id,
            access_point=wish.access_point,
            forgiven_by=operator.username,
            now=now,
        )
    return ForgivenView(number=number, at=now)


def _effect_of(kept: KeptAccessModel | None, level: str) -> LockdownEffect | None:
    """Return what a level of the model in force does; None where it has no such level."""
    levels = () if kept is None else kept.model.lockdown_levels
    return next((known.effect for known in levels if known.id == level), None)


async def _to_be_signed(
    transaction: Transaction,
    services: Services,
    operator: Operator,
    act: countersigning.Act,
    level: str,
    reason: str,
) -> None:
    """Let one person open what was shut, at once; somebody else signs within a day."""
    await countersigning.record(
        transaction,
        act,
        subject=level,
        reason=reason,
        operator=operator,
        site=services.settings.site.site.id,
        epoch=services.epoch,
        now=services.now(),
    )


async def _is_known(transaction: Transaction, holder_id: str) -> bool:
    """Return whether there is such a person or visitor."""
    people = await names_of(transaction, [holder_id], has_names=False)
    return bool(people or await visitors_of(transaction, [holder_id], has_names=False))


async def _active(transaction: Transaction, level: str) -> LockdownView | None:
    active = await repository.active_lockdowns(transaction)
    return next((lockdown for lockdown in active if lockdown.level == level), None)


async def _view(transaction: Transaction, services: Services) -> AccessModelView:
    kept = await repository.current(transaction)
    shipped = shipped_calendar(services.settings.site.site.time_zone)
    model = AccessModel(calendar=shipped) if kept is None else kept.model
    problems = checking.problems_at_site(model, services)
    warnings = await checking.warnings_of(transaction, services, model)
    return AccessModelView(
        version=model.version,
        model=model,
        changed_by=None if kept is None else kept.changed_by,
        changed_at=None if kept is None else kept.changed_at,
        problems=[*problems],
        warnings=[*warnings],
        found_problems=Finding.of(problems),
        found_warnings=Finding.of(warnings),
        shipped_calendar=shipped if shipped != model.calendar else None,
    )
