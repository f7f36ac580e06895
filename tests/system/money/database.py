"""The database of a history: read as it lies there, and killed."""

import contextlib
import os
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import psycopg

from central import offline
from central.ledger.verify import verified
from tests.central.migrated import migrated_file
from tests.central.postgresql import Server
from tests.system.money.reference import Account, Close, Findings, Transfer

TRANSFERS = (
    "SELECT sequence, transfer_id, kind, debit, credit, amount_fen, unit, group_id, pending_id"
    " FROM ledger_transfers ORDER BY sequence"
)
ACCOUNTS = (
    "SELECT account, unit, debits_posted_fen, credits_posted_fen, debits_pending_fen"
    " FROM ledger_accounts"
)
GONE_S = 10.0
CLOSES = (
    "SELECT session_id, charge_count, charge_fen, void_count, void_fen FROM canteen_sessions"
    " WHERE closed_at IS NOT NULL"
)


class Executing(Protocol):
    """A connection, of either database."""

    def execute(self, query: str, /) -> Any:  # noqa: ANN401 - of two libraries
        """Run a query."""
        ...


def read(url: str) -> tuple[list[Transfer], list[Account], list[Close]]:
    """Return the ledger and the closes, as they lie in the database."""
    with _connection(url) as connection:
        return (
            [Transfer(*row) for row in connection.execute(TRANSFERS).fetchall()],
            [Account(*row) for row in connection.execute(ACCOUNTS).fetchall()],
            [Close(*row) for row in connection.execute(CLOSES).fetchall()],
        )


def verify(url: str) -> Findings:
    """Return what ``menshen ledger verify`` says of a ledger, by the same code."""
    report = offline.read(url, verified, what="the ledger")
    return Findings(
        verified_transfers=report.transfers,
        lines=[f"ledger verify: {each.what} {each.where}" for each in report.broken],
    )


@contextlib.contextmanager
def _connection(url: str) -> Iterator[Executing]:
    if url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
            yield connection
    else:
        with psycopg.connect(url) as connection:
            yield connection


def fresh_sqlite(folder: Path) -> str:
    """Return a database of its own."""
    shutil.copy(migrated_file(), folder / "central.sqlite3")
    return f"sqlite:///{folder / 'central.sqlite3'}"


def kill(server: Server) -> None:
    """Kill a PostgreSQL server and all that it has begun, and start it again."""
    until_s = time.monotonic() + GONE_S
    # What one of them begins meanwhile is killed after it; a zombie has no folder any more.
    while (processes := server.processes()) and time.monotonic() < until_s:
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
    # Where nobody buries the dead, their numbers seem to be in use still.
    for left in (server.folder / "data" / "postmaster.pid", *server.folder.glob(".s.*.lock")):
        left.unlink(missing_ok=True)
    server.start()
