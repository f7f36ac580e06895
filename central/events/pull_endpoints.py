"""Events pulled by programs: by position, with filters, as pages, long polls or a stream.

Nothing is kept at central of who reads how far: a program says the last position that it has, and
any central process answers. What wakes who waits is the database's announcement.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from central.audit.endpoints import looked
from central.audit.purposes import INTEGRATION, Purposeful, Reason
from central.events.considered import without_candidates
from central.events.pulling import PositionUnknownError, Pulled, pull
from central.events.schemas import EventsAfter, StoredEvent
from central.events.search import Wanted
from central.events.search_endpoints import VALUE_COUNT_MAX, checked, wanted_of
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from central.stream import HEARTBEAT, HEARTBEAT_S, MEDIA_TYPE, EventStream, begun, encode
from config.contract.events import BATCH_CONTENT_TYPE

router = APIRouter(tags=["events"], responses=RESPONSES)
WAIT_S_MAX: Final = 60
REREAD_S: Final = 0.1
"""So long whoever waits lets pass between two looks: in a flood each finds many events."""
POSITION_MAX: Final = 2**62
_MAY_READ: Final = Requires("events.read")
Viewer = Annotated[Operator, Depends(_MAY_READ)]
Looking = Annotated[Reason, Depends(Purposeful(INTEGRATION))]
Page = Callable[[int], Awaitable[Pulled]]
CHOICES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            BATCH_CONTENT_TYPE: {
                "schema": {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}
            },
            MEDIA_TYPE: {"schema": {"type": "string"}},
        },
        "headers": {
            name: {"schema": {"type": "string"}, "description": words}
            for name, words in {
                "Menshen-Epoch": "Of the store of events",
                "Menshen-Next": "`after` of the next request",
                "Menshen-More": "`true` where more events stand there already",
                "Menshen-Forgotten": "How many events retention took before `Menshen-Next`",
            }.items()
        },
    }
}


def pulled_filters(
    wanted: Annotated[Wanted, Depends(wanted_of)],
    subject: Annotated[tuple[str, ...], Query(max_length=VALUE_COUNT_MAX)] = (),
) -> tuple[Wanted, tuple[str, ...]]:
    """Return what is looked for, and of which subjects."""
    return wanted, tuple(each.replace("\0", "") for each in subject)


@router.get("/events", response_model=EventsAfter, responses=CHOICES)
async def pull_events(
    request: Request,
    operator: Viewer,
    services: Given,
    reason: Looking,
    filters: Annotated[tuple[Wanted, tuple[str, ...]], Depends(pulled_filters)],
    after: Annotated[int, Query(ge=0, le=POSITION_MAX)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    wait: Annotated[float, Query(ge=0, le=WAIT_S_MAX)] = 0,
    epoch: UUID | None = None,
    last_event_id: Annotated[str, Header(max_length=80)] = "",
    accept: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """Return events after a position, oldest first; wait for some where there is none.

    Ask again with `after` = `next` of the last answer, filters unchanged: nothing is left out and
    nothing comes twice. `wait` is how many seconds to hold the answer back until something is
    there. `Accept` chooses between pages, a CloudEvents batch and a stream of server-sent events,
    which goes on after `Last-Event-ID`. An epoch that is over is refused with 410.
    """
    if last_event_id:
        epoch, after = _told(last_event_id)
    if epoch is not None and epoch != services.epoch:
        raise _gone("the events were restored or begun anew: pull again from after=0")
    wanted = checked(filters[0], operator)
    await looked(services, operator, "events_get", reason=reason, after=after)

    async def page(position: int) -> Pulled:
        async with services.database.read() as transaction:
            return await pull(
                transaction,
                wanted,
                after=position,
                limit=limit,
                has_names=operator.may("people.names"),
                has_candidates=operator.may("events.candidates"),
                subjects=filters[1],
            )

    form = _form(accept)
    try:
        if form == MEDIA_TYPE:
            frames = _frames(request, services, page, after)
            return EventStream(await begun(_held(services, operator, frames)))
        with services.held.by(operator.actor) if wait else contextlib.nullcontext():
            found = await _waited(request, services, page, after=after, wait_s=wait)
    except PositionUnknownError:
        raise _gone("no event has this position: pull again from after=0") from None
    headers = {
        "Menshen-Epoch": str(services.epoch),
        "Menshen-Next": str(found.next),
        "Menshen-More": json.dumps(found.has_more),
        "Menshen-Forgotten": str(found.forgotten),
    }
    if form == BATCH_CONTENT_TYPE:
        batch = [cloud_event(each) for each in found.items]
        return Response(json.dumps(batch), media_type=BATCH_CONTENT_TYPE, headers=headers)
    answer = EventsAfter(
        items=found.items,
        next=found.next,
        has_more=found.has_more,
        forgotten=found.forgotten,
        epoch=services.epoch,
    )
    body = answer.model_dump_json(by_alias=True)
    return Response(body, media_type="application/json", headers=headers)


def cloud_event(stored: StoredEvent) -> dict[str, Any]:
    """Return an event as other systems are told it: no name of a person, nobody considered.

    ``position`` is an extension and a text: CloudEvents' numbers end at 2**31.
    """
    event = without_candidates(stored.event).model_dump(mode="json", by_alias=True)
    return {**event, "position": str(stored.position)}


def _told(last_event_id: str) -> tuple[UUID | None, int]:
    """Return epoch and position of an ``id`` of the stream; a position alone is one, too."""
    epoch, _, position = last_event_id.rpartition(":")
    try:
        after = int(position) if position.isascii() and position.isdecimal() else -1
        if not 0 <= after <= POSITION_MAX:
            raise ValueError(position)
        return (UUID(epoch) if epoch else None), after
    except ValueError:
        detail = "Last-Event-ID is EPOCH:POSITION, as the stream's ids are"
        raise RefusedError(422, "invalid_request", detail) from None


def _gone(detail: str) -> RefusedError:
    return RefusedError(410, "position_unknown", detail)


def _form(accept: str) -> str:
    """Return the first form of an ``Accept`` header that there is; pages where none is named."""
    named = (each.partition(";")[0].strip().lower() for each in accept.split(","))
    known = (MEDIA_TYPE, BATCH_CONTENT_TYPE, "application/json")
    return next((each for each in named if each in known), "application/json")


async def _waited(
    request: Request, services: Services, page: Page, *, after: int, wait_s: float
) -> Pulled:
    """Return the next page that has something, or the last one when the time is up."""
    deadline_s, forgotten = services.loop.time() + wait_s, 0
    with services.heard.waiting() as woken:
        while True:
            woken.clear()
            found = await page(after)
            forgotten += found.forgotten
            after = found.next
            is_over = found.items or found.has_more or forgotten
            if is_over or not await _woken(request, services, woken, deadline_s=deadline_s):
                return Pulled(
                    items=found.items, next=after, has_more=found.has_more, forgotten=forgotten
                )
            # A token may have been revoked meanwhile.
            await _MAY_READ(request)


async def _woken(
    request: Request, services: Services, woken: asyncio.Event, *, deadline_s: float
) -> bool:
    """Wait until there may be something; returns whether to look again."""
    if services.loop.time() >= deadline_s or services.heard.is_closed:
        return False
    left = asyncio.ensure_future(_left(request))
    waits = asyncio.ensure_future(woken.wait())
    try:
        timeout_s = deadline_s - services.loop.time()
        await asyncio.wait({left, waits}, timeout=timeout_s, return_when=asyncio.FIRST_COMPLETED)
        if left.done() or services.heard.is_closed or not waits.done():
            return False
    finally:
        for task in (left, waits):
            task.cancel()
        await asyncio.gather(left, waits, return_exceptions=True)
    await asyncio.sleep(REREAD_S if deadline_s - services.loop.time() > REREAD_S else 0)
    return True


async def _left(request: Request) -> None:
    """Return when whoever asked has gone."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def _held(
    services: Services, operator: Operator, frames: AsyncGenerator[bytes]
) -> AsyncGenerator[bytes]:
    async with contextlib.aclosing(frames):
        with services.held.by(operator.actor):
            async for frame in frames:
                yield frame


async def _frames(
    request: Request, services: Services, page: Page, after: int
) -> AsyncGenerator[bytes]:
    """Yield the stream: events, what was forgotten, and positions where nothing was wanted."""
    with services.heard.waiting() as woken:
        # Read while it is listened to, or what is committed in between is heard of by nobody.
        found = await page(after)
        while True:
            yield _encoded(services.epoch, found)
            while not found.has_more:
                if services.heard.is_closed:
                    return
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_S):
                        await woken.wait()
                try:
                    await _MAY_READ(request)
                except RefusedError:
                    return
                if woken.is_set():
                    break
                yield HEARTBEAT
            woken.clear()
            found = await page(found.next)


def _encoded(epoch: UUID, found: Pulled) -> bytes:
    pieces = list[bytes]()
    if found.forgotten:
        pieces.append(encode("forgotten", json.dumps({"count": found.forgotten})))
    for stored in found.items:
        data = stored.model_dump_json(by_alias=True)
        pieces.append(f"id: {epoch}:{stored.position}\n".encode() + encode("event", data))
    # An id without data moves the reader's Last-Event-ID on and tells nothing.
    pieces.append(f"id: {epoch}:{found.next}\n\n".encode())
    return b"".join(pieces)
