"""Sessions and tokens in the database: who is signed in, and whose ends now."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, insert, select, update

from central.database import Transaction
from central.duty import repository as desks
from central.operator_tables import api_tokens, sessions, users
from central.security import DESK_OWNER, TOKEN_OWNER, Operator
from central.users.schemas import OpenSession


def session_topic(id_hash: str) -> str:
    """Return what is announced when a session ends."""
    return f"session:{id_hash}"


async def add_session(
    transaction: Transaction,
    *,
    id_hash: str,
    user_id: str,
    address: str,
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a session."""
    await transaction.execute(
        insert(sessions).values(
            id_hash=id_hash,
            user_id=user_id,
            created_at=now,
            expires_at=expires_at,
            address=address,
            last_seen_at=now,
        )
    )


async def find_operator(
    transaction: Transaction, session: str, *, now: datetime
) -> Operator | None:
    """Return the operator of a session that is not over; ``session`` as in ``Operator``."""
    if session.startswith(DESK_OWNER):
        desk_id = session.removeprefix(DESK_OWNER)
        return desks.watcher(await desks.find(transaction, desk_id=desk_id, now=now))
    token_id = session.removeprefix(TOKEN_OWNER)
    if token_id != session:
        query = _of_tokens().where(api_tokens.c.token_id == token_id, api_tokens.c.expires_at > now)
        return _bearer((await transaction.execute(query)).first())
    columns = (users.c.user_id, users.c.username, users.c.role, users.c.created_at)
    query = (
        select(*columns, users.c.totp_secret, sessions.c.is_strong, sessions.c.provider)
        .join(sessions, sessions.c.user_id == users.c.user_id)
        .where(
            sessions.c.id_hash == session,
            sessions.c.expires_at > now,
            users.c.deactivated_at.is_(None),
        )
    )
    row = (await transaction.execute(query)).first()
    if row is None:
        return None
    operator = _operator(row, session=session)
    return operator.model_copy(
        update={
            "has_second_factor": operator.has_second_factor or row.is_strong,
            "is_of_provider": row.provider is not None,
        }
    )


async def open_until(
    transaction: Transaction, owners: Iterable[str], *, now: datetime
) -> dict[str, datetime]:
    """Return those of some sessions that are not over, and when they are by time alone.

    Args:
        transaction: A reading one.
        owners: As in ``Operator.session``; each kind of them costs one query.
        now: Aware UTC.
    """
    wanted = set(owners)
    desk_owners = {each for each in wanted if each.startswith(DESK_OWNER)}
    token_owners = {each for each in wanted if each.startswith(TOKEN_OWNER)}
    found = dict[str, datetime]()
    if signed_in := wanted - desk_owners - token_owners:
        query = (
            select(sessions.c.id_hash, sessions.c.expires_at)
            .join(users, users.c.user_id == sessions.c.user_id)
            .where(
                sessions.c.id_hash.in_(signed_in),
                sessions.c.expires_at > now,
                users.c.deactivated_at.is_(None),
            )
        )
        found |= {row.id_hash: row.expires_at for row in await transaction.execute(query)}
    if token_owners:
        query = (
            select(api_tokens.c.token_id, api_tokens.c.expires_at)
            .join(users, users.c.user_id == api_tokens.c.user_id)
            .where(
                api_tokens.c.token_id.in_(each.removeprefix(TOKEN_OWNER) for each in token_owners),
                api_tokens.c.expires_at > now,
                users.c.deactivated_at.is_(None),
            )
        )
        for row in await transaction.execute(query):
            found[f"{TOKEN_OWNER}{row.token_id}"] = row.expires_at
    for owner in desk_owners:
        desk = await desks.find(transaction, desk_id=owner.removeprefix(DESK_OWNER), now=now)
        if desk is not None and desks.watcher(desk) is not None:
            found[owner] = desk.expires_at
    return found


async def find_bearer(
    transaction: Transaction, secret_hash: str, *, now: datetime
) -> Operator | None:
    """Return the operator whose token this is."""
    query = _of_tokens().where(
        api_tokens.c.secret_hash == secret_hash, api_tokens.c.expires_at > now
    )
    return _bearer((await transaction.execute(query)).first())


def _of_tokens() -> Select[Any]:
    columns = (users.c.user_id, users.c.username, users.c.role, users.c.created_at)
    return (
        select(*columns, users.c.totp_secret, api_tokens.c.token_id, api_tokens.c.scopes)
        .join(api_tokens, api_tokens.c.user_id == users.c.user_id)
        .where(users.c.deactivated_at.is_(None))
    )


def _bearer(row: Row[Any] | None) -> Operator | None:
    if row is None:
        return None
    operator = _operator(row, session=f"{TOKEN_OWNER}{row.token_id}")
    return operator.model_copy(update={"scopes": frozenset(row.scopes)})


def _operator(row: Row[Any], *, session: str) -> Operator:
    return Operator(
        user_id=row.user_id,
        username=row.username,
        role=row.role,
        session=session,
        created_at=row.created_at,
        has_second_factor=row.totp_secret is not None,
    )


async def list_sessions(
    transaction: Transaction, user_id: str, *, this: str, now: datetime
) -> list[OpenSession]:
    """Return the sessions of an operator that are open, the newest first."""
    query = select(sessions).where(sessions.c.user_id == user_id, sessions.c.expires_at > now)
    return [
        OpenSession(
            session_id=row.id_hash,
            since=row.created_at,
            last_seen_at=row.last_seen_at or row.created_at,
            address=row.address,
            is_this=row.id_hash == this,
        )
        for row in await transaction.execute(query.order_by(sessions.c.created_at.desc()))
    ]


async def remove_session(transaction: Transaction, id_hash: str) -> None:
    """End a session, its streams included."""
    await transaction.execute(delete(sessions).where(sessions.c.id_hash == id_hash))
    transaction.announce(session_topic(id_hash))


async def end_sessions(
    transaction: Transaction, *, user_id: str | None = None, only: str | None = None, but: str = ""
) -> int:
    """End sessions: of one operator or of all, one of them or all but one; returns how many."""
    query = select(sessions.c.id_hash).where(sessions.c.id_hash != but)
    if user_id is not None:
        query = query.where(sessions.c.user_id == user_id)
    if only is not None:
        query = query.where(sessions.c.id_hash == only)
    ended = list((await transaction.execute(query)).scalars())
    for id_hash in ended:
        await remove_session(transaction, id_hash)
    await desks.end_of(transaction, user_id=user_id, session=only, but=but)
    return len(ended)


async def note_seen(transaction: Transaction, seen: Mapping[str, datetime]) -> None:
    """Keep when sessions and tokens were last heard of; keys as in ``Operator.session``."""
    for session, at in seen.items():
        token_id = session.removeprefix(TOKEN_OWNER)
        is_token = token_id != session
        await transaction.execute(
            update(api_tokens).where(api_tokens.c.token_id == token_id).values(last_used_at=at)
            if is_token
            else update(sessions).where(sessions.c.id_hash == session).values(last_seen_at=at)
        )


async def remove_tokens(
    transaction: Transaction, user_id: str, *, token_id: str | None = None
) -> int:
    """Revoke the tokens of an operator, or one of them; returns how many. Their streams end."""
    query = delete(api_tokens).where(api_tokens.c.user_id == user_id)
    if token_id is not None:
        query = query.where(api_tokens.c.token_id == token_id)
    removed = list((await transaction.execute(query.returning(api_tokens.c.token_id))).scalars())
    for removed_id in removed:
        transaction.announce(session_topic(f"{TOKEN_OWNER}{removed_id}"))
    return len(removed)
