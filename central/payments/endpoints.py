"""Top-ups over HTTP: orders, refunds, the provider's notices, its bills."""

from datetime import date
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response

from central import qr
from central.payments import answers, repository
from central.payments.provider import ForgedError, ProviderError
from central.payments.schemas import (
    BillList,
    BillView,
    NewTopUp,
    TopUpList,
    TopUpView,
    WantedAnswer,
    WantedRefundOfTopUp,
)
from central.people.repository import names_of
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services

router = APIRouter(prefix="/payments", tags=["payments"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("canteen.read"))]
Seller = Annotated[Operator, Depends(Requires("canteen.sell"))]
Manager = Annotated[Operator, Depends(Requires("canteen.manage"))]
Refunder = Annotated[Operator, Depends(Requires("canteen.refund"))]
Closer = Annotated[Operator, Depends(Requires("canteen.close"))]
NOTICE_SIZE_BYTES_MAX: Final = 65_536


@router.post("/top-ups", status_code=201)
async def make_top_up(wish: NewTopUp, operator: Seller, services: Given) -> TopUpView:
    """Make an order of the payment provider; the same `top_up_id` again is the same order."""
    row = await services.payments.top_up(
        wish.top_up_id,
        holder_id=str(wish.holder_id),
        amount_fen=wish.amount_fen,
        way=wish.way,
        made_by=operator.username,
    )
    return repository.view_of(row)


@router.get("/top-ups")
async def list_top_ups(
    operator: Reader,
    services: Given,
    holder_id: UUID | None = None,
    asking: Annotated[bool, Query(description="Only what a person must look at.")] = False,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> TopUpList:
    """Return orders, newest first."""
    async with services.database.read() as transaction:
        rows = await repository.newest(
            transaction,
            holder_id=None if holder_id is None else str(holder_id),
            is_asking=asking,
            limit=limit,
        )
        said = await answers.about(transaction, [row.order_no for row in rows])
        names = await names_of(
            transaction, {row.holder_id for row in rows}, has_names=operator.may("people.names")
        )
    items = [repository.view_of(row, said.get(row.order_no, ())) for row in rows]
    return TopUpList(items=items, people=names)


@router.get("/top-ups/{top_up_id}")
async def show_top_up(top_up_id: UUID, _: Reader, services: Given) -> TopUpView:
    """Return what has become of an order."""
    return await _view(services, top_up_id)


@router.get("/top-ups/{top_up_id}/code.svg", response_class=Response, responses=qr.RESPONSES)
async def show_top_up_code(top_up_id: UUID, _: Seller, services: Given) -> Response:
    """Return the code by which the diner pays on their telephone."""
    view = await _view(services, top_up_id)
    if not view.pay_url:
        raise RefusedError(409, "top_up_not_payable", "this order cannot be paid now")
    return qr.drawn(view.pay_url)


@router.post("/top-ups/{top_up_id}/refund")
async def refund(
    top_up_id: UUID, wish: WantedRefundOfTopUp, operator: Refunder, services: Given
) -> TopUpView:
    """Send money back the way it came; the wallet gives it first."""
    row = await services.payments.refund(
        top_up_id,
        amount_fen=wish.amount_fen,
        reason=wish.reason,
        refund_by=operator.username,
    )
    return repository.view_of(row)


@router.post("/top-ups/{top_up_id}/ask")
async def ask(top_up_id: UUID, _: Manager, services: Given) -> TopUpView:
    """Ask the provider about an order now: what is a question may have an answer."""
    row = await services.payments.ask(top_up_id)
    async with services.database.write() as transaction:
        transaction.concerns(state=row.state)
    return repository.view_of(row)


@router.post("/top-ups/{top_up_id}/answer")
async def answer(
    top_up_id: UUID, wish: WantedAnswer, operator: Manager, services: Given
) -> TopUpView:
    """Say what came of a top-up's question; no money is moved by it."""
    now, order_no = services.now(), repository.number_of(top_up_id)
    async with services.database.write() as transaction:
        row = await repository.find(transaction, order_no, to_change=True)
        if row is None:
            raise RefusedError(404, "top_up_not_found", "there is no such top-up")
        await repository.answer(transaction, row, wish, by=operator.username, now=now)
        transaction.concerns(f"top_up:{top_up_id}", question=wish.question)
    return await _view(services, top_up_id)


@router.post("/notices", status_code=204)
async def take_notice(request: Request, services: Given) -> None:
    """Take what the payment provider says unasked; its signature is what lets it in."""
    pieces, size_bytes = list[bytes](), 0
    async for piece in request.stream():
        size_bytes += len(piece)
        if size_bytes > NOTICE_SIZE_BYTES_MAX:
            raise RefusedError(413, "too_large", f"at most {NOTICE_SIZE_BYTES_MAX} bytes")
        pieces.append(piece)
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        await services.payments.take_notice(headers, b"".join(pieces))
    except ForgedError as error:
        raise RefusedError(401, "bad_signature", "not the payment provider's") from error


@router.get("/bills")
async def list_bills(
    _: Reader, services: Given, limit: Annotated[int, Query(ge=1, le=366)] = 31
) -> BillList:
    """Return the provider's bills against our orders, newest day first."""
    async with services.database.read() as transaction:
        return BillList(items=await repository.bills(transaction, limit=limit))


@router.post("/bills/{day}")
async def match_bill(day: date, _: Closer, services: Given) -> BillView:
    """Match a day's bill now; the timer does it by itself the next morning."""
    if day >= services.now().astimezone(services.payments.zone).date():
        raise RefusedError(422, "day_not_over", "the bill of a day is there on the next")
    try:
        return await services.payments.match_bill(day)
    except ProviderError as error:
        raise RefusedError(502, "payment_provider_silent", "the bill cannot be had now") from error


@router.post("/bills/{day}/answer")
async def answer_bill(day: date, wish: WantedAnswer, operator: Closer, services: Given) -> BillView:
    """Say what the differences of a bill are; no money is moved by it."""
    async with services.database.write() as transaction:
        transaction.concerns(f"bill:{day.isoformat()}")
        return await repository.answer_bill(
            transaction, day, wish, by=operator.username, now=services.now()
        )


async def _view(services: Services, top_up_id: UUID) -> TopUpView:
    async with services.database.read() as transaction:
        row = await repository.find(transaction, repository.number_of(top_up_id))
        if row is None:
            raise RefusedError(404, "top_up_not_found", "there is no such top-up")
        said = await answers.about(transaction, [row.order_no])
    return repository.view_of(row, said.get(row.order_no, ()))
