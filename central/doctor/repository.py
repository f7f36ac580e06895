"""What the doctor asks the database: nothing that takes longer the more events there are."""

import dataclasses
from datetime import datetime

from sqlalchemy import select, text

from central.database import Transaction
from central.tables import events

_SCHEMAS = """
SELECT n.nspname AS name, n.nspname = current_schema() AS is_usual FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = 'alembic_version' AND c.relkind = 'r' ORDER BY n.nspname
"""
_SIZE = """
SELECT coalesce(sum(pg_total_relation_size(c.oid)), 0) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = current_schema() AND c.relkind = 'r'
"""
# What other roles' connections do is hidden from ours; how many there are is not.
_SERVER = """
SELECT current_setting('server_version') AS version, clock_timestamp() AS now,
    (SELECT sum(numbackends) FROM pg_stat_database)::int AS connections,
    current_setting('max_connections')::int
        - current_setting('superuser_reserved_connections')::int AS connections_max
"""


@dataclasses.dataclass(frozen=True, slots=True)
class ServerState:
    """A PostgreSQL server.

    Attributes:
        now: By its clock, aware UTC.
        connections: In use, of all its databases.
        connections_max: For roles without privileges.
    """

    version: str
    now: datetime
    connections: int
    connections_max: int


@dataclasses.dataclass(frozen=True, slots=True)
class Stored:
    """The events that were ever taken in, but for the oldest that are gone altogether.

    Attributes:
        count: Positions between the oldest and the newest.
        oldest_at: When the oldest was received, aware UTC.
        count_since: Of those received since the moment that was asked for.
    """

    count: int
    oldest_at: datetime
    count_since: int


async def schemas_of(transaction: Transaction) -> dict[str, bool]:
    """Return the schemas of a PostgreSQL database with central's tables, and which is its usual."""
    rows = (await transaction.execute(text(_SCHEMAS))).mappings()
    return {str(row["name"]): bool(row["is_usual"]) for row in rows}


async def size_bytes_of(transaction: Transaction) -> int:
    """Return what a site's tables and indexes take on a PostgreSQL server."""
    return int((await transaction.execute(text(_SIZE))).scalar_one())


async def server_state(transaction: Transaction) -> ServerState:
    """Return how a PostgreSQL server is."""
    return ServerState(**(await transaction.execute(text(_SERVER))).mappings().one())


async def stored_since(transaction: Transaction, moment: datetime) -> Stored | None:
    """Return how many events there are, and came since a moment; None where there is none.

    Positions are the order of commits, so the first after a moment is found by halving.
    """
    ends = [
        (await transaction.execute(select(events.c.position, events.c.received_at)
         .order_by(order).limit(1))).first()
        for order in (events.c.position.asc(), events.c.position.desc())
    ]  # fmt: skip
    oldest, newest = ends
    if oldest is None or newest is None:
        return None
    low, high = oldest.position, newest.position + 1
    while low < high:
        middle = (low + high) // 2
        query = select(events.c.position, events.c.received_at).where(events.c.position >= middle)
        row = (await transaction.execute(query.order_by(events.c.position).limit(1))).first()
        if row is not None and row.received_at < moment:
            low = row.position + 1
        else:
            high = middle
    end = newest.position + 1
    return Stored(end - oldest.position, oldest.received_at, end - low)
