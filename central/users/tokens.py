"""Tokens in the database. Finding their operator is ``central.users.sessions``'s."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert, select

from central.database import Transaction
from central.operator_tables import api_tokens
from central.users.account_schemas import TokenView


async def add(
    transaction: Transaction,
    *,
    token_id: str,
    user_id: str,
    name: str,
    secret_hash: str,
    scopes: Sequence[str],
    now: datetime,
    expires_at: datetime,
) -> None:
    """Keep a token."""
    await transaction.execute(
        insert(api_tokens).values(
            token_id=token_id,
            user_id=user_id,
            name=name,
            secret_hash=secret_hash,
            scopes=list(scopes),
            created_at=now,
            expires_at=expires_at,
        )
    )


async def list_tokens(transaction: Transaction, user_id: str, *, now: datetime) -> list[TokenView]:
    """Return the tokens of an operator that are good, the newest first."""
    query = (
        select(api_tokens)
        .where(api_tokens.c.user_id == user_id, api_tokens.c.expires_at > now)
        .order_by(api_tokens.c.created_at.desc(), api_tokens.c.token_id)
    )
    return [
        TokenView(
            token_id=row.token_id,
            name=row.name,
            scopes=row.scopes,
            created_at=row.created_at,
            expires_at=row.expires_at,
            last_used_at=row.last_used_at,
        )
        for row in await transaction.execute(query)
    ]
