"""Whoever is cancelled in a transaction leaves nothing behind that others would wait for."""

import asyncio
import contextlib
import gc
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import create_engine, event, make_url, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine
from sqlalchemy.pool import QueuePool

from central.connections import Connections, NoConnectionError
from central.database import Database, Transaction
from central.postgresql import PostgresqlServer
from tests.central.postgresql import fresh_database
from tests.central.test_database import sync_url

SEVERAL_ROWS = text("SELECT 1 FROM counted UNION ALL SELECT 2 UNION ALL SELECT 3")
COUNT_UP = text("UPDATE counted SET number = number + 1 RETURNING number")
COUNT = text("UPDATE counted SET number = number RETURNING number")


class CancelledAt:
    """Work whose task is cancelled at some of its awaits, as soon as it begins to wait there.

    Attributes:
        awaited: How often it has waited.
        is_cancelled: Set when that has happened.
    """

    def __init__(self, work: Coroutine[Any, Any, None], *at: int) -> None:
        self._work, self._at, self.awaited = work, at, 0
        self.is_cancelled = asyncio.Event()

    def __await__(self) -> Generator[Any, Any, None]:
        steps, came = self._work.__await__(), None
        while True:
            try:
                waited_for = steps.send(None) if came is None else steps.throw(came)
            except StopIteration:
                return
            self.awaited, came = self.awaited + 1, None
            task = asyncio.current_task()
            if self.awaited in self._at and task is not None:
                task.cancel()
                self.is_cancelled.set()
            try:
                yield waited_for
            except BaseException as error:
                came = error


@pytest.fixture(autouse=True)
def nobody_tidies_up() -> Iterator[None]:
    """The garbage collector would close by chance what was left behind."""
    gc.disable()
    yield
    gc.enable()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database with a table of one row."""
    if request.param == "sqlite":
        address = f"sqlite:///{tmp_path / 'central.sqlite3'}"
    else:
        address = fresh_database(request.getfixturevalue("postgresql"))
    engine = create_engine(sync_url(address))
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counted (number INTEGER NOT NULL)"))
        connection.execute(text("INSERT INTO counted VALUES (0)"))
    engine.dispose()
    return address


async def count_up(database: Database) -> None:
    async with database.write() as transaction:
        await transaction.execute(SEVERAL_ROWS)
        await transaction.execute(COUNT_UP)
        transaction.announce("counted")


async def look(database: Database) -> None:
    async with database.read() as transaction:
        await transaction.execute(SEVERAL_ROWS)


async def count_up_whole(database: Database) -> None:
    async def act(transaction: Transaction) -> None:
        await transaction.execute(SEVERAL_ROWS)
        await transaction.execute(COUNT_UP)
        transaction.announce("counted")

    await database.write_whole(act)


async def look_whole(database: Database) -> None:
    async def act(transaction: Transaction) -> None:
        await transaction.execute(SEVERAL_ROWS)

    await database.read_whole(act)


def counted_by_another(url: str) -> int:
    """Write as another program would that waits for nobody; returns what it finds."""
    waiting = {"timeout": 0} if url.startswith("sqlite") else {"options": "-c lock_timeout=5s"}
    engine = create_engine(sync_url(url), connect_args=waiting)
    if url.startswith("sqlite"):

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _: object) -> None:  # noqa: ANN401 - of a driver
            connection.execute("PRAGMA journal_mode=WAL")

    with engine.begin() as connection:
        number = int(connection.execute(COUNT).scalar_one())
    engine.dispose()
    return number


async def counted_at_once(url: str) -> int:
    """The same; on SQLite nothing of this loop goes on before it."""
    if url.startswith("sqlite"):
        return counted_by_another(url)
    return await asyncio.to_thread(counted_by_another, url)


async def opened(url: str) -> Database:
    database = Database(url)
    await database.open()
    return database


@pytest.mark.parametrize("again_after", [0, 1, 2])
@pytest.mark.parametrize("work", [count_up, look, count_up_whole, look_whole])
def test_a_task_that_is_cancelled_at_any_await_holds_nobody_up(
    url: str, work: Callable[[Database], Coroutine[Any, Any, None]], again_after: int
) -> None:
    async def act() -> None:
        database, heard = await opened(url), list[str]()
        database.listen(heard.append)
        at, counted, kept = 0, 0, list[BaseException | None]()
        while at == 0 or kept[-1] is not None:
            at += 1
            steps = CancelledAt(work(database), at, at + again_after)
            kept += await asyncio.gather(_told(steps), return_exceptions=True)
            found = await counted_at_once(url)
            assert found in {counted, counted + 1}, f"at await {at}"
            assert url.startswith("postgresql") or len(heard) == found
            counted = found
            async with asyncio.timeout(60):
                await count_up(database)
            counted += 1
        await database.close()
        assert at > 1

    asyncio.run(act())


async def _told(work: Awaitable[None]) -> None:
    await work


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5])
def test_a_task_that_nobody_waits_for_is_out_before_the_database_is_closed(
    url: str, at: int
) -> None:
    async def act() -> None:
        database = await opened(url)
        work = CancelledAt(count_up(database), at)
        task = asyncio.create_task(_told(work))
        await work.is_cancelled.wait()
        await database.close()
        assert await counted_at_once(url) in {0, 1}
        assert task.done()

    asyncio.run(act())


def test_a_connection_that_is_put_back_by_nobody_is_closed_with_the_others(
    postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = fresh_database(postgresql).replace("postgresql:", "postgresql+psycopg:")
    put_back = AsyncConnection.close

    async def act() -> None:
        engine = create_async_engine(url)
        connections, may, is_leaving = Connections(engine), asyncio.Event(), asyncio.Event()
        pool = engine.pool

        async def slowly(connection: AsyncConnection) -> None:
            is_leaving.set()
            await may.wait()
            await put_back(connection)

        async def look_and_leave() -> None:
            async with connections.taken() as connection:
                await connection.execute(text("SELECT 1"))

        monkeypatch.setattr(AsyncConnection, "close", slowly)
        task = asyncio.create_task(look_and_leave())
        await is_leaving.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        closing = asyncio.create_task(connections.close())
        await asyncio.sleep(0)
        may.set()
        await closing
        assert isinstance(pool, QueuePool)
        assert (pool.checkedout(), pool.checkedin()) == (0, 0)

    asyncio.run(act())


@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_start_that_is_cancelled_leaves_nothing_open(url: str, at: int) -> None:
    async def act() -> None:
        first = Database(url)
        steps = CancelledAt(first.open(), at)
        await asyncio.gather(_told(steps), return_exceptions=True)
        assert steps.is_cancelled.is_set()
        await (await opened(url)).close()

    asyncio.run(act())


def test_who_stays_in_a_transaction_is_cancelled_at_the_end(url: str) -> None:
    engine = create_async_engine(
        url.replace("sqlite:", "sqlite+aiosqlite:").replace("postgresql:", "postgresql+psycopg:")
    )

    async def act() -> None:
        connections, is_in = Connections(engine, leave_s=0.05), asyncio.Event()

        async def stay() -> None:
            async with connections.taken(is_write=True) as connection:
                await connection.execute(COUNT_UP)
                is_in.set()
                await asyncio.Event().wait()

        task = asyncio.create_task(stay())
        await is_in.wait()
        await connections.close()
        assert await counted_at_once(url) == 0
        with contextlib.suppress(asyncio.CancelledError):
            await task

    asyncio.run(act())


async def nobody_is_served(connections: Connections) -> str:
    with pytest.raises(NoConnectionError) as refused:
        async with connections.taken():
            pass
    return str(refused.value)


def test_a_site_has_its_share_of_the_connections_and_leaves_the_others_theirs(
    tmp_path: Path,
) -> None:
    async def script() -> str:
        engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path / 'central.sqlite3'}")
        greedy, other = (Connections(engine, share=2, wait_s=0.0) for _ in range(2))
        async with greedy.taken(), greedy.taken():
            refused = await nobody_is_served(greedy)
            async with other.taken():
                pass
        async with greedy.taken(), greedy.taken():
            pass
        await engine.dispose()
        return refused

    assert "share" in asyncio.run(script())


def test_a_server_that_is_not_there_is_no_mistake_of_central(tmp_path: Path) -> None:
    async def script() -> str:
        server = PostgresqlServer(make_url(f"postgresql://nobody@/none?host={tmp_path}"))
        refused = await nobody_is_served(Connections(server.engine))
        await server.engine.dispose()
        return refused

    assert str(tmp_path) in asyncio.run(script())
