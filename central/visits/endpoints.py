"""Visits over HTTP: invite, show the code, list, cancel."""

import secrets
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Row

from central import qr
from central.database import Transaction
from central.people.repository import names_of
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from central.visits import repository
from central.visits.arrivals import arrivals
from central.visits.schemas import ArrivalList, Invitation, NewVisit, VisitList
from config.contract.access import Direction
from config.contract.identifiers import new_id
from config.contract.visitor_code import encode_visitor_code

router = APIRouter(tags=["visits"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("visits.read"))]
Inviter = Annotated[Operator, Depends(Requires("visits.write"))]


@router.post("/visits", status_code=201)
async def invite_visitor(wish: NewVisit, operator: Inviter, services: Given) -> Invitation:
    """Invite a visitor; the answer has the code, which can be shown again."""
    now = services.now()
    if wish.valid_until <= now:
        raise RefusedError(422, "visit_is_over", "the visit would be over already")
    entrances = {
        point.id for point in services.settings.site.access_point if point.direction is Direction.IN
    }
    if unknown := set(wish.points) - entrances:
        raise RefusedError(
            422, "not_an_entrance", f"the site has no entrance {', '.join(sorted(unknown))}"
        )
    visit_id = str(new_id())
    async with services.database.write() as transaction:
        if not await names_of(transaction, [str(wish.host_id)], has_names=True):
            raise RefusedError(404, "person_not_found")
        await repository.add(
            transaction,
            visit_id,
            wish,
            nonce=secrets.token_hex(8),
            created_by=operator.username,
            now=now,
        )
        row = await _visit(transaction, visit_id)
        (view,) = await repository.views(
            transaction, [row], has_names=operator.may("people.names"), now=now
        )
    return Invitation(**view.model_dump(), code=_code(row, services))


@router.get("/visits")
async def list_visits(
    operator: Reader, services: Given, limit: Annotated[int, Query(ge=1, le=1000)] = 200
) -> VisitList:
    """Return visits by their beginning, latest first."""
    async with services.database.read() as transaction:
        rows = await repository.page(transaction, limit=limit)
        return VisitList(
            items=await repository.views(
                transaction, rows, has_names=operator.may("people.names"), now=services.now()
            )
        )


@router.get("/visits/arrivals")
async def list_arrivals(
    operator: Reader,
    services: Given,
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    host_id: Annotated[UUID | None, Query(description="Only this host's visitors.")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> ArrivalList:
    """Return who arrived, after a position, oldest first: what tells a host goes on from there."""
    async with services.database.read() as transaction:
        return ArrivalList(
            items=await arrivals(
                transaction,
                after=after,
                host_id=None if host_id is None else str(host_id),
                limit=limit,
                has_names=operator.may("people.names"),
            )
        )


@router.get(
    "/visits/{visit_id}/code.svg",
    response_class=Response,
    responses=qr.RESPONSES,
)
async def show_visitor_code(visit_id: UUID, _: Inviter, services: Given) -> Response:
    """Return the code of a visit that may still begin, to show, print or send."""
    async with services.database.read() as transaction:
        row = await _visit(transaction, str(visit_id))
    if repository.state_of(row, now=services.now()) != "expected":
        raise RefusedError(409, "visit_is_over", "this code is not good any more")
    return qr.drawn(_code(row, services))


@router.delete("/visits/{visit_id}", status_code=204)
async def cancel_visit(visit_id: UUID, _: Inviter, services: Given) -> None:
    """Cancel a visit: terminals that hear of it refuse the code."""
    async with services.database.write() as transaction:
        await _visit(transaction, str(visit_id))
        await repository.cancel(transaction, str(visit_id), now=services.now())


async def _visit(transaction: Transaction, visit_id: str) -> Row[Any]:
    row = await repository.find(transaction, visit_id)
    if row is None:
        raise RefusedError(404, "visit_not_found", "there is no such visit")
    return row


def _code(row: Row[Any], services: Services) -> str:
    return encode_visitor_code(
        repository.code_of(row), key=services.central_key, site=services.settings.site.site.id
    )
