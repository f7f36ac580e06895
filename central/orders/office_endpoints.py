"""The kitchen's half over HTTP: a day's orders by window, and one that cannot be handed out."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from sqlalchemy import Row

from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.canteen import orders, plans
from central.canteen import repository as canteen
from central.database import Transaction
from central.diner.words import names_of
from central.ledger import repository as ledger
from central.orders import placing, repository
from central.orders.kitchen import as_csv, windows_of
from central.orders.schemas import CancelledOrder, KitchenOrders
from central.people import repository as people
from central.problems import RESPONSES
from central.security import Operator, Requires
from central.services import Given, Services
from central.spreadsheet import CSV_TYPE
from config.contract.identifiers import Slug
from config.web.modules import all_words

router = APIRouter(prefix="/canteen", tags=["canteen"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("canteen.read"))]
Manager = Annotated[Operator, Depends(Requires("canteen.manage"))]
Day = Annotated[date | None, Query(description="Of the site; today if it is not said.")]


@router.get("/orders")
async def list_orders(
    _: Reader,
    services: Given,
    day: Day = None,
    merchant: Slug | None = None,
    period: Slug | None = None,
) -> KitchenOrders:
    """Return a day's orders by merchant and window: dishes summed, and each with its number."""
    return await _found(services, day, merchant, period)


@router.get("/orders.csv", response_class=Response)
async def get_orders_csv(
    operator: Reader,
    services: Given,
    reason: Annotated[Reason, Depends(Purposeful())],
    day: Day = None,
    merchant: Slug | None = None,
    period: Slug | None = None,
    language: Literal["zh-CN", "en"] = "zh-CN",
) -> Response:
    """Return the same for a spreadsheet, a line for each dish of an order."""
    found = await _found(services, day, merchant, period)
    shown = found.day.isoformat()
    await looked(services, operator, "canteen_orders_csv_get", reason=reason, day=shown)
    text = as_csv(
        found.windows,
        all_words(language),
        day=shown,
        language=language,
        names=found.names,
        zone=services.canteen.zone,
    )
    named = {"Content-Disposition": f'attachment; filename="orders-{shown}.csv"'}
    return Response(text, media_type=CSV_TYPE, headers=named)


@router.post("/orders/{charge_id}/cancel", status_code=204)
async def cancel_order(
    charge_id: UUID, wish: CancelledOrder, operator: Manager, services: Given
) -> None:
    """Cancel an order that cannot be handed out, also after its deadline; the diner reads why.

    Its money is free at once. What is collected or charged already is given back by a refund.
    """
    async with services.database.write() as transaction:
        await ledger.take_turn(transaction)
        row = (await orders.of(transaction, [str(charge_id)])).get(str(charge_id))
        if row is None:
            raise placing.not_found()
        placing.check_waiting(row)
        await placing.let_go(
            transaction, [row.charge_id], by=operator.username, note=wish.note, now=services.now()
        )
        transaction.concerns(f"charge:{charge_id}", f"person:{row.holder_id}")


async def _found(
    services: Services, day: date | None, merchant: str | None, period: str | None
) -> KitchenOrders:
    day = day or services.now().astimezone(services.canteen.zone).date()
    async with services.database.read() as transaction:
        rows = await repository.of_day(
            transaction, day, merchant=merchant or "", period=period or ""
        )
        masked = await _masked(transaction, rows)
        plan = (await plans.current(transaction)).plan
    names = names_of(services.settings.site, plan)
    for row in rows:
        # A dish that the plan has dropped is called what it was called when it was ordered.
        for dish, words in orders.dishes_of(row).items():
            names.setdefault(f"dish/{dish}", words)
    return KitchenOrders(day=day, windows=windows_of(rows, masked), names=names)


async def _masked(transaction: Transaction, rows: Sequence[Row[Any]]) -> dict[str, str]:
    found = dict[str, str]()
    for some in canteen.chunks(row.holder_id for row in rows):
        found |= await people.names_of(transaction, some, has_names=False)
    return found
