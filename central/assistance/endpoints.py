"""Calls for assistance over HTTP: who waits where, who comes, and what a terminal may say of it."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from central.assistance import repository
from central.assistance.schemas import CallList, CallView
from central.nodes.signed import Signed, SignedRequest
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from config.contract.assistance import OpenCall, OpenCalls

router = APIRouter(tags=["assistance"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("assistance.read"))]
Helper = Annotated[Operator, Depends(Requires("assistance.answer"))]


@router.get("/assistance")
async def list_calls(_: Viewer, services: Given) -> CallList:
    """Return the calls that nobody has closed, the longest waiting first."""
    async with services.database.read() as transaction:
        rows = await repository.open_calls(transaction)
    now = services.now()
    return CallList(items=[repository.view_of(row, now=now) for row in rows])


@router.post("/assistance/{call_id}/take")
async def take_call(call_id: UUID, operator: Helper, services: Given) -> CallView:
    """Say that one comes: the point's screen says so from then on."""
    now = services.now()
    async with services.database.write() as transaction:
        is_first = await repository.take(
            transaction, str(call_id), username=operator.username, now=now
        )
        row = await repository.find(transaction, str(call_id))
        if row is None:
            raise RefusedError(404, "call_not_found", "there is no such call")
        if not is_first:
            raise RefusedError(409, "call_taken", "somebody has taken or closed this call")
        transaction.concerns(access_point=row.access_point)
    return repository.view_of(row, now=now)


@router.post("/assistance/{call_id}/close", status_code=204)
async def close_call(call_id: UUID, operator: Helper, services: Given) -> None:
    """Say that it is done; closing it again changes nothing."""
    async with services.database.write() as transaction:
        await repository.close(
            transaction, str(call_id), username=operator.username, now=services.now()
        )
        row = await repository.find(transaction, str(call_id))
        if row is None:
            raise RefusedError(404, "call_not_found", "there is no such call")
        transaction.concerns(access_point=row.access_point)


@router.get("/nodes/current/assistance")
async def calls_of_node(
    services: Given, signed: Annotated[SignedRequest, Depends(Signed())]
) -> OpenCalls:
    """Tell a node which of its calls stand open, and which of them somebody has taken."""
    async with services.database.read() as transaction:
        rows = await repository.open_calls(transaction, node=signed.node)
    return OpenCalls(
        items=tuple(
            OpenCall(
                access_point=row.access_point, ring_id=UUID(row.ring_id), taken_at=row.taken_at
            )
            for row in rows
        )
    )
