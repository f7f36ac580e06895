"""Whoever is blocked at central pays at no till from then on: the stream says so, no poll."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from config.contract.money import CanteenPlan
from config.contract.trust import NodeToken
from edge.canteen.book import Book
from edge.canteen.keeping import Keeping
from edge.canteen.link import CanteenLink
from edge.canteen.store import Store
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Home
from edge.replica import Replica
from edge.replica_sync import ReplicaSync
from tests.central.bench import Bench
from tests.central.canteen.serving import PATH, dining, manager, top_up
from tests.edge.canteen.power import Disk, Power
from tests.edge.conftest import eventually

NEVER_S = 600.0


@contextlib.asynccontextmanager
async def till(bench: Bench, folder: Path) -> AsyncIterator[Book]:
    """Run what a terminal's till knows of people, as the terminal does; it asks only when told."""
    home = Home(folder / "gate-1")
    token = await asyncio.to_thread(bench.token, "gate-1")
    line = NodeToken.from_line(token).model_copy(update={"url": bench.url})
    identity = await home.enrol(line, site="test", node="gate-1")
    replica = Replica(
        home.replica,
        sealing_key=identity.sealing_key,
        card_key=identity.card_key,
        network=None,
        templates=None,
    )
    replica.load()
    client, clock = CentralClient(identity, NodeClock()), bench.clock
    store, book = Store(folder / "canteen.db"), Book(CanteenPlan(version=0), (), ())
    store.open()
    keeping = Keeping(store, book, Disk(Power()), now=clock)
    link = CanteenLink(client, keeping, on_change=lambda: None, now=clock, poll_s=NEVER_S)
    sync = ReplicaSync(client, replica, on_change=lambda: None, on_till=link.wake)
    tasks = [asyncio.create_task(each.run()) for each in (link, sync)]
    try:
        yield book
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await link.close()
        await client.close()
        replica.close()
        store.close()


def is_blocked(book: Book, holder_id: str) -> bool | None:
    """Return what the till knows of somebody; None is nothing yet."""
    account = book.accounts.get(holder_id)
    return None if account is None else account.is_blocked


def test_a_block_and_its_end_are_at_the_till_as_soon_as_central_knows(tmp_path: Path) -> None:
    async def run(bench: Bench, anna: str, boss: httpx.Client) -> None:
        path = f"{PATH}/blocks/{anna}"
        async with till(bench, tmp_path) as book:
            await eventually(lambda: is_blocked(book, anna) is False)
            await asyncio.to_thread(boss.put, path, json={"reason": "lost", "note": "钱包丢了"})
            await eventually(lambda: is_blocked(book, anna) is True)
            await asyncio.to_thread(boss.delete, path, params={"note": "找到了"})
            await eventually(lambda: is_blocked(book, anna) is False)

    with dining(tmp_path / "home") as bench:
        anna = bench.person("安娜")
        top_up(bench, anna, 5_000)
        asyncio.run(run(bench, anna, manager(bench)))
