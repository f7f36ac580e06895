"""The audit log as tests read it, and as somebody who means harm reaches it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from central.audit import repository
from central.audit.chain import Mark, Verdict
from central.database import Database, Transaction
from tests.central.bench import Bench

GUARDS = ("audit_log_update", "audit_log_delete", "audit_log_insert")


_Result = TypeVar("_Result")


def entries(bench: Bench, **wanted: str) -> list[Any]:
    """Return entries, newest first."""
    reply = bench.auditor.get("/api/v1/audit", params={"limit": 1000, **wanted})
    assert reply.status_code == 200, reply.text
    items: list[Any] = reply.json()["items"]
    return items


def actions(bench: Bench) -> list[str]:
    """Return what was done, oldest first."""
    return [entry["action"] for entry in reversed(entries(bench))]


def in_transaction(bench: Bench, act: Callable[[Transaction], Awaitable[_Result]]) -> _Result:
    """Return what something in a writing transaction of this central returns."""
    services = bench.app.state.services

    async def run() -> _Result:
        async with services.database.write() as transaction:
            return await act(transaction)

    return asyncio.run_coroutine_threadsafe(run(), services.loop).result(60)


def verdict_of(url: str, *, known: Mark | None = None) -> Verdict:
    """Return whether the log of a database is whole, read beside central."""

    async def read() -> Verdict:
        database = Database(url)
        database.open_to_read()
        async with database.read() as transaction:
            verdict = await repository.verified(transaction, known=known)
        await database.close()
        return verdict

    return asyncio.run(read())


def execute(url: str, *statements: str, unguarded: bool = True) -> None:
    """Run statements on a database behind central's back, its guards taken off first."""
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    try:
        with engine.begin() as connection:
            if unguarded and engine.dialect.name == "sqlite":
                for name in GUARDS:
                    connection.execute(text(f"DROP TRIGGER IF EXISTS {name}"))
            elif unguarded:
                connection.execute(text("ALTER TABLE audit_log DISABLE TRIGGER ALL"))
            for statement in statements:
                connection.execute(text(statement))
    finally:
        engine.dispose()


def is_refused(url: str, statement: str) -> bool:
    """Return whether the database itself refuses a statement."""
    try:
        execute(url, statement, unguarded=False)
    except DBAPIError as error:
        return "audit log" in str(error) or "anchor" in str(error)
    return False
