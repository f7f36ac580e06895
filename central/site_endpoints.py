"""The site as pages first see it, its live stream, and whether central is well."""

from datetime import timedelta
from typing import Annotated, Final
from uuid import UUID

from fastapi import APIRouter, Depends, Header, Request, Response
from pydantic import BaseModel

from central import site_values
from central.audit.endpoints import looked
from central.events import reading
from central.events import repository as events
from central.events.schemas import StoredEvent
from central.nodes import repository as nodes
from central.nodes.endpoints import installed
from central.nodes.schemas import NodeView
from central.problems import RESPONSES
from central.security import Operator, Requires
from central.services import Given
from central.stream import RESPONSE, EventStream, begun
from config.contract.access import CropClass
from config.site import Site

router = APIRouter(tags=["site"], responses=RESPONSES)
POSITION_LENGTH_MAX: Final = 20
EVENT_COUNT = 100
Viewer = Annotated[Operator, Depends(Requires("site.read"))]


class SiteView(BaseModel):
    """The site.

    Attributes:
        name: By language.
        access_points: Their names by language.
        names: Of what alarms are about, by kind, identifier and language.
        crop_lifetime_h: How long pictures are kept, by kind; 0 where none is.
    """

    id: str
    name: dict[str, str]
    time_zone: str
    access_points: dict[str, dict[str, str]]
    names: dict[str, dict[str, dict[str, str]]]
    crop_lifetime_h: dict[CropClass, float]


class Snapshot(BaseModel):
    """The state of now; what happens later is told by the stream.

    Attributes:
        epoch: Of the store of events; another one means that positions begin anew.
        position: Of the newest event.
        people_version: Grows whenever a person changes.
        events: The newest, newest last; none for those who may not see events.
        is_locked: Nobody is signed in: this is a guard's desk, which goes on watching.
    """

    epoch: UUID
    position: int
    people_version: int
    site: SiteView
    events: list[StoredEvent]
    nodes: list[NodeView]
    is_locked: bool = False


class Health(BaseModel):
    """Central answers, and so does its database."""

    status: str = "ok"


@router.get("/snapshot")
async def get_snapshot(operator: Viewer, services: Given) -> Snapshot:
    """Return the state of now."""
    site = services.settings.site
    if operator.may("events.read"):
        await looked(services, operator, "snapshot_get")
    async with services.database.read() as transaction:
        # The position first: an event that comes in between is told twice rather than never.
        position = await events.newest_position(transaction)
        people_version = await site_values.replica_version(transaction)
        stored = (
            await reading.newest(
                transaction,
                limit=EVENT_COUNT,
                has_names=operator.may("people.names"),
                hidden=reading.hidden_from(operator.permissions),
            )
            if operator.may("events.read")
            else []
        )
        views = (
            await nodes.views(transaction, installed(services), now=services.now())
            if operator.may("nodes.read")
            else []
        )
    return Snapshot(
        epoch=services.epoch,
        position=position,
        people_version=people_version,
        site=SiteView(
            id=site.site.id,
            name={str(language): name for language, name in site.site.name.items()},
            time_zone=site.site.time_zone,
            access_points={
                point.id: {str(language): name for language, name in point.name.items()}
                for point in site.access_point
            },
            names=_names(site),
            crop_lifetime_h={
                kind: site.policy.crop_lifetime(kind) / timedelta(hours=1) for kind in CropClass
            },
        ),
        events=stored,
        nodes=views,
        is_locked=operator.is_desk,
    )


def _names(site: Site) -> dict[str, dict[str, dict[str, str]]]:
    """Return names by kind and identifier; a gate without one is called as its lanes are."""
    lanes = dict[str, dict[str, str]]()
    for point in site.access_point:
        known = lanes.setdefault(point.device, {})
        for language, name in point.name.items():
            known[language] = " · ".join(filter(None, (known.get(language), name)))
    named: dict[str, dict[str, dict[str, str]]] = {"device": lanes}
    for kind, entries in (
        ("device", site.device),
        ("checkpoint", site.checkpoint),
        ("zone", site.fire_zone),
        ("camera", site.camera),
        ("till", site.till),
    ):
        for entry in entries:
            if entry.name:
                name_of = {str(language): name for language, name in entry.name.items()}
                named.setdefault(kind, {})[entry.id] = name_of
    return named


@router.get("/stream", status_code=200, response_class=EventStream, responses={200: RESPONSE})
async def follow_site(
    operator: Viewer,
    request: Request,
    last_event_id: Annotated[str | None, Header()] = None,
) -> Response:
    """Stream what happens: `hello`, then `event`, `node`, `people`, `access`, `muster` and more."""
    told = last_event_id or ""
    after = int(told) if told.isdecimal() and len(told) <= POSITION_LENGTH_MAX else None
    return EventStream(await begun(request.app.state.feed.frames(operator, after=after)))


@router.get("/health")
async def get_health(services: Given) -> Health:
    """Return whether central and its database answer."""
    async with services.database.read() as transaction:
        await events.newest_position(transaction)
    return Health()
