"""Events over HTTP: taken in from nodes, shown to operators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import TypeAdapter, ValidationError

from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.events import reading, repository
from central.events.schemas import CandidateList, ConflictList, EventPage
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from central.video.asking import ask_other_nodes
from config.contract.events import BATCH_CONTENT_TYPE, GO_AHEAD, Event, EventClass
from config.contract.nodes import BatchReceipt

router = APIRouter(tags=["events"], responses=RESPONSES)
BATCH_SIZE_BYTES_MAX = 4_000_000
BATCH_COUNT_MAX = 1_000
_BATCH = TypeAdapter(list[Event])
Viewer = Annotated[Operator, Depends(Requires("events.read"))]
Auditor = Annotated[Operator, Depends(Requires("events.candidates"))]
Looking = Annotated[Reason, Depends(Purposeful())]
_BODY = {
    "requestBody": {
        "required": True,
        "content": {
            BATCH_CONTENT_TYPE: {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}
            }
        },
    }
}


@router.post("/events", openapi_extra=_BODY)
async def take_in(
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=BATCH_SIZE_BYTES_MAX))],
) -> BatchReceipt:
    """Take in a node's batch; when this answers, central holds all of it durably."""
    site = services.settings.site.site.id
    batch = _parsed(signed.body)
    source = f"/{site}/{signed.node}"
    for event in batch:
        if event.source != source and not event.source.startswith(f"{source}/"):
            raise RefusedError(
                422, "foreign_source", f"events of {signed.node} begin with {source}"
            )
    try:
        is_urgent = any(e.event_class is EventClass.FIRE or e.type in GO_AHEAD for e in batch)
        async with services.database.write(is_urgent=is_urgent) as transaction:
            now = services.now()
            receipt = await repository.append(
                transaction, site=site, node=signed.node, batch=batch, epoch=services.epoch, now=now
            )
            installed = services.settings.site
            await ask_other_nodes(transaction, installed, signed.node, batch, now=now)
            return receipt
    except repository.EventsNotJsonError as error:
        raise RefusedError(422, "invalid_request", str(error)) from error


def _parsed(body: bytes) -> list[Event]:
    try:
        batch = _BATCH.validate_json(body)
    except ValidationError as error:
        places = ", ".join(
            ".".join(str(part) for part in mistake["loc"]) for mistake in error.errors()[:5]
        )
        raise RefusedError(422, "invalid_request", f"not a batch of events: {places}") from error
    if len(batch) > BATCH_COUNT_MAX:
        raise RefusedError(413, "too_large", f"at most {BATCH_COUNT_MAX} events at once")
    return batch


@router.get("/events")
async def list_events(
    operator: Viewer,
    services: Given,
    reason: Looking,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> EventPage:
    """Return events after a position, oldest first."""
    await looked(services, operator, "events_get", reason=reason, after=after)
    async with services.database.read() as transaction:
        items = await reading.after(
            transaction,
            after,
            limit=limit + 1,
            has_names=operator.may("people.names"),
            hidden=reading.hidden_from(operator.permissions),
            has_candidates=operator.may("events.candidates"),
        )
    has_more = len(items) > limit
    items = items[:limit]
    return EventPage(items=items, next=items[-1].position if has_more else None)


@router.get("/events/conflicts")
async def list_conflicts(
    operator: Viewer,
    services: Given,
    reason: Looking,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ConflictList:
    """Return events whose key was taken by another event, newest first."""
    await looked(services, operator, "events_conflicts_get", reason=reason)
    async with services.database.read() as transaction:
        items = await reading.conflicts(
            transaction,
            limit=limit,
            hidden=reading.hidden_from(operator.permissions),
            has_candidates=operator.may("events.candidates"),
        )
    return ConflictList(items=items)


@router.get("/events/{position}/candidates")
async def list_candidates(
    position: Annotated[int, Path(ge=1, le=2**62)],
    operator: Auditor,
    services: Given,
    reason: Looking,
) -> CandidateList:
    """Return who was considered in a decision, best first; they are other people, perhaps."""
    async with services.database.read() as transaction:
        items = await reading.candidates(
            transaction, position, has_names=operator.may("people.names")
        )
    if items is None:
        raise RefusedError(404, "event_not_found", "there is no event at this position")
    await looked(services, operator, "events_candidates_get", f"event:{position}", reason=reason)
    return CandidateList(items=items)
