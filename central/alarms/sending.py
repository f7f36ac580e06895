"""Sends what the queue holds: signed to a webhook, as mail to a server; each tried for a day."""

import asyncio
import json
import logging
import smtplib
import ssl
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.exc import SQLAlchemyError

from central.alarms import outbox
from central.alarms.channels import MailSettings, WebhookSettings, all_channels, secret_of
from central.alarms.outbox import Delivery
from central.alarms.service import raise_alarm, return_alarm
from central.database import DatabaseError
from central.due import Due
from central.keys import KeysError
from central.services import Services
from central.webhooks import Message, NotSentError, post, why
from config.web import STATIC

_log = logging.getLogger("central.alarms")
TIMEOUT_S: Final = 10.0
RETRY: Final = timedelta(seconds=1)
BATCH_LENGTH: Final = 10
TROUBLE_ATTEMPTS: Final = 3
"""So many failures of one message are an alarm of their own."""


class AlarmSending:
    """The one task of a central process that sends."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._due = Due(services.database.listen, (outbox.TOPIC,), now=services.now)

    async def run(self) -> None:
        """Send for ever."""
        while True:
            try:
                while await self.send_due():
                    pass
                async with self._services.database.read() as transaction:
                    next_at = await outbox.next_due(transaction)
            except (SQLAlchemyError, DatabaseError, OSError) as error:
                _log.warning("the database does not answer: %s", type(error).__name__)
                next_at = self._services.now() + RETRY
            await self._due.wait(next_at)

    async def send_due(self) -> bool:
        """Try what is due; returns whether there was anything."""
        services = self._services
        async with services.database.read() as transaction:
            next_at = await outbox.next_due(transaction)
        if next_at is None or next_at > services.now():
            return False
        async with services.database.write() as transaction:
            due = await outbox.take_due(transaction, limit=BATCH_LENGTH, now=services.now())
            channels = {str(each.name): each for each in await all_channels(transaction)}
        await asyncio.gather(*(self._try(each, channels.get(each.channel)) for each in due))
        return bool(due)

    async def _try(
        self, delivery: Delivery, channel: WebhookSettings | MailSettings | None
    ) -> None:
        services = self._services
        try:
            # Whoever sets a channel up tries it before they switch it on.
            if channel is None or not (channel.is_on or delivery.is_test):
                raise NotSentError("off")
            async with services.database.read() as transaction:
                secret = await secret_of(transaction, channel.name, services.kek) or ""
            if isinstance(channel, WebhookSettings):
                await _post(channel, delivery, secret, self._told(delivery), now=services.now())
            else:
                zone = services.settings.site.site.time_zone
                mail = _mail(channel, self._told(delivery), zone=zone)
                await asyncio.to_thread(_deliver, channel, secret, mail)
        except (NotSentError, KeysError) as error:
            _log.warning("%s does not take alarms: %s", delivery.channel, error)
            code = str(error) if isinstance(error, NotSentError) else "keys"
            services.counters.delivered(delivery.channel, is_taken=False)
            await self._note_failure(delivery, code)
            return
        services.counters.delivered(delivery.channel, is_taken=True)
        async with services.database.write() as transaction:
            await outbox.note_delivered(transaction, delivery, now=services.now())
            await return_alarm(
                transaction,
                kind="channel",
                subject={"channel": delivery.channel},
                now=services.now(),
            )

    def _told(self, delivery: Delivery) -> dict[str, object]:
        settings = self._services.settings
        place = "" if delivery.is_test else f"#alarm-{delivery.alarm_id}"
        link = f"{settings.url.rstrip('/')}/{place}"
        return {"site": settings.site.site.id, **json.loads(delivery.body), "link": link}

    async def _note_failure(self, delivery: Delivery, failure: str) -> None:
        now = self._services.now()
        async with self._services.database.write() as transaction:
            await outbox.note_failed(transaction, delivery, failure, now=now)
            if delivery.attempts + 1 >= TROUBLE_ATTEMPTS and not delivery.is_test:
                await raise_alarm(
                    transaction,
                    kind="channel",
                    subject={"channel": delivery.channel},
                    now=now,
                    detail={"failure": failure},
                )


async def _post(
    channel: WebhookSettings,
    delivery: Delivery,
    secret: str,
    told: dict[str, object],
    *,
    now: datetime,
) -> None:
    what = "test" if delivery.is_test else "alarm"
    body = json.dumps({"type": what, **told}, separators=(",", ":")).encode()
    await post(
        Message(
            url=channel.url,
            message_id=delivery.delivery_id,
            body=body,
            media_type="application/json",
            keys=[secret],
        ),
        now=now,
    )


def _mail(channel: MailSettings, told: dict[str, object], *, zone: str) -> EmailMessage:
    words = json.loads((STATIC / f"{channel.language}.json").read_text(encoding="utf-8"))
    at = datetime.fromisoformat(str(told["raised_at"])).astimezone(ZoneInfo(zone))
    group = "alarm_mail.test_" if told.get("is_test") else "alarm_mail."
    said = {
        "kind": words[f"alarm_kind.{told['kind']}"],
        "priority": told["priority"],
        "site": told["site"],
        "source": told["source"],
        "time": at.strftime("%Y-%m-%d %H:%M:%S"),
        "link": told["link"],
    }
    mail = EmailMessage()
    mail["From"], mail["To"] = channel.sender, ", ".join(channel.recipients)
    mail["Subject"] = words[f"{group}subject"].format(**said)
    mail["Date"], mail["Message-ID"] = format_datetime(at), make_msgid(domain="menshen.invalid")
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(words[f"{group}text"].format(**said))
    return mail


def _deliver(channel: MailSettings, password: str, mail: EmailMessage) -> None:
    """Hand a mail to the server; blocks.

    Raises:
        NotSentError: The server did not take it.
    """
    context = ssl.create_default_context()
    try:
        if channel.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                channel.host, channel.port, timeout=TIMEOUT_S, context=context
            )
        else:
            server = smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT_S)
        with server:
            if channel.security == "starttls":
                server.starttls(context=context)
            if channel.username:
                server.login(channel.username, password)
            server.send_message(mail)
    except (smtplib.SMTPException, OSError) as error:
        raise NotSentError(failure_of(error)) from error


def failure_of(error: BaseException) -> str:
    """Return the code of a failure: what whoever set the channel up can do something about."""
    match error:
        case smtplib.SMTPAuthenticationError():
            return "password"
        case smtplib.SMTPRecipientsRefused():
            return "recipients"
        case smtplib.SMTPSenderRefused():
            return "sender"
        case smtplib.SMTPNotSupportedError():
            return "not_supported"
        case smtplib.SMTPResponseException():
            return f"answered:{error.smtp_code}"
    return why(error)


FAILURES: Final = frozenset(
    {
        "off", "keys", "answered", "password", "recipients", "sender", "not_supported",
        "certificate", "cipher", "no_answer", "unreachable", "forbidden",
    }
)  # fmt: skip
"""Codes of ``NotSentError``."""
