"""Databases with central's tables, made once and copied for every test."""

import asyncio
import atexit
import functools
import shutil
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.backup import watch as backups
from central.consent import repository as consents
from central.database import Database
from central.retention.service import Retention
from central.site_values import write_value_once
from config.site import Site

_SITE = Site.model_validate({"site": {"id": "test", "name": {"en": "Test"}}})


def make_tables(address: str) -> None:
    """Bring a database up to date, and do in it what every first start of central does."""

    async def migrate() -> None:
        database = Database(address)
        await database.open()
        try:
            await _begin(database)
        finally:
            await database.close()

    # In a thread of its own: while a browser is open, a loop runs in this one.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, migrate()).result()


async def _begin(database: Database) -> None:
    """Ship the texts of consents and run every timer, which finds nothing in empty tables."""
    # Tests' clocks stand still, and some of them were read a moment ago.
    now = datetime.now(UTC) - timedelta(seconds=5)
    async with database.write() as transaction:
        await consents.ship_texts(transaction, now=now)
        await write_value_once(transaction, backups.SINCE, now.isoformat())
    key = Ed25519PrivateKey.generate()
    await Retention(database, _SITE, audit_key=key, now=lambda: now).run_due()


@functools.cache
def migrated_file() -> Path:
    """Return a SQLite file to copy, which goes with this process."""
    folder = Path(tempfile.mkdtemp(prefix="menshen-migrated-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    path = folder / "central.sqlite3"
    make_tables(f"sqlite:///{path}")
    return path
