"""A diner's orders over HTTP: no request names a person, all are about who came by the link."""

from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from fastapi import APIRouter, Response
from sqlalchemy import Row

from central import qr
from central.canteen import accounts, orders, plans
from central.database import Transaction
from central.diner.links import Here
from central.diner.words import names_of
from central.orders import placing, repository
from central.orders.schemas import Offer, OfferedDish, OrderPage, OrderView, WantedOrder
from central.orders.windows import Window, windows
from central.problems import RESPONSES, RefusedError
from central.services import Given, Services
from config.contract.money import OrderState

router = APIRouter(prefix="/diner/orders", tags=["diner"], responses=RESPONSES)
SHOWN_FOR: Final = timedelta(days=7)
SHOWN_MAX: Final = 30


@router.get("")
async def list_own_orders(diner: Here, services: Given) -> OrderPage:
    """Return what can be ordered for which window, what can be spent, and the diner's orders."""
    now, zone = services.now(), services.canteen.zone
    today = now.astimezone(zone).date()
    async with services.database.read() as transaction:
        plan = (await plans.current(transaction)).plan
        offers = [
            await _offer(transaction, window, diner.holder_id, now=now)
            for window in windows(plan, now=now, zone=zone)
        ]
        rows = await repository.of_person(
            transaction, diner.holder_id, since=today - SHOWN_FOR, limit=SHOWN_MAX
        )
        spendable = await accounts.spendable_fen(transaction, [diner.holder_id])
    return OrderPage(
        today=today,
        spendable_fen=spendable[diner.holder_id],
        offers=offers,
        orders=[_view(row, services, now=now) for row in rows],
        names=names_of(services.settings.site, plan),
    )


@router.post("", status_code=201)
async def place_order(wish: WantedOrder, diner: Here, services: Given) -> OrderView:
    """Order for a window; the same wish again is the same order, and its money is kept once."""
    pieces = [(piece.dish, piece.count) for piece in wish.pieces]
    if len(dict(pieces)) < len(pieces):
        raise RefusedError(422, "invalid_request", "a dish is named twice: add it up")
    async with services.database.write() as transaction:
        charge_id = await placing.place(
            transaction,
            placing.Wish(
                wish_id=wish.order_id,
                holder_id=diner.holder_id,
                merchant=wish.merchant,
                day=wish.day,
                period=wish.period,
                before=wish.before,
                pieces=pieces,
                amount_fen=wish.amount_fen,
            ),
            key=services.orders_key,
            zone=services.canteen.zone,
            now=services.now(),
        )
        transaction.concerns(f"charge:{charge_id}")
        row = (await orders.of(transaction, [charge_id]))[charge_id]
    return _view(row, services, now=services.now())


@router.delete("/{charge_id}", status_code=204)
async def cancel_own_order(charge_id: UUID, diner: Here, services: Given) -> None:
    """Take an order back until its deadline; its money is free at once. Again is harmless."""
    async with services.database.write() as transaction:
        await placing.cancel(
            transaction, str(charge_id), holder_id=diner.holder_id, now=services.now()
        )
        transaction.concerns(f"charge:{charge_id}")


@router.get("/{charge_id}/code.svg", response_class=Response, responses=qr.RESPONSES)
async def draw_order_code(charge_id: UUID, diner: Here, services: Given) -> Response:
    """Return the QR code of one's own order that waits; it is worked out anew, and kept nowhere."""
    async with services.database.read() as transaction:
        row = (await orders.of(transaction, [str(charge_id)])).get(str(charge_id))
    if row is None or row.holder_id != diner.holder_id:
        raise placing.not_found()
    placing.check_waiting(row)
    return qr.drawn(placing.code_of(services.orders_key, row.charge_id))


async def _offer(
    transaction: Transaction, window: Window, holder_id: str, *, now: datetime
) -> Offer:
    made, _ = await repository.counts_of(transaction, holder_id, window)
    most, left = window.rule.orders_max, None
    if most is not None:
        left = max(0, most - await repository.standing_count(transaction, window))
    return Offer(
        merchant=window.merchant,
        period=window.period.id,
        day=window.day,
        begins=window.begins,
        ends=window.ends,
        until=window.until,
        is_open=window.is_open(now),
        left=left,
        unclaimed=window.rules.unclaimed,
        before=made,
        dishes=[OfferedDish(id=dish.id, price_fen=dish.price_fen) for dish in window.dishes],
    )


def _view(row: Row[Any], services: Services, *, now: datetime) -> OrderView:
    is_waiting = row.state == OrderState.WAITING.value
    code = placing.code_of(services.orders_key, row.charge_id) if is_waiting else ""
    return OrderView(
        charge_id=UUID(row.charge_id),
        number=row.number,
        merchant=row.merchant,
        period=row.period,
        day=row.day,
        begins=row.begins_at,
        ends=row.ends_at,
        until=row.until_at,
        lines=list(orders.LINES.validate_json(row.lines)),
        names=orders.dishes_of(row),
        amount_fen=row.amount_fen,
        state=OrderState(row.state),
        unclaimed=row.unclaimed,
        note=row.note or "",
        can_cancel=is_waiting and now < row.until_at,
        code=code,
    )
