"""Guards' desks over HTTP; what happened in a shift."""

from datetime import datetime, timedelta
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Request, Response
from pydantic import AwareDatetime

from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.cookies import cookie_of
from central.duty import repository
from central.duty.desks import LIFETIME
from central.duty.schemas import DeskView, ShiftEntry, ShiftLog, WantedNote
from central.duty.shift_log import entries
from central.problems import RESPONSES, RefusedError
from central.security import COOKIE, DESK_COOKIE, Operator, Requires
from central.services import Given
from central.spreadsheet import CSV_TYPE, UTF8_MARK, csv_line
from config.contract.identifiers import new_id

router = APIRouter(tags=["duty"], responses=RESPONSES)
Keeper = Annotated[Operator, Depends(Requires("desk.keep"))]
Reader = Annotated[Operator, Depends(Requires("shifts.read"))]
Writer = Annotated[Operator, Depends(Requires("shifts.write"))]
SHIFT_MAX: Final = timedelta(days=7)
COLUMNS: Final = ("at", "kind", "what", "about", "who", "outcome", "alarm", "stops", "words")
TABLE: Final[dict[int | str, dict[str, Any]]] = {200: {"content": {CSV_TYPE: {}}}}
Watcher = Annotated[Operator, Depends(Requires("site.read"))]


def span_of(since: AwareDatetime, until: AwareDatetime) -> tuple[datetime, datetime]:
    """Return which time is asked for."""
    if not since < until <= since + SHIFT_MAX:
        raise RefusedError(422, "shift_too_long", "ask for a week at most")
    return since, until


@router.post("/desk")
async def open_desk(
    operator: Keeper, services: Given, request: Request, response: Response
) -> DeskView:
    """Make this browser a guard's desk: it goes on watching when the session is over."""
    secret, desk = await services.desks.open(
        operator, cookie_of(request, DESK_COOKIE), now=services.now()
    )
    services.cookies.give(response, DESK_COOKIE, secret, lifetime=LIFETIME)
    return desk


@router.get("/desk")
async def this_desk(_: Watcher, services: Given, request: Request) -> DeskView:
    """Return who is on duty at this desk, or was last."""
    async with services.database.read() as transaction:
        desk = await services.desks.view(
            transaction, cookie_of(request, DESK_COOKIE), now=services.now()
        )
    if desk is None:
        raise RefusedError(404, "no_desk", "this browser is not a guard's desk")
    return desk


@router.post("/desk/lock")
async def lock_desk(
    operator: Keeper, services: Given, request: Request, response: Response
) -> DeskView:
    """End the session here and now; the desk goes on watching until somebody takes over."""
    desk = await services.desks.lock(operator, cookie_of(request, DESK_COOKIE), now=services.now())
    services.cookies.take_back(response, COOKIE)
    return desk


Asked = Annotated[tuple[datetime, datetime], Depends(span_of)]


@router.get("/shift-log")
async def shift_log(_: Reader, services: Given, span: Asked) -> ShiftLog:
    """Return what happened in a week at most: duty, commands, alarms, handovers, rounds, notes."""
    since, until = span
    async with services.database.read() as transaction:
        items, has_more = await entries(transaction, since=since, until=until, now=services.now())
    return ShiftLog(since=since, until=until, items=items, has_more=has_more)


@router.get("/shift-log/export.csv", response_class=Response, responses=TABLE)
async def export_shift_log(
    operator: Reader,
    services: Given,
    span: Asked,
    reason: Annotated[Reason, Depends(Purposeful())],
) -> Response:
    """Hand out what `GET /shift-log` shows, as a table."""
    since, until = span
    await looked(services, operator, "shift_log_export_get", reason=reason)
    async with services.database.read() as transaction:
        items, _ = await entries(transaction, since=since, until=until, now=services.now())
    lines = [UTF8_MARK + csv_line(COLUMNS), *map(_line, items)]
    headers = {"Content-Disposition": 'attachment; filename="shift-log.csv"'}
    return Response("".join(lines), media_type=CSV_TYPE, headers=headers)


@router.post("/shift-log/notes", status_code=201)
async def write_note(wish: WantedNote, operator: Writer, services: Given) -> ShiftEntry:
    """Write something down; it stays as it is, with its writer and its time."""
    note_id, now = str(new_id()), services.now()
    async with services.database.write() as transaction:
        await repository.add_note(
            transaction, note_id, wish.text, username=operator.username, now=now
        )
        transaction.concerns(f"shift_note:{note_id}")
    return ShiftEntry(at=now, kind="note", what="", who=operator.username, words=wish.text)


def _line(entry: ShiftEntry) -> str:
    return csv_line(
        (
            entry.at.isoformat(), entry.kind, entry.what, entry.about, entry.who, entry.outcome,
            entry.alarm_kind, "" if entry.count is None else f"{entry.done}/{entry.count}",
            entry.words,
        )
    )  # fmt: skip
