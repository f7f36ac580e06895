"""Guards' desks over HTTP; what happened in a shift."""

from datetime import timedelta
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime

from central.duty.desks import LIFETIME
from central.duty.schemas import DeskView, ShiftLog
from central.duty.shift_log import entries
from central.problems import RESPONSES, RefusedError
from central.security import COOKIE, DESK_COOKIE, Operator, Requires
from central.services import Given

router = APIRouter(tags=["duty"], responses=RESPONSES)
Keeper = Annotated[Operator, Depends(Requires("desk.keep"))]
Reader = Annotated[Operator, Depends(Requires("shifts.read"))]
SHIFT_MAX: Final = timedelta(days=7)
Watcher = Annotated[Operator, Depends(Requires("site.read"))]


@router.post("/desk")
async def open_desk(
    operator: Keeper, services: Given, request: Request, response: Response
) -> DeskView:
    """Make this browser a guard's desk: it goes on watching when the session is over."""
    secret, desk = await services.desks.open(
        operator, request.cookies.get(DESK_COOKIE), now=services.now()
    )
    response.set_cookie(
        DESK_COOKIE,
        secret,
        max_age=int(LIFETIME.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=services.settings.is_secure,
    )
    return desk


@router.get("/desk")
async def this_desk(_: Watcher, services: Given, request: Request) -> DeskView:
    """Return who is on duty at this desk, or was last."""
    async with services.database.read() as transaction:
        desk = await services.desks.view(
            transaction, request.cookies.get(DESK_COOKIE), now=services.now()
        )
    if desk is None:
        raise RefusedError(404, "no_desk", "this browser is not a guard's desk")
    return desk


@router.post("/desk/lock")
async def lock_desk(
    operator: Keeper, services: Given, request: Request, response: Response
) -> DeskView:
    """End the session here and now; the desk goes on watching until somebody takes over."""
    desk = await services.desks.lock(operator, request.cookies.get(DESK_COOKIE), now=services.now())
    response.delete_cookie(COOKIE)
    return desk


@router.get("/shift-log")
async def shift_log(
    _: Reader, services: Given, since: AwareDatetime, until: AwareDatetime
) -> ShiftLog:
    """Return what happened in a time of a week at most: takeovers, commands, alarms, handovers."""
    if not since < until <= since + SHIFT_MAX:
        raise RefusedError(422, "shift_too_long", "ask for a week at most")
    async with services.database.read() as transaction:
        items, has_more = await entries(transaction, since=since, until=until)
    return ShiftLog(since=since, until=until, items=items, has_more=has_more)
