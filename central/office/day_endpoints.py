"""Days of merchants over HTTP: as they stand, and signed."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Path

from central.canteen import repository
from central.database import Transaction
from central.office import day
from central.office.day import CloseWish, DayView
from central.office.endpoints import Reader, zone_of
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from config.contract.identifiers import Slug

router = APIRouter(prefix="/canteen/office", tags=["canteen office"], responses=RESPONSES)
Closer = Annotated[Operator, Depends(Requires("canteen.close"))]


async def _check(transaction: Transaction, merchant: str) -> None:
    if merchant not in await repository.merchants(transaction):
        raise RefusedError(404, "merchant_not_found", "the site has no such merchant")


@router.get("/days/{merchant}/{on}")
async def get_day(
    merchant: Annotated[Slug, Path()], on: date, _: Reader, services: Given
) -> DayView:
    """Return a day: tills beside centre, and who signed it."""
    async with services.database.read() as transaction:
        await _check(transaction, merchant)
        return await day.of(transaction, merchant, on, zone=zone_of(services))


@router.post("/days")
async def close_day(wish: CloseWish, operator: Closer, services: Given) -> DayView:
    """Sign a day; each of its differences is explained."""
    async with services.database.write() as transaction:
        await _check(transaction, wish.merchant)
        return await day.close(
            transaction, wish, operator, zone=zone_of(services), now=services.now()
        )
