"""What the doctor asks the database: nothing that takes longer the more events there are."""

import dataclasses
from datetime import datetime

from sqlalchemy import text

from central.database import Transaction

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
