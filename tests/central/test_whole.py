"""Transactions in one piece."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import text

from central.database import Database, DatabaseError, Transaction

COUNT = text("UPDATE counted SET number = number + 1 RETURNING number")
SEVERAL_ROWS = text("SELECT 1 FROM counted UNION ALL SELECT 2 UNION ALL SELECT 3")


@contextlib.asynccontextmanager
async def counting(url: str) -> AsyncIterator[Database]:
    """Have a database with a number in it, which begins with 0."""
    database = Database(url)
    await database.open()
    try:
        async with database.write() as transaction:
            await transaction.execute(text("CREATE TABLE counted (number INTEGER)"))
            await transaction.execute(text("INSERT INTO counted VALUES (0)"))
        yield database
    finally:
        await database.close()


async def look(transaction: Transaction) -> int:
    """Return the number."""
    return int((await transaction.execute(text("SELECT number FROM counted"))).scalar_one())


async def number(database: Database) -> int:
    """Return the number."""
    async with database.read() as transaction:
        return await look(transaction)


async def count(transaction: Transaction) -> int:
    """Count one more, and announce it."""
    transaction.announce("counted")
    return int((await transaction.execute(COUNT)).scalar_one())


def test_what_a_piece_returns_is_returned_once_it_is_held_and_announced(database_url: str) -> None:
    async def act() -> None:
        async with counting(database_url) as database:
            heard = asyncio.Queue[str]()
            database.listen(heard.put_nowait)
            assert [await database.write_whole(count) for _ in range(2)] == [1, 2]
            assert await number(database) == 2
            async with asyncio.timeout(60):
                while await heard.get() != "counted":
                    pass

    asyncio.run(act())


def test_a_piece_that_reads_goes_on_beside_one_that_writes(tmp_path: Path) -> None:
    async def act() -> None:
        async with (
            counting(f"sqlite:///{tmp_path / 'c.sqlite3'}") as database,
            database.write() as transaction,
        ):
            await count(transaction)
            assert await database.read_whole(look) == 0

    asyncio.run(act())


def test_a_piece_that_reads_sees_what_was_written_before(database_url: str) -> None:
    async def act() -> None:
        async with counting(database_url) as database:
            assert await database.read_whole(look) == 0
            await database.write_whole(count)
            assert await database.read_whole(look) == 1

    asyncio.run(act())


def test_a_piece_that_fails_leaves_nothing_and_announces_nothing(database_url: str) -> None:
    async def fail(transaction: Transaction) -> None:
        await count(transaction)
        raise LookupError("as it happens")

    async def act() -> None:
        async with counting(database_url) as database:
            heard = list[str]()
            database.listen(heard.append)
            with pytest.raises(LookupError):
                await database.write_whole(fail)
            assert (await number(database), "counted" in heard) == (0, False)
            assert await database.write_whole(count) == 1

    asyncio.run(act())


def test_a_piece_waits_for_nothing_but_the_database(tmp_path: Path) -> None:
    async def wait(transaction: Transaction) -> None:
        await count(transaction)
        await asyncio.sleep(0)

    async def act() -> None:
        async with counting(f"sqlite:///{tmp_path / 'c.sqlite3'}") as database:
            with pytest.raises(RuntimeError, match="nothing but the database"):
                await database.write_whole(wait)
            assert await number(database) == 0

    asyncio.run(act())


def test_rows_that_nobody_looks_at_hold_nothing_up(database_url: str) -> None:
    async def pass_over(transaction: Transaction) -> list[int]:
        left = await transaction.execute(SEVERAL_ROWS)
        assert left.scalars().first() == 1
        rows = await transaction.execute(SEVERAL_ROWS)
        await count(transaction)
        return [*rows.scalars().fetchmany(2), *rows.scalars()]

    async def act() -> None:
        async with counting(database_url) as database:
            assert await database.write_whole(pass_over) == [1, 2, 3]
            assert await database.write_whole(count) == 2

    asyncio.run(act())


def test_who_is_cancelled_in_a_piece_hears_it_at_its_end(tmp_path: Path) -> None:
    async def act() -> None:
        async with counting(f"sqlite:///{tmp_path / 'c.sqlite3'}") as database:
            heard, loop, begun = list[str](), asyncio.get_running_loop(), asyncio.Event()
            database.listen(heard.append)

            async def begin(transaction: Transaction) -> None:
                loop.call_soon_threadsafe(begun.set)
                await count(transaction)

            task = asyncio.create_task(database.write_whole(begin))
            await begun.wait()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert (await number(database), heard) == (1, ["counted"])

    asyncio.run(act())


def test_nobody_writes_a_piece_into_a_database_that_is_closed(tmp_path: Path) -> None:
    async def act() -> None:
        async with counting(f"sqlite:///{tmp_path / 'c.sqlite3'}") as database:
            await database.write_whole(count)
        with pytest.raises(DatabaseError, match="not open"):
            await database.write_whole(count)

    asyncio.run(act())
