"""What must turn at central for it to be alive: the watchdog hears it from here.

The event loop, a write that the database commits, and the live feed. A database that says that it
cannot be reached is no stuck loop: a new process would not reach it either.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from central.database import Database, DatabaseError
from central.feed import Feed
from config.watchdog import LATE_S, Watchdog, beat_for_ever

WRITE_INTERVAL_S: Final = 5.0
WRITE_LATE_S: Final = 60.0
"""A writer waits for others, and those for a slow disk."""


@contextlib.asynccontextmanager
async def watched(watchdog: Watchdog, database: Database, feed: Feed) -> AsyncIterator[None]:
    """Let the watchdog watch central's loops while inside."""
    watchdog.watch("feed", lambda: feed.turned_at_s, late_s=LATE_S)
    loop_turned = watchdog.beat("event loop")
    written = watchdog.beat("database write", late_s=WRITE_LATE_S)
    tasks = [
        asyncio.create_task(beat_for_ever(loop_turned), name="pulse"),
        asyncio.create_task(_write_for_ever(database, written), name="pulse of the database"),
    ]
    watchdog.start()
    try:
        yield
    finally:
        watchdog.forget()
        watchdog.stop()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextlib.asynccontextmanager
async def loop_watched(watchdog: Watchdog) -> AsyncIterator[None]:
    """Let the watchdog watch the event loop alone while inside.

    Of many sites none may end the others: what is stuck in one of them is that one's.
    """
    task = asyncio.create_task(beat_for_ever(watchdog.beat("event loop")), name="pulse")
    watchdog.start()
    try:
        yield
    finally:
        watchdog.forget()
        watchdog.stop()
        task.cancel()


async def _write_for_ever(database: Database, written: Callable[[], None]) -> None:
    while True:
        # Who says that it cannot is not stuck.
        with contextlib.suppress(SQLAlchemyError, DatabaseError, OSError):
            async with database.write():
                pass
        written()
        await asyncio.sleep(WRITE_INTERVAL_S)
