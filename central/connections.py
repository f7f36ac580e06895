"""Connections to the database, on which no statement of SQLite is cut off half way.

A task may be cancelled at any moment: central stops, a browser has gone, a time is up. SQLite's
thread goes on with the statement all the same, and SQLAlchemy closes the connection under it. While
a cursor has rows that nobody fetched, SQLite does not let go of a closed connection: it stays, with
its lock on the file, until the garbage collector comes upon the cursor (``sqlite3_close_v2``), and
every writer finds the database locked until then. So what was begun on a connection ends there,
before whoever waited hears that they are cancelled; their transaction is then taken back in order.

PostgreSQL's driver tells the server to give a statement up, which may wait for somebody's lock, and
its connection is closed at once: nothing needs to be waited for.
"""

import asyncio
import contextlib
import functools
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Final, TypeVar

from psycopg import AsyncConnection as AsyncPsycopgConnection
from sqlalchemy import Connection, Executable, Result
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine

from central.postgresql import first_line
from config.finishing import to_its_end

_log = logging.getLogger("central.database")
LEAVE_S: Final = 5.0
WAIT_S: Final = 5.0
"""So long somebody waits for a connection; a terminal would give up at twice that."""
Value = TypeVar("Value")


class NoConnectionError(TimeoutError):
    """The database has no connection to spare, or cannot be reached: try again in a while."""


class Connections:
    """Connections of one engine, for one event loop."""

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        leave_s: float = LEAVE_S,
        wait_s: float = WAIT_S,
        share: int | None = None,
    ) -> None:
        """Take connections of an engine.

        Args:
            engine: Whose connections they are.
            leave_s: How long whoever has one may go on at the end.
            wait_s: How long somebody waits for one.
            share: How many of these there are at most, of an engine that others share and that
                goes on without these; None is an engine of our own.
        """
        self._engine, self._leave_s, self._is_shared = engine, leave_s, share is not None
        self._wait_s = wait_s
        self._turns = None if share is None else asyncio.Semaphore(share)
        self._users = dict[DatabaseConnection, asyncio.Task[Any] | None]()
        self._left = asyncio.Event()

    @contextlib.asynccontextmanager
    async def taken(self, **options: object) -> AsyncIterator["DatabaseConnection"]:
        """Have a connection; what is not committed at the end of the block is taken back.

        Args:
            options: Of a transaction that is begun on it, see
                ``AsyncConnection.execution_options``; without any none is.

        Raises:
            NoConnectionError: There is none to be had.
        """
        connection = DatabaseConnection(self._engine)
        self._users[connection] = asyncio.current_task()
        has_turn = False
        try:
            has_turn = await self._take_turn()
            await connection.start(**options)
            try:
                yield connection
            finally:
                await connection.close()
        finally:
            self._users[connection] = None
            connection.when_closed(functools.partial(self._forget, connection, has_turn=has_turn))

    async def _take_turn(self) -> bool:
        if self._turns is None:
            return False
        try:
            async with asyncio.timeout(self._wait_s):
                return await self._turns.acquire()
        except TimeoutError as error:
            raise NoConnectionError("the site's share of connections is in use") from error

    def _forget(self, connection: "DatabaseConnection", *, has_turn: bool) -> None:
        del self._users[connection]
        if self._turns is not None and has_turn:
            self._turns.release()
        self._left.set()

    async def close(self) -> None:
        """Close all. Whoever has one is given some seconds, and is cancelled then.

        A server cancels requests at its end and does not wait for them: they are still here.
        """
        await self._wait_for_users()
        for task in self._users.values():
            if task is not None:
                task.cancel()
        await self._wait_for_users()
        if self._users:
            _log.warning("%d transactions do not end", len(self._users))
        if not self._is_shared:
            await to_its_end(self._engine.dispose())

    async def _wait_for_users(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._leave_s):
                while self._users:
                    self._left.clear()
                    await self._left.wait()


async def copy_rows(driver: object, statement: str, data: str) -> None:
    """Run a ``COPY ... FROM STDIN`` on the driver's own connection."""
    if not isinstance(driver, AsyncPsycopgConnection):
        raise TypeError("only PostgreSQL copies")
    async with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        await copy.write(data)


def commit(connection: Connection, announcing: str) -> None:
    """Commit; see ``DatabaseConnection.commit``."""
    if announcing:
        connection.exec_driver_sql(f"{announcing}; COMMIT")
    connection.commit()


class DatabaseConnection:
    """One connection; SQLAlchemy's ``AsyncConnection`` documents what its methods do."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine, self._connection = engine, engine.connect()
        self.is_postgresql = engine.dialect.name == "postgresql"
        self._closing: asyncio.Future[None] | None = None

    async def start(self, **options: object) -> None:
        """Take it out of the pool, and begin a transaction where it has options.

        One that has died in the pool is found by what begins on it, and another is taken: nobody
        asks each connection whether it lives.

        Raises:
            NoConnectionError: PostgreSQL has none to be had.
        """
        try:
            await self._do(self._connection.start())
            if options:
                await self._begin_within(options)
        except (PoolTimeoutError, OperationalError) as error:
            if not self.is_postgresql:
                raise
            raise NoConnectionError(first_line(error)) from error
        except asyncio.CancelledError:
            if self._connection.sync_connection is not None:
                await self.close()
            raise

    async def _begin_within(self, options: dict[str, object]) -> None:
        def begin(connection: Connection) -> None:
            connection.execution_options(**options)
            connection.begin()

        try:
            await self.run_sync(begin)
        except OperationalError as error:
            await self.close()
            if not error.connection_invalidated:
                raise
            # All that were in the pool are as old: they are made anew, too.
            self._connection, self._closing = self._engine.connect(), None
            await self._do(self._connection.start())
            await self.run_sync(begin)

    async def execute(
        self, statement: Executable, rows: list[dict[str, Any]] | None = None
    ) -> Result[Any]:
        """Run a statement, or one for each row."""
        return await self._do(self._connection.execute(statement, rows))

    async def execute_sql(self, statement: str, values: tuple[Any, ...] | None = None) -> None:
        """Run a statement as it is written, with values as its driver takes them."""
        await self._do(self._connection.exec_driver_sql(statement, values))

    async def copy(self, statement: str, data: str) -> None:
        """Run a ``COPY ... FROM STDIN`` of PostgreSQL."""
        await copy_rows(
            (await self._connection.get_raw_connection()).driver_connection, statement, data
        )

    async def run_sync(self, act: Callable[[Connection], Value]) -> Value:
        """Run a function that knows nothing of event loops."""
        return await self._do(self._connection.run_sync(act))

    async def commit(
        self, *, announcing: str = "", and_then: Callable[[], None] = lambda: None
    ) -> None:
        """Commit the transaction, and do what follows from it even for a task that is cancelled.

        Args:
            announcing: Statements that go with the commit, in the same message; see
                ``postgresql.announcing``.
            and_then: What follows.
        """
        await self._do(self._commit(announcing, and_then))

    async def close(self) -> None:
        """Take back what is not committed, and put the connection back."""
        if self.is_postgresql:
            self._closing = asyncio.ensure_future(self._connection.close())
            await asyncio.shield(self._closing)
        else:
            await to_its_end(self._connection.close())

    def when_closed(self, call: Callable[[], None]) -> None:
        """Call this once nothing is under way on it, also where nobody waited for its closing.

        What is put back into a pool that was closed meanwhile would stay open.
        """
        if self._closing is None or self._closing.done():
            call()
        else:
            self._closing.add_done_callback(lambda _: call())

    async def _commit(self, announcing: str, and_then: Callable[[], None]) -> None:
        await self._connection.run_sync(commit, announcing)
        and_then()

    async def _do(self, work: Coroutine[Any, Any, Value]) -> Value:
        return await (work if self.is_postgresql else to_its_end(work))
