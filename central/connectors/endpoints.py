"""Connectors over HTTP: what is set up, how it goes, and which doors may be opened from outside."""

import asyncio
import ssl
from collections.abc import Coroutine
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends

from central.audit import repository as audit
from central.connectors import repository
from central.connectors.repository import Kept
from central.connectors.running import NotToldError
from central.connectors.schemas import (
    ConnectorList,
    ConnectorState,
    DoorsView,
    TriedConnector,
    WantedDoors,
    WantedMqtt,
    WantedSyslog,
)
from central.connectors.settings import (
    DoorGrant,
    MqttSettings,
    Name,
    Secrets,
    SyslogSettings,
)
from central.connectors.tls import client_context, first_end
from central.events import repository as events
from central.mqtt.trying import try_broker
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
from central.syslog.trying import try_collector
from config.contract.events import EventClass

router = APIRouter(prefix="/connectors", tags=["connectors"], responses=RESPONSES)
Manager = Annotated[Operator, Depends(Requires("connectors.manage"))]
DoorKeeper = Annotated[Operator, Depends(Requires("commands.connect"))]


@router.get("")
async def list_connectors(_: Manager, services: Given) -> ConnectorList:
    """Return what is set up, and how telling goes; no secret."""
    async with services.database.read() as transaction:
        kept = await repository.all_kept(transaction)
        head = await audit.head_of(transaction)
        ends = {
            "mqtt": await events.newest_position(transaction),
            "syslog": 0 if head is None else head.sequence,
        }
    states = list[ConnectorState]()
    for name, each in kept.items():
        secrets = repository.secrets_of(each, services.kek)
        states.append(
            ConnectorState(
                name=each.settings.name,
                is_connected=each.is_connected(services.now()),
                has_password=bool(secrets.password),
                has_client_key=bool(secrets.client_key),
                trusted_until=first_end(each.settings.ca_certificate),
                client_until=first_end(each.settings.client_certificate),
                behind=max(0, ends[name] - each.position),
                failure=each.failure,
                failing_since=each.failing_since,
                last_delivered_at=each.delivered_at,
            )
        )
    mqtt = kept.get("mqtt")
    found = {each.settings.name: each.settings for each in kept.values()}
    return ConnectorList(
        mqtt=mqtt.settings if mqtt and isinstance(mqtt.settings, MqttSettings) else None,
        syslog=s if isinstance(s := found.get("syslog"), SyslogSettings) else None,
        doors=DoorGrant() if mqtt is None else mqtt.doors,
        states=states,
    )


@router.put("/mqtt")
async def put_mqtt(wish: WantedMqtt, operator: Manager, services: Given) -> MqttSettings:
    """Set the broker up; what happened before is not told.

    Another broker gets no password that is kept, and may open no door until that is allowed anew.
    """
    tells_money = wish.settings.is_on and EventClass.MONEY in wish.settings.classes
    if tells_money and not operator.may("canteen.read"):
        raise RefusedError(403, "forbidden", "this needs the permission canteen.read")
    await _put(services, wish, begins_at_end=True, url=wish.settings.url)
    return wish.settings


@router.put("/syslog")
async def put_syslog(wish: WantedSyslog, _: Manager, services: Given) -> SyslogSettings:
    """Set the collector up; it is told the audit log from its oldest entry on."""
    await _put(services, wish, begins_at_end=False, host=wish.settings.host)
    return wish.settings


@router.delete("/{name}", status_code=204)
async def remove_connector(name: Name, _: Manager, services: Given) -> None:
    """Forget a connection with its secrets; nothing is told any more, and no door opened by it.

    What a broker keeps stays there. Set up again, a broker is told what happens from then on, and
    a collector everything from the oldest entry.
    """
    async with services.database.write() as transaction:
        if not await repository.remove(transaction, name, now=services.now()):
            raise RefusedError(404, "connector_not_set_up", "it is not set up")
        transaction.concerns(f"data:{name}")


@router.post("/mqtt/try")
async def try_mqtt(wish: WantedMqtt, _: Manager, services: Given) -> TriedConnector:
    """Sign in to a broker once, as these settings say, and tell it nothing; 15 s at most.

    Settings need not be kept. Secrets that are not given are those that are kept, as for *put*.
    """
    site = services.settings.site.site.id
    secrets = await _secrets_tried(services, wish, url=wish.settings.url)
    return await _outcome(services, try_broker(wish.settings, secrets, site=site))


@router.post("/syslog/try")
async def try_syslog(wish: WantedSyslog, _: Manager, services: Given) -> TriedConnector:
    """Connect to a collector once, as these settings say, and tell it nothing; 15 s at most."""
    secrets = await _secrets_tried(services, wish, host=wish.settings.host)
    return await _outcome(services, try_collector(wish.settings, secrets))


@router.get("/mqtt/doors")
async def list_doors(_: DoorKeeper, services: Given) -> DoorsView:
    """Return which access points may be opened over the broker, and which broker that is."""
    async with services.database.read() as transaction:
        kept = await repository.find(transaction, "mqtt")
    doors = DoorGrant() if kept is None else kept.doors
    settings = _before(kept)
    return DoorsView(
        **doors.model_dump(),
        broker=settings.url if settings else "",
        prefix=settings.prefix if settings else "",
    )


@router.put("/mqtt/doors")
async def put_doors(wish: WantedDoors, operator: DoorKeeper, services: Given) -> DoorGrant:
    """Say which access points may be opened over the broker: in your name, while you may."""
    known = {point.id for point in services.settings.site.access_point}
    if not set(wish.access_points) <= known:
        raise RefusedError(422, "unknown_access_point", "the site file has no such point")
    points = tuple(dict.fromkeys(wish.access_points))
    doors = DoorGrant(access_points=points, user_id=operator.user_id if points else "")
    async with services.database.write() as transaction:
        if not await repository.put_doors(transaction, "mqtt", doors):
            raise RefusedError(404, "connector_not_set_up", "set the broker up first")
        transaction.concerns(*(f"access_point:{each}" for each in points), count=len(points))
    return doors


async def _secrets_tried(
    services: Services, wish: WantedMqtt | WantedSyslog, **detail: str
) -> Secrets:
    """Return what is to be signed in with, once the audit log has it that somebody tries."""
    async with services.database.write() as transaction:
        kept = await repository.find(transaction, wish.settings.name)
        transaction.concerns(f"data:{wish.settings.name}", **detail)
    secrets = wish.over(_secrets_for(wish.settings, kept, services))
    await _check(wish.settings, secrets)
    return secrets


async def _outcome(
    services: Services, trial: Coroutine[Any, Any, datetime | None]
) -> TriedConnector:
    began_s, until, failure = services.loop.time(), None, ""
    try:
        until = await trial
    except NotToldError as error:
        failure = str(error)
    return TriedConnector(
        failure=failure,
        duration_ms=round((services.loop.time() - began_s) * 1000),
        certificate_until=until,
    )


async def _put(
    services: Services,
    wish: WantedMqtt | WantedSyslog,
    *,
    begins_at_end: bool,
    **detail: str,
) -> None:
    settings = wish.settings
    async with services.database.read() as transaction:
        kept = await repository.find(transaction, settings.name)
    secrets = wish.over(_secrets_for(settings, kept, services))
    await _check(settings, secrets)
    async with services.database.write() as transaction:
        begin = await events.newest_position(transaction) if begins_at_end else 0
        await repository.put(
            transaction, settings, secrets, kek=services.kek, begin=begin, now=services.now()
        )
        before = _before(kept)
        if isinstance(settings, MqttSettings) and before and before.doorway != settings.doorway:
            # Who sets brokers up need not be who may open doors.
            await repository.put_doors(transaction, settings.name, DoorGrant())
        transaction.concerns(f"data:{settings.name}", is_on=settings.is_on, **detail)


def _secrets_for(
    settings: MqttSettings | SyslogSettings, kept: Kept | None, services: Services
) -> Secrets:
    """Return what is kept and good for these settings."""
    secrets = repository.secrets_of(kept, services.kek)
    before = _before(kept)
    if isinstance(settings, MqttSettings) and before and before.broker != settings.broker:
        return secrets.model_copy(update={"password": ""})
    return secrets


def _before(kept: Kept | None) -> MqttSettings | None:
    return kept.settings if kept is not None and isinstance(kept.settings, MqttSettings) else None


async def _check(settings: MqttSettings | SyslogSettings, secrets: Secrets) -> None:
    try:
        await asyncio.to_thread(client_context, settings, secrets)
        for each in (settings.ca_certificate, settings.client_certificate):
            first_end(each)
    except (ssl.SSLError, ValueError) as error:
        raise RefusedError(
            422, "certificate_unusable", "a certificate or key is none, or they do not fit"
        ) from error
