"""A new hire's code over HTTP: give, list, show, cancel."""

from typing import Annotated, Any, Literal
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from sqlalchemy import Row

from central import qr
from central.access.repository import current
from central.database import Transaction
from central.people import codes
from central.people.endpoints import person
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from config.contract.access import Direction
from config.contract.identifiers import Slug, new_id
from config.contract.visitor_code import POINTS_MAX, encode_visitor_code

router = APIRouter(tags=["people"], responses=RESPONSES)
Writer = Annotated[Operator, Depends(Requires("people.write"))]


class NewCode(BaseModel):
    """A code to give.

    Attributes:
        points: Entrances; None is all where the person may pass, as many as a code can hold.
        valid_until: None is the end of the third working day, today included.
    """

    model_config = ConfigDict(extra="forbid")

    points: Annotated[list[Slug], Field(min_length=1, max_length=POINTS_MAX)] | None = None
    valid_until: AwareDatetime | None = None


class CodeView(BaseModel):
    """A code; its drawing has a path of its own."""

    code_id: str
    points: list[str]
    valid_from: AwareDatetime
    valid_until: AwareDatetime
    created_by: str
    state: Literal["good", "over", "cancelled"]


class CodeList(BaseModel):
    """A person's codes, newest first."""

    items: list[CodeView]


@router.post("/people/{holder_id}/codes", status_code=201)
async def give_code(holder_id: UUID, wish: NewCode, operator: Writer, services: Given) -> CodeView:
    """Give a person a code to come in by until they have a card or a face."""
    now, code_id = services.now(), str(new_id())
    async with services.database.write() as transaction:
        found = await person(transaction, str(holder_id), operator, services)
        kept = await current(transaction)
        zone = ZoneInfo(services.settings.site.site.time_zone)
        calendar = None if kept is None else kept.model.calendar
        until = wish.valid_until or codes.default_end(now, zone=zone, calendar=calendar)
        if not now < until <= now + codes.LENGTH_MAX:
            raise RefusedError(422, "code_too_long", "a code is good for 31 days at most")
        await codes.add(
            transaction,
            code_id,
            str(holder_id),
            points=_points(wish.points, found.access_points, services),
            valid_from=now,
            valid_until=until,
            created_by=operator.username,
        )
        transaction.concerns(f"code:{code_id}")
        row = await _code(transaction, str(holder_id), code_id)
    return _view(row, services)


@router.get("/people/{holder_id}/codes")
async def list_codes(holder_id: UUID, operator: Writer, services: Given) -> CodeList:
    """Return a person's codes, newest first."""
    async with services.database.read() as transaction:
        await person(transaction, str(holder_id), operator, services)
        rows = await codes.of_person(transaction, str(holder_id))
    return CodeList(items=[_view(row, services) for row in rows])


@router.get(
    "/people/{holder_id}/codes/{code_id}/code.svg",
    response_class=Response,
    responses=qr.RESPONSES,
)
async def show_code(holder_id: UUID, code_id: UUID, _: Writer, services: Given) -> Response:
    """Return a code that is good, to show or print."""
    async with services.database.read() as transaction:
        row = await _code(transaction, str(holder_id), str(code_id))
    if _view(row, services).state != "good":
        raise RefusedError(409, "code_is_over", "this code is not good any more")
    site = services.settings.site.site.id
    text = encode_visitor_code(codes.code_of(row), key=services.central_key, site=site)
    return qr.drawn(text)


@router.delete("/people/{holder_id}/codes/{code_id}", status_code=204)
async def cancel_code(holder_id: UUID, code_id: UUID, _: Writer, services: Given) -> None:
    """Cancel a code: terminals that hear of it refuse it."""
    async with services.database.write() as transaction:
        row = await _code(transaction, str(holder_id), str(code_id))
        await codes.cancel(transaction, row, now=services.now())


async def _code(transaction: Transaction, holder_id: str, code_id: str) -> Row[Any]:
    rows = await codes.of_person(transaction, holder_id)
    row = next((row for row in rows if row.code_id == code_id), None)
    if row is None:
        raise RefusedError(404, "code_not_found", "this person has no such code")
    return row


def _points(wanted: list[str] | None, allowed: list[str] | None, services: Services) -> list[str]:
    points = services.settings.site.access_point
    entrances = [point.id for point in points if point.direction is Direction.IN]
    if wanted is None:
        return [p for p in entrances if allowed is None or p in allowed][:POINTS_MAX] or entrances[
            :POINTS_MAX
        ]
    if unknown := set(wanted) - set(entrances):
        raise RefusedError(
            422, "not_an_entrance", f"the site has no entrance {', '.join(sorted(unknown))}"
        )
    return wanted


def _view(row: Row[Any], services: Services) -> CodeView:
    state: Literal["good", "over", "cancelled"] = "good"
    if row.cancelled_at is not None:
        state = "cancelled"
    elif row.valid_until <= services.now():
        state = "over"
    return CodeView(
        code_id=row.code_id,
        points=row.points,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        created_by=row.created_by,
        state=state,
    )
