"""One-time links, and who came by one: short-lived, one person, nothing kept but hashes."""

import dataclasses
import math
import time
from datetime import datetime, timedelta
from typing import Annotated, Any, Final, Literal

from fastapi import Depends, Request
from sqlalchemy import Row, insert, select, update

from central.audit.notes import ACTING, Acting, action_of
from central.cookies import cookie_of
from central.database import Transaction
from central.diner.schemas import LinkState
from central.diner.tables import diner_links
from central.problems import RefusedError
from central.security import SAFE_METHODS, address_of, hashed, new_secret
from central.services import Given
from central.tables import people
from config.contract.identifiers import new_id

COOKIE: Final = "menshen_diner"
LINK_LIFETIME: Final = timedelta(minutes=10)
SESSION_LIFETIME: Final = timedelta(minutes=30)
_LINKS: Final = diner_links.c


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Diner:
    """Who reads their page. Attributes: address: of their telephone."""

    link_id: str
    holder_id: str
    name: str
    expires_at: datetime
    address: str = ""


async def make(
    transaction: Transaction, holder_id: str, *, made_by: str, now: datetime
) -> tuple[str, str, datetime]:
    """Make a link; returns its identifier, its secret, and until when it can be opened."""
    link_id, secret, expires_at = str(new_id()), new_secret(), now + LINK_LIFETIME
    await transaction.execute(
        insert(diner_links).values(
            link_id=link_id,
            secret_hash=hashed(secret),
            holder_id=holder_id,
            made_by=made_by,
            made_at=now,
            expires_at=expires_at,
        )
    )
    return link_id, secret, expires_at


async def open_link(transaction: Transaction, secret: str, *, now: datetime) -> tuple[str, str]:
    """Use a link up; returns the session's secret, and whose it is.

    Raises:
        RefusedError: 401: it was opened already, is over, or was never one.
    """
    session = new_secret()
    opened = await transaction.execute(
        update(diner_links)
        .where(
            _LINKS.secret_hash == hashed(secret),
            _LINKS.session_hash.is_(None),
            _LINKS.expires_at > now,
        )
        .values(session_hash=hashed(session), expires_at=now + SESSION_LIFETIME)
        .returning(_LINKS.holder_id)
    )
    holder_id = opened.scalar_one_or_none()
    if holder_id is None:
        raise _over()
    return session, str(holder_id)


async def state_of(
    transaction: Transaction, link_id: str, *, made_by: str, now: datetime
) -> LinkState | None:
    """Return what became of a link that somebody made; None of another's, and of none."""
    query = select(diner_links).where(_LINKS.link_id == link_id, _LINKS.made_by == made_by)
    row = (await transaction.execute(query)).first()
    if row is None:
        return None
    state: Literal["waiting", "opened", "over"] = "waiting"
    if row.session_hash is not None:
        state = "opened"
    elif row.expires_at <= now:
        state = "over"
    left_s = max(0, math.ceil((row.expires_at - now).total_seconds()))
    return LinkState(state=state, expires_at=row.expires_at, left_s=left_s)


async def end(transaction: Transaction, link_id: str, *, now: datetime) -> None:
    """Let a session be over now."""
    here = _LINKS.link_id == link_id
    await transaction.execute(update(diner_links).where(here).values(expires_at=now))


async def _found(transaction: Transaction, session: str, *, now: datetime) -> Row[Any] | None:
    query = (
        select(_LINKS.link_id, _LINKS.holder_id, _LINKS.expires_at, people.c.name)
        .join(people, people.c.holder_id == _LINKS.holder_id)
        .where(_LINKS.session_hash == hashed(session), _LINKS.expires_at > now)
        .where(~people.c.is_removed)
    )
    return (await transaction.execute(query)).first()


async def diner_of(request: Request, services: Given) -> Diner:
    """Return who reads their page; refuses with 401, and with 429 who asks too often."""
    session, now = cookie_of(request, COOKIE), services.now()
    row = None
    if session:
        async with services.database.read() as transaction:
            row = await _found(transaction, session, now=now)
    if row is None:
        raise _over()
    wait_s = services.diner_requests.take(row.link_id, now_s=time.monotonic())
    if wait_s > 0:
        raise RefusedError(
            429,
            "too_many_attempts",
            "too many requests: wait a minute",
            headers={"Retry-After": str(math.ceil(wait_s))},
        )
    address = address_of(request)
    if request.method not in SAFE_METHODS:
        path = request.scope["route"].path.removeprefix("/api/v1")
        objects = (f"person:{row.holder_id}",)
        actor = f"diner:{row.link_id}"
        ACTING.set(Acting(actor, address, action_of(request.method, path), objects))
    return Diner(
        link_id=row.link_id,
        holder_id=row.holder_id,
        name=row.name,
        expires_at=row.expires_at,
        address=address,
    )


Here = Annotated[Diner, Depends(diner_of)]
"""A parameter of an endpoint: the diner."""


def _over() -> RefusedError:
    return RefusedError(401, "diner_link_over", "this link is over: ask for a new one")
