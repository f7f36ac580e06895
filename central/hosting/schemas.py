"""A schema and a role for each site of a PostgreSQL database, and whether they keep sites apart."""

import logging
from collections.abc import Iterable
from typing import Final

import psycopg
from psycopg import sql

from central.database import DatabaseError
from central.postgresql import first_line

_log = logging.getLogger("central.hosting")
VERSION_MIN: Final = 160000
_LOCK: Final = 0x6D656E02
_MISSING: Final = """
    SELECT wanted FROM unnest(%s::text[]) AS wanted
    WHERE NOT EXISTS (SELECT FROM pg_namespace WHERE nspname = wanted)
"""
_OPEN: Final = """
    SELECT n.nspname,
        CASE WHEN o.rolname <> n.nspname THEN 'it belongs to ' || o.rolname
             WHEN o.rolsuper OR o.rolcreaterole OR o.rolbypassrls
                 THEN 'its role may be anybody'
             WHEN EXISTS (SELECT FROM pg_auth_members WHERE member = o.oid)
                 THEN 'its role is a member of another one'
             ELSE 'others may use it' END AS why
    FROM pg_namespace n JOIN pg_roles o ON o.oid = n.nspowner
    WHERE n.nspname = ANY(%s) AND (
        o.rolname <> n.nspname OR o.rolsuper OR o.rolcreaterole OR o.rolbypassrls
        OR EXISTS (SELECT FROM pg_auth_members WHERE member = o.oid)
        OR EXISTS (
            SELECT FROM aclexplode(n.nspacl) AS given
            WHERE given.grantee <> n.nspowner AND given.privilege_type IN ('USAGE', 'CREATE')))
"""


def statements(schema: str, login: str) -> list[sql.Composed]:
    """Return what makes the place of a site: as an administrator of the database would."""
    role, user = sql.Identifier(schema), sql.Identifier(login)
    return [
        sql.SQL("CREATE ROLE {} NOLOGIN").format(role),
        sql.SQL("GRANT {} TO {} WITH INHERIT FALSE, SET TRUE").format(role, user),
        sql.SQL("CREATE SCHEMA {} AUTHORIZATION {}").format(role, role),
    ]


async def make_schemas(address: str, schemas: Iterable[str]) -> dict[str, str]:
    """Make what is not there yet, and look at what is.

    Args:
        address: ``postgresql://...`` without a schema.
        schemas: Of all sites.

    Returns:
        By schema, in one line, why a site cannot be served from there.

    Raises:
        DatabaseError: The server does not answer, or is older than what keeps sites apart.
    """
    wanted, problems = list(schemas), dict[str, str]()
    try:
        connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
        async with connection:
            if connection.info.server_version < VERSION_MIN:
                raise DatabaseError("many sites need PostgreSQL 16 or newer")
            missing = [row[0] for row in await _all(connection, _MISSING, wanted)]
            for schema in missing:
                try:
                    await _make(connection, schema)
                except psycopg.Error as error:
                    problems[schema] = _to_do(connection, schema, error)
            for schema, why in await _all(connection, _OPEN, wanted):
                problems[schema] = f"the schema {schema} is not this site's alone: {why}"
    except (psycopg.Error, OSError) as error:
        raise DatabaseError(f"the database cannot be used: {first_line(error)}") from error
    return problems


async def _make(connection: psycopg.AsyncConnection, schema: str) -> None:
    async with connection.transaction():
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        # Another process may have been first.
        if not await _all(connection, _MISSING, [schema]):
            return
        role, _, _ = steps = statements(schema, connection.info.user)
        exists = await connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [schema])
        for step in steps:
            if step is not role or exists.rowcount == 0:
                await connection.execute(step)
    _log.info("the schema %s is made", schema)


def _to_do(connection: psycopg.AsyncConnection, schema: str, error: psycopg.Error) -> str:
    words = "; ".join(
        each.as_string(connection) for each in statements(schema, connection.info.user)
    )
    return f"the schema {schema} is not there ({first_line(error)}): let a superuser say {words}"


async def _all(
    connection: psycopg.AsyncConnection, query: str, schemas: list[str]
) -> list[tuple[str, ...]]:
    return await (await connection.execute(query.encode(), [schemas])).fetchall()
