"""The database: SQLite for exactly one central process, PostgreSQL for as many as wanted.

Writers stand in line: on SQLite behind one lock, the most urgent first, and ``BEGIN IMMEDIATE``, so
that no transaction fails half way because another was first. What a transaction announces is heard
by every central process once it is committed, and not before.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import IO, Any, Final, TypeVar

from alembic.util import CommandError
from sqlalchemy import (
    Engine,
    Executable,
    Result,
    func,
    make_url,
    select,
)
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from central import sqlite
from central.audit.notes import Note
from central.connections import Connections, DatabaseConnection
from central.database_error import DatabaseError as DatabaseError
from central.migrating import knows_revision, migrate, newest_revision, revision_of
from central.postgresql import EVERYTHING as EVERYTHING
from central.postgresql import Place, PostgresqlServer, announcing, blocking_engine, first_line
from central.whole import BlockingConnection, WholeTransactions, run_to_end
from config.finishing import to_its_end
from config.turn import Turn

Value = TypeVar("Value")
SCRUB_TIMEOUT_MS: Final = 100
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
PARTITIONS_LOCK: Final = 0x6D656E51
"""Before the one of events."""
FIRMWARE_LOCK: Final = 0x6D656E41
"""After the one of events, and before those of the ledger and of alarms."""


class Transaction:
    """One transaction. Results are buffered: they outlive the statement."""

    def __init__(self, connection: DatabaseConnection | BlockingConnection, place: Place) -> None:
        self._connection, self._place = connection, place
        self.announced: list[str] = []
        self.notes: list[Note] = []
        self.objects: list[str] = []
        self.detail: dict[str, object] = {}

    @property
    def is_postgresql(self) -> bool:
        """Whether the database is PostgreSQL, where others may write at the same time."""
        return self._connection.is_postgresql

    async def execute(self, statement: Executable) -> Result[Any]:
        """Run a statement."""
        return await self._connection.execute(statement)

    async def execute_many(self, statement: Executable, rows: list[dict[str, Any]]) -> None:
        """Run a statement for every row; for none when there is none."""
        if rows:
            await self._connection.execute(statement, rows)

    async def execute_sql(self, statement: str, values: tuple[Any, ...]) -> None:
        """Run a statement as the driver takes it; for ``central.bulk``."""
        await self._connection.execute_sql(statement, values)

    async def copy(self, statement: str, data: str) -> None:
        """Let PostgreSQL copy rows; for ``central.bulk``."""
        await self._connection.copy(statement, data)

    async def take_turn(self, lock: int) -> None:
        """Wait until no other transaction holds this lock; it is let go at the end."""
        if self.is_postgresql:
            key = self._place.lock(lock)
            await self._connection.execute(select(func.pg_advisory_xact_lock(*key)))

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

    def __init__(self, url: str, *, server: PostgresqlServer | None = None) -> None:
        """Take ``sqlite:///FILE`` or ``postgresql://...[?schema=NAME]``; nothing is opened yet.

        Args:
            url: The address.
            server: Whose connections this database shares with others of the same server; None is
                connections of its own.

        Raises:
            DatabaseError: The address is not one of a database that central knows.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise DatabaseError("--database is not the address of a database") from error
        self._driver = parsed.get_backend_name()
        self._place = Place()
        if self._driver == "sqlite":
            self._url = parsed.set(drivername="sqlite+aiosqlite")
        elif self._driver == "postgresql":
            self._url = parsed.set(drivername="postgresql+psycopg")
            try:
                self._place, self._url = Place.of(self._url)
            except ValueError as error:
                raise DatabaseError(f"--database: {error}") from error
        else:
            raise DatabaseError(
                f"central knows sqlite and postgresql, not {self._driver!r}: change --database"
            )
        self._connections: Connections | None = None
        self._whole = dict[bool, WholeTransactions]()
        """By whether they write."""
        self._turn = Turn()
        self._lock_file: IO[str] | None = None
        self._listeners: list[Callable[[str], None]] = []
        self._listeners_at_once: list[Callable[[str], None]] = []
        self.counted: Callable[[str], contextlib.AbstractContextManager[None]] = _uncounted
        self.before_commit: Callable[[Transaction], Awaitable[None]] | None = None
        self._server, self._shares_server = server, server is not None

    @property
    def is_postgresql(self) -> bool:
        """Whether it is PostgreSQL."""
        return self._driver == "postgresql"

    async def open(self) -> None:
        """Open the database and bring its tables up to date.

        Raises:
            DatabaseError: Another process has it, or it does not answer.
        """
        try:
            if self._driver == "sqlite":
                await to_its_end(asyncio.to_thread(self._lock_out_others))
            self._connections = self._make_connections()
            async with self._connections.taken(place=self._place) as connection:
                revision = await connection.run_sync(revision_of)
            if revision is not None and not knows_revision(revision):
                raise DatabaseError("the database's tables are of a newer program: use that one")
            if revision != newest_revision():
                # It takes a second or more, in which other sites of this process go on.
                await to_its_end(asyncio.to_thread(self._migrate))
        except (SQLAlchemyError, CommandError, OSError) as error:
            await self.close()
            raise DatabaseError(f"the database cannot be used: {first_line(error)}") from error
        except BaseException:  # who is cancelled leaves no connection behind, either
            await self.close()
            raise
        if self._server is not None:
            self._server.listen(self._place.channel, self._tell)

    def open_to_read(self) -> None:
        """Open a database that is there for reading alone, while central may be running.

        Raises:
            DatabaseError: There is no such file.
        """
        if self._driver == "sqlite" and not Path(self._url.database or "").is_file():
            raise DatabaseError(
                f"there is no {self._url.database}:"
                " name central's folder with --home, or its database with --database"
            )
        self._connections = self._make_connections(is_read_only=True)

    async def close(self) -> None:
        """Close every connection."""
        if self._server is not None:
            self._server.forget(self._place.channel, self._tell)
            if not self._shares_server:
                await self._server.close()
        connections, self._connections = self._connections, None
        if connections is not None:
            await connections.close()
        while self._whole:
            await self._whole.popitem()[1].close()
        if self._lock_file is not None:
            self._lock_file.close()
            self._lock_file = None

    def listen(self, listener: Callable[[str], None], *, is_at_once: bool = False) -> None:
        """Call a function with every topic that is announced, by whichever process.

        Args:
            listener: Must not fail.
            is_at_once: What this process announces is heard before whoever committed it goes on;
                on PostgreSQL once more with the announcement.
        """
        self._listeners.append(listener)
        if is_at_once:
            self._listeners_at_once.append(listener)

    @property
    def is_heard(self) -> bool:
        """Whether announcements of other processes are heard now, as far as anybody can know."""
        if self._driver == "sqlite":
            return True
        return self._server is not None and self._server.hears(self._place.channel)

    @contextlib.asynccontextmanager
    async def read(self) -> AsyncIterator[Transaction]:
        """One reading transaction: all of it sees the same moment."""
        with self.counted("read"):
            async with self._opened().taken(place=self._place) as connection:
                yield Transaction(connection, self._place)

    @contextlib.asynccontextmanager
    async def write(self, *, is_urgent: bool = False) -> AsyncIterator[Transaction]:
        """One writing transaction: all of it or, after an exception, nothing.

        Args:
            is_urgent: Somebody is in danger, or waits at a till: on SQLite before every other
                writer who waits.
        """
        async with contextlib.AsyncExitStack() as stack:
            stack.enter_context(self.counted("write"))
            if self._driver == "sqlite":
                await stack.enter_async_context(self._turn.taken(_URGENT if is_urgent else _USUAL))
            taken = self._opened().taken(is_write=True, place=self._place)
            connection = await stack.enter_async_context(taken)
            transaction = Transaction(connection, self._place)
            yield transaction
            topics = await self._ended(transaction)
            if transaction.is_postgresql:
                await connection.commit(
                    announcing=announcing(self._place.channel, topics),
                    and_then=lambda: self._tell_at_once(*topics),
                )
            else:
                await connection.commit(and_then=lambda: self._tell(*topics))

    async def write_whole(
        self, act: Callable[[Transaction], Awaitable[Value]], *, is_urgent: bool = False
    ) -> Value:
        """Run one writing transaction in one piece, which costs far less than ``write``.

        Args:
            act: What is done in it; it must not wait for anything but the transaction.
            is_urgent: See ``write``.
        """
        with self.counted("write"):
            if self._driver != "sqlite":
                return await self._run_on_server(act, is_write=True)
            async with self._turn.taken(_URGENT if is_urgent else _USUAL):
                return await to_its_end(self._run_whole(act, is_write=True))

    async def read_whole(self, act: Callable[[Transaction], Awaitable[Value]]) -> Value:
        """Run one short reading transaction in one piece; see ``write_whole``.

        On SQLite such readers stand in line: what takes long is not for here.
        """
        with self.counted("read"):
            if self._driver != "sqlite":
                return await self._run_on_server(act, is_write=False)
            return await to_its_end(self._run_whole(act, is_write=False))

    async def _run_whole(
        self, act: Callable[[Transaction], Awaitable[Value]], *, is_write: bool
    ) -> Value:
        self._opened()
        announced = list[str]()

        async def run(connection: BlockingConnection) -> Value:
            transaction = Transaction(connection, self._place)
            value = await act(transaction)
            if is_write:
                announced.extend(await self._ended(transaction))
            return value

        if (whole := self._whole.get(is_write)) is None:
            engine = self._make_blocking_engine(is_kept=True)
            whole = self._whole[is_write] = WholeTransactions(engine)
        value = await whole.run(run, is_write=is_write)
        self._tell(*announced)
        return value

    async def _run_on_server(
        self, act: Callable[[Transaction], Awaitable[Value]], *, is_write: bool
    ) -> Value:
        async def run(connection: BlockingConnection) -> Value:
            transaction = Transaction(connection, self._place)
            value = await act(transaction)
            if is_write:
                topics = await self._ended(transaction)
                connection.commit(announcing(self._place.channel, topics))
                self._tell_at_once(*topics)
            return value

        async with self._opened().taken(is_write=is_write, place=self._place) as connection:
            return await connection.run_sync(lambda sync: run_to_end(run(BlockingConnection(sync))))

    async def _ended(self, transaction: Transaction) -> tuple[str, ...]:
        """Do what belongs to the end of a writing transaction; returns what it announces."""
        if self.before_commit is not None:
            await self.before_commit(transaction)
        return tuple(dict.fromkeys(transaction.announced))

    @property
    def waiting_writers(self) -> int:
        """How many wait for their turn to write; on PostgreSQL they wait there."""
        return self._turn.waiting_count

    async def scrub(self) -> None:
        """Let nothing of what was deleted lie in SQLite's write-ahead log.

        PostgreSQL's own vacuum and the rotation of its log do that in their time.
        """
        if self._driver == "sqlite":
            async with self._turn.taken(_USUAL), self._opened().taken() as connection:
                # Whoever reads for longer, as a backup does, holds it up: the next cleaning does
                # it then. All other writers wait for this one meanwhile.
                await connection.execute_sql(f"PRAGMA busy_timeout={SCRUB_TIMEOUT_MS}")
                try:
                    await connection.execute_sql("PRAGMA wal_checkpoint(TRUNCATE)")
                finally:
                    await connection.execute_sql(f"PRAGMA busy_timeout={sqlite.BUSY_TIMEOUT_MS}")

    def _opened(self) -> Connections:
        if self._connections is None:
            raise DatabaseError("the database is not open")
        return self._connections

    def _tell(self, *topics: str) -> None:
        for topic in topics:
            for listener in self._listeners:
                listener(topic)

    def _tell_at_once(self, *topics: str) -> None:
        for topic in topics:
            for listener in self._listeners_at_once:
                listener(topic)

    def _lock_out_others(self) -> None:
        self._lock_file = sqlite.lock_out_others(self._url)

    def _migrate(self) -> None:
        engine = self._make_blocking_engine()
        options = {"is_write": True, "place": self._place}
        try:
            with engine.connect().execution_options(**options) as connection:
                if self._driver == "postgresql":
                    key = self._place.lock(MIGRATION_LOCK)
                    connection.execute(select(func.pg_advisory_xact_lock(*key)))
                migrate(connection)
                connection.commit()
        finally:
            engine.dispose()

    def _make_blocking_engine(self, *, is_kept: bool = False) -> Engine:
        """Return an engine for a thread. ``is_kept``: its connection goes on, on SQLite."""
        if self._driver == "postgresql":
            return blocking_engine(self._url)
        return sqlite.blocking_engine(self._url, is_kept=is_kept)

    def _make_connections(self, *, is_read_only: bool = False) -> Connections:
        if self._driver == "postgresql":
            self._server = self._server or PostgresqlServer(self._url)
            share = self._server.share if self._shares_server else None
            return Connections(self._server.engine, share=share)
        return Connections(sqlite.engine(self._url, is_read_only=is_read_only))


def _uncounted(_kind: str) -> contextlib.AbstractContextManager[None]:
    return contextlib.nullcontext()
