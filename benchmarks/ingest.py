"""How many events central takes in, durably, with the load on the same two processors.

``python -m benchmarks.ingest [--seconds N] --json FILE``. A real ``menshen central`` takes in
batches of nodes that have joined it and sign what they send, on SQLite and on PostgreSQL, both with
``fsync``; then single events, as a city's nodes send them. Afterwards every event that was
acknowledged must be there exactly once. At last what 10^5 and 10^7 stored events cost
(``ingest_growth``), which takes half an hour and some GB; ``--no-growth`` leaves that out.
"""

import argparse
import asyncio
import contextlib
import json
import os
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import quantiles
from typing import Any, Final
from uuid import uuid4

from sqlalchemy import func, insert, select

from benchmarks.ingest_growth import FEW, FULL, growth, ratios
from benchmarks.ingest_load import PEOPLE, SITE_ID, Teller, Told
from benchmarks.measure import write_json
from central.canteen.repository import keep_places
from central.database import Database
from central.ledger import accounts
from central.ledger.repository import Order, post
from central.site_values import REPLICA_VERSION, write_value_once
from central.tables import events, people
from config.contract.money import MoneyUnit, Wallet
from config.demo.control import CentralControl
from config.demo.processes import Processes
from config.demo.report import describe_machine
from config.site import load_site
from tests.central.postgresql import empty_database, installation, running_server

BATCH: Final = 1_000
CLIENTS: Final = 32
SINGLE_CLIENTS: Final = 64
SECONDS: Final = 20.0
WARMING_S: Final = 3.0
MONEY_FEN: Final = 100_000_000
KINDS: Final = ("sqlite", "postgresql")


def write_site(folder: Path) -> Path:
    """Write a site file with a node and a till for each client."""
    text = f'[site]\nid = "{SITE_ID}"\nname = {{ en = "Benchmark", "zh-CN" = "测试" }}\n'
    text += '[[merchant]]\nid = "canteen"\n'
    for n in range(max(CLIENTS, SINGLE_CLIENTS)):
        text += f'[[node]]\nid = "node-{n}"\nkiosk_port = 0\n'
        text += f'[[till]]\nid = "till-{n}"\nnode = "node-{n}"\nmerchant = "canteen"\n'
    path = folder / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


async def let_people_be(url: str, site: Path) -> None:
    """Let the diners of the story be there, with money enough."""
    database, now = Database(url), datetime.now(UTC)
    await database.open()
    try:
        async with database.write() as transaction:
            await write_value_once(transaction, REPLICA_VERSION, "0")
            loaded = load_site(site)
            await keep_places(transaction, loaded.merchant, loaded.till)
            rows = [
                {"holder_id": holder_id, "version": version, "is_removed": False,
                 "is_active": True, "name": f"Person {version}", "created_at": now}
                for version, holder_id in enumerate(PEOPLE, start=1)
            ]  # fmt: skip
            await transaction.execute_many(insert(people), rows)
            orders = [
                Order(
                    transfer_id=uuid4(),
                    debit=accounts.source("counter"),
                    credit=accounts.wallet(holder_id, Wallet.CASH),
                    amount_fen=MONEY_FEN,
                    unit=MoneyUnit.CNY,
                    reason="top-up",
                    happened_at=now,
                )
                for holder_id in PEOPLE
            ]
            await post(transaction, orders, now=now)
    finally:
        await database.close()


@contextlib.contextmanager
def database_of(kind: str, folder: Path) -> Iterator[str]:
    """Have an empty database while inside; what it commits is on the disk."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'central' / 'central.sqlite3'}"
        return
    binaries = installation()
    if binaries is None:
        raise SystemExit("there is no PostgreSQL on this machine: install it, or --only sqlite")
    with running_server(binaries, is_durable=True) as address:
        yield empty_database(address)


@contextlib.asynccontextmanager
async def told_central(url: str, folder: Path) -> AsyncIterator[tuple[list[Teller], int]]:
    """Run central with everybody joined; yields the nodes, and central's process."""
    site = write_site(folder)
    await let_people_be(url, site)
    async with Processes(folder) as processes:
        central = await processes.start(
            "central", "central", "--site", str(site), "--home", str(folder / "central"),
            "--database", url, "--port", "0", "--json",
        )  # fmt: skip
        control = CentralControl(central.ready["url"])
        try:
            await control.accept_invitation(
                central.ready["invitation_link"], username="bench",
                password=secrets.token_urlsafe(18),
            )  # fmt: skip
            tellers = [
                Teller(control.url, number) for number in range(max(CLIENTS, SINGLE_CLIENTS))
            ]
            for each in tellers:
                await each.join(await control.node_token(each.node))
            yield tellers, central.pid
        finally:
            await control.close()


def cpu_s(pid: int) -> float:
    """Return what a process has worked until now."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def load(tellers: list[Teller], *, length: int, seconds: float, pid: int) -> dict[str, Any]:
    """Let nodes tell for so long; returns the rate and what it took."""
    for each in tellers:
        each.told = Told()
    before_s, began_s = cpu_s(pid), time.monotonic()
    telling = (each.tell(length=length, until_s=began_s + seconds) for each in tellers)
    await asyncio.gather(*telling)
    took_s = time.monotonic() - began_s
    stored = sum(each.told.stored for each in tellers)
    times_ms = [each_s * 1000 for teller in tellers for each_s in teller.told.took_s]
    return {
        "events_per_s": round(stored / took_s),
        "batches_per_s": round(sum(each.told.batches for each in tellers) / took_s, 1),
        "batch_p95_ms": round(quantiles(times_ms, n=20)[-1], 1),
        "refused": sum(each.told.refused for each in tellers),
        "central_cpu_us_per_event": round((cpu_s(pid) - before_s) / stored * 1e6, 1),
    }


async def is_all_held(url: str, tellers: list[Teller]) -> bool:
    """Return whether central holds all that was told, each event once, and nothing else."""
    database = Database(url)
    database.open_to_read()
    columns = events.c
    query = select(
        columns.node, columns.event_class, func.count(columns.sequence.distinct()).label("held"),
        func.count().label("rows"), func.max(columns.sequence).label("last"),
    ).where(columns.epoch.in_([str(each.story.epoch) for each in tellers]))  # fmt: skip
    query = query.group_by(columns.node, columns.event_class)
    try:
        async with database.read() as transaction:
            found = {
                (row.node, row.event_class): (row.held, row.rows, row.last)
                for row in await transaction.execute(query)
            }
            total = (await transaction.execute(select(func.count()).select_from(events))).scalar()
            last = (await transaction.execute(select(func.max(columns.position)))).scalar()
    finally:
        await database.close()
    told = {
        (each.node, event_class): (count, count, count)
        for each in tellers
        for event_class, count in each.story.told.items()
    }
    return found == told and total == last == sum(count for count, _, _ in told.values())


async def measured(kind: str, seconds: float) -> dict[str, Any]:
    """Measure one database: batches, then single events."""
    with (
        tempfile.TemporaryDirectory(prefix="menshen-ingest-") as name,
        database_of(kind, Path(name)) as url,
    ):
        async with told_central(url, Path(name)) as (tellers, pid):
            await load(tellers[:CLIENTS], length=BATCH, seconds=WARMING_S, pid=pid)
            batches = await load(tellers[:CLIENTS], length=BATCH, seconds=seconds, pid=pid)
            singles = await load(
                tellers[:SINGLE_CLIENTS], length=1, seconds=max(5.0, seconds / 2), pid=pid
            )
        return {
            **batches,
            "singles": singles,
            "is_exactly_once": await is_all_held(url, tellers),
        }


def main() -> None:
    """Measure all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=SECONDS, help="of each database")
    parser.add_argument("--only", choices=KINDS)
    parser.add_argument("--growth", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--keep", type=Path, help="where filled databases stay for the next time")
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    kinds = (arguments.only,) if arguments.only else KINDS
    rates, grown = dict[str, dict[str, Any]](), dict[str, dict[str, Any]]()
    for kind in kinds:
        rates[kind] = asyncio.run(measured(kind, arguments.seconds))
        write_json(arguments.json, document(rates, grown))
    for kind in kinds if arguments.growth else ():
        grown[kind] = growth(kind, (FEW, FULL), keep=arguments.keep and arguments.keep.resolve())
        write_json(arguments.json, document(rates, grown))
    print(json.dumps(document(rates, grown), indent=1))


def document(
    rates: Mapping[str, Mapping[str, Any]], grown: Mapping[str, Mapping[str, Mapping[str, float]]]
) -> dict[str, Any]:
    """Return what other programs read; see ``benchmarks/README.md``.

    Args:
        rates: What ``measured`` returned, by the kind of database.
        grown: What ``growth`` returned, by the kind of database.
    """
    result: dict[str, Any] = {"machine": describe_machine(), "batch": BATCH, "clients": CLIENTS}
    for kind, found in rates.items():
        result[f"{kind}_events_per_s"] = found["events_per_s"]
        result[kind] = found
    for kind, sizes in grown.items():
        name = "growth" if kind == "sqlite" else f"growth_{kind}"
        result[name] = sizes
        result[f"{name}_ratio"] = ratios(*sizes.values())
    return result


if __name__ == "__main__":
    main()
