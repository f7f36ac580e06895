"""Databases with central's tables, made once and copied for every test."""

import asyncio
import atexit
import functools
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from central.database import Database


def make_tables(address: str) -> None:
    """Bring a database up to date."""

    async def migrate() -> None:
        database = Database(address)
        await database.open()
        await database.close()

    # In a thread of its own: while a browser is open, a loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, migrate()).result()


@functools.cache
def migrated_file() -> Path:
    """Return a SQLite file to copy, which goes with this process."""
    folder = Path(tempfile.mkdtemp(prefix="menshen-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "central.sqlite3"
    make_tables(f"sqlite:///{path}")
    return path
