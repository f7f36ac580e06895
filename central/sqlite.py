"""What a connection to SQLite is told when it opens and begins."""

from typing import Final

from sqlalchemy import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.pool import ConnectionPoolEntry

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
