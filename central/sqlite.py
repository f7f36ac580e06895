"""SQLite: the file that one process has, and what a connection is told when it opens and begins."""

import fcntl
import logging
from pathlib import Path
from typing import IO, Final

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry, NullPool, QueuePool

from central.database_error import DatabaseError
from central.moving.mark import where_moved
from central.whole import BufferedConnection

BUSY_TIMEOUT_MS: Final = 5_000
CHECKPOINT_PAGE_COUNT: Final = 4_000
"""16 MB of SQLite's log, before its pages are copied into the file."""
WRITER_CACHE_KIB: Final = 16_000
"""The ends of the events' indices, where most are written."""


def prepare(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Set a new connection up: durable, and what is deleted is overwritten."""
    # Transactions are begun by the event below, not by the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        # A page that several transactions write is copied into the file once.
        f"wal_autocheckpoint={CHECKPOINT_PAGE_COUNT}",
        "synchronous=FULL",
        "foreign_keys=ON",
        # What is deleted of a person is overwritten, not left lying in the file.
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def hold_pages(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Keep the writer's pages in memory."""
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA cache_size=-{WRITER_CACHE_KIB}")
    cursor.close()


def forbid_writing(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    """Let a new connection read alone."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def begin(connection: Connection) -> None:
    """Begin a transaction, for writing where its options say so."""
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def lock_out_others(url: URL) -> IO[str]:
    """Have a file for this process alone; returns what is closed to give it back.

    Raises:
        DatabaseError: Another process has it, it has moved, or it cannot be written.
    """
    name = url.database
    if not name or name == ":memory:":
        raise DatabaseError("SQLite needs a file: --database sqlite:///FILE")
    path = Path(f"{name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = path.open("a")
    except OSError as error:
        raise DatabaseError(f"cannot write {path}: {error.strerror}") from error
    try:
        _take(file, name)
    except BaseException:
        file.close()
        raise
    return file


def _take(file: IO[str], name: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise DatabaseError(
            f"another central process has {name}: SQLite serves one;"
            " use PostgreSQL (--database postgresql://...) for more"
        ) from error
    # Behind the lock, which a move holds until it has left its mark.
    if (line := where_moved(Path(name))) is not None:
        raise DatabaseError(line)
    # Names and templates are in there: readable by the service's user alone.
    Path(name).touch(mode=0o600)


def blocking_engine(url: URL, *, is_kept: bool) -> Engine:
    """Return an engine for a thread. ``is_kept``: its connection goes on."""
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        hide_parameters=True,
        poolclass=QueuePool if is_kept else NullPool,
        connect_args={"factory": BufferedConnection},
    )
    event.listen(engine, "connect", prepare)
    if is_kept:
        event.listen(engine, "connect", hold_pages)
    event.listen(engine, "begin", begin)
    return engine


def engine(url: URL, *, is_read_only: bool) -> AsyncEngine:
    """Return an engine for an event loop."""
    # Values are names and cards: neither an error's message nor a log may quote them.
    logging.getLogger("aiosqlite").setLevel(logging.INFO)
    made = create_async_engine(url, hide_parameters=True)
    event.listen(made.sync_engine, "connect", prepare)
    if is_read_only:
        event.listen(made.sync_engine, "connect", forbid_writing)
    event.listen(made.sync_engine, "begin", begin)
    return made
