"""Consent over HTTP: texts, a person's consents, withdrawal, and the proofs of deletion."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import ValidationError
from sqlalchemy import Row

from central.audit.endpoints import looked
from central.audit.notes import Note
from central.audit.purposes import PERSONNEL, Purposeful, Reason
from central.canteen import accounts
from central.consent import deletions, erasures, repository, terminal_faces
from central.consent.certificates import certificate
from central.consent.record import person_record
from central.consent.schemas import (
    Certificate,
    Consent,
    ConsentList,
    ConsentTextList,
    DeletionList,
    NewConsent,
    NewConsentText,
    PersonRecord,
    StoredFaces,
    Withdrawn,
)
from central.consent.stored_faces import stored_faces
from central.database import Transaction
from central.nodes import repository as nodes
from central.nodes.endpoints import installed
from central.nodes.signed import Signed, SignedRequest
from central.people import repository as people
from central.people import templates
from central.people.endpoints import Reader, Writer, person
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from config.contract.face_statements import FaceStatements, SignedStatement, read_statement
from config.contract.trust import TrustError, verifying_key

router = APIRouter(tags=["consent"], responses=RESPONSES)
STATEMENTS_SIZE_BYTES_MAX = 2_000_000
Keeper = Annotated[Operator, Depends(Requires("people.record"))]
Author = Annotated[Operator, Depends(Requires("consent.texts"))]


@router.get("/consent-texts")
async def list_texts(_: Reader, services: Given) -> ConsentTextList:
    """Return every version of what people are told, newest first of each purpose."""
    async with services.database.read() as transaction:
        return ConsentTextList(items=await repository.list_texts(transaction))


@router.post("/consent-texts", status_code=201)
async def add_text(wish: NewConsentText, operator: Author, services: Given) -> ConsentTextList:
    """Add the next version of a text; who agreed to an earlier one stays agreed to that one."""
    async with services.database.write() as transaction:
        await templates.take_turn(transaction)
        version = await repository.add_text(
            transaction, wish, by=operator.user_id, now=services.now()
        )
        transaction.concerns(purpose=wish.purpose, version=version)
        return ConsentTextList(items=await repository.list_texts(transaction))


@router.get("/people/{holder_id}/consents")
async def list_consents(
    holder_id: UUID,
    operator: Reader,
    services: Given,
    reason: Annotated[Reason, Depends(Purposeful(PERSONNEL))],
) -> ConsentList:
    """Return a person's consents, newest first."""
    holder = str(holder_id)
    async with services.database.read() as transaction:
        await person(transaction, holder, operator, services)
        items = await _consents(transaction, holder, operator)
    await looked(services, operator, "people_consents_get", f"person:{holder}", reason=reason)
    return ConsentList(items=items)


@router.post("/people/{holder_id}/consents", status_code=201)
async def record(holder_id: UUID, wish: NewConsent, operator: Writer, services: Given) -> Consent:
    """Record that a person consented, or a guardian for them; an earlier consent is replaced.

    A face that lies elsewhere than the new consent says is deleted, and is enrolled anew.
    """
    holder, now = str(holder_id), services.now()
    if wish.given_at is not None and wish.given_at > now:
        raise RefusedError(422, "invalid_request", "a consent is not given in the future")
    if unknown := set(wish.nodes) - installed(services):
        raise RefusedError(
            422, "node_not_installed", f"the site file has no {', '.join(sorted(unknown))}"
        )
    async with services.database.write() as transaction:
        await templates.take_turn(transaction)
        await person(transaction, holder, operator, services)
        if not await repository.has_text(transaction, wish.purpose, wish.text_version):
            raise RefusedError(422, "consent_text_unknown", "there is no text of this version")
        before = await repository.standing(transaction, holder, wish.purpose)
        consent_id = await repository.add(transaction, holder, wish, by=operator.user_id, now=now)
        transaction.concerns(
            f"consent:{consent_id}",
            purpose=wish.purpose,
            text_version=wish.text_version,
            place=wish.place,
        )
        if before is not None and wish.purpose == "gate" and _moves(before, wish):
            await erasures.forget_face(
                transaction,
                holder,
                reason="moved",
                key=services.central_key,
                by=operator.user_id,
                now=now,
            )
        elif wish.purpose == "gate":
            await people.change(transaction, holder, {})
        else:
            await accounts.touch(transaction, [holder], now=now)
        found = await _consents(transaction, holder, operator)
    await services.erasure_file.settle(services.database)
    return next(consent for consent in found if consent.consent_id == consent_id)


@router.post("/people/{holder_id}/consents/{consent_id}/withdraw")
async def withdraw(
    holder_id: UUID, consent_id: UUID, operator: Writer, services: Given
) -> Withdrawn:
    """End a consent; with the one for the gates the face is deleted everywhere, with proofs.

    With the one for the canteen no till knows the face any more; the person pays by other means.
    """
    holder, now = str(holder_id), services.now()
    async with services.database.write() as transaction:
        await templates.take_turn(transaction)
        await person(transaction, holder, operator, services)
        found = await repository.find(transaction, holder, str(consent_id))
        if found is None:
            raise RefusedError(404, "consent_not_found")
        if found.ended_at is not None:
            raise RefusedError(409, "consent_ended", "this consent is over already")
        await repository.end(
            transaction,
            holder,
            purpose=found.purpose,
            reason="withdrawn",
            by=operator.user_id,
            now=now,
        )
        deletion_id = None
        if found.purpose == "gate":
            deletion_id = await erasures.forget_face(
                transaction,
                holder,
                reason="withdrawn",
                key=services.central_key,
                by=operator.user_id,
                now=now,
            )
        else:
            await accounts.touch(transaction, [holder], now=now)
        if deletion_id is not None:
            transaction.concerns(f"deletion:{deletion_id}")
    await services.erasure_file.settle(services.database)
    return Withdrawn(deletion_id=deletion_id)


@router.get("/face-deletions")
async def list_deletions(
    _: Reader,
    services: Given,
    holder_id: UUID | None = None,
    *,
    outstanding: Annotated[bool, Query(description="Only what is not proved yet.")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> DeletionList:
    """Return faces that had to go, newest first, and which terminals have proved it."""
    async with services.database.read() as transaction:
        items = await deletions.page(
            transaction,
            holder_id=None if holder_id is None else str(holder_id),
            is_outstanding=outstanding,
            limit=limit,
        )
    return DeletionList(items=items)


@router.get("/face-deletions/{deletion_id}/certificate")
async def get_certificate(deletion_id: UUID, _: Reader, services: Given) -> Certificate:
    """Return the proof of a deletion, as far as it goes now; `menshen consent verify` checks it."""
    async with services.database.read() as transaction:
        order = await deletions.find(transaction, str(deletion_id))
        parts = await deletions.parts(transaction, [str(deletion_id)])
    if order is None:
        raise RefusedError(404, "deletion_not_found")
    site = services.settings.site.site.id
    return certificate(services.central_key, order, parts, site=site, now=services.now())


@router.get("/stored-faces")
async def count_faces(_: Reader, services: Given) -> StoredFaces:
    """Return how many faces are stored, what the law asks for, and who passes without one."""
    async with services.database.read() as transaction:
        return await stored_faces(transaction)


@router.get("/people/{holder_id}/record")
async def get_record(
    holder_id: UUID,
    operator: Keeper,
    services: Given,
    reason: Annotated[Reason, Depends(Purposeful())],
) -> PersonRecord:
    """Return everything that is held of a person, as they may ask for it; the look is recorded."""
    holder = str(holder_id)
    async with services.database.read() as transaction:
        found = await person_record(
            transaction,
            await person(transaction, holder, operator, services),
            site=services.settings.site.site.id,
            has_names=operator.may("people.names"),
            now=services.now(),
        )
    await looked(services, operator, "people_record_get", f"person:{holder}", reason=reason)
    return found


@router.post("/nodes/current/faces", status_code=204, tags=["nodes"])
async def take_in_statements(
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=STATEMENTS_SIZE_BYTES_MAX))],
) -> Response:
    """Take in what a terminal says of the faces that it holds."""
    try:
        said = FaceStatements.model_validate_json(signed.body)
    except ValidationError as error:
        raise RefusedError(422, "invalid_request", "these are no statements of a node") from error
    has_gone = False
    async with services.database.write() as transaction:
        await templates.take_turn(transaction)
        keys = await nodes.keys_of(transaction, signed.node)
        if keys is None:
            raise RefusedError(422, "bad_statement", "this node has been removed")
        for item in said.items:
            has_gone |= await _take_in(transaction, services, signed.node, item, keys.signing_key)
        if said.erased:
            key, now = services.central_key, services.now()
            has_gone |= bool(await erasures.apply_again(transaction, said.erased, key=key, now=now))
    services.replica.forget()
    if has_gone:
        await services.erasure_file.settle(services.database)
    return Response(status_code=204)


async def _take_in(
    transaction: Transaction, services: Services, node: str, item: SignedStatement, signing_key: str
) -> bool:
    """Note one statement; returns whether a template went at central."""
    try:
        statement = read_statement(item, verifying_key(signing_key))
    except TrustError as error:
        raise RefusedError(422, "bad_statement", str(error)) from error
    if (statement.node, statement.site) != (node, services.settings.site.site.id):
        raise RefusedError(422, "bad_statement", "this statement is about another node")
    now, objects = services.now(), (f"person:{statement.holder_id}",)
    if await deletions.confirm(transaction, statement, item, signing_key=signing_key, now=now):
        _note(transaction, node, "face_deletion_proved", objects)
    if await terminal_faces.take_in(transaction, statement, now=now):
        _note(transaction, node, "face_kept_at_terminals", objects)
        return True
    return False


def _note(transaction: Transaction, node: str, action: str, objects: tuple[str, ...]) -> None:
    transaction.note(Note(actor=f"node:{node}", action=action, objects=objects))


async def _consents(transaction: Transaction, holder_id: str, operator: Operator) -> list[Consent]:
    has_names = operator.may("people.names")
    return list(await repository.of_holder(transaction, holder_id, has_names=has_names))


def _moves(before: Row[Any], wish: NewConsent) -> bool:
    """Return whether a new consent lets the template lie elsewhere than the one before."""
    return (before.place, set(before.nodes)) != (wish.place, set(wish.nodes))
