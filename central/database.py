"""The database: SQLite for exactly one central process, PostgreSQL for as many as wanted.

Writers stand in line: on SQLite behind one lock, the most urgent first, and ``BEGIN IMMEDIATE``, so
that no transaction fails half way because another was first. What a transaction announces is heard
by every central process once it is committed, and not before.
"""

import asyncio
import contextlib
import fcntl
import functools
import io
import logging
import sqlite3
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import IO, Any, Final

import aiosqlite
import psycopg
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Executable, Result, event, func, make_url, select
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from central.audit.notes import Note
from config.turn import Turn

_log = logging.getLogger("central.database")

CHANNEL: Final = "menshen"
BUSY_TIMEOUT_MS: Final = 5_000
OPEN_ATTEMPTS: Final = 4
SCRUB_TIMEOUT_MS: Final = 100
CLOSE_S: Final = 5.0
LISTEN_RETRY_S: Final = 1.0
LISTEN_CHECK_S: Final = 15.0
EVERYTHING: Final = "*"
"""Announced when announcements may have been missed."""
_URGENT: Final = 0
_USUAL: Final = 1
MIGRATION_LOCK: Final = 0x6D656E01
EVENTS_LOCK: Final = 0x6D656E02
FACES_LOCK: Final = 0x6D656E03
SELF_TEST_LOCK: Final = 0x6D656E04
ACCESS_LOCK: Final = 0x6D656E05
AUDIT_LOCK: Final = 0x6D656E06
APPROVALS_LOCK: Final = 0x6D656E08
RETENTION_LOCK: Final = 0x6D656E07
ALARMS_LOCK: Final = 0x6D656E09
PATROL_LOCK: Final = 0x6D656E0F
PLANS_LOCK: Final = 0x6D656E21
LEDGER_LOCK: Final = 0x6D656E31
"""Always after the one of events, and before the one of alarms."""
CANTEEN_LOCK: Final = 0x6D656E32


class DatabaseError(Exception):
    """The database cannot be used; the message says why in one line."""


class Transaction:
    """One transaction. Results are buffered: they outlive the statement."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self.announced: list[str] = []
        self.notes: list[Note] = []
        self.objects: list[str] = []
        self.detail: dict[str, object] = {}

    @property
    def is_postgresql(self) -> bool:
        """Whether the database is PostgreSQL, where others may write at the same time."""
        return self._connection.dialect.name == "postgresql"

    async def execute(self, statement: Executable) -> Result[Any]:
        """Run a statement."""
        return await self._connection.execute(statement)

    async def execute_many(self, statement: Executable, rows: list[dict[str, Any]]) -> None:
        """Run a statement for every row; for none when there is none."""
        if rows:
            await self._connection.execute(statement, rows)

    async def take_turn(self, lock: int) -> None:
        """Wait until no other transaction holds this lock; it is let go at the end."""
        if self.is_postgresql:
            await self._connection.execute(select(func.pg_advisory_xact_lock(lock)))

    def announce(self, topic: str) -> None:
        """Tell every central process about this once it is committed."""
        self.announced.append(topic)

    def note(self, note: Note) -> None:
        """Record this in the audit log, together with what is written here."""
        self.notes.append(note)

    def concerns(self, *objects: str, **detail: object) -> None:
        """Say what an operator's request is about, as ``kind:identifier``; and what of it."""
        self.objects += objects
        self.detail |= detail


class Database:
    """Connections to one database, for one event loop."""

    def __init__(self, url: str) -> None:
        """Take ``sqlite:///FILE`` or ``postgresql://...``; nothing is opened yet.

        Raises:
            DatabaseError: The address is not one of a database that central knows.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise DatabaseError("--database is not the address of a database") from error
        self._driver = parsed.get_backend_name()
        if self._driver == "sqlite":
            self._url = parsed.set(drivername="sqlite+aiosqlite")
        elif self._driver == "postgresql":
            self._url = parsed.set(drivername="postgresql+psycopg")
        else:
            raise DatabaseError(
                f"central knows sqlite and postgresql, not {self._driver!r}: change --database"
            )
        self._engine: AsyncEngine | None = None
        self._turn = Turn()
        self._sqlite_connections = weakref.WeakSet[aiosqlite.Connection]()
        self._lock_file: IO[str] | None = None
        self._listeners: list[Callable[[str], None]] = []
        self.before_commit: Callable[[Transaction], Awaitable[None]] | None = None
        self._listening: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Open the database and bring its tables up to date.

        Raises:
            DatabaseError: Another process has it, or it does not answer.
        """
        if self._driver == "sqlite":
            await asyncio.to_thread(self._lock_out_others)
        self._engine = self._make_engine()
        try:
            for attempt in range(1, OPEN_ATTEMPTS + 1):
                try:
                    await self._bring_up_to_date()
                    break
                except OperationalError as error:
                    # Each attempt waits for BUSY_TIMEOUT_MS: a copy being made, a slow disk.
                    if attempt == OPEN_ATTEMPTS or "locked" not in _first_line(error):
                        raise
        except (SQLAlchemyError, OSError) as error:
            await self.close()
            raise DatabaseError(f"the database cannot be used: {_first_line(error)}") from error
        if self._driver == "postgresql":
            self._listening = asyncio.create_task(self._listen(), name="database-listen")

    async def _bring_up_to_date(self) -> None:
        async with self._opened().connect() as connection:
            await self._write_transaction(connection)
            if self._driver == "postgresql":
                await connection.execute(select(func.pg_advisory_xact_lock(MIGRATION_LOCK)))
            await connection.run_sync(_migrate)
            await connection.commit()

    def open_to_read(self) -> None:
        """Open a database that is there for reading alone, while central may be running.

        Raises:
            DatabaseError: There is no such file.
        """
        if self._driver == "sqlite" and not Path(self._url.database or "").is_file():
            raise DatabaseError(f"there is no {self._url.database}")
        self._engine = self._make_engine()
        if self._driver == "sqlite":
            event.listen(self._engine.sync_engine, "connect", _forbid_writing)

    async def close(self) -> None:
        """Close every connection."""
        if self._listening is not None:
            self._listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None
        if self._engine is not None:
            await self._engine.dispose()
            self._engine = None
        # Whoever was cancelled in the middle of a transaction may have left one behind the pool,
        # with its lock on the file: whoever opens it next would wait for that in vain.
        for connection in list(self._sqlite_connections):
            with contextlib.suppress(sqlite3.Error, ValueError, TimeoutError):
                async with asyncio.timeout(CLOSE_S):
                    await connection.close()
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def listen(self, listener: Callable[[str], None]) -> None:
        """Call a function with every topic that is announced, by whichever process."""
        self._listeners.append(listener)

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """One reading transaction: all of it sees the same moment."""
        async with self._opened().connect() as connection:
            if self._driver == "postgresql":
                # By itself each statement there sees a moment of its own.
                await connection.execution_options(isolation_level="REPEATABLE READ")
            yield Transaction(connection)

    @contextlib.asynccontextmanager
    async def write(self, *, is_urgent: bool = False) -> AsyncIterator[Transaction]:
        """One writing transaction: all of it or, after an exception, nothing.

        Args:
            is_urgent: Somebody is in danger, or waits at a till: on SQLite before every other
                writer who waits.
        """
        async with contextlib.AsyncExitStack() as stack:
            if self._driver == "sqlite":
                await stack.enter_async_context(self._turn.taken(_URGENT if is_urgent else _USUAL))
            connection = await stack.enter_async_context(self._opened().connect())
            await self._write_transaction(connection)
            transaction = Transaction(connection)
            yield transaction
            if self.before_commit is not None:
                await self.before_commit(transaction)
            if transaction.is_postgresql:
                for topic in dict.fromkeys(transaction.announced):
                    await connection.execute(select(func.pg_notify(CHANNEL, topic)))
            await connection.commit()
        if self._driver == "sqlite":
            for topic in dict.fromkeys(transaction.announced):
                self._tell(topic)

    async def scrub(self) -> None:
        """Let nothing of what was deleted lie in SQLite's write-ahead log.

        PostgreSQL's own vacuum and the rotation of its log do that in their time.
        """
        if self._driver == "sqlite":
            async with self._turn.taken(_USUAL), self._opened().connect() as connection:
                # Whoever reads for longer, as a backup does, holds it up: the next cleaning does
                # it then. All other writers wait for this one meanwhile.
                await connection.exec_driver_sql(f"PRAGMA busy_timeout={SCRUB_TIMEOUT_MS}")
                try:
                    await connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    await connection.exec_driver_sql(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")

    def _opened(self) -> AsyncEngine:
        if self._engine is None:
            raise DatabaseError("the database is not open")
        return self._engine

    @staticmethod
    async def _write_transaction(connection: AsyncConnection) -> None:
        await connection.execution_options(is_write=True)
        await connection.begin()

    def _tell(self, topic: str) -> None:
        for listener in self._listeners:
            listener(topic)

    def _make_engine(self) -> AsyncEngine:
        if self._driver == "postgresql":
            return create_async_engine(
                self._url,
                pool_size=8,
                max_overflow=8,
                pool_pre_ping=True,
                hide_parameters=True,
            )
        # Values are names and cards: neither an error's message nor a log may quote them.
        logging.getLogger("aiosqlite").setLevel(logging.INFO)
        engine = create_async_engine(self._url, hide_parameters=True)
        event.listen(engine.sync_engine, "connect", _prepare_sqlite)
        event.listen(engine.sync_engine, "connect", self._remember_sqlite)
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine

    def _remember_sqlite(self, connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
        self._sqlite_connections.add(connection.driver_connection)

    def _lock_out_others(self) -> None:
        name = self._url.database
        if not name or name == ":memory:":
            raise DatabaseError("SQLite needs a file: --database sqlite:///FILE")
        path = Path(f"{name}.lock")
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            file = path.open("a")
        except OSError as error:
            raise DatabaseError(f"cannot write {path}: {error.strerror}") from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            file.close()
            raise DatabaseError(
                f"another central process has {name}: SQLite serves one;"
                " use PostgreSQL (--database postgresql://...) for more"
            ) from error
        self._lock_file = file
        # Names and templates are in there: readable by the service's user alone.
        Path(name).touch(mode=0o600)

    async def _listen(self) -> None:
        address = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        is_lost = False
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(address, autocommit=True)
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    if is_lost:
                        _log.warning("announcements of the database are heard again")
                    is_lost = False
                    self._tell(EVERYTHING)
                    while True:
                        async for notice in connection.notifies(timeout=LISTEN_CHECK_S):
                            self._tell(notice.payload)
                        await connection.execute("SELECT 1")
            except (psycopg.Error, OSError) as error:
                if not is_lost:
                    _log.warning("announcements of the database are lost: %s", _first_line(error))
                is_lost = True
            await asyncio.sleep(LISTEN_RETRY_S)


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # Transactions are begun by the event below, not by the driver.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={BUSY_TIMEOUT_MS}",
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        # What is deleted of a person is overwritten, not left lying in the file.
        "secure_delete=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _forbid_writing(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    is_write = connection.get_execution_options().get("is_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_write else "BEGIN")


def _migrate(connection: Connection) -> None:
    if MigrationContext.configure(connection).get_current_revision() == _newest_revision():
        return
    config = _migrations()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _migrations() -> Config:
    config = Config(stdout=io.StringIO())
    config.set_main_option("script_location", "central:migrations")
    return config


@functools.cache
def _newest_revision() -> str | None:
    return ScriptDirectory.from_config(_migrations()).get_current_head()


def knows_revision(revision: str) -> bool:
    """Return whether tables of this revision can be brought up to date by this program."""
    script = ScriptDirectory.from_config(_migrations())
    return revision in {each.revision for each in script.walk_revisions()}


def _first_line(error: Exception) -> str:
    lines = str(getattr(error, "orig", None) or error).splitlines()
    return lines[0] if lines else type(error).__name__


def like_pattern(words: str) -> str:
    r"""Return a LIKE pattern (escape ``\``) that finds the words anywhere."""
    for special in ("\\", "%", "_"):
        words = words.replace(special, f"\\{special}")
    return f"%{words}%"
