"""Operators, their invitations and sessions in the database."""

from datetime import datetime

from sqlalchemy import delete, func, insert, select

from central.database import Transaction
from central.security import Operator
from central.tables import invitations, sessions, users
from central.users.schemas import UserView


def session_topic(id_hash: str) -> str:
    """Return what is announced when a session ends."""
    return f"session:{id_hash}"


async def user_count(transaction: Transaction) -> int:
    """Return the number of operators."""
    return int((await transaction.execute(select(func.count()).select_from(users))).scalar_one())


async def password_of(transaction: Transaction, username: str) -> tuple[str, str] | None:
    """Return identifier and password hash of an operator."""
    query = select(users.c.user_id, users.c.password_hash).where(users.c.username == username)
    row = (await transaction.execute(query)).first()
    return None if row is None else (row.user_id, row.password_hash)


async def add_user(
    transaction: Transaction,
    *,
    user_id: str,
    username: str,
    role: str,
    password_hash: str,
    now: datetime,
) -> None:
    """Add an operator; the caller has made sure that the name is free."""
    await transaction.execute(
        insert(users).values(
            user_id=user_id,
            username=username,
            role=role,
            password_hash=password_hash,
            created_at=now,
        )
    )


async def list_users(transaction: Transaction) -> list[UserView]:
    """Return all operators, by name."""
    query = select(users.c.user_id, users.c.username, users.c.role, users.c.created_at)
    rows = await transaction.execute(query.order_by(users.c.username))
    return [UserView(**row) for row in rows.mappings()]


async def remove_user(transaction: Transaction, user_id: str) -> bool:
    """Remove an operator and end every session of theirs; returns whether there was one."""
    query = select(sessions.c.id_hash).where(sessions.c.user_id == user_id)
    for id_hash in (await transaction.execute(query)).scalars():
        await remove_session(transaction, id_hash)
    removed = await transaction.execute(delete(users).where(users.c.user_id == user_id))
    return _row_count(removed) > 0


async def add_invitation(
    transaction: Transaction, *, secret_hash: str, role: str, expires_at: datetime
) -> None:
    """Keep an invitation."""
    await transaction.execute(
        insert(invitations).values(secret_hash=secret_hash, role=role, expires_at=expires_at)
    )


async def invited_role(transaction: Transaction, secret_hash: str, *, now: datetime) -> str | None:
    """Return the role of an invitation that is good now."""
    query = select(invitations.c.role).where(
        invitations.c.secret_hash == secret_hash, invitations.c.expires_at > now
    )
    role: str | None = (await transaction.execute(query)).scalar_one_or_none()
    return role


async def use_invitation(
    transaction: Transaction, secret_hash: str, *, now: datetime
) -> str | None:
    """Use up an invitation; returns its role, or None when it is not good any more."""
    used = await transaction.execute(
        delete(invitations)
        .where(invitations.c.secret_hash == secret_hash, invitations.c.expires_at > now)
        .returning(invitations.c.role)
    )
    role: str | None = used.scalar_one_or_none()
    return role


async def remove_invitations(transaction: Transaction) -> None:
    """Remove every invitation."""
    await transaction.execute(delete(invitations))


async def add_session(
    transaction: Transaction, *, id_hash: str, user_id: str, now: datetime, expires_at: datetime
) -> None:
    """Keep a session."""
    await transaction.execute(
        insert(sessions).values(
            id_hash=id_hash, user_id=user_id, created_at=now, expires_at=expires_at
        )
    )


async def find_operator(
    transaction: Transaction, id_hash: str, *, now: datetime
) -> Operator | None:
    """Return the operator of a session that is not over."""
    query = (
        select(users.c.user_id, users.c.username, users.c.role)
        .join(sessions, sessions.c.user_id == users.c.user_id)
        .where(sessions.c.id_hash == id_hash, sessions.c.expires_at > now)
    )
    row = (await transaction.execute(query)).mappings().first()
    return None if row is None else Operator(**row, session=id_hash)


async def remove_session(transaction: Transaction, id_hash: str) -> None:
    """End a session, its streams included."""
    await transaction.execute(delete(sessions).where(sessions.c.id_hash == id_hash))
    transaction.announce(session_topic(id_hash))


def _row_count(result: object) -> int:
    return int(getattr(result, "rowcount", 0))
