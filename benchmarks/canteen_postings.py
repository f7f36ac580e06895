"""Postings per second of the ledger, with everything on that guards it.

A posting is one transfer. Each diner is topped up and eats for as much, so every batch writes an
account in a place of its own and the merchant's again and again; a batch is one transaction, as
central takes in what a terminal tells. Used by ``benchmarks.canteen``.
"""

import asyncio
import multiprocessing
import random
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Barrier
from pathlib import Path
from statistics import median
from typing import Any, Final

from sqlalchemy import text

from central.database import Database
from central.ledger import accounts
from central.ledger.repository import Order, post
from central.ledger.verify import verified
from config.contract.identifiers import new_id
from config.contract.money import MoneyUnit
from tests.central.postgresql import empty_database, installation, running_server

BATCH_LENGTH: Final = 100
SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
SLICE_S: Final = 1.5
ROUNDS: Final = 7
BUSY: Final = 0
KEYS: Final = (BUSY, *SIZES)
"""Of the ledgers: the accounts that they have; ``BUSY`` is one that more happens in."""
WARMING_S: Final = 1.5
TOGETHER: Final = 16
"""Requests that come at once."""
_OPENED: Final = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count})
    INSERT INTO ledger_accounts
    SELECT 'person/' || i || '/cash', 'CNY', 0, 0, 0, 0, 0, '2026-11-30 00:00:00', 0 FROM n
"""


async def open_accounts(url: str, count: int) -> None:
    """Make an empty ledger with so many wallets in it."""
    database = Database(url)
    await database.open()
    async with database.write() as transaction:
        await transaction.execute(text(_OPENED.format(count=count)))
        # What the source and the merchant need is opened before anybody is timed.
        await post(transaction, lunch(1, 2), now=datetime.now(UTC))
    await database.close()


def lunch(wallets: int, length: int) -> list[Order]:
    """Return so many orders: people of the first so many wallets are topped up and eat."""
    now, orders = datetime.now(UTC), list[Order]()
    same: dict[str, Any] = {"amount_fen": 1_250, "unit": MoneyUnit.CNY, "happened_at": now}
    for _ in range(length // 2):
        wallet = f"person/{random.randint(1, wallets)}/cash"  # noqa: S311 - no secret
        charge_id = new_id()
        orders += [
            Order(
                transfer_id=new_id(),
                debit=accounts.source("counter"),
                credit=wallet,
                reason="top-up",
                **same,
            ),
            Order(
                transfer_id=accounts.part_id(charge_id, "cash"),
                debit=wallet,
                credit=accounts.merchant("canteen"),
                reason="charge",
                group=charge_id,
                detail={"till": "till-1"},
                **same,
            ),
        ]
    return orders


async def spend(database: Database, wallets: int, *, until_s: float, length: int) -> int:
    """Post batches until a monotonic time; returns how many transfers."""
    count = 0
    while time.monotonic() < until_s:
        orders = lunch(wallets, length)
        async with database.write() as transaction:
            await post(transaction, orders, now=datetime.now(UTC))
        count += len(orders)
    return count


async def _rate(url: str, wallets: int, length: int, tasks: int) -> float:
    database = Database(url)
    await database.open()
    try:
        # Compiled statements, connections and caches are there before anybody is timed.
        await spend(database, wallets, until_s=time.monotonic() + WARMING_S, length=length)
        if _ALL_READY is not None:
            await asyncio.to_thread(_ALL_READY.wait)
        begin_s = time.monotonic()
        until_s = begin_s + SLICE_S
        working = (spend(database, wallets, until_s=until_s, length=length) for _ in range(tasks))
        counts = await asyncio.gather(*working)
        return sum(counts) / (time.monotonic() - begin_s)
    finally:
        await database.close()


def rate(url: str, wallets: int, length: int = BATCH_LENGTH, tasks: int = 1) -> float:
    """Return postings per second of this process."""
    return asyncio.run(_rate(url, wallets, length, tasks))


_ALL_READY: Barrier | None = None
"""Of a process that is measured together with others."""


def _be_one_of(all_ready: Barrier) -> None:
    global _ALL_READY
    _ALL_READY = all_ready


def rates_of_replicas(
    url: str,
    wallets: int,
    *,
    replicas: int,
    rounds: int,
    length: int = BATCH_LENGTH,
    tasks: int = 1,
) -> list[float]:
    """Return postings per second of so many processes together on one database, round by round."""
    context = multiprocessing.get_context("spawn")
    ready = context.Barrier(replicas)
    with ProcessPoolExecutor(replicas, context, _be_one_of, (ready,)) as pool:
        return [
            sum(pool.map(rate, *([each] * replicas for each in (url, wallets, length, tasks))))
            for _ in range(rounds)
        ]


def curve(urls: dict[int, str]) -> dict[str, float]:
    """Return postings per second by the number of accounts: medians of slices taken in turn."""
    rates: dict[int, list[float]] = {size: [] for size in urls}
    for _ in range(ROUNDS):
        for size, url in urls.items():
            rates[size].append(rate(url, size))
    return {str(size): round(median(each)) for size, each in rates.items()}


@contextmanager
def ledgers(kind: str) -> Iterator[dict[int, str]]:
    """Have a ledger for each of ``KEYS`` while inside; a server that keeps what it commits."""
    with tempfile.TemporaryDirectory(prefix="menshen-canteen-") as name:
        if kind == "sqlite":
            yield _made({key: f"sqlite:///{Path(name) / f'{key}.sqlite3'}" for key in KEYS})
            return
        binaries = installation()
        if binaries is None:
            yield {}
            return
        with running_server(binaries, is_durable=True) as address:
            yield _made({key: empty_database(address) for key in KEYS})


def _made(urls: dict[int, str]) -> dict[int, str]:
    for key, url in urls.items():
        asyncio.run(open_accounts(url, key or SIZES[1]))
    return urls


def is_whole(url: str) -> bool:
    """Return whether every invariant holds of what was posted."""

    async def look() -> bool:
        database = Database(url)
        database.open_to_read()
        try:
            async with database.read() as transaction:
                return (await verified(transaction)).ok
        finally:
            await database.close()

    return asyncio.run(look())


def measure_postings() -> dict[str, Any]:
    """Measure all of it; some five minutes.

    Returns:
        ``postings_per_s`` and ``accounts_curve`` (of SQLite) as the issue names them;
        ``accounts_curve_postgresql``; ``single_per_s`` with one charge in a transaction;
        ``is_whole`` of each ledger at the end.
    """
    result: dict[str, Any] = {"postings_per_s": {}, "single_per_s": {}, "is_whole": {}}
    for kind, replicas in (("sqlite", 1), ("postgresql", 2)):
        with ledgers(kind) as urls:
            if not urls:
                continue
            # The curve has ledgers of its own, which differ by their accounts alone.
            url, size = urls[BUSY], SIZES[1]
            rates = rates_of_replicas(url, size, replicas=replicas, rounds=ROUNDS)
            result["postings_per_s"][kind] = round(median(rates))
            (single,) = rates_of_replicas(
                url, size, replicas=replicas, rounds=1, length=2, tasks=TOGETHER
            )
            result["single_per_s"][kind] = round(single)
            name = "accounts_curve" if kind == "sqlite" else "accounts_curve_postgresql"
            result[name] = curve({size: urls[size] for size in SIZES})
            result["is_whole"][kind] = all(is_whole(each) for each in urls.values())
    return result
