"""Operators and their invitations in the database."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, select, update

from central.database import Transaction
from central.operator_tables import (
    api_tokens,
    invitations,
    provider_accounts,
    recovery_codes,
    sessions,
    users,
)
from central.roles import at_terminals
from central.site_values import next_replica_version
from central.users.schemas import OpenLink, UserView
from central.users.sessions import end_sessions, remove_tokens
from config.contract.operators import OperatorRecord

TOLD_TO_TERMINALS: Final = frozenset(
    {"role", "deactivated_at", "terminal_card", "terminal_pin", "terminal_until"}
)


async def user_count(transaction: Transaction) -> int:
    """Return the number of operators."""
    return int((await transaction.execute(select(func.count()).select_from(users))).scalar_one())


async def find_user(transaction: Transaction, user_id: str) -> Row[Any] | None:
    """Return the row of an operator, active or not."""
    return (await transaction.execute(select(users).where(users.c.user_id == user_id))).first()


async def find_named(transaction: Transaction, username: str) -> Row[Any] | None:
    """Return the row of an operator, active or not."""
    return (await transaction.execute(select(users).where(users.c.username == username))).first()


async def find_card(transaction: Transaction, card: str) -> Row[Any] | None:
    """Return the row of the operator whose card for terminals has this verifier."""
    return (await transaction.execute(select(users).where(users.c.terminal_card == card))).first()


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


async def change_user(transaction: Transaction, user_id: str, **values: object) -> None:
    """Change columns of an operator; terminals that know them are told at once."""
    chosen = users.c.user_id == user_id
    before = await transaction.execute(select(users.c.terminal_card).where(chosen))
    is_known = before.scalar_one_or_none() is not None
    await transaction.execute(update(users).where(chosen).values(**values))
    if values.keys() & TOLD_TO_TERMINALS and (is_known or values.get("terminal_card")):
        await next_replica_version(transaction)


async def change_role(transaction: Transaction, before: str, after: str) -> list[str]:
    """Give another role to whoever has one; returns who that was."""
    changed = await transaction.execute(
        update(users)
        .where(users.c.role == before)
        .values(role=after)
        .returning(users.c.user_id, users.c.terminal_card)
    )
    rows = changed.all()
    if any(row.terminal_card is not None for row in rows):
        await next_replica_version(transaction)
    return [row.user_id for row in rows]


async def has_terminal_card(transaction: Transaction, card: str, *, besides: str) -> bool:
    """Return whether another operator has a card for terminals; ``card`` is its verifier."""
    query = select(users.c.user_id).where(users.c.terminal_card == card, users.c.user_id != besides)
    return (await transaction.execute(query)).first() is not None


async def at_all_terminals(transaction: Transaction) -> tuple[OperatorRecord, ...]:
    """Return everybody who has rights at terminals, as terminals are told."""
    query = select(users).where(
        users.c.deactivated_at.is_(None),
        users.c.terminal_card.is_not(None),
        users.c.terminal_pin.is_not(None),
    )
    return tuple(
        OperatorRecord(
            operator_id=row.user_id,
            name=row.username,
            card=row.terminal_card,
            pin=row.terminal_pin,
            permissions=at_terminals(row.role),
            valid_until=row.terminal_until,
        )
        for row in await transaction.execute(query.order_by(users.c.user_id))
        if at_terminals(row.role)
    )


async def names(transaction: Transaction) -> Mapping[str, str]:
    """Return the name of every operator by identifier."""
    rows = await transaction.execute(select(users.c.user_id, users.c.username))
    return {row.user_id: row.username for row in rows}


async def active_roles(transaction: Transaction, *, but: str = "") -> list[str]:
    """Return the role of every operator who can sign in, all but one."""
    query = select(users.c.role).where(users.c.deactivated_at.is_(None), users.c.user_id != but)
    return list((await transaction.execute(query)).scalars())


async def list_users(transaction: Transaction, *, now: datetime) -> list[UserView]:
    """Return all operators, by name."""

    def count(of: Any) -> Any:  # noqa: ANN401 - either table, and a column of it
        query = select(func.count()).where(of.c.user_id == users.c.user_id, of.c.expires_at > now)
        return query.scalar_subquery()

    query = select(
        users,
        count(sessions).label("session_count"),
        count(api_tokens).label("token_count"),
        users.c.user_id.in_(select(provider_accounts.c.user_id)).label("is_of_provider"),
    ).order_by(users.c.username)
    return [
        UserView(
            user_id=row.user_id,
            username=row.username,
            role=row.role,
            created_at=row.created_at,
            deactivated_at=row.deactivated_at,
            has_second_factor=row.totp_secret is not None,
            session_count=row.session_count,
            token_count=row.token_count,
            has_terminal_card=row.terminal_card is not None,
            terminal_until=row.terminal_until,
            is_of_provider=row.is_of_provider,
        )
        for row in await transaction.execute(query)
    ]


async def remove_user(transaction: Transaction, user_id: str) -> None:
    """Remove an operator and end every session and token of theirs."""
    await end_sessions(transaction, user_id=user_id)
    await remove_tokens(transaction, user_id)
    await transaction.execute(delete(invitations).where(invitations.c.user_id == user_id))
    removed = await transaction.execute(
        delete(users).where(users.c.user_id == user_id).returning(users.c.terminal_card)
    )
    if removed.scalar_one_or_none() is not None:
        await next_replica_version(transaction)


async def add_invitation(
    transaction: Transaction,
    *,
    secret_hash: str,
    role: str,
    expires_at: datetime,
    user_id: str | None = None,
    made_by: str | None = None,
) -> None:
    """Keep an invitation, or a link for a new password; an older such link is not good any more."""
    if user_id is not None:
        await transaction.execute(delete(invitations).where(invitations.c.user_id == user_id))
    await transaction.execute(
        insert(invitations).values(
            secret_hash=secret_hash,
            role=role,
            expires_at=expires_at,
            user_id=user_id,
            made_by=made_by,
        )
    )


async def list_links(transaction: Transaction, *, now: datetime) -> list[OpenLink]:
    """Return the one-time links that can still be used, the first to end first."""
    query = (
        select(invitations, users.c.username)
        .outerjoin(users, users.c.user_id == invitations.c.user_id)
        .where(invitations.c.expires_at > now)
        .order_by(invitations.c.expires_at, invitations.c.secret_hash)
    )
    return [
        OpenLink(
            link_id=row.secret_hash,
            role=row.role,
            made_by=row.made_by,
            expires_at=row.expires_at,
            username=row.username,
        )
        for row in await transaction.execute(query)
    ]


async def revoke_link(transaction: Transaction, link_id: str, *, now: datetime) -> Row[Any] | None:
    """Remove a one-time link; returns it, or None when it cannot be used any more anyway."""
    removed = await transaction.execute(
        delete(invitations)
        .where(invitations.c.secret_hash == link_id, invitations.c.expires_at > now)
        .returning(*invitations.c)
    )
    return removed.first()


async def find_invitation(
    transaction: Transaction, secret_hash: str, *, now: datetime, is_reset: bool = False
) -> Row[Any] | None:
    """Return an invitation that is good now."""
    return (
        await transaction.execute(select(invitations).where(*_good(secret_hash, now, is_reset)))
    ).first()


async def use_invitation(
    transaction: Transaction, secret_hash: str, *, now: datetime, is_reset: bool = False
) -> Row[Any] | None:
    """Use up an invitation; returns it, or None when it is not good any more."""
    used = await transaction.execute(
        delete(invitations).where(*_good(secret_hash, now, is_reset)).returning(*invitations.c)
    )
    return used.first()


def _good(secret_hash: str, now: datetime, is_reset: bool) -> list[Any]:
    resets = invitations.c.user_id
    return [
        invitations.c.secret_hash == secret_hash,
        invitations.c.expires_at > now,
        resets.is_not(None) if is_reset else resets.is_(None),
    ]


async def has_first_invitation(transaction: Transaction, *, since: datetime) -> bool:
    """Return whether there is one for a first administrator that ends after a moment."""
    query = select(invitations.c.secret_hash).where(
        invitations.c.user_id.is_(None),
        invitations.c.made_by.is_(None),
        invitations.c.expires_at > since,
    )
    return (await transaction.execute(query.limit(1))).first() is not None


async def remove_invitations(transaction: Transaction) -> None:
    """Remove every invitation."""
    await transaction.execute(delete(invitations))


async def use_step(transaction: Transaction, user_id: str, step: int) -> bool:
    """Note that a code of this time step was used; returns False when it or a later one was."""
    used = await transaction.execute(
        update(users)
        .where(
            users.c.user_id == user_id, (users.c.totp_step.is_(None)) | (users.c.totp_step < step)
        )
        .values(totp_step=step)
        .returning(users.c.user_id)
    )
    return used.first() is not None


async def use_recovery_code(transaction: Transaction, user_id: str, code_hash: str) -> bool:
    """Use a recovery code up; returns whether it was one."""
    used = await transaction.execute(
        delete(recovery_codes)
        .where(recovery_codes.c.user_id == user_id, recovery_codes.c.code_hash == code_hash)
        .returning(recovery_codes.c.user_id)
    )
    return used.first() is not None


async def recovery_code_count(transaction: Transaction, user_id: str) -> int:
    """Return how many recovery codes are left."""
    query = select(func.count()).where(recovery_codes.c.user_id == user_id)
    return int((await transaction.execute(query)).scalar_one())


async def replace_recovery_codes(
    transaction: Transaction, user_id: str, hashes: Sequence[str]
) -> None:
    """Keep new recovery codes; the earlier ones are not good any more."""
    await transaction.execute(delete(recovery_codes).where(recovery_codes.c.user_id == user_id))
    rows = [{"user_id": user_id, "code_hash": code_hash} for code_hash in hashes]
    await transaction.execute_many(insert(recovery_codes), rows)


async def remove_second_factor(transaction: Transaction, user_id: str) -> None:
    """Remove an operator's second factor and recovery codes."""
    await replace_recovery_codes(transaction, user_id, [])
    await change_user(transaction, user_id, totp_secret=None, totp_pending=None, totp_step=None)
