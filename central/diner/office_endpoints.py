"""The office's half over HTTP: links at the counter and at terminals, disputes, counts."""

import io
from datetime import date, datetime, time, timedelta
from typing import Annotated, Final
from uuid import UUID

import segno
from fastapi import APIRouter, Depends, Query, Response

from central.audit.endpoints import looked
from central.audit.notes import Note
from central.audit.purposes import Purposeful, Reason
from central.canteen import debts
from central.canteen import repository as canteen
from central.canteen.repository import chunks
from central.database import Transaction
from central.diner import links, repository
from central.diner.meals import closes_at, next_day
from central.diner.schemas import (
    DecidedDispute,
    DisputeList,
    LinkState,
    MealCounts,
    NewLink,
    RatingList,
    RatingSum,
    WaitingCounts,
)
from central.nodes.signed import Signed, SignedRequest
from central.payments.repository import may_credit
from central.people import repository as people
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from central.spreadsheet import CSV_TYPE
from config.contract.diner_links import DinerLink, TerminalLink

router = APIRouter(prefix="/diners", tags=["diner"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("canteen.read"))]
Seller = Annotated[Operator, Depends(Requires("canteen.sell"))]
Manager = Annotated[Operator, Depends(Requires("canteen.manage"))]
WISH_SIZE_BYTES_MAX: Final = 1_024


@router.post("/links", status_code=201)
async def make_link(wish: NewLink, operator: Seller, services: Given) -> DinerLink:
    """Make a one-time link for who stands at the counter; it is said once."""
    async with services.database.write() as transaction:
        transaction.concerns(f"person:{wish.holder_id}")
        return await _link(
            transaction, services, str(wish.holder_id), made_by=f"user:{operator.user_id}"
        )


@router.get("/links/{link_id}")
async def get_link(link_id: UUID, operator: Seller, services: Given) -> LinkState:
    """Return whether the telephone at the counter has opened a link; to whoever made it."""
    async with services.database.read() as transaction:
        found = await links.state_of(
            transaction, str(link_id), made_by=f"user:{operator.user_id}", now=services.now()
        )
    if found is None:
        raise RefusedError(404, "diner_link_not_found", "there is no such link")
    return found


@router.post("/terminal-links", status_code=201)
async def make_terminal_link(
    services: Given,
    signed: Annotated[SignedRequest, Depends(Signed(size_bytes_max=WISH_SIZE_BYTES_MAX))],
) -> DinerLink:
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


@router.get("/waiting")
async def count_waiting(_: Reader, services: Given) -> WaitingCounts:
    """Return how much waits for a person: exceptions, disputes, and debts of diners."""
    async with services.database.read() as transaction:
        return WaitingCounts(
            exceptions=await canteen.count_exceptions(transaction),
            disputes=await repository.open_disputes(transaction),
            debts=(await debts.owed_in_all(transaction))[0],
        )


@router.get("/disputes")
async def list_disputes(
    operator: Reader,
    services: Given,
    waiting: bool = True,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> DisputeList:
    """Return charges that diners say are wrong, newest first; `waiting`: not decided yet."""
    async with services.database.read() as transaction:
        found = await repository.disputes(transaction, is_open=waiting, limit=limit)
        names = dict[str, str]()
        for some in chunks(each.holder_id for each in found):
            has_names = operator.may("people.names")
            names |= await people.names_of(transaction, some, has_names=has_names)
    return DisputeList(
        items=[each.model_copy(update={"name": names.get(each.holder_id)}) for each in found]
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
    now, zone = services.now(), services.payments.zone
    day = day or next_day(now, zone)
    until = closes_at(day, services.settings.site.policy.meals_until, zone)
    async with services.database.read() as transaction:
        items = await repository.meal_counts(transaction, day)
    # Diners register for the next day alone.
    is_open = now < until and day == next_day(now, zone)
    return MealCounts(day=day, closes_at=until, is_open=is_open, items=items)


Days = Annotated[int, Query(ge=1, le=366, description="So many before today.")]


@router.get("/ratings")
async def list_ratings(_: Reader, services: Given, days: Days = 31) -> RatingList:
    """Return how meals were, by day and merchant, without anybody's name."""
    return RatingList(items=await _rated(services, days))


@router.get("/ratings.csv", response_class=Response)
async def get_ratings_csv(
    operator: Reader,
    services: Given,
    reason: Annotated[Reason, Depends(Purposeful())],
    days: Days = 31,
) -> Response:
    """Return the same for a spreadsheet."""
    await looked(services, operator, "diners_ratings_csv_get", reason=reason, days=days)
    text = repository.as_csv(await _rated(services, days))
    named = {"Content-Disposition": 'attachment; filename="ratings.csv"'}
    return Response(text, media_type=CSV_TYPE, headers=named)


async def _rated(services: Services, days: int) -> list[RatingSum]:
    zone = services.payments.zone
    first = services.now().astimezone(zone).date() - timedelta(days=days)
    async with services.database.read() as transaction:
        rated = await repository.ratings(
            transaction, since=datetime.combine(first, time(), tzinfo=zone)
        )
    by_day = [(at.astimezone(zone).date(), merchant, stars) for at, merchant, stars in rated]
    return repository.summed(by_day)


async def _link(
    transaction: Transaction, services: Services, holder_id: str, *, made_by: str
) -> DinerLink:
    if not await may_credit(transaction, holder_id):
        raise RefusedError(404, "person_not_found")
    link_id, secret, expires_at = await links.make(
        transaction, holder_id, made_by=made_by, now=services.now()
    )
    link = f"{services.settings.url.rstrip('/')}/diner#{secret}"
    drawing = io.BytesIO()
    segno.make_qr(link, error="m").save(drawing, kind="svg", scale=6, xmldecl=False)
    return DinerLink(
        link_id=link_id, link=link, code_svg=drawing.getvalue().decode(), expires_at=expires_at
    )
