"""Connectors over HTTP: what is set up, how it goes, and which doors may be opened from outside."""

import asyncio
import ssl
from typing import Annotated

from fastapi import APIRouter, Depends

from central.audit import repository as audit
from central.connectors import repository
from central.connectors.repository import Kept
from central.connectors.schemas import (
    ConnectorList,
    ConnectorState,
    WantedDoors,
    WantedMqtt,
    WantedSyslog,
)
from central.connectors.settings import DoorGrant, MqttSettings, Secrets, SyslogSettings
from central.connectors.tls import client_context
from central.events import repository as events
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given, Services
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
                has_password=bool(secrets.password),
                has_client_key=bool(secrets.client_key),
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
    if EventClass.MONEY in wish.settings.classes and not operator.may("canteen.read"):
        raise RefusedError(403, "forbidden", "this needs the permission canteen.read")
    await _put(services, wish, begins_at_end=True, url=wish.settings.url)
    return wish.settings


@router.put("/syslog")
async def put_syslog(wish: WantedSyslog, _: Manager, services: Given) -> SyslogSettings:
    """Set the collector up; it is told the audit log from its oldest entry on."""
    await _put(services, wish, begins_at_end=False, host=wish.settings.host)
    return wish.settings


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
        await repository.put(transaction, settings, secrets, kek=services.kek, begin=begin)
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
    except (ssl.SSLError, ValueError) as error:
        raise RefusedError(
            422, "certificate_unusable", "a certificate or key is none, or they do not fit"
        ) from error
