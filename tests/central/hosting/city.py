"""Two sites in one process, with the same nodes and the same names, and people who try to cross."""

import asyncio
import contextlib
import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import psycopg
from starlette.types import Receive, Scope, Send

from central.hosting.sites import Sites
from central.security import COOKIE
from central.services import Services
from config.contract.events import Event
from config.contract.trust import sign_request
from config.crypto.international import INTERNATIONAL
from config.crypto.suite import Suite, SuiteName
from tests.central.bench import Clock, Node, accept
from tests.central.postgresql import empty_database
from tests.serving import PLAIN, serving

SITE = """
[site]
id = "{site}"
name = {{ en = "{site}" }}
[[node]]
id = "gate-1"
[[bus]]
id = "line-1"
node = "gate-1"
port = "/dev/null"
[[device]]
id = "gate"
driver = "speed_gate"
bus = "line-1"
[[access_point]]
id = "lane"
node = "gate-1"
device = "gate"
[policy]
second_factor_roles = []
"""
T = TypeVar("T")


class Terminal(Node):
    """A terminal of one site. Attributes: signs_for: the site in what it signs."""

    def __init__(self, http: httpx.Client, signs_for: str, suite: Suite = INTERNATIONAL) -> None:
        super().__init__(http, "gate-1", Clock(), suite)
        self.signs_for = signs_for

    def headers(self, method: str, target: str, body: bytes = b"") -> dict[str, str]:
        token = sign_request(
            self.signing_key, node=self.name, site=self.signs_for, method=method, target=target,
            body=body, now=self.clock(),
        )  # fmt: skip
        return {"Authorization": f"Bearer {token}"}

    def event(self, sequence: int, **more: Any) -> Event:  # noqa: ANN401 - fields of any type
        event = super().event(sequence, **more)
        return event.model_copy(update={"source": f"/{self.signs_for}/{self.name}/lane"})


@dataclasses.dataclass
class Town:
    """One of the sites, as its people have it. Attributes: session: of its administrator."""

    site_id: str
    host: str
    session: str
    services: Services
    terminal: Terminal


class City:
    """A running city. Attributes: url: of the server, whoever is asked there."""

    def __init__(self, sites: Sites, url: str) -> None:
        self.sites, self.url = sites, url
        self.a, self.b = (self._settle(f"site-{letter}") for letter in "ab")

    def client(self, host: str, **headers: str) -> httpx.Client:
        """Return a client that calls a site, whatever it brings along."""
        headers = {"Host": host, "Origin": f"http://{host}", **headers}
        return httpx.Client(base_url=self.url, headers=headers, verify=PLAIN, timeout=60)

    def administrator(self, town: Town, *, at: Town | None = None) -> httpx.Client:
        """Return a browser with the session of a site; ``at`` another one it is a burglar's."""
        return self.client((at or town).host, Cookie=f"{COOKIE}={town.session}")

    def in_loop(self, work: Callable[[], Awaitable[T]], services: Services) -> T:
        """Do something in the loop of the server."""

        async def run() -> T:
            return await work()

        done: Future[T] = asyncio.run_coroutine_threadsafe(run(), services.loop)
        return done.result(60)

    def _settle(self, site_id: str) -> Town:
        (hosted,) = (each for each in self.sites.hosted if each.file.site_id == site_id)
        services = hosted.services
        assert services is not None, hosted.problem
        host = f"{hosted.file.host}:{urlsplit(self.url).port}"
        invitation = self.in_loop(lambda: services.users.invite_first(now=services.now()), services)
        assert invitation is not None
        with self.client(host) as client:
            reply = accept(client, invitation.link.partition("#")[2], "admin")
            assert reply.status_code == 201, reply.text
            session = reply.cookies[COOKIE]
        terminal = Terminal(self.client(host), site_id, services.suite)
        town = Town(site_id, host, session, services, terminal)
        with self.administrator(town) as client:
            token = client.post("/api/v1/nodes/tokens", json={"node": "gate-1"}).json()["token"]
        assert terminal.enrol(token).status_code == 201
        return town


@contextlib.contextmanager
def running_city(
    folder: Path, *, database: str | None = None, crypto: SuiteName | None = None
) -> Iterator[City]:
    """Run two sites while inside, of a suite."""
    files = folder / "sites"
    files.mkdir()
    for site in ("site-a", "site-b"):
        (files / f"{site}.toml").write_text(SITE.format(site=site))
    sites = Sites(
        files,
        home=folder / "home",
        database=database,
        name="localhost",
        crypto=crypto,
        url_of=lambda host: f"http://{host}",
    )
    with serving(_Started(sites)) as url:
        city = City(sites, url)
        try:
            yield city
        finally:
            for town in (city.a, city.b):
                town.terminal.http.close()


def login_of_a_city(address: str) -> str:
    """Make an empty database, and a role as the documents say; returns their address."""
    url = empty_database(address)
    name = url.partition("?")[0].rpartition("/")[2]
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {name} LOGIN CREATEROLE".encode())
        connection.execute(f"GRANT CREATE ON DATABASE {name} TO {name}".encode())
    return url.replace("menshen@", f"{name}@")


class _Started:
    """The front as a server starts it that knows of lifespans, as a test's does."""

    def __init__(self, sites: Sites) -> None:
        self._sites = sites

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            return await self._sites.front(scope, receive, send)
        await receive()
        await self._sites.start()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._sites.stop()
        await send({"type": "lifespan.shutdown.complete"})
        return None
