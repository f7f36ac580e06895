"""Outside systems over HTTP: let in by the administrator, and their events taken in."""

import math
import time
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response

from central.integrations import outside, sources
from central.integrations.outside import SIZE_BYTES_MAX, NotCloudEventsError, OutsideEvent
from central.integrations.schemas import (
    MadeSource,
    NewSource,
    SourceList,
    SourceView,
    TakenIn,
    Vendor,
)
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires, hashed, new_secret
from central.services import Given
from config.contract.events import BATCH_CONTENT_TYPE, EventClass

router = APIRouter(tags=["integrations"], responses=RESPONSES)
COUNT_MAX: Final = 50
REQUEST_COUNT: Final = 300
"""Of one outside system in a minute, each with a batch at most."""
TOKEN_PREFIX: Final = "menshen_ext_"  # noqa: S105 - what a leaked one is found by
Manager = Annotated[Operator, Depends(Requires("integrations.manage"))]
Identifier = Annotated[Vendor, Path()]
_BODY: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            outside.STRUCTURED: {"schema": {"$ref": "#/components/schemas/OutsideEvent"}},
            BATCH_CONTENT_TYPE: {
                "schema": {
                    "type": "array",
                    "maxItems": outside.COUNT_MAX,
                    "items": {"$ref": "#/components/schemas/OutsideEvent"},
                }
            },
        },
    }
}


@router.get("/integrations/sources")
async def list_sources(_: Manager, services: Given) -> SourceList:
    """Return every outside system whose events are taken in."""
    async with services.database.read() as transaction:
        return SourceList(items=await sources.views(transaction))


@router.post("/integrations/sources", status_code=201)
async def add_source(wish: NewSource, operator: Manager, services: Given) -> MadeSource:
    """Let an outside system in; its token is shown this once."""
    token = TOKEN_PREFIX + new_secret()
    async with services.database.write() as transaction:
        if await sources.count(transaction) >= COUNT_MAX:
            raise RefusedError(409, "too_many_sources", f"at most {COUNT_MAX} outside systems")
        view = await sources.add(
            transaction,
            wish,
            secret_hash=hashed(token),
            made_by=operator.username,
            now=services.now(),
        )
        if view is None:
            raise RefusedError(409, "source_exists", "there is one of this identifier already")
        transaction.concerns(
            f"source:{wish.source_id}", vendor=wish.vendor, may_alarm=wish.may_alarm
        )
    return MadeSource(source=view, token=token)


@router.post("/integrations/sources/{source_id}/token")
async def change_source_token(source_id: Identifier, _: Manager, services: Given) -> MadeSource:
    """Make a new token; the one of before is good for nothing at once."""
    token = TOKEN_PREFIX + new_secret()
    async with services.database.write() as transaction:
        if not await sources.put_secret(transaction, source_id, hashed(token)):
            raise _unknown()
        (view,) = await sources.views(transaction, source_id)
    return MadeSource(source=view, token=token)


@router.delete("/integrations/sources/{source_id}", status_code=204)
async def remove_source(source_id: Identifier, _: Manager, services: Given) -> Response:
    """Shut an outside system out; what it told stays."""
    async with services.database.write() as transaction:
        if not await sources.remove(transaction, source_id):
            raise _unknown()
    return Response(status_code=204)


async def outside_of(request: Request, services: Given) -> SourceView:
    """Return the outside system whose token a request has; refuses with 401, and with 429."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    found = None
    if scheme.lower() == "bearer" and token.startswith(TOKEN_PREFIX):
        async with services.database.read() as transaction:
            found = await sources.by_secret(transaction, hashed(token))
    if found is None:
        raise RefusedError(401, "bad_source_token", "send the token of an outside system")
    wait_s = services.outside_requests.take(found.source_id, now_s=time.monotonic())
    if wait_s > 0:
        raise RefusedError(
            429,
            "too_many_attempts",
            f"at most {REQUEST_COUNT} requests a minute: send batches",
            headers={"Retry-After": str(math.ceil(wait_s))},
        )
    return found


@router.post("/integrations/events", openapi_extra=_BODY)
async def take_in_outside_events(
    request: Request, services: Given, source: Annotated[SourceView, Depends(outside_of)]
) -> TakenIn:
    """Take in CloudEvents of an outside system, structured, batched or binary.

    The same source and id again is harmless. When this answers, central holds all of it durably.
    """
    pieces, size_bytes = list[bytes](), 0
    async for piece in request.stream():
        size_bytes += len(piece)
        if size_bytes > SIZE_BYTES_MAX:
            raise RefusedError(413, "too_large", f"at most {SIZE_BYTES_MAX} bytes")
        pieces.append(piece)
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        events = outside.parse(media_type, request.headers, b"".join(pieces))
    except NotCloudEventsError as error:
        raise RefusedError(422, "invalid_request", str(error)) from error
    for event in events:
        _check(source, event)
    async with services.database.write() as transaction:
        return await sources.take_in(
            transaction,
            source,
            events,
            site=services.settings.site.site.id,
            epoch=services.epoch,
            now=services.now(),
        )


def _check(source: SourceView, event: OutsideEvent) -> None:
    if not event.is_of(source.vendor):
        raise RefusedError(
            403, "foreign_type", f"types of this source begin with ext.{source.vendor}."
        )
    if event.event_class is EventClass.ALARM and not source.may_alarm:
        raise RefusedError(403, "may_not_alarm", "this source may not raise alarms")


def _unknown() -> RefusedError:
    return RefusedError(404, "source_not_found", "there is no such outside system any more")
