"""Webhooks over HTTP, for the system's administrator."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from central.alarms.service import return_alarm
from central.integrations import delivering, subscriptions
from central.integrations.schemas import (
    AttemptList,
    MadeWebhook,
    NewSecret,
    NewWebhook,
    TriedWebhook,
    Webhook,
    WebhookList,
    WebhookView,
)
from central.problems import RESPONSES, RefusedError
from central.security import Operator, Requires
from central.services import Given
from central.webhooks import NotSentError, new_secret
from config.contract.identifiers import new_id

router = APIRouter(tags=["integrations"], responses=RESPONSES)
COUNT_MAX = 50
Manager = Annotated[Operator, Depends(Requires("integrations.manage"))]


@router.get("/integrations/webhooks")
async def list_webhooks(_: Manager, services: Given) -> WebhookList:
    """Return every webhook, and how each goes."""
    async with services.database.read() as transaction:
        return WebhookList(items=await subscriptions.views(transaction))


@router.post("/integrations/webhooks", status_code=201)
async def add_webhook(wish: NewWebhook, operator: Manager, services: Given) -> MadeWebhook:
    """Set a webhook up; its secret is shown this once."""
    _check(wish, operator)
    secret, webhook_id = new_secret(), str(new_id())
    async with services.database.write() as transaction:
        if await subscriptions.count(transaction) >= COUNT_MAX:
            raise RefusedError(409, "too_many_webhooks", f"at most {COUNT_MAX} webhooks")
        view = await subscriptions.add(
            transaction,
            wish,
            webhook_id=webhook_id,
            secret=secret,
            kek=services.kek,
            made_by=operator.username,
            now=services.now(),
        )
        transaction.concerns(f"webhook:{webhook_id}", **_recorded(wish))
    return MadeWebhook(webhook=view, secret=secret)


@router.put("/integrations/webhooks/{webhook_id}")
async def put_webhook(
    webhook_id: UUID, wish: Webhook, operator: Manager, services: Given
) -> WebhookView:
    """Change a webhook; it goes on from where it is, and is tried again at once."""
    _check(wish, operator)
    async with services.database.write() as transaction:
        view = await subscriptions.put(transaction, str(webhook_id), wish, now=services.now())
        if view is None:
            raise _unknown()
        await return_alarm(
            transaction, kind="webhook", subject={"webhook": str(webhook_id)}, now=services.now()
        )
        transaction.concerns(**_recorded(wish))
    return view


@router.delete("/integrations/webhooks/{webhook_id}", status_code=204)
async def remove_webhook(webhook_id: UUID, _: Manager, services: Given) -> Response:
    """Forget a webhook."""
    async with services.database.write() as transaction:
        if not await subscriptions.remove(transaction, str(webhook_id)):
            raise _unknown()
        await return_alarm(
            transaction, kind="webhook", subject={"webhook": str(webhook_id)}, now=services.now()
        )
    return Response(status_code=204)


@router.post("/integrations/webhooks/{webhook_id}/secret")
async def change_secret(webhook_id: UUID, _: Manager, services: Given) -> NewSecret:
    """Make a new secret; for a day messages are signed with both, the new one first."""
    secret = new_secret()
    async with services.database.write() as transaction:
        until = await subscriptions.put_secret(
            transaction, str(webhook_id), secret, kek=services.kek, now=services.now()
        )
    if until is None:
        raise _unknown()
    return NewSecret(secret=secret, before_until=until)


@router.post("/integrations/webhooks/{webhook_id}/test")
async def try_webhook(webhook_id: UUID, _: Manager, services: Given) -> TriedWebhook:
    """Send a message that says it is a trial, once and at once, on or off."""
    async with services.database.write() as transaction:
        due = await subscriptions.find(transaction, str(webhook_id))
        transaction.concerns()
    if due is None:
        raise _unknown()
    event = delivering.own_event(services, delivering.TEST, {"webhook": due.settings.name})
    began_s = services.loop.time()
    try:
        attempt = await delivering.post(
            services, due, [event], message_id=str(event["id"]), position=due.position
        )
    except NotSentError as error:
        duration_ms = round((services.loop.time() - began_s) * 1000)
        return TriedWebhook(status=error.status, duration_ms=duration_ms, failure=str(error))
    return TriedWebhook(status=attempt.status, duration_ms=attempt.duration_ms, failure="")


@router.get("/integrations/webhooks/{webhook_id}/attempts")
async def list_attempts(webhook_id: UUID, _: Manager, services: Given) -> AttemptList:
    """Return the last messages to a webhook, and what became of each, the newest first."""
    async with services.database.read() as transaction:
        if await subscriptions.find(transaction, str(webhook_id)) is None:
            raise _unknown()
        return AttemptList(
            items=list(await subscriptions.attempts_of(transaction, str(webhook_id)))
        )


def _check(wish: Webhook, operator: Operator) -> None:
    for permission in sorted(delivering.shown_to(wish)):
        if not operator.may(permission):
            raise RefusedError(403, "forbidden", f"this needs the permission {permission}")


def _recorded(wish: Webhook) -> dict[str, object]:
    return {
        "url": wish.url.partition("?")[0],
        "has_names": wish.has_names,
        "classes": [each.value for each in wish.classes],
        "is_on": wish.is_on,
    }


def _unknown() -> RefusedError:
    return RefusedError(404, "webhook_not_found", "there is no such webhook any more")
