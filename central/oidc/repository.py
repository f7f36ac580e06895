"""The identity provider of the site, and who came from it, in the database."""

import dataclasses
import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, delete, insert, select, update

from central.database import Transaction
from central.keys import KeyEncryptionKey
from central.oidc.schemas import ProviderSettings
from central.operator_tables import (
    identity_providers,
    provider_accounts,
    provider_leavers,
    sessions,
    users,
)
from central.users.sessions import remove_session

NAME: Final = "oidc"
SECRET_PURPOSE: Final = f"identity-provider|{NAME}"
CHANGED: Final = "identity-provider"
"""Announced when the settings change: every process reads them again."""


def subject_hash(issuer: str, subject: str) -> str:
    """Return what is kept of a person of the provider: enough to know them again."""
    return hashlib.sha256(f"{issuer}\n{subject}".encode()).hexdigest()


async def settings_of(transaction: Transaction) -> ProviderSettings | None:
    """Return the settings; None where the site has no provider."""
    query = select(identity_providers.c.body).where(identity_providers.c.name == NAME)
    body = (await transaction.execute(query)).scalar_one_or_none()
    return None if body is None else ProviderSettings.model_validate_json(body)


async def secret_of(transaction: Transaction, kek: KeyEncryptionKey) -> str | None:
    """Return the client's secret; None where it has none."""
    query = select(identity_providers.c.secret).where(identity_providers.c.name == NAME)
    wrapped = (await transaction.execute(query)).scalar_one_or_none()
    return None if wrapped is None else kek.unwrap(wrapped, purpose=SECRET_PURPOSE).decode()


async def put_settings(
    transaction: Transaction,
    settings: ProviderSettings,
    *,
    secret: str | None,
    kek: KeyEncryptionKey,
    now: datetime,
) -> None:
    """Replace the settings; the secret stays where it is None, and goes where it is empty."""
    values: dict[str, Any] = {"body": settings.model_dump_json(), "changed_at": now}
    if secret is not None:
        wrapped = kek.wrap(secret.encode(), purpose=SECRET_PURPOSE) if secret else None
        values["secret"] = wrapped
    changed = await transaction.execute(
        update(identity_providers)
        .where(identity_providers.c.name == NAME)
        .values(**values)
        .returning(identity_providers.c.name)
    )
    if changed.first() is None:
        await transaction.execute(insert(identity_providers).values(name=NAME, **values))
    transaction.announce(CHANGED)


async def remove_settings(transaction: Transaction) -> bool:
    """Have no provider any more; returns whether there was one."""
    removed = await transaction.execute(
        delete(identity_providers)
        .where(identity_providers.c.name == NAME)
        .returning(identity_providers.c.name)
    )
    transaction.announce(CHANGED)
    return removed.first() is not None


async def find_account(
    transaction: Transaction, hashed_subject: str, *, email: str | None
) -> Row[Any] | None:
    """Return the operator of a subject, else the one whose confirmed address is awaited."""
    query = select(users, provider_accounts.c.is_mapped, provider_accounts.c.subject_hash).join(
        provider_accounts, provider_accounts.c.user_id == users.c.user_id
    )
    known = provider_accounts.c.subject_hash == hashed_subject
    row = (await transaction.execute(query.where(known))).first()
    if row is None and email is not None:
        awaited = provider_accounts.c.email == email.casefold()
        row = (await transaction.execute(query.where(awaited))).first()
    return row


async def add_account(
    transaction: Transaction,
    user_id: str,
    *,
    hashed_subject: str | None = None,
    email: str | None = None,
    is_mapped: bool,
) -> None:
    """Let an operator come from the provider."""
    await transaction.execute(
        insert(provider_accounts).values(
            user_id=user_id,
            subject_hash=hashed_subject,
            email=None if email is None else email.casefold(),
            is_mapped=is_mapped,
        )
    )


async def is_awaited(
    transaction: Transaction, *, hashed_subject: str | None, email: str | None
) -> bool:
    """Return whether somebody has an account by this subject or address already."""
    here = (
        provider_accounts.c.subject_hash == hashed_subject
        if email is None
        else provider_accounts.c.email == email.casefold()
    )
    query = select(provider_accounts.c.user_id).where(here)
    return (await transaction.execute(query)).first() is not None


async def bind(transaction: Transaction, user_id: str, hashed_subject: str) -> None:
    """Keep who came for an address that was awaited; the address itself is needed no more."""
    await transaction.execute(
        update(provider_accounts)
        .where(provider_accounts.c.user_id == user_id)
        .values(subject_hash=hashed_subject, email=None)
    )
    await forgive(transaction, hashed_subject)


async def is_of_provider(transaction: Transaction, user_id: str) -> bool:
    """Return whether an operator signs in at the provider."""
    query = select(provider_accounts.c.user_id).where(provider_accounts.c.user_id == user_id)
    return (await transaction.execute(query)).first() is not None


async def remember_leaver(transaction: Transaction, user_id: str, *, now: datetime) -> None:
    """Keep, before an operator is removed, that this person must not come again by groups alone."""
    query = select(provider_accounts.c.subject_hash).where(provider_accounts.c.user_id == user_id)
    hashed_subject = (await transaction.execute(query)).scalar_one_or_none()
    if hashed_subject is not None:
        await forgive(transaction, hashed_subject)
        await transaction.execute(
            insert(provider_leavers).values(subject_hash=hashed_subject, removed_at=now)
        )


async def has_left(transaction: Transaction, hashed_subject: str) -> bool:
    """Return whether this person's account was removed here."""
    query = select(provider_leavers.c.subject_hash).where(
        provider_leavers.c.subject_hash == hashed_subject
    )
    return (await transaction.execute(query)).first() is not None


async def forgive(transaction: Transaction, hashed_subject: str) -> None:
    """Let somebody whose account was removed have one again."""
    await transaction.execute(
        delete(provider_leavers).where(provider_leavers.c.subject_hash == hashed_subject)
    )


@dataclasses.dataclass(frozen=True, slots=True, repr=False)
class ProviderSession:
    """What is kept of how a session was opened. Attributes: id_token: sealed."""

    issuer: str
    provider_session: str | None
    id_token: str | None
    is_strong: bool
    expires_at: datetime


async def mark_session(transaction: Transaction, id_hash: str, opened: ProviderSession) -> None:
    """Keep how a session was opened."""
    await transaction.execute(
        update(sessions)
        .where(sessions.c.id_hash == id_hash)
        .values(
            provider=opened.issuer,
            provider_session=opened.provider_session,
            id_token=opened.id_token,
            is_strong=opened.is_strong,
            expires_at=opened.expires_at,
        )
    )


async def session_of(transaction: Transaction, id_hash: str) -> Row[Any] | None:
    """Return how a session was opened."""
    return (
        await transaction.execute(select(sessions).where(sessions.c.id_hash == id_hash))
    ).first()


async def end_provider_sessions(
    transaction: Transaction, *, issuer: str, hashed_subject: str | None, session: str | None
) -> Sequence[str]:
    """End what the provider says is over; returns whose sessions these were."""
    query = (
        select(sessions.c.id_hash, sessions.c.user_id)
        .join(provider_accounts, provider_accounts.c.user_id == sessions.c.user_id)
        .where(sessions.c.provider == issuer)
    )
    if hashed_subject is not None:
        query = query.where(provider_accounts.c.subject_hash == hashed_subject)
    if session is not None:
        query = query.where(sessions.c.provider_session == session)
    ended = (await transaction.execute(query)).all()
    for row in ended:
        await remove_session(transaction, row.id_hash)
    return sorted({row.user_id for row in ended})
