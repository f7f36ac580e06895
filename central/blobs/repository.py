"""Pictures in the database."""

from datetime import datetime

from sqlalchemy import insert, select

from central.database import Transaction
from central.tables import blobs


async def put(
    transaction: Transaction, *, sha256: str, node: str, content: bytes, expires_at: datetime
) -> None:
    """Keep a picture; one that is kept already stays as it is."""
    known = await transaction.execute(select(blobs.c.sha256).where(blobs.c.sha256 == sha256))
    if known.first() is None:
        await transaction.execute(
            insert(blobs).values(sha256=sha256, node=node, content=content, expires_at=expires_at)
        )


async def get(transaction: Transaction, sha256: str, *, now: datetime) -> bytes | None:
    """Return a picture that has not expired."""
    query = select(blobs.c.content).where(blobs.c.sha256 == sha256, blobs.c.expires_at > now)
    content: bytes | None = (await transaction.execute(query)).scalar_one_or_none()
    return content
