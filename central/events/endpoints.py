"""Events over HTTP: taken in from nodes, shown to operators."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query

from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.events import reading
from central.events.schemas import CandidateList, ConflictList
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from config.contract import headers
from config.contract.events import BATCH_CONTENT_TYPE
from config.contract.nodes import BatchReceipt

router = APIRouter(tags=["events"], responses=RESPONSES)
BATCH_SIZE_BYTES_MAX = 4_000_000
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
async def take_in_batch(
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=BATCH_SIZE_BYTES_MAX))],
    backlog: Annotated[str, Header(alias=headers.BACKLOG)] = "",
) -> BatchReceipt:
    """Take in a node's batch; when this answers, central holds all of it durably.

    `429` with `Retry-After` when more waits than central can write: the node keeps the batch and
    sends it again. `Menshen-Backlog: 1` marks what lay in the node's journal during an outage; it
    is taken in beside what happens now, and never before it.
    """
    return await services.intake.take_in(signed.node, signed.body, is_backlog=backlog == "1")


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
            transaction,
            position,
            has_names=operator.may("people.names"),
            hidden=reading.hidden_from(operator.permissions),
        )
    if items is None:
        raise RefusedError(404, "event_not_found", "there is no event at this position")
    await looked(services, operator, "events_candidates_get", f"event:{position}", reason=reason)
    return CandidateList(items=items)
