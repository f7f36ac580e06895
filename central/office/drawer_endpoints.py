"""Cash drawers over HTTP, and the day of the counter's cash."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import BaseModel

from central.office import cash_day, drawers
from central.office.cash_day import CashDay
from central.office.closes import Signature
from central.office.drawer_schemas import (
    DrawerView,
    WantedChange,
    WantedCount,
    WantedDrawer,
    WantedExplanation,
)
from central.office.endpoints import Manager, Reader, zone_of
from central.problems import RESPONSES
from central.security import Operator, Requires
from central.services import Given

router = APIRouter(prefix="/canteen/office", tags=["canteen office"], responses=RESPONSES)
Closer = Annotated[Operator, Depends(Requires("canteen.close"))]


class OwnDrawer(BaseModel):
    """Attributes: drawer: open, or with a difference that is not explained; None: open one."""

    drawer: DrawerView | None


@router.get("/drawers/own")
async def get_own_drawer(operator: Manager, services: Given) -> OwnDrawer:
    """Return the drawer that whoever asks has to deal with."""
    async with services.database.read() as transaction:
        return OwnDrawer(drawer=await drawers.of_operator(transaction, operator.user_id))


@router.get("/drawers/{drawer_id}")
async def get_drawer(drawer_id: UUID, _: Reader, services: Given) -> DrawerView:
    """Return a drawer; what went in and out is told once it is counted."""
    async with services.database.read() as transaction:
        return await drawers.find(transaction, drawer_id)


@router.post("/drawers")
async def open_drawer(wish: WantedDrawer, operator: Manager, services: Given) -> DrawerView:
    """Open a drawer with a float: cash at the counter needs one."""
    async with services.database.write() as transaction:
        return await drawers.open_drawer(transaction, wish, operator, now=services.now())


@router.post("/drawers/{drawer_id}/changes")
async def change_drawer(
    drawer_id: UUID, wish: WantedChange, operator: Manager, services: Given
) -> DrawerView:
    """Note cash that was brought to a drawer, or taken to the safe."""
    async with services.database.write() as transaction:
        return await drawers.change(transaction, drawer_id, wish, operator, now=services.now())


@router.post("/drawers/{drawer_id}/count")
async def count_drawer(
    drawer_id: UUID, wish: WantedCount, operator: Manager, services: Given
) -> DrawerView:
    """Close a drawer by a blind count; the answer tells what should have been in it."""
    async with services.database.write() as transaction:
        return await drawers.count(
            transaction,
            drawer_id,
            wish,
            operator,
            may_close=operator.may("canteen.close"),
            now=services.now(),
        )


@router.post("/drawers/{drawer_id}/explanation")
async def explain_drawer(
    drawer_id: UUID, wish: WantedExplanation, operator: Manager, services: Given
) -> DrawerView:
    """Say what a difference is; it stays as it was said."""
    async with services.database.write() as transaction:
        return await drawers.explain(
            transaction,
            drawer_id,
            wish.words,
            operator,
            may_close=operator.may("canteen.close"),
        )


@router.get("/cash/{on}")
async def get_cash_day(on: date, _: Reader, services: Given) -> CashDay:
    """Return the counter's drawers of a day, and who signed it."""
    async with services.database.read() as transaction:
        return await cash_day.of(transaction, on, zone=zone_of(services))


@router.post("/cash")
async def close_cash_day(wish: Signature, operator: Closer, services: Given) -> CashDay:
    """Sign the counter's cash of a day; each difference is explained."""
    async with services.database.write() as transaction:
        return await cash_day.close(
            transaction, wish, operator, zone=zone_of(services), now=services.now()
        )
