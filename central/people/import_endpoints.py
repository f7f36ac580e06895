"""The personnel office's file over HTTP: what it would change, then applying it; and upserts."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Path, Request, Response
from starlette.datastructures import UploadFile

from central.access.repository import current
from central.database import Transaction
from central.people import imports, units
from central.people.endpoints import Reader, Writer, check_points, check_profiles, person
from central.people.import_schemas import (
    ApplyImport,
    ChangeView,
    FieldChangeView,
    ImportCounts,
    ImportPreview,
    ImportResult,
    MissingView,
    PersonPreview,
    PutPerson,
    RefusalView,
    UnitList,
)
from central.people.roster.columns import plain
from central.people.roster.compare import Change, Comparison, Existing, compare
from central.people.roster.rows import Place, Roster, RosterRow, read_roster, unit_path
from central.people.roster.tables import SIZE_BYTES_MAX, RosterError
from central.people.schemas import Person
from central.problems import RESPONSES, RefusedError
from central.services import Given, Services
from central.site_values import hold_replica
from config.contract.trust import card_verifier

router = APIRouter(tags=["people"], responses=RESPONSES)
LIFETIME: Final = timedelta(hours=1)
PersonNumber = Annotated[str, Path(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f/]+$")]
FORM_BYTES_MAX: Final = 10_000
"""What a form adds to its file."""
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["file"],
                    "properties": {"file": {"type": "string", "format": "binary"}},
                }
            }
        },
    }
}


@router.post("/people/imports", status_code=201, openapi_extra=_BODY)
async def preview_import(request: Request, operator: Writer, services: Given) -> ImportPreview:
    """Say what a file of the personnel office would change; nothing is changed."""
    content = await _file(request)
    async with services.database.read() as transaction:
        place = await _place(transaction, services)
    try:
        # Seconds for a large workbook: others are answered meanwhile.
        roster = await asyncio.to_thread(read_roster, content, place)
    except RosterError as error:
        raise RefusedError(422, f"roster_{error.code}", error.detail) from error
    now = services.now()
    async with services.database.read() as transaction:
        existing = await imports.existing(transaction)
    fingerprint, comparison = await _compared(existing, roster, now)
    async with services.database.write() as transaction:
        import_id = await imports.keep(
            transaction,
            roster,
            fingerprint=fingerprint,
            by=operator.user_id,
            expires_at=now + LIFETIME,
        )
        counts = _counts(comparison)
        transaction.concerns(f"import:{import_id}", **counts.model_dump())
    return ImportPreview(
        import_id=import_id,
        token=fingerprint,
        expires_at=now + LIFETIME,
        counts=counts,
        changes=[_change(change) for change in comparison.changes],
        refusals=[
            RefusalView(row=r.row, column=r.column, code=r.code) for r in comparison.refusals
        ],
        missing=[
            MissingView(holder_id=known.holder_id, number=known.number, name=known.name)
            for known in comparison.missing
        ],
        is_missing_unlikely=comparison.is_missing_unlikely,
        ignored_columns=list(roster.ignored),
    )


@router.post("/people/imports/{import_id}/apply")
async def apply_import(
    import_id: UUID, wish: ApplyImport, _: Writer, services: Given
) -> ImportResult:
    """Do what a preview says, all of it or nothing; refused when people have changed since."""
    now = services.now()
    async with services.database.write() as transaction:
        await hold_replica(transaction)
        taken = await imports.take(transaction, str(import_id), now=now)
        if taken is None:
            raise RefusedError(
                404, "import_not_found", "it was applied or is too old: send it again"
            )
        roster, fingerprint = taken
        existing = await imports.existing(transaction)
        fingerprint_now, comparison = await _compared(existing, roster, now)
        if not fingerprint == wish.token == fingerprint_now:
            raise RefusedError(409, "people_changed", "people have changed since: look again")
        named = {p for change in comparison.changes for p in change.values.get("profiles") or ()}
        await check_profiles(transaction, named)
        missing = comparison.missing if wish.leavers_missing else ()
        if missing and comparison.is_missing_unlikely and not wish.missing_confirmed:
            raise RefusedError(
                409,
                "many_missing",
                f"{len(missing)} of {comparison.roster_count} are missing: is it the whole file?",
            )
        await imports.apply(
            transaction, comparison, existing, switched_off=missing, is_roster=True, now=now
        )
        counts = _counts(comparison)
        result = ImportResult(
            new=counts.new,
            changed=counts.changed,
            leavers=counts.leavers,
            switched_off=len(missing),
            cards=sum(len(change.cards) for change in comparison.changes),
        )
        transaction.concerns(**result.model_dump())
    return result


@router.put(
    "/people/by-number/{number}",
    responses={201: {"model": Person, "description": "Somebody new"}},
)
async def put_person(
    number: PersonNumber,
    wish: PutPerson,
    response: Response,
    operator: Writer,
    services: Given,
) -> Person:
    """Add or change the person with this number; sent again, it changes nothing."""
    number, now = number.strip(), services.now()
    async with services.database.write() as transaction:
        await hold_replica(transaction)
        existing, comparison = await _wished(transaction, services, number, wish, now)
        (holder_id,) = await imports.apply(
            transaction, comparison, existing, is_roster=False, now=now
        ) or [existing.people[number].holder_id]
        transaction.concerns(f"person:{holder_id}", fields=sorted(_said(wish)))
        if any(change.kind == "new" for change in comparison.changes):
            response.status_code = 201
        return await person(transaction, holder_id, operator, services)


@router.post("/people/by-number/{number}/check")
async def check_person(
    number: PersonNumber, wish: PutPerson, _: Writer, services: Given
) -> PersonPreview:
    """Say what the same wish would change, or why it would be refused; nothing is changed."""
    number, now = number.strip(), services.now()
    async with services.database.read() as transaction:
        existing, comparison = await _wished(transaction, services, number, wish, now)
    for change in comparison.changes:
        shown = _change(change)
        return PersonPreview(kind=shown.kind, holder_id=shown.holder_id, fields=shown.fields)
    return PersonPreview(kind="unchanged", holder_id=existing.people[number].holder_id, fields=[])


async def _wished(
    transaction: Transaction, services: Services, number: str, wish: PutPerson, now: datetime
) -> tuple[Existing, Comparison]:
    """Return who has the number, and what a wish changes of them; refuses what cannot be."""
    check_points(services, wish.access_points)
    await check_profiles(transaction, wish.profiles)
    verifiers = _verifiers(services, wish.cards or ())
    row = RosterRow(row=1, number=number, values=_said(wish), cards=verifiers)
    roster = Roster(rows=(row,), refusals=(), numbers=frozenset({number}))
    existing = await imports.existing(transaction, number=number, verifiers=verifiers)
    comparison = compare(existing, roster, now=now)
    for refusal in comparison.refusals:
        raise RefusedError(
            409 if refusal.code == "card_taken" else 422,
            _UPSERT_CODES.get(refusal.code, "invalid_request"),
            f"{refusal.column}: {refusal.code}",
        )
    if comparison.left_already:
        raise RefusedError(409, "left_already", "nobody has this number, and this person left")
    return existing, comparison


@router.get("/units")
async def list_units(_: Reader, services: Given) -> UnitList:
    """Return the organisation units, each after the one above it."""
    async with services.database.read() as transaction:
        return UnitList(items=await units.tree(transaction))


_UPSERT_CODES: Final = {"card_taken": "card_taken", "name_missing": "name_missing"}


async def _compared(existing: Existing, roster: Roster, now: datetime) -> tuple[str, Comparison]:
    """Return the fingerprint of who is known, and what would change; in a thread, as it is slow."""
    return await asyncio.to_thread(
        lambda: (existing.fingerprint, compare(existing, roster, now=now))
    )


async def _file(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise RefusedError(411, "length_required", "say how long the upload is")
    if int(length) > SIZE_BYTES_MAX + FORM_BYTES_MAX:
        raise RefusedError(413, "too_large", f"at most {SIZE_BYTES_MAX // 1_000_000} MB at once")
    async with request.form(max_files=1, max_fields=0) as form:
        file = form.get("file")
        if not isinstance(file, UploadFile):
            raise RefusedError(422, "invalid_request", "send the file in the field file")
        return await file.read()


async def _place(transaction: Transaction, services: Services) -> Place:
    site, kept = services.settings.site, await current(transaction)
    profiles = () if kept is None else kept.model.profiles
    names = {plain(name): p.id for p in site.access_point for name in (p.id, *p.name.values())}
    return Place(
        zone=ZoneInfo(site.site.time_zone),
        points=names,
        profiles={plain(name): p.id for p in profiles for name in (p.id, *p.name.values())},
        verifier=lambda number: card_verifier(services.card_key, number),
    )


def _verifiers(services: Services, numbers: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(card_verifier(services.card_key, number) for number in numbers))


def _said(wish: PutPerson) -> dict[str, Any]:
    values: dict[str, Any] = wish.model_dump(exclude_unset=True, exclude={"cards"})
    for name in ("name", "is_active"):
        if name in values and values[name] is None:
            raise RefusedError(422, "invalid_request", f"{name} cannot be cleared")
    if values.get("unit") is not None:
        values["unit"] = unit_path(values["unit"])
    for name in ("access_points", "profiles"):
        if values.get(name) is not None:
            values[name] = sorted(set(values[name]))
    return values


def _counts(comparison: Comparison) -> ImportCounts:
    kinds = [change.kind for change in comparison.changes]
    return ImportCounts(
        new=kinds.count("new"),
        changed=kinds.count("changed"),
        leavers=kinds.count("leaver"),
        unchanged=len(comparison.unchanged),
        left_already=len(comparison.left_already),
        missing=len(comparison.missing),
        refused=len(comparison.refusals),
    )


def _change(change: Change) -> ChangeView:
    return ChangeView(
        row=change.row,
        kind=change.kind,
        number=change.number,
        name=change.name,
        holder_id=change.holder_id,
        fields=[
            FieldChangeView(field=f.field, before=f.before, after=f.after) for f in change.fields
        ],
    )
