"""Several central processes on one PostgreSQL: what one is told all tell, and any may go."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx

from config.contract.events import Event
from config.contract.trust import to_text
from config.demo.processes import Process
from tests.central.bench import Clock, Node
from tests.central.postgresql import Server, empty_database, installation, killable_server
from tests.system.running_site import until

STREAM_S = 300.0
SITE = '[site]\nid = "test"\nname = { en = "Test" }\n[[node]]\nid = "gate-1"\n'


@contextlib.contextmanager
def own_server() -> Iterator[Server]:
    """Run a PostgreSQL that a test may restart."""
    binaries = installation()
    assert binaries is not None
    with killable_server(binaries) as server:
        yield server


class Replicas:
    """Two central processes of one site. Attributes: node: a terminal that has joined."""

    def __init__(self, folder: Path, url: str) -> None:
        (folder / "site.toml").write_text(SITE, encoding="utf-8")
        self._folder, self._words = folder, ["--home", str(folder / "home"), "--database", url]
        self._running: list[Process] = []
        self._cookies = httpx.Cookies()
        self._events = dict[int, Event]()
        self.node: Node

    async def start(self) -> None:
        """Start both at once on an empty database, become administrator, let a terminal join."""
        (self._folder / "home").mkdir()
        (self._folder / "home" / "kek").write_text(to_text(secrets.token_bytes(32)))
        (self._folder / "home" / "kek").chmod(0o600)
        self._running += await asyncio.gather(*(self._process(f"central-{n}") for n in (0, 1)))
        # Whichever came first shows a link, and it is good.
        (link,) = filter(None, (each.ready["invitation_link"] for each in self._running))
        wish = {"username": "admin", "password": secrets.token_urlsafe(18)}
        with self.client(0) as client:
            wish["secret"] = link.partition("#")[2]
            assert client.post("/api/v1/invitations/accept", json=wish).status_code == 201
            self._cookies = client.cookies
            token = client.post("/api/v1/nodes/tokens", json={"node": "gate-1"}).json()["token"]
        with httpx.Client(base_url=self.url(0), timeout=60) as http:
            self.node = Node(http, "gate-1", Clock())
            assert self.node.enrol(token).status_code == 201

    async def _process(self, name: str) -> Process:
        words = ["--site", str(self._folder / "site.toml"), "--port", "0", "--json"]
        return await Process.start(name, "central", *words, *self._words, folder=self._folder)

    def url(self, number: int) -> str:
        """Return the address of one of them."""
        return str(self._running[number].ready["url"])

    def client(self, number: int) -> httpx.Client:
        """Return the administrator's browser at one of them."""
        url = self.url(number)
        return httpx.Client(base_url=url, headers={"Origin": url}, cookies=self._cookies)

    def tell(self, number: int, *sequences: int) -> int:
        """Tell events to one of them; returns the status of its answer."""
        for sequence in sequences:
            self._events.setdefault(sequence, self.node.event(sequence))
        batch = [self._events[n].model_dump(mode="json", by_alias=True) for n in sequences]
        with httpx.Client(base_url=self.url(number), timeout=60) as self.node.http:
            reply = self.node.request("POST", "/api/v1/events", json.dumps(batch).encode())
        return reply.status_code

    def kill(self, number: int) -> None:
        """End one of them without a word."""
        os.kill(self._running[number].pid, signal.SIGKILL)

    @contextlib.asynccontextmanager
    async def console(self, number: int, *, after: int | None = None) -> AsyncIterator[list[int]]:
        """Have a console open; the sequences that it is told of come into the list."""
        seen, url, ready = list[int](), self.url(number), asyncio.Event()

        async def read() -> None:
            asked = {} if after is None else {"Last-Event-ID": str(after)}
            async with (
                httpx.AsyncClient(base_url=url, cookies=self._cookies, timeout=STREAM_S) as http,
                http.stream("GET", "/api/v1/stream", headers=asked) as reply,
            ):
                async for line in reply.aiter_lines():
                    ready.set()
                    if line.startswith("data:"):
                        said = json.loads(line.removeprefix("data:"))
                        seen.extend([said["event"]["sequence"]] if "event" in said else [])

        reading = asyncio.create_task(read())
        try:
            async with asyncio.timeout(60):
                await ready.wait()
            yield seen
        finally:
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)

    async def stop(self) -> None:
        """End what still runs."""
        for each in self._running:
            await each.stop()


async def are(seen: list[int], wanted: list[int]) -> bool:
    """Return whether exactly these were told, in this order."""
    return seen == wanted


def test_one_is_killed_and_the_database_restarts_and_nobody_misses_anything(
    tmp_path: Path,
) -> None:
    async def play(server: Server) -> None:
        site = Replicas(tmp_path, empty_database(server.address))
        try:
            await site.start()
            async with site.console(0) as at_first, site.console(1) as at_second:
                assert site.tell(0, 1, 2) == 200
                await until(lambda: are(at_second, [1, 2]))
                await until(lambda: are(at_first, [1, 2]))
                site.kill(0)
                # What is not known to have arrived is told again, elsewhere.
                assert site.tell(1, 2, 3) == 200
                await until(lambda: are(at_second, [1, 2, 3]))
                async with site.console(1, after=2) as gone_over:
                    await until(lambda: are(gone_over, [3]))
                    await asyncio.to_thread(server.stop)
                    await asyncio.to_thread(server.start)
                    await until(lambda: taken(site, 4))
                    await until(lambda: are(gone_over, [3, 4]))
                    await until(lambda: are(at_second, [1, 2, 3, 4]))
        finally:
            await site.stop()

    with own_server() as server:
        asyncio.run(play(server))


async def taken(site: Replicas, sequence: int) -> bool:
    """Return whether central takes an event in."""
    return await asyncio.to_thread(site.tell, 1, sequence) == 200
