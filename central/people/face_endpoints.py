"""Enrolment by photograph over HTTP, and the second person's answer about look-alikes."""

from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Row
from starlette.datastructures import UploadFile

from central.database import Transaction
from central.people import repository, reviews, templates
from central.people.endpoints import Writer, person
from central.people.faces import (
    Photograph,
    Reading,
    RecognitionUnavailableError,
)
from central.people.schemas import Enrolled, Resembled, ReviewList
from central.people.templates import EncryptedTemplate, encrypted
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from config.contract.identifiers import new_id
from models.face.types import Candidate, Embedding

router = APIRouter(tags=["faces"], responses=RESPONSES)
UPLOAD_SIZE_BYTES_MAX: Final = 20_000_000
PICTURE_COUNT_MAX: Final = 5
Reviewer = Annotated[Operator, Depends(Requires("faces.review"))]
_BODY: Final = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["photos"],
                    "properties": {
                        "photos": {
                            "type": "array",
                            "minItems": 1,
                            "maxItems": PICTURE_COUNT_MAX,
                            "items": {"type": "string", "format": "binary"},
                        }
                    },
                }
            }
        },
    }
}


@router.post(
    "/people/{holder_id}/face",
    status_code=201,
    responses={202: {"model": Enrolled, "description": "A second person must look"}},
    openapi_extra=_BODY,
)
async def enrol(
    holder_id: UUID, request: Request, response: Response, operator: Writer, services: Given
) -> Enrolled:
    """Enrol a person by photographs, which are not kept."""
    async with services.database.read() as transaction:
        await person(transaction, str(holder_id), operator)
    photographs = await _photographs(request)
    try:
        reading = await services.faces.read(photographs)
    except RecognitionUnavailableError as error:
        raise RefusedError(503, "recognition_unavailable", str(error)) from error
    if reading.template is None:
        raise RefusedError(
            422,
            "no_usable_picture",
            "none of the photographs can be used; each says why",
            pictures=[verdict.model_dump() for verdict in reading.verdicts],
        )
    enrolled = await _keep(services, str(holder_id), operator, reading, reading.template)
    if enrolled.status == "awaiting_confirmation":
        response.status_code = 202
    return enrolled


async def _photographs(request: Request) -> list[Photograph]:
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise RefusedError(411, "length_required", "say how long the upload is")
    if int(length) > UPLOAD_SIZE_BYTES_MAX:
        raise RefusedError(
            413, "too_large", f"at most {UPLOAD_SIZE_BYTES_MAX // 1_000_000} MB at once"
        )
    async with request.form(max_files=PICTURE_COUNT_MAX, max_fields=0) as form:
        photographs = [
            Photograph(file.filename or f"{index}", await file.read())
            for index, file in enumerate(form.getlist("photos"), start=1)
            if isinstance(file, UploadFile)
        ]
    if not photographs:
        raise RefusedError(422, "invalid_request", "send photographs in the field photos")
    return photographs


async def _keep(
    services: Services, holder_id: str, operator: Operator, reading: Reading, template: Embedding
) -> Enrolled:
    sealed = encrypted(services.kek, template, holder_id=holder_id, network=reading.network)
    async with services.faces.enrolment:
        async with services.database.read() as transaction:
            others = await templates.others(transaction, network=reading.network, besides=holder_id)
        candidate = await services.faces.look_alike(template, others)
        async with services.database.write() as transaction:
            # The person may have been removed while the networks worked.
            await person(transaction, holder_id, operator)
            if candidate is None:
                await templates.replace(transaction, holder_id, sealed, now=services.now())
                await repository.change(transaction, holder_id, {})
                return Enrolled(status="enrolled", pictures=reading.verdicts)
            return await _ask(
                transaction, services, holder_id, operator, reading, candidate, sealed
            )


async def _ask(
    transaction: Transaction,
    services: Services,
    holder_id: str,
    operator: Operator,
    reading: Reading,
    candidate: Candidate,
    sealed: EncryptedTemplate,
) -> Enrolled:
    review_id = str(new_id())
    await reviews.add(
        transaction,
        review_id=review_id,
        holder_id=holder_id,
        candidate=candidate,
        template=sealed,
        requested_by=operator.user_id,
        now=services.now(),
    )
    name = await reviews.name_of(transaction, candidate.key)
    has_names = operator.may("people.names")
    return Enrolled(
        status="awaiting_confirmation",
        pictures=reading.verdicts,
        review_id=review_id,
        resembles=Resembled(holder_id=candidate.key, name=name) if has_names else None,
    )


@router.delete("/people/{holder_id}/face", status_code=204)
async def forget(holder_id: UUID, operator: Writer, services: Given) -> None:
    """Forget a person's face, and what waits about it."""
    async with services.database.write() as transaction:
        await person(transaction, str(holder_id), operator)
        if not await templates.remove(transaction, str(holder_id)):
            raise RefusedError(404, "face_not_found")
        await repository.change(transaction, str(holder_id), {})


@router.get("/face-reviews")
async def list_reviews(operator: Reviewer, services: Given) -> ReviewList:
    """Return the look-alikes that wait, oldest first."""
    async with services.database.read() as transaction:
        items = await reviews.pending(transaction, has_names=operator.may("people.names"))
    return ReviewList(items=items)


@router.post("/face-reviews/{review_id}/confirm", status_code=204)
async def confirm(review_id: UUID, operator: Reviewer, services: Given) -> None:
    """Say that they are two people: the face is enrolled."""
    async with services.database.write() as transaction:
        review = await _review(transaction, str(review_id), operator)
        sealed = EncryptedTemplate(
            network=review.network,
            ciphertext=review.ciphertext,
            wrapped_key=review.wrapped_key,
            key_version=review.key_version,
        )
        await templates.replace(transaction, review.holder_id, sealed, now=services.now())
        await repository.change(transaction, review.holder_id, {})


@router.post("/face-reviews/{review_id}/reject", status_code=204)
async def reject(review_id: UUID, operator: Reviewer, services: Given) -> None:
    """Say that they are one person, or that nobody knows: nothing is enrolled."""
    async with services.database.write() as transaction:
        review = await _review(transaction, str(review_id), operator)
        await reviews.remove(transaction, review.review_id)


async def _review(transaction: Transaction, review_id: str, operator: Operator) -> Row[Any]:
    review = await reviews.find(transaction, review_id)
    if review is None:
        raise RefusedError(404, "review_not_found", "somebody has answered it")
    if review.requested_by == operator.user_id:
        raise RefusedError(403, "second_person_needed", "somebody else must look at this")
    return review
