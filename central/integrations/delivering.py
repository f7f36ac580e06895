"""Tells webhooks of events: in order, each from where it is, one central process at a time.

A webhook that does not take a message is tried again, ever more rarely, with the same message: what
comes after waits behind it. Nothing is lost while retention keeps the events; what it took is told.
"""

import asyncio
import dataclasses
import functools
import json
import logging
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy.exc import SQLAlchemyError

from central import webhooks
from central.alarms.service import raise_alarm, return_alarm
from central.database import DatabaseError
from central.due import Due as Waiting
from central.events import heard
from central.events.pull_endpoints import cloud_event
from central.events.pulling import Pulled, pull
from central.events.schemas import StoredEvent
from central.events.search import Wanted
from central.integrations import subscriptions
from central.integrations.schemas import Attempt, Webhook
from central.integrations.subscriptions import Due
from central.keys import KeysError
from central.services import Services
from central.webhooks import Message, NotSentError
from config.contract.events import BATCH_CONTENT_TYPE, EventClass
from config.contract.identifiers import new_id

_log = logging.getLogger("central.integrations")
LEAST_S: Final = 0.1
RETRY: Final = timedelta(seconds=1)
AT_ONCE_MAX: Final = 16
PAUSE_MAX: Final = timedelta(hours=1)
ALARM_AFTER: Final = timedelta(minutes=15)
DEAD_AFTER: Final = timedelta(days=5)
JITTER: Final = 0.2
"""Of a pause, up or down, so that many do not come back at once."""
GONE: Final = 410
CHANNEL: Final = "event_webhook"
"""In figures; those of alarms are ``webhook``."""
EVENT_TYPE: Final = "application/cloudevents+json"
FORGOTTEN: Final = "menshen.events.forgotten.v1"
TEST: Final = "menshen.webhook.test.v1"
_RANDOM: Final = random.SystemRandom()


class Delivering:
    """The one task of a central process that tells webhooks."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._sending = dict[str, asyncio.Task[None]]()
        listen = services.database.listen
        self._due = Waiting(listen, (subscriptions.TOPIC,), now=services.now, least_s=LEAST_S)
        self._has_any = True
        listen(self._heard)

    def _heard(self, topic: str) -> None:
        # Where nobody is told, each event would be looked at for nothing.
        if topic == heard.TOPIC and self._has_any:
            self._due.wake()

    async def run(self) -> None:
        """Tell for ever."""
        try:
            while True:
                try:
                    next_at = await self._begin_due()
                except (SQLAlchemyError, DatabaseError, OSError) as error:
                    _log.warning("the database does not answer: %s", type(error).__name__)
                    next_at = self._services.now() + RETRY
                await self._due.wait(next_at)
        finally:
            for task in self._sending.values():
                task.cancel()
            await asyncio.gather(*self._sending.values(), return_exceptions=True)

    async def _begin_due(self) -> datetime | None:
        """Begin what is due; returns when something is next, of what is not due yet."""
        now = self._services.now()
        async with self._services.database.read() as transaction:
            found = await subscriptions.standing(transaction, now=now)
        self._has_any = found.has_any
        for webhook_id in found.due:
            if webhook_id not in self._sending and len(self._sending) < AT_ONCE_MAX:
                task = asyncio.create_task(self._send(webhook_id))
                self._sending[webhook_id] = task
                task.add_done_callback(functools.partial(self._ended, webhook_id))
        return found.next_at

    def _ended(self, webhook_id: str, task: asyncio.Task[None]) -> None:
        del self._sending[webhook_id]
        if not task.cancelled() and (error := task.exception()) is not None:
            # Its lease runs out, and somebody tries again then.
            _log.warning("a webhook was left: %s", type(error).__name__, exc_info=error)
        self._due.wake()

    async def _send(self, webhook_id: str) -> None:
        await send_due(self._services, webhook_id)


async def send_due(services: Services, webhook_id: str) -> None:
    """Tell one webhook everything that stands, until it does not take something."""
    async with services.database.write() as transaction:
        due = await subscriptions.take(transaction, webhook_id, now=services.now())
    while due is not None:
        due = await _send_next(services, due)


async def _send_next(services: Services, due: Due) -> Due | None:
    """Send the next message; returns the webhook as it is then, None where nothing is left."""
    page = await _page(services, due)
    position = page.next
    items = [each for each in page.items if due.until is None or each.position <= due.until]
    if len(items) < len(page.items):
        position = items[-1].position if items else due.position
    has_more = page.has_more or position < page.next
    try:
        for message in _messages(services, due, items, page.forgotten):
            await _post(services, due, message, position=position)
    except (NotSentError, KeysError) as error:
        failure = str(error) if isinstance(error, NotSentError) else "keys"
        await _note_failed(services, due, failure, until=position)
        return None
    async with services.database.write() as transaction:
        has_sent = bool(items or page.forgotten)
        now_kept = await subscriptions.find(transaction, due.webhook_id)
        if now_kept is None or now_kept.settings != due.settings:
            # Removed, turned off or sent elsewhere meanwhile: whoever takes it next begins anew.
            has_more = False
        await subscriptions.note_taken(
            transaction,
            due,
            position=position,
            forgotten=page.forgotten,
            has_sent=has_sent,
            is_last=not has_more,
            now=services.now(),
        )
        if has_sent and due.attempts:
            subject = {"webhook": due.webhook_id}
            await return_alarm(transaction, kind="webhook", subject=subject, now=services.now())
    if not has_more or now_kept is None:
        return None
    attempts = 0 if has_sent else due.attempts
    # With the secrets of now.
    return dataclasses.replace(now_kept, position=position, until=None, attempts=attempts)


async def _page(services: Services, due: Due) -> Pulled:
    settings = due.settings
    hidden = frozenset({EventClass.MONEY}) - frozenset(settings.classes)
    wanted = Wanted(
        types=settings.types,
        classes=[each.value for each in settings.classes],
        places=settings.places,
        node=settings.node or "",
        hidden=hidden,
    )
    async with services.database.read() as transaction:
        return await pull(
            transaction,
            wanted,
            after=due.position,
            limit=settings.batch,
            has_names=settings.has_names,
            has_candidates=False,
        )


@dataclasses.dataclass(frozen=True, slots=True)
class _Told:
    """What one message tells. Attributes: key: makes its identifier, the same at each try."""

    events: Sequence[dict[str, Any]]
    key: str


def _messages(
    services: Services, due: Due, items: Sequence[StoredEvent], forgotten: int
) -> list[_Told]:
    told = list[_Told]()
    if forgotten:
        data = {"count": forgotten, "after": due.position}
        told.append(_Told([own_event(services, FORGOTTEN, data)], f"forgotten:{due.position}"))
    if items:
        events = [_event(each, has_names=due.settings.has_names) for each in items]
        told.append(_Told(events, f"{items[0].position}:{items[-1].position}"))
    return told


def _event(stored: StoredEvent, *, has_names: bool) -> dict[str, Any]:
    event = cloud_event(stored)
    if has_names and stored.holder_name is not None:
        event["holdername"] = stored.holder_name
    return event


def own_event(services: Services, kind: str, data: dict[str, Any]) -> dict[str, Any]:
    """Return a CloudEvent about the telling itself; it stands in no store."""
    return {
        "specversion": "1.0",
        "id": str(new_id()),
        "source": f"/{services.settings.site.site.id}/central",
        "type": kind,
        "time": services.now().isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    }


async def _post(services: Services, due: Due, told: _Told, *, position: int) -> None:
    message_id = str(uuid5(UUID(due.webhook_id), f"{services.epoch}:{told.key}"))
    await post(services, due, told.events, message_id=message_id, position=position)


async def post(
    services: Services,
    due: Due,
    events: Sequence[dict[str, Any]],
    *,
    message_id: str,
    position: int,
) -> Attempt:
    """Send one message and keep what became of it.

    Raises:
        NotSentError: It was not taken.
    """
    is_batch = due.settings.batch > 1
    body = json.dumps(list(events) if is_batch else events[0], separators=(",", ":"))
    keys = subscriptions.keys_of(due.secret, due.webhook_id, services.kek, now=services.now())
    message = Message(
        url=due.settings.url,
        message_id=message_id,
        body=body.encode(),
        media_type=BATCH_CONTENT_TYPE if is_batch else EVENT_TYPE,
        keys=keys,
    )
    began_s, status, failure = services.loop.time(), None, NotSentError("")
    try:
        status = (await webhooks.post(message, now=services.now())).status
    except NotSentError as error:
        status, failure = error.status, error
    attempt = Attempt(
        at=services.now(),
        position=position,
        count=len(events),
        status=status,
        duration_ms=round((services.loop.time() - began_s) * 1000),
        failure=str(failure),
    )
    async with services.database.write() as transaction:
        if await subscriptions.find(transaction, due.webhook_id) is not None:
            await subscriptions.note_attempt(transaction, due.webhook_id, attempt)
    services.counters.delivered(CHANNEL, is_taken=not attempt.failure, count=len(events))
    if attempt.failure:
        raise failure
    return attempt


async def _note_failed(services: Services, due: Due, failure: str, *, until: int) -> None:
    now = services.now()
    since = due.failing_since or now
    is_gone = failure == f"answered:{GONE}"
    off_reason = "gone" if is_gone else "dead" if now - since >= DEAD_AFTER else ""
    async with services.database.write() as transaction:
        now_kept = await subscriptions.find(transaction, due.webhook_id)
        if now_kept is None or now_kept.settings != due.settings:
            # What an address did that is another now is no failure of this one.
            return
        await subscriptions.note_failed(
            transaction,
            due,
            until=until,
            failure=failure,
            next_at=now + _pause(due.attempts),
            off_reason=off_reason,
            now=now,
        )
        if off_reason or now - since >= ALARM_AFTER:
            await raise_alarm(
                transaction,
                kind="webhook",
                subject={"webhook": due.webhook_id},
                now=now,
                detail={"name": due.settings.name, "failure": failure, "off": off_reason},
            )
    if not due.attempts or off_reason:
        _log.warning("webhook %s does not take events: %s", due.webhook_id, failure)


def _pause(attempts: int) -> timedelta:
    pause = webhooks.pause_after(attempts, most=PAUSE_MAX)
    return pause * _RANDOM.uniform(1 - JITTER, 1 + JITTER)


def shown_to(settings: Webhook) -> frozenset[str]:
    """Return the permissions that whoever sets a webhook up must have for what it is told."""
    names = {"people.names"} if settings.has_names else set[str]()
    money = {"canteen.read"} if EventClass.MONEY in settings.classes else set[str]()
    return frozenset(names | money | {"events.read"})
