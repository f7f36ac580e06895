"""Who is told of alarms outside of the pages: one webhook and one mail server for each site.

Secrets are wrapped by the key-encryption key and are never given out again.
"""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from sqlalchemy import insert, select, update

from central.alarms.kinds import Priority
from central.alarms.settings import Pace
from central.alarms.tables import alarm_settings
from central.database import Transaction
from central.keys import KeyEncryptionKey
from central.webhooks import LOOPBACK, WebhookUrl, checked_host

Host = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9.:-]{1,253}$"), AfterValidator(checked_host)
]
Mailbox = Annotated[str, StringConstraints(pattern=r"^[^\s@<>,;\"]{1,64}@[A-Za-z0-9.-]{1,190}$")]


class ChannelSettings(BaseModel):
    """What all have.

    Attributes:
        is_on: Nothing is told otherwise.
        priority: Alarms of this priority and more urgent ones are told.
        level: At which escalation; 0 is at once, 2 when a page and a sound brought nobody.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Literal["webhook", "mail"]
    is_on: bool = True
    priority: Priority = 1
    level: Annotated[int, Field(ge=0, le=9)] = 2


class WebhookSettings(ChannelSettings):
    """Where a program listens. Attributes: url: https, or http on this machine."""

    name: Literal["webhook"] = "webhook"
    url: WebhookUrl


class MailSettings(ChannelSettings):
    """A mail server.

    Attributes:
        security: ``tls`` from the start, ``starttls``, or ``none`` on this machine alone.
        username: Empty where the server wants none.
        language: Of the mails.
    """

    name: Literal["mail"] = "mail"
    host: Host
    port: Annotated[int, Field(ge=1, le=65535)] = 465
    security: Literal["tls", "starttls", "none"] = "tls"
    username: Annotated[str, StringConstraints(max_length=200)] = ""
    sender: Mailbox
    recipients: Annotated[tuple[Mailbox, ...], Field(min_length=1, max_length=50)]
    language: Literal["zh-CN", "en"] = "zh-CN"

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("without encryption a mail server is on this machine")
        return self


_MODELS: Final[dict[str, type[WebhookSettings | MailSettings]]] = {
    "webhook": WebhookSettings,
    "mail": MailSettings,
}


async def all_channels(transaction: Transaction) -> list[WebhookSettings | MailSettings]:
    """Return those that are set up, on or off."""
    query = select(alarm_settings.c.name, alarm_settings.c.body).where(
        alarm_settings.c.name.in_(_MODELS)
    )
    return [
        _MODELS[row.name].model_validate_json(row.body) for row in await transaction.execute(query)
    ]


async def secret_of(transaction: Transaction, name: str, kek: KeyEncryptionKey) -> str | None:
    """Return a channel's secret; None where it has none."""
    query = select(alarm_settings.c.secret).where(alarm_settings.c.name == name)
    wrapped: str | None = (await transaction.execute(query)).scalar_one_or_none()
    return None if wrapped is None else kek.unwrap(wrapped, purpose=purpose(name)).decode()


def purpose(name: str) -> str:
    """Return what the secret of a channel is bound to."""
    return f"alarm-channel|{name}"


async def put_channel(
    transaction: Transaction,
    settings: ChannelSettings,
    *,
    kek: KeyEncryptionKey,
    secret: str | None,
) -> None:
    """Replace a channel; its secret stays where ``secret`` is None, and goes where it is empty."""
    values: dict[str, Any] = {"body": settings.model_dump_json()}
    if secret is not None:
        wrapped = kek.wrap(secret.encode(), purpose=purpose(settings.name)) if secret else None
        values["secret"] = wrapped
    await _put(transaction, settings.name, values)


async def put_pace(transaction: Transaction, pace: Pace) -> None:
    """Replace when alarms escalate, remind and flood."""
    await _put(transaction, "pace", {"body": pace.model_dump_json()})


async def _put(transaction: Transaction, name: str, values: dict[str, Any]) -> None:
    here = alarm_settings.c.name == name
    changed = await transaction.execute(
        update(alarm_settings).where(here).values(**values).returning(alarm_settings.c.name)
    )
    if changed.first() is None:
        await transaction.execute(insert(alarm_settings).values(name=name, **values))
