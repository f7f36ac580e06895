"""Pictures in the database: what is over is gone, by the clock that is given."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from central.blobs import repository
from central.database import Database
from central.retention.rules import RULES

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
KINDS = {"a" * 64: 2, "b" * 64: 12, "c" * 64: 24}
"""Hours for which a picture is kept, by its hash."""


async def kept(database_url: str, *, after: timedelta) -> set[str]:
    """Return which pictures are left when what is over has been removed."""
    database = Database(database_url)
    await database.open()
    try:
        async with database.write() as transaction:
            for sha256, hours in KINDS.items():
                expires_at = NOW + timedelta(hours=hours)
                await repository.put(
                    transaction, sha256=sha256, node="n", content=b"x", expires_at=expires_at
                )
            await RULES["crops"].forget(transaction, NOW + after, 100)
        async with database.read() as transaction:
            # The time of the question is before every end: what is missing was removed.
            found = [await repository.get(transaction, sha256, now=NOW) for sha256 in KINDS]
    finally:
        await database.close()
    return {sha256[0] for sha256, content in zip(KINDS, found, strict=True) if content}


@pytest.mark.parametrize(
    ("hours", "left"), [(1.9, "abc"), (2, "bc"), (11.9, "bc"), (12, "c"), (24, "")]
)
def test_what_is_over_is_removed_and_the_rest_stays(
    database_url: str, hours: float, left: str
) -> None:
    assert asyncio.run(kept(database_url, after=timedelta(hours=hours))) == set(left)
