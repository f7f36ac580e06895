"""Over HTTP: when alarms escalate, and who is told of them outside of the pages."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, Field, SecretStr
from sqlalchemy import func, select

from central.alarms import outbox, sirens
from central.alarms.book import pace
from central.alarms.channels import (
    MailSettings,
    WebhookSettings,
    all_channels,
    put_channel,
    put_pace,
)
from central.alarms.schemas import Wish
from central.alarms.settings import Pace
from central.alarms.tables import alarm_deliveries, alarm_settings
from central.database import Transaction
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from central.webhooks import new_secret

router = APIRouter(tags=["alarms"], responses=RESPONSES)
Manager = Annotated[Operator, Depends(Requires("alarms.manage"))]
Name = Literal["webhook", "mail"]


class ChannelState(BaseModel):
    """How sending goes.

    Attributes:
        has_secret: It is kept encrypted and never shown again.
        waiting: Messages that were not taken yet.
        failure: Of the newest that was tried and not taken: a code of ``sending.FAILURES``, with
            ``:NUMBER`` where it has one; empty where the newest was taken.
    """

    name: Name
    has_secret: bool
    waiting: int
    failure: str
    last_delivered_at: AwareDatetime | None


class SirenState(BaseModel):
    """A siren or lamp of the site file. Attributes: is_on: As central last told it."""

    id: str
    name: dict[str, str]
    node: str
    kind: Literal["sounder", "lamp"]
    priority: int
    level: int
    own: list[str]
    is_on: bool


class ChannelList(BaseModel):
    """What is set up; None where nothing is."""

    webhook: WebhookSettings | None
    mail: MailSettings | None
    states: list[ChannelState]
    sirens: list[SirenState]


class WantedWebhook(Wish):
    """A webhook. Attributes: is_new_secret: make another secret, and return it this once."""

    settings: WebhookSettings
    is_new_secret: bool = False


class WebhookMade(BaseModel):
    """A webhook. Attributes: secret: For the receiver; shown this once, None where it is kept."""

    settings: WebhookSettings
    secret: str | None


class WantedMail(Wish):
    """A mail server. Attributes: password: None keeps the one that is there, empty removes it."""

    settings: MailSettings
    password: Annotated[SecretStr, Field(max_length=200)] | None = None


class Tried(BaseModel):
    """A trial of a channel.

    Attributes:
        delivery_id: As the receiver sees it.
        is_taken: None while nobody has answered.
        failure: A code of ``sending.FAILURES``; empty where there is none.
        at: When it was taken.
    """

    delivery_id: str
    is_taken: bool | None = None
    failure: str = ""
    at: AwareDatetime | None = None


@router.get("/alarms/pace")
async def get_alarm_pace(_: Manager, services: Given) -> Pace:
    """Return when alarms escalate, remind and flood."""
    async with services.database.read() as transaction:
        return await pace(transaction)


@router.put("/alarms/pace")
async def change_alarm_pace(wish: Pace, _: Manager, services: Given) -> Pace:
    """Change it; what waits already keeps the time that was set for it."""
    async with services.database.write() as transaction:
        await put_pace(transaction, wish)
        transaction.concerns(**wish.model_dump(mode="json"))
    return wish


@router.get("/alarms/channels")
async def list_alarm_channels(_: Manager, services: Given) -> ChannelList:
    """Return who is told outside of the pages, and whether they take it; no secret."""
    async with services.database.read() as transaction:
        found = {each.name: each for each in await all_channels(transaction)}
        webhook, mail = found.get("webhook"), found.get("mail")
        states = [await _state(transaction, name) for name in found]
        told = await sirens.told(transaction)
    return ChannelList(
        sirens=[
            SirenState(
                id=each.id,
                name={str(language): name for language, name in each.name.items()},
                node=each.node,
                kind=each.kind,
                priority=each.priority,
                level=each.level,
                own=list(each.own),
                is_on=told.get(each.id, (False, None))[0],
            )
            for each in services.settings.site.sounder
        ],
        webhook=webhook if isinstance(webhook, WebhookSettings) else None,
        mail=mail if isinstance(mail, MailSettings) else None,
        states=states,
    )


@router.put("/alarms/channels/webhook")
async def put_alarm_webhook(wish: WantedWebhook, _: Manager, services: Given) -> WebhookMade:
    """Set up the webhook; its first secret is made by itself."""
    async with services.database.write() as transaction:
        query = select(alarm_settings.c.secret).where(alarm_settings.c.name == "webhook")
        has_secret = (await transaction.execute(query)).scalar_one_or_none() is not None
        secret = None
        if wish.is_new_secret or not has_secret:
            secret = new_secret()
        await put_channel(transaction, wish.settings, kek=services.kek, secret=secret)
        transaction.concerns("data:webhook", url=wish.settings.url, is_on=wish.settings.is_on)
    return WebhookMade(settings=wish.settings, secret=secret)


@router.put("/alarms/channels/mail")
async def put_alarm_mail(wish: WantedMail, _: Manager, services: Given) -> MailSettings:
    """Set up the mail server."""
    password = None if wish.password is None else wish.password.get_secret_value()
    async with services.database.write() as transaction:
        await put_channel(transaction, wish.settings, kek=services.kek, secret=password)
        transaction.concerns("data:mail", host=wish.settings.host, is_on=wish.settings.is_on)
    return wish.settings


@router.post("/alarms/channels/{channel}/test", status_code=202)
async def try_alarm_channel(channel: Name, operator: Manager, services: Given) -> Tried:
    """Send a message that says it is a trial, once, whether the channel is switched on or not."""
    now: datetime = services.now()
    async with services.database.write() as transaction:
        found = {each.name: each for each in await all_channels(transaction)}
        settings = found.get(channel)
        if settings is None:
            raise RefusedError(404, "channel_not_set_up", "set this channel up first")
        body = {
            "alarm_id": "",
            "kind": "channel",
            "priority": 4,
            "source": "test",
            "node": None,
            "raised_at": now.isoformat(),
            "count": 1,
            "escalation": 0,
            "is_test": True,
        }
        delivery_id = await outbox.add(transaction, settings, alarm_id="", body=body, now=now)
        transaction.concerns(f"user:{operator.user_id}")
    return Tried(delivery_id=delivery_id)


@router.get("/alarms/channels/tests/{delivery_id}")
async def get_channel_test(delivery_id: UUID, _: Manager, services: Given) -> Tried:
    """Return what became of a trial."""
    columns = alarm_deliveries.c
    query = select(alarm_deliveries).where(
        columns.delivery_id == str(delivery_id), columns.alarm_id == ""
    )
    async with services.database.read() as transaction:
        row = (await transaction.execute(query)).first()
    if row is None:
        raise RefusedError(404, "test_not_found", "there is no such trial")
    is_over = row.next_at is None
    return Tried(
        delivery_id=row.delivery_id,
        is_taken=row.delivered_at is not None if is_over else None,
        failure=row.failure,
        at=row.delivered_at,
    )


async def _state(transaction: Transaction, name: Name) -> ChannelState:
    columns = alarm_deliveries.c
    here = columns.channel == name
    counted = select(
        func.count().filter(columns.next_at.is_not(None)).label("waiting"),
        func.max(columns.delivered_at).label("delivered_at"),
    ).where(here)
    row = (await transaction.execute(counted)).one()
    newest = (
        select(columns.failure)
        .where(here, columns.attempts > 0)
        .order_by(columns.delivery_id.desc())
        .limit(1)
    )
    kept = select(alarm_settings.c.secret).where(alarm_settings.c.name == name)
    return ChannelState(
        name=name,
        has_secret=(await transaction.execute(kept)).scalar_one_or_none() is not None,
        waiting=row.waiting,
        failure=(await transaction.execute(newest)).scalar_one_or_none() or "",
        last_delivered_at=row.delivered_at,
    )
