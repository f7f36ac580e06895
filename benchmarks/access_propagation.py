"""How long a change at central takes until it is in force at every one of 200 terminals.

Central is a process of its own, as a site runs it. The terminals share this process: each has its
own key, live stream, replica file and rules, by the edge's own code. Used by ``benchmarks.access``.
"""

import asyncio
import contextlib
import dataclasses
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from rich.console import Console
from rich.progress import Progress

from benchmarks.access_import import become_administrator, checked, import_people, workbook
from central.app import create_app
from central.nodes.repository import put_keys
from central.settings import Settings
from config.contract.access import Direction
from config.contract.trust import public_text
from config.demo.processes import Process
from config.site import Site, load_site
from edge.access.question import Point
from edge.access.rulebook import RuleBook
from edge.central_client import CentralClient
from edge.clock import NodeClock
from edge.identity import Identity
from edge.replica import Replica
from edge.replica_sync import ReplicaSync

TERMINALS: Final = 200
PEOPLE: Final = 1_000
REPETITIONS: Final = 10
PATIENCE_S: Final = 60.0
LEVEL: Final = "closed"


Awaited: TypeAlias = Callable[["Terminal"], bool]


class Propagation(NamedTuple):
    """Seconds from the request to the change in force, of every terminal and change; by kind."""

    leaver: list[float]
    lockdown: list[float]
    rules: list[float]

    @property
    def all(self) -> list[float]:
        """Of every kind."""
        return [*self.leaver, *self.lockdown, *self.rules]


class Terminal:
    """A node with nothing but its people and rules."""

    def __init__(self, identity: Identity, folder: Path) -> None:
        self._client = CentralClient(identity, NodeClock())
        self.rules = RuleBook([Point("lane-1", Direction.IN, "gate")])
        self.replica = Replica(
            folder / f"{identity.node}.sqlite3",
            sealing_key=identity.sealing_key,
            card_key=identity.card_key,
            network=None,
            templates=None,
            rules=self.rules,
        )
        self._sync = ReplicaSync(self._client, self.replica, on_change=self._look)
        self._awaited: Awaited | None = None
        self._in_force = asyncio.Event()
        self._at_s = 0.0

    def expect(self, awaited: Awaited) -> None:
        """Note when something becomes true here."""
        self._in_force.clear()
        self._awaited = awaited
        self._look()

    async def in_force(self) -> float:
        """Return when it became so, in seconds of ``time.perf_counter``."""
        await self._in_force.wait()
        return self._at_s

    async def run(self) -> None:
        """Follow central for ever."""
        await asyncio.to_thread(self.replica.load)
        try:
            await self._sync.run()
        finally:
            self.replica.close()
            await self._client.close()

    def _look(self) -> None:
        if self._awaited is not None and self._awaited(self):
            self._at_s, self._awaited = time.perf_counter(), None
            self._in_force.set()


def measure_propagation() -> Propagation:
    """Return how long changes took."""
    with tempfile.TemporaryDirectory() as home:
        return asyncio.run(_measure(Path(home)))


async def _measure(home: Path) -> Propagation:
    names = [f"gate-{n}" for n in range(TERMINALS)]
    site = home / "site.toml"
    site.write_text(_site_file(names), encoding="utf-8")
    keys = await _join(load_site(site), home / "central", names)
    async with _central(site, home / "central") as (url, client), asyncio.TaskGroup() as tasks:
        await import_people(client, workbook(PEOPLE), PEOPLE)
        made_from = checked(await client.get("/access-model"))
        await _put_rules(client, made_from, closes_at_h=20)
        terminals = [Terminal(dataclasses.replace(identity, url=url), home) for identity in keys]
        following = [tasks.create_task(terminal.run()) for terminal in terminals]
        try:
            return await _changes(client, terminals)
        finally:
            for task in following:
                task.cancel()


async def _changes(client: httpx.AsyncClient, terminals: list[Terminal]) -> Propagation:
    people = checked(await client.get("/people", params={"limit": 100, "purpose": "personnel"}))[
        "items"
    ]
    result = Propagation([], [], [])
    await _everywhere(terminals, lambda terminal: len(terminal.replica) == PEOPLE)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        for number in progress.track(range(REPETITIONS), description="changes"):
            holder_id = people[number]["holder_id"]
            leaves = client.patch(f"/people/{holder_id}", json={"is_active": False})
            result.leaver.extend(await _change(terminals, leaves, _has_left(holder_id)))
            is_on = number % 2 == 0
            path = f"/lockdowns/{LEVEL}"
            sets = client.put(path, json={"reason": "benchmark"}) if is_on else client.delete(path)
            result.lockdown.extend(await _change(terminals, sets, _has_level(is_on=is_on)))
            kept = checked(await client.get("/access-model"))
            puts = _put_rules(client, kept, closes_at_h=10 + number)
            result.rules.extend(await _change(terminals, puts, _has_rules(kept["version"] + 1)))
    return result


def _has_left(holder_id: str) -> Awaited:
    def has_left(terminal: Terminal) -> bool:
        person = terminal.replica.person(holder_id)
        return person is not None and not person.is_active

    return has_left


def _has_level(*, is_on: bool) -> Awaited:
    return lambda terminal: (LEVEL in terminal.rules.lockdowns) == is_on


def _has_rules(version: int) -> Awaited:
    return lambda terminal: terminal.rules.version == version


async def _change(
    terminals: list[Terminal], request: Awaitable[httpx.Response], awaited: Awaited
) -> list[float]:
    """Make a change; returns the seconds that it took to each terminal."""
    for terminal in terminals:
        terminal.expect(awaited)
    began_s = time.perf_counter()
    (await request).raise_for_status()
    return [at_s - began_s for at_s in await _all(terminals)]


async def _everywhere(terminals: list[Terminal], awaited: Awaited) -> None:
    for terminal in terminals:
        terminal.expect(awaited)
    await _all(terminals)


async def _all(terminals: list[Terminal]) -> list[float]:
    async with asyncio.timeout(PATIENCE_S):
        return await asyncio.gather(*(terminal.in_force() for terminal in terminals))


async def _put_rules(
    client: httpx.AsyncClient, kept: dict[str, Any], *, closes_at_h: int
) -> httpx.Response:
    hours = {"days": ["mon", "tue", "wed", "thu", "fri"], "start": "06:00"}
    model = kept["model"] | {
        "schedules": [{"id": "work", "intervals": [hours | {"end": f"{closes_at_h}:00"}]}],
        "groups": [{"id": "entrance", "points": ["lane-1"]}],
        "lockdown_levels": [{"id": LEVEL, "priority": 1, "groups": ["entrance"]}],
    }
    wish = {"made_from": kept["version"], "model": model}
    return await client.put("/access-model", json=wish)


def _site_file(names: list[str]) -> str:
    lines = ["[site]", 'id = "benchmark"', 'name = { en = "Benchmark" }']
    for name in names:
        lines += ["[[node]]", f'id = "{name}"']
    lines += [
        "[[bus]]", 'id = "line-1"', f'node = "{names[0]}"', 'port = "/dev/null"',
        "[[device]]", 'id = "gate"', 'driver = "speed_gate"', 'bus = "line-1"',
        "[[access_point]]", 'id = "lane-1"', f'node = "{names[0]}"', 'device = "gate"',
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


async def _join(site: Site, home: Path, names: list[str]) -> list[Identity]:
    """Return the terminals' identities, which central will know when it starts.

    Joining itself is one request of an installer a terminal, at a rate that one address may not
    exceed: central's store is given the keys as that request gives them.
    """
    app = create_app(Settings(site=site, home=home, url="http://127.0.0.1:1"))
    identities = list[Identity]()
    async with app.router.lifespan_context(app):
        services = app.state.services
        for name in names:
            identity = Identity(
                site=site.site.id,
                node=name,
                url="",
                signing_key=Ed25519PrivateKey.generate(),
                sealing_key=X25519PrivateKey.generate(),
                central_key=public_text(services.central_key.public_key()),
                card_key=services.card_key,
                ca_certificate=None,
            )
            async with services.database.write() as transaction:
                await put_keys(
                    transaction,
                    name,
                    signing_key=public_text(identity.signing_key.public_key()),
                    sealing_key=public_text(identity.sealing_key.public_key()),
                    now=services.now(),
                )
            identities.append(identity)
    return identities


@contextlib.asynccontextmanager
async def _central(site: Path, home: Path) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """Run central in a process of its own; yields its address and an administrator's client."""
    arguments = ("--site", str(site), "--home", str(home), "--port", "0", "--json")
    process = await Process.start("central", "central", *arguments, folder=site.parent)
    try:
        url, link = process.ready["url"], process.ready["invitation_link"]
        async with httpx.AsyncClient(
            base_url=f"{url}/api/v1", headers={"Origin": url}, timeout=PATIENCE_S
        ) as client:
            await become_administrator(client, link)
            yield url, client
    finally:
        await process.stop()
