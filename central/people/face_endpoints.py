"""Enrolment by photograph over HTTP, and the second person's answer about look-alikes."""

import dataclasses
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from sqlalchemy import Row
from starlette.datastructures import UploadFile

from central.consent import erasures, terminal_faces
from central.consent import repository as consents
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
async def enrol_face(
    holder_id: UUID, request: Request, response: Response, operator: Writer, services: Given
) -> Enrolled:
    """Enrol a person by photographs; what is kept of them, if the site wants it, stays here."""
    async with services.database.read() as transaction:
        await person(transaction, str(holder_id), operator, services)
        await _consent(transaction, str(holder_id))
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


async def _consent(transaction: Transaction, holder_id: str) -> Row[Any]:
    """Return the consent that a face needs; refuses with 409."""
    found = await consents.standing(transaction, holder_id, "gate")
    if found is None:
        raise RefusedError(
            409,
            "consent_needed",
            "record this person's consent to passing by face first; a card, a PIN or a code"
            " needs none",
        )
    return found


async def _store(
    transaction: Transaction, consent: Row[Any], template: EncryptedTemplate, *, now: datetime
) -> None:
    """Make this the person's template, to lie where the consent says."""
    template_id = await templates.replace(transaction, consent.holder_id, template, now=now)
    if consent.place == "terminal":
        await terminal_faces.place(
            transaction,
            consent.holder_id,
            template_id=template_id,
            network=template.network,
            nodes=consent.nodes,
            now=now,
        )
    await repository.change(transaction, consent.holder_id, {})


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
                # The person may have been removed, or withdrawn, while the networks worked.
                await person(transaction, holder_id, self.operator, services)
                consent = await _consent(transaction, holder_id)
                if candidate is None:
                    await _store(transaction, consent, sealed, now=services.now())
                    await self._keep_pictures(transaction, consent, review_id=None)
                    enrolled = self._outcome("enrolled")
                else:
                    enrolled = await self._ask(transaction, consent, candidate, sealed)
        return enrolled.model_copy(update={"not_compared_count": not_compared_count})

    async def _ask(
        self,
        transaction: Transaction,
        consent: Row[Any],
        candidate: Candidate,
        sealed: EncryptedTemplate,
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
        await self._keep_pictures(transaction, consent, review_id=review_id)
        name = await reviews.name_of(transaction, candidate.key)
        has_names = self.operator.may("people.names")
        resembles = Resembled(holder_id=candidate.key, name=name) if has_names else None
        outcome = self._outcome("awaiting_confirmation")
        return outcome.model_copy(update={"review_id": review_id, "resembles": resembles})

    async def _keep_pictures(
        self, transaction: Transaction, consent: Row[Any], *, review_id: str | None
    ) -> None:
        is_wanted = self.services.settings.site.policy.keep_enrolment_pictures
        if is_wanted and consent.place == "central":
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
    """Forget a person's face, and what waits about it; every terminal proves that it did, too."""
    async with services.database.write() as transaction:
        await templates.take_turn(transaction)
        await person(transaction, str(holder_id), operator, services)
        deletion_id = await erasures.forget_face(
            transaction,
            str(holder_id),
            reason="removed",
            key=services.central_key,
            by=operator.user_id,
            now=services.now(),
        )
        if deletion_id is None:
            raise RefusedError(404, "face_not_found")
        transaction.concerns(f"deletion:{deletion_id}")
    await services.erasure_file.settle(services.database)


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
        consent = await _consent(transaction, review.holder_id)
        kept = await pictures.of_review(transaction, review.review_id)
        await _store(transaction, consent, sealed, now=services.now())
        await pictures.put_back(transaction, kept)
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
