"""Looking for events over HTTP, and taking what was found away."""

import dataclasses
import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import AwareDatetime

from central.audit.endpoints import looked
from central.audit.purposes import Purposeful, Reason
from central.database import Transaction
from central.events import search
from central.events.reading import hidden_from
from central.events.schemas import EventPage, StoredEvent
from central.events.search import Moment, Wanted
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from central.spreadsheet import CSV_TYPE, UTF8_MARK, csv_line
from config.contract.events import EventClass
from config.contract.identifiers import Slug

router = APIRouter(tags=["events"], responses=RESPONSES)
Viewer = Annotated[Operator, Depends(Requires("events.read"))]
Looking = Annotated[Reason, Depends(Purposeful())]
COLUMNS: Final = (
    "occurred_at", "received_at", "node", "place", "class", "type", "holder_id", "name", "data",
)  # fmt: skip
TYPES: Final = {"csv": CSV_TYPE, "jsonl": "application/x-ndjson"}
CHUNK_LENGTH: Final = 500
VALUE_COUNT_MAX: Final = 50
Text = Annotated[str, Query(max_length=128)]


def wanted_of(
    since: Annotated[AwareDatetime | None, Query()] = None,
    until: Annotated[AwareDatetime | None, Query()] = None,
    type_: Annotated[tuple[str, ...], Query(alias="type", max_length=VALUE_COUNT_MAX)] = (),
    event_class: Annotated[tuple[EventClass, ...], Query(alias="class", max_length=10)] = (),
    place: Annotated[tuple[str, ...], Query(max_length=VALUE_COUNT_MAX)] = (),
    node: Slug | None = None,
    person: Text = "",
) -> Wanted:
    """Return what is looked for."""
    return Wanted(
        since=since,
        until=until,
        types=[each.replace("\0", "") for each in type_],
        classes=[each.value for each in event_class],
        places=[each.replace("\0", "") for each in place],
        node=node or "",
        holder_id=person.replace("\0", ""),
    )


Asked = Annotated[Wanted, Depends(wanted_of)]


@router.get("/events/search")
async def search_events(
    operator: Viewer,
    services: Given,
    wanted: Asked,
    reason: Looking,
    before: Annotated[int | None, Query(ge=1, le=2**62)] = None,
    before_at: AwareDatetime | None = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> EventPage:
    """Return events that are looked for, newest first; the next page goes on behind this one.

    Its `before` is `next` and its `before_at` is `next_at`: without the time, a page behind an
    event that retention took meanwhile is refused with 410.

    Where what is looked for is rare among others, a page may hold few events or none and still
    have a `next`: so many were looked at.
    """
    wanted = checked(wanted, operator)
    # What is looked for is not recorded: it may be a person, and the log is kept longer than they.
    await looked(services, operator, "events_search_get", reason=reason)
    async with services.database.read() as transaction:
        found = await search.page(
            transaction,
            wanted,
            before=await _begin(transaction, before, before_at),
            limit=limit,
            has_names=operator.may("people.names"),
            has_candidates=operator.may("events.candidates"),
        )
    at, position = found.next or (None, None)
    return EventPage(items=found.items, next=position, next_at=at)


async def _begin(
    transaction: Transaction, before: int | None, before_at: datetime | None
) -> Moment | None:
    if before is None:
        return None
    if before_at is not None:
        return before_at, before
    if (moment := await search.moment_of(transaction, before)) is None:
        detail = "that event is there no more: send before_at as well, or begin anew"
        raise RefusedError(410, "position_unknown", detail)
    return moment


@router.get(
    "/events/export.{form}",
    response_class=StreamingResponse,
    responses={200: {"content": {kind: {} for kind in TYPES.values()}}},
)
async def export_events(
    form: Literal["csv", "jsonl"],
    operator: Viewer,
    services: Given,
    wanted: Asked,
    reason: Looking,
) -> StreamingResponse:
    """Hand out everything that is looked for, as a table or as a line of JSON for each event."""
    wanted = checked(wanted, operator)
    await looked(services, operator, "events_export_get", reason=reason, form=form)
    found = search.everything(
        services.database,
        wanted,
        has_names=operator.may("people.names"),
        has_candidates=operator.may("events.candidates"),
    )
    headers = {"Content-Disposition": f'attachment; filename="events.{form}"'}
    lines = _lines(found, is_table=form == "csv")
    return StreamingResponse(lines, media_type=TYPES[form], headers=headers)


def checked(wanted: Wanted, operator: Operator) -> Wanted:
    """Return what somebody may look for; refuses persons to who may not see people."""
    if wanted.holder_id and not operator.may("people.read"):
        raise RefusedError(403, "forbidden", "this needs the permission people.read")
    return dataclasses.replace(wanted, hidden=hidden_from(operator.permissions))


async def _lines(found: AsyncIterator[StoredEvent], *, is_table: bool) -> AsyncIterator[str]:
    chunk = [UTF8_MARK + csv_line(COLUMNS)] if is_table else []
    async for stored in found:
        chunk.append(_row(stored) if is_table else f"{stored.model_dump_json(by_alias=True)}\n")
        if len(chunk) >= CHUNK_LENGTH:
            yield "".join(chunk)
            chunk.clear()
    yield "".join(chunk)


def _row(stored: StoredEvent) -> str:
    event = stored.event
    data = json.dumps(event.data, ensure_ascii=False, separators=(",", ":"))
    return csv_line(
        (
            event.time.isoformat(), stored.received_at.isoformat(), stored.node, event.subject,
            event.event_class.value, event.type, str(event.data.get("holder_id") or ""),
            stored.holder_name or "", data,
        )
    )  # fmt: skip
