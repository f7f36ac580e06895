"""The office's half over HTTP: links at the counter and at terminals, disputes, counts."""

import io
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Query

from central.audit.notes import Note
from central.database import Transaction
from central.diner import links, repository
from central.diner.meals import next_day
from central.diner.schemas import (
    DecidedDispute,
    DisputeList,
    LinkView,
    MealCounts,
    NewLink,
    RatingList,
    TerminalLink,
)
from central.nodes.signed import Signed, SignedRequest
from central.payments.repository import may_credit
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services

router = APIRouter(prefix="/diners", tags=["diner"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("canteen.read"))]
Seller = Annotated[Operator, Depends(Requires("canteen.sell"))]
Manager = Annotated[Operator, Depends(Requires("canteen.manage"))]
WISH_SIZE_BYTES_MAX: Final = 1_024


@router.post("/links", status_code=201)
async def make_link(wish: NewLink, operator: Seller, services: Given) -> LinkView:
    """Make a one-time link for who stands at the counter; it is said once."""
    async with services.database.write() as transaction:
        transaction.concerns(f"person:{wish.holder_id}")
        return await _link(
            transaction, services, str(wish.holder_id), made_by=f"user:{operator.user_id}"
        )


@router.post("/terminal-links", status_code=201)
async def make_terminal_link(
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=WISH_SIZE_BYTES_MAX))],
) -> LinkView:
    """Make one for who stands at a terminal's till, which knows them by face, card or code."""
    try:
        wish = TerminalLink.model_validate_json(signed.body)
    except ValueError as error:
        raise RefusedError(422, "invalid_request", "no such wish") from error
    tills = {till.id: till.node for till in services.settings.site.till}
    if tills.get(wish.till) != signed.node:
        raise RefusedError(404, "till_not_found", "this node has no such till")
    async with services.database.write() as transaction:
        transaction.note(
            Note(
                actor=f"node:{signed.node}",
                action="diners_links_post",
                objects=(f"person:{wish.holder_id}", f"till:{wish.till}"),
            )
        )
        return await _link(
            transaction, services, str(wish.holder_id), made_by=f"node:{signed.node}"
        )


@router.get("/disputes")
async def list_disputes(
    _: Reader,
    services: Given,
    waiting: bool = True,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> DisputeList:
    """Return charges that diners say are wrong, newest first; `waiting`: not decided yet."""
    async with services.database.read() as transaction:
        return DisputeList(
            items=await repository.disputes(transaction, is_open=waiting, limit=limit)
        )


@router.post("/disputes/{charge_id}/decide", status_code=204)
async def decide(charge_id: UUID, wish: DecidedDispute, operator: Manager, services: Given) -> None:
    """Answer a dispute; the diner reads it. Where money goes back, that is a deed of its own."""
    async with services.database.write() as transaction:
        is_decided = await repository.decide(
            transaction,
            charge_id,
            wish.decision,
            wish.note,
            by=operator.username,
            now=services.now(),
        )
        if not is_decided:
            raise RefusedError(409, "dispute_not_waiting", "no dispute of it waits")
        transaction.concerns(decision=wish.decision)


@router.get("/meals")
async def count_meals(_: Reader, services: Given, day: date | None = None) -> MealCounts:
    """Return how many mean to eat on a day; tomorrow where none is named."""
    day = day or next_day(services.now(), services.payments.zone)
    async with services.database.read() as transaction:
        return MealCounts(day=day, items=await repository.meal_counts(transaction, day))


@router.get("/ratings")
async def list_ratings(
    _: Reader, services: Given, days: Annotated[int, Query(ge=1, le=366)] = 31
) -> RatingList:
    """Return how meals were, by day and merchant, without anybody's name."""
    zone = services.payments.zone
    first = services.now().astimezone(zone).date() - timedelta(days=days)
    async with services.database.read() as transaction:
        rated = await repository.ratings(
            transaction, since=datetime.combine(first, time(), tzinfo=zone)
        )
    by_day = [(at.astimezone(zone).date(), merchant, stars) for at, merchant, stars in rated]
    return RatingList(items=repository.summed(by_day))


async def _link(
    transaction: Transaction, services: Services, holder_id: str, *, made_by: str
) -> LinkView:
    if not await may_credit(transaction, holder_id):
        raise RefusedError(404, "person_not_found")
    link_id, secret, expires_at = await links.make(
        transaction, holder_id, made_by=made_by, now=services.now()
    )
    link = f"{services.settings.url.rstrip('/')}/diner#{secret}"
    drawing = io.BytesIO()
    segno.make_qr(link, error="m").save(drawing, kind="svg", scale=6, xmldecl=False)
    return LinkView(
        link_id=link_id, link=link, code_svg=drawing.getvalue().decode(), expires_at=expires_at
    )
