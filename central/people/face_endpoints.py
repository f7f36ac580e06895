"""Enrolment by photograph over HTTP, and the second person's answer about look-alikes."""

import dataclasses
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Row
from starlette.datastructures import UploadFile

from central.database import Transaction
from central.people import pictures, repository, reviews, templates
from central.people.endpoints import Writer, person
from central.people.faces import (
    Photograph,
    Reading,
    RecognitionUnavailableError,
    Template,
)
from central.people.schemas import Enrolled, Resembled, ReviewList
from central.people.templates import EncryptedTemplate, encrypted
from central.problems import RESPONSES, RefusedError
from central.recognition.thresholds import note_look_alike
from central.security import Operator, Requires
from central.services import Given, Services
from config.contract.identifiers import new_id
from models.face.types import Candidate

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
    """Enrol a person by photographs; what is kept of them, if the site wants it, stays here."""
    async with services.database.read() as transaction:
        await person(transaction, str(holder_id), operator, services)
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
    enrolment = _Enrolment(services, str(holder_id), operator, reading, reading.template)
    enrolled = await enrolment.keep()
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


@dataclasses.dataclass(frozen=True, slots=True)
class _Enrolment:
    """One person's new template on its way into the database."""

    services: Services
    holder_id: str
    operator: Operator
    reading: Reading
    template: Template

    async def keep(self) -> Enrolled:
        """Store it, or ask a second person where it resembles somebody."""
        services, holder_id = self.services, self.holder_id
        network = self.template.network
        sealed = encrypted(
            services.kek,
            self.template.values,
            holder_id=holder_id,
            network=network,
            picture_count=self.template.picture_count,
        )
        async with services.faces.enrolment:
            async with services.database.read() as transaction:
                others = await templates.others(transaction, network=network, besides=holder_id)
                not_compared_count = await templates.count_of_others(
                    transaction, network=network, besides=holder_id
                )
            candidate = await services.faces.look_alike(self.template, others)
            async with services.database.write() as transaction:
                await templates.take_turn(transaction)
                # The person may have been removed while the networks worked.
                await person(transaction, holder_id, self.operator, services)
                if candidate is None:
                    await templates.replace(transaction, holder_id, sealed, now=services.now())
                    await self._keep_pictures(transaction, review_id=None)
                    await repository.change(transaction, holder_id, {})
                    enrolled = self._outcome("enrolled")
                else:
                    enrolled = await self._ask(transaction, candidate, sealed)
        return enrolled.model_copy(update={"not_compared_count": not_compared_count})

    async def _ask(
        self, transaction: Transaction, candidate: Candidate, sealed: EncryptedTemplate
    ) -> Enrolled:
        review_id = str(new_id())
        await reviews.add(
            transaction,
            review_id=review_id,
            holder_id=self.holder_id,
            candidate=candidate,
            template=sealed,
            requested_by=self.operator.user_id,
            now=self.services.now(),
        )
        await self._keep_pictures(transaction, review_id=review_id)
        name = await reviews.name_of(transaction, candidate.key)
        has_names = self.operator.may("people.names")
        resembles = Resembled(holder_id=candidate.key, name=name) if has_names else None
        outcome = self._outcome("awaiting_confirmation")
        return outcome.model_copy(update={"review_id": review_id, "resembles": resembles})

    async def _keep_pictures(self, transaction: Transaction, *, review_id: str | None) -> None:
        if self.services.settings.site.policy.keep_enrolment_pictures:
            await pictures.keep(
                transaction,
                self.services.kek,
                self.reading.crops,
                holder_id=self.holder_id,
                review_id=review_id,
                now=self.services.now(),
            )

    def _outcome(self, status: Literal["enrolled", "awaiting_confirmation"]) -> Enrolled:
        return Enrolled(
            status=status,
            pictures=self.reading.verdicts,
            picture_count=self.template.picture_count,
        )


@router.delete("/people/{holder_id}/face", status_code=204)
async def forget(holder_id: UUID, operator: Writer, services: Given) -> None:
    """Forget a person's face, and what waits about it."""
    async with services.database.write() as transaction:
        await templates.take_turn(transaction)
        await person(transaction, str(holder_id), operator, services)
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
        await templates.take_turn(transaction)
        review = await _review(transaction, str(review_id), operator)
        sealed = EncryptedTemplate(
            network=review.network,
            ciphertext=review.ciphertext,
            wrapped_key=review.wrapped_key,
            key_version=review.key_version,
            picture_count=review.picture_count,
        )
        kept = await pictures.of_review(transaction, review.review_id)
        await templates.replace(transaction, review.holder_id, sealed, now=services.now())
        await pictures.put_back(transaction, kept)
        await repository.change(transaction, review.holder_id, {})
        await note_look_alike(
            transaction,
            services.settings.site,
            (review.holder_id, review.resembles),
            similarity=review.similarity,
            by=operator.user_id,
            now=services.now(),
        )
    # The site may have changed its network while the question waited.
    services.migration.wake()


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
