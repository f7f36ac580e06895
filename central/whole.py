"""Transactions in one piece: what their code awaits is done when it is asked for.

Elsewhere each statement is handed over by itself, to a thread (SQLite) or a greenlet (PostgreSQL),
and back through the event loop, which costs more than most statements. Here the code of a
transaction runs there as a whole, from its beginning to its end, so nothing but the database can be
waited for.
"""

import asyncio
import contextvars
import functools
import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, TypeVar

from sqlalchemy import AdaptedConnection, Connection, Engine, Executable, Result

from central.connections import commit, copy_rows
from config.finishing import to_its_end

Value = TypeVar("Value")
_NOTHING: Final = ()


class BlockingConnection:
    """A connection whose methods return at once; see ``central.connections.DatabaseConnection``."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.is_postgresql = connection.dialect.name == "postgresql"

    async def execute(
        self, statement: Executable, rows: list[dict[str, Any]] | None = None
    ) -> Result[Any]:
        """Run a statement, or one for each row."""
        return self._connection.execute(statement, rows)

    async def execute_sql(self, statement: str, values: tuple[Any, ...] | None = None) -> None:
        """Run a statement as it is written, with values as its driver takes them."""
        self._connection.exec_driver_sql(statement, values)

    async def copy(self, statement: str, data: str) -> None:
        """Run a ``COPY ... FROM STDIN`` of PostgreSQL."""
        driver: object = self._connection.connection.dbapi_connection
        if not isinstance(driver, AdaptedConnection):
            raise TypeError("only PostgreSQL copies")
        driver.run_async(lambda connection: copy_rows(connection, statement, data))

    def commit(self, announcing: str) -> None:
        """Commit; see ``DatabaseConnection.commit``."""
        commit(self._connection, announcing)


class WholeTransactions:
    """A thread that runs transactions one after the other."""

    def __init__(self, engine: Engine) -> None:
        """Take an engine whose connections are made by ``BufferedConnection``."""
        self._engine = engine
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")

    async def run(
        self, act: Callable[[BlockingConnection], Coroutine[Any, Any, Value]], **options: object
    ) -> Value:
        """Run a transaction: all of it or, after an exception, nothing.

        Who is cancelled meanwhile hears it once the transaction has come to its end.

        Args:
            act: What is done in it; it must not wait for anything but the connection.
            options: Of the connection's execution.
        """
        loop, context = asyncio.get_running_loop(), contextvars.copy_context()
        call = functools.partial(context.run, self._run, act, options)
        return await loop.run_in_executor(self._thread, call)

    def _run(
        self,
        act: Callable[[BlockingConnection], Coroutine[Any, Any, Value]],
        options: dict[str, object],
    ) -> Value:
        with self._engine.connect() as connection:
            connection.execution_options(**options)
            with connection.begin():
                return run_to_end(act(BlockingConnection(connection)))

    async def close(self) -> None:
        """Wait for what was begun, and close the connections."""
        await to_its_end(asyncio.to_thread(self._close))

    def _close(self) -> None:
        self._thread.shutdown()
        self._engine.dispose()


def run_to_end(work: Coroutine[Any, Any, Value]) -> Value:
    """Run a coroutine that never has to wait, without an event loop.

    Raises:
        RuntimeError: It waits for something.
    """
    try:
        work.send(None)
    except StopIteration as end:
        result: Value = end.value
        return result
    work.close()
    raise RuntimeError("in a transaction of one piece nothing but the database is waited for")


class _BufferedCursor(sqlite3.Cursor):
    """Holds all rows of a statement: while some are in the database, its transaction stays open."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._rows = deque[Any]()

    def execute(self, sql: str, parameters: Any = _NOTHING, /) -> "_BufferedCursor":  # noqa: ANN401 - whatever the driver binds
        """Run a statement and read what it returns."""
        super().execute(sql, parameters)
        self._rows = deque(super().fetchall() if self.description else _NOTHING)
        return self

    def fetchone(self) -> Any:  # noqa: ANN401 - as the driver's
        """Return the next row."""
        return self._rows.popleft() if self._rows else None

    def fetchmany(self, size: int | None = None) -> list[Any]:
        """Return the next rows."""
        count = min(self.arraysize if size is None else size, len(self._rows))
        return [self._rows.popleft() for _ in range(count)]

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""
        rows, self._rows = list(self._rows), deque()
        return rows


class BufferedConnection(sqlite3.Connection):
    """The driver's connection, on which no statement is left half read."""

    def cursor(self, factory: Any = _BufferedCursor) -> Any:  # noqa: ANN401 - as the driver's
        """Return a cursor."""
        return super().cursor(factory)
