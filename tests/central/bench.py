"""Central under test: the real application behind a real server, with people and nodes to act."""

import asyncio
import contextlib
import dataclasses
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from fastapi import FastAPI
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from pydantic import TypeAdapter
from sqlalchemy import text

from central.app import create_app
from central.people.faces import PipelineFactory
from central.security import COOKIE, SESSION_LIFETIME, new_secret
from central.settings import Settings
from central.users.passwords import Passwords
from central.users.repository import add_user
from config.contract.access import CredentialKind, DenialReason, Direction
from config.contract.events import (
    BATCH_CONTENT_TYPE,
    AccessDenied,
    ClockQuality,
    Event,
    EventClass,
    EventData,
)
from config.contract.identifiers import new_id
from config.contract.nodes import BatchReceipt, NodeStatus
from config.contract.trust import NodeToken, public_text, sign_request
from config.crypto.international import INTERNATIONAL
from config.crypto.suite import Suite, SuiteName
from config.site import Site
from tests.central.migrated import migrated_file
from tests.serving import PLAIN, serving

SITE = Site.model_validate(
    {
        "site": {"id": "test", "name": {"en": "Test", "zh-CN": "测试"}},
        "node": [{"id": "gate-1"}, {"id": "gate-2"}],
        "bus": [{"id": "line-1", "node": "gate-1", "port": "/dev/null"}],
        "device": [
            {"id": "gate", "driver": "speed_gate", "bus": "line-1"},
            {"id": "dome", "driver": "pelco_d", "bus": "line-1"},
        ],
        "camera": [
            {
                "id": "camera-1",
                "node": "gate-1",
                "url": "rtsp://192.0.2.1/1",
                "covers": ["lane"],
                "ptz": "dome",
                "presets": {"lane": 3},
                "recorder": {"url": "http://192.0.2.9"},
            }
        ],
        "access_point": [{"id": "lane", "node": "gate-1", "device": "gate"}],
        "fire_zone": [{"id": "building"}],
        "policy": {
            "keep_stranger_crops": True,
            "crop_lifetime_h": 24,
            "doubtful_crop_lifetime_h": 12,
            "stranger_crop_lifetime_h": 2,
            # What a second factor changes is tested by itself, with a site that wants one.
            "second_factor_roles": [],
        },
    }
)
PASSWORD = "correct horse battery staple"
CHEAP_HASH = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)).hash(PASSWORD)
_BATCH = TypeAdapter(list[Event])


class Clock:
    """A clock that a test turns on."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **by: float) -> None:
        """Turn on by ``timedelta`` arguments."""
        self.now += timedelta(**by)


class Node:
    """A terminal that signs what it sends, with keys of a suite."""

    def __init__(
        self, http: httpx.Client, name: str, clock: Clock, suite: Suite = INTERNATIONAL
    ) -> None:
        self.http, self.name, self.clock = http, name, clock
        self.signing_key, self.sealing_key = suite.new_signing_key(), suite.new_sealing_key()
        self.epoch = uuid4()

    def enrol(self, token: str) -> httpx.Response:
        wish = {
            "node": self.name,
            "secret": NodeToken.from_line(token).secret,
            "signing_key": public_text(self.signing_key.public_key()),
            "sealing_key": public_text(self.sealing_key.public_key()),
        }
        return self.http.post("/api/v1/nodes/enrol", json=wish)

    def headers(self, method: str, target: str, body: bytes = b"") -> dict[str, str]:
        token = sign_request(
            self.signing_key, node=self.name, site="test", method=method, target=target, body=body,
            now=self.clock(),
        )  # fmt: skip
        return {"Authorization": f"Bearer {token}"}

    def request(self, method: str, target: str, body: bytes = b"") -> httpx.Response:
        headers = {**self.headers(method, target, body), "Content-Type": BATCH_CONTENT_TYPE}
        return self.http.request(method, target, content=body, headers=headers)

    def send(self, *events: Event) -> BatchReceipt:
        body = _BATCH.dump_json(list(events), by_alias=True)
        reply = self.request("POST", "/api/v1/events", body)
        assert reply.status_code == 200, reply.text
        return BatchReceipt.model_validate_json(reply.content)

    def report(self, **more: Any) -> None:  # noqa: ANN401 - fields of any type
        more = {"clockquality": ClockQuality.SYNCHRONISED, **more}
        status = NodeStatus(
            at=self.clock(), version="1", epoch=self.epoch, replica_version=0, last_sequences={},
            unsent_count=0, is_journal_writable=True, pipeline="builtin", **more,
        )  # fmt: skip
        body = status.model_dump_json(by_alias=True).encode()
        assert self.request("PUT", "/api/v1/nodes/current/status", body).status_code == 204

    def event(self, sequence: int, **more: Any) -> Event:  # noqa: ANN401 - fields of any type
        return make_event(sequence, node=self.name, epoch=self.epoch, **more)


def make_event(
    sequence: int,
    *,
    node: str = "gate-1",
    epoch: UUID | None = None,
    fact: EventData | None = None,
    **more: Any,  # noqa: ANN401 - fields of any type
) -> Event:
    """Return an event of a node."""
    fact = fact or AccessDenied(
        decision_id=uuid4(),
        access_point="lane",
        direction=Direction.IN,
        reason=DenialReason.UNKNOWN_CARD,
        credential=CredentialKind.CARD,
    )
    values: dict[str, Any] = {
        "id": new_id(),
        "source": f"/test/{node}/lane",
        "type": fact.type_name,
        "time": datetime(2026, 11, 23, 8, tzinfo=UTC),
        "subject": "lane",
        "epoch": epoch or uuid4(),
        "event_class": EventClass(fact.event_class),
        "sequence": sequence,
        "clockquality": ClockQuality.SYNCHRONISED,
        "data": fact.model_dump(mode="json"),
    }
    return Event.model_validate({**values, **more})


@dataclasses.dataclass(frozen=True, slots=True)
class Planted:
    """An operator of a test, whose password is ``PASSWORD``."""

    client: httpx.Client
    user_id: str
    username: str


class Bench:
    """One central, and whoever speaks with it."""

    def __init__(self, url: str, app: FastAPI, clock: Clock, stack: contextlib.ExitStack) -> None:
        self.url, self.app, self.clock, self._stack = url, app, clock, stack
        self._administrator: httpx.Client | None = None
        self._auditor: httpx.Client | None = None
        self._auditor_until = clock()

    @property
    def _headers(self) -> dict[str, str]:
        # Why tests look at passages and pictures; that it is asked for has tests of its own.
        return {"Origin": self.url, "Menshen-Purpose": "incident"}

    def client(self) -> httpx.Client:
        """Return a browser without a session."""
        client = httpx.Client(base_url=self.url, headers=self._headers, timeout=60, verify=PLAIN)
        return self._stack.enter_context(client)

    @property
    def administrator(self) -> httpx.Client:
        """The browser of the first administrator, who signs in again after a second start."""
        if self._administrator is None:
            secret = self._invited()
            if secret:
                self._administrator = self.accepted(secret, "admin")
            elif self.row("SELECT count(*) FROM users WHERE username = 'admin'") == (1,):
                self._administrator = self.signed_in()
            else:
                self._administrator = self.planted("administrator", username="admin").client
        return self._administrator

    def signed_in_again(self) -> httpx.Client:
        """Return the administrator's browser after the session may have run out."""
        wish = {"username": "admin", "password": PASSWORD}
        assert self.administrator.post("/api/v1/sessions", json=wish).status_code == 201
        return self.administrator

    @property
    def auditor(self) -> httpx.Client:
        """The browser of an auditor, whose coming left no entry for others to stumble over."""
        if self._auditor is None or self._auditor_until <= self.clock():
            self._auditor_until = self.clock() + SESSION_LIFETIME
            if self.row("SELECT count(*) FROM users") == (0,):
                assert self.administrator
            self._auditor = self.planted("auditor").client
        return self._auditor

    def planted(self, role: str, *, username: str = "") -> "Planted":
        """Return an operator who is there and signed in, quickly and without an entry."""
        client, secret, user_id = self.client(), new_secret(), str(new_id())
        services, username = self.app.state.services, username or f"{role}-{user_id[-6:]}"

        async def come() -> None:
            async with services.database.write() as transaction:
                await add_user(
                    transaction, user_id=user_id, username=username, role=role,
                    password_hash=CHEAP_HASH, now=self.clock(),
                )  # fmt: skip
                await services.users.open_session(
                    transaction, user_id, address="10.0.0.1", now=self.clock(), session=secret
                )

        asyncio.run_coroutine_threadsafe(come(), services.loop).result(60)
        client.cookies.set(COOKIE, secret)
        return Planted(client, user_id, username)

    def first_invitation(self) -> str:
        """Return the first administrator's secret."""
        secret = self._invited()
        assert secret
        return secret

    def _invited(self) -> str:
        services = self.app.state.services
        invitation = asyncio.run_coroutine_threadsafe(
            services.users.invite_first(now=self.clock()), services.loop
        ).result(60)
        return "" if invitation is None else str(invitation.link).partition("#")[2]

    def signed_in(self, username: str = "admin") -> httpx.Client:
        """Return the browser of an operator of an earlier start."""
        client, wish = self.client(), {"username": username, "password": PASSWORD}
        assert client.post("/api/v1/sessions", json=wish).status_code in (200, 201)
        return client

    def invite(self, role: str) -> str:
        """Return the secret of an invitation."""
        reply = self.administrator.post("/api/v1/users/invitations", json={"role": role})
        return str(reply.json()["link"]).partition("#")[2]

    def accepted(self, secret: str, username: str) -> httpx.Client:
        """Return the browser of somebody who accepted an invitation."""
        client = self.client()
        reply = accept(client, secret, username)
        assert reply.status_code == 201, reply.text
        return client

    def operator(self, role: str) -> httpx.Client:
        """Return the browser of a new operator."""
        return self.accepted(self.invite(role), f"{role}-{uuid4().hex[:6]}")

    def token(self, node: str = "gate-1") -> str:
        """Return a one-time token."""
        reply = self.administrator.post("/api/v1/nodes/tokens", json={"node": node})
        return str(reply.json()["token"])

    def node(self, name: str = "gate-1") -> Node:
        """Return a terminal that has joined."""
        node = Node(self.client(), name, self.clock)
        assert node.enrol(self.token(name)).status_code == 201
        return node

    def person(self, name: str = "王小明", **more: object) -> str:
        """Return the holder id of a new person."""
        reply = self.administrator.post("/api/v1/people", json={"name": name, **more})
        assert reply.status_code == 201, reply.text
        return str(reply.json()["holder_id"])

    def row(self, query: str) -> tuple[Any, ...]:
        """Return the only row that a question finds in the database."""
        services = self.app.state.services

        async def ask() -> tuple[Any, ...]:
            async with services.database.read() as transaction:
                return tuple((await transaction.execute(text(query))).one())

        return asyncio.run_coroutine_threadsafe(ask(), services.loop).result(60)


def accept(client: httpx.Client, secret: str, username: str) -> httpx.Response:
    """Accept an invitation."""
    wish = {"secret": secret, "username": username, "password": PASSWORD}
    return client.post("/api/v1/invitations/accept", json=wish)


def messages(reply: httpx.Response) -> Iterator[tuple[str, Any]]:
    """Yield name and data of each event of a stream."""
    name = ""
    for line in reply.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


@contextlib.contextmanager
def running_central(
    home: Path,
    *,
    database: str | None = None,
    pipeline_factory: PipelineFactory | None = None,
    site: Site = SITE,
    port: int = 0,
    url: str = "http://127.0.0.1:1",
    crypto: SuiteName | None = None,
) -> Iterator[Bench]:
    """Run central while inside. What costs time and has tests of its own is short.

    Its database has its tables already, and passwords are hashed in one pass over little memory.
    ``url`` is what it believes that others call it by, ``crypto`` the suite of a new site.
    """
    clock = Clock()
    settings = Settings(site=site, home=home, database=database, url=url, crypto=crypto)
    if database is None and not home.exists():
        home.mkdir(mode=0o700, parents=True)
        shutil.copy(migrated_file(), home / "central.sqlite3")
    passwords = Passwords(PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),)))
    app = create_app(settings, pipeline_factory=pipeline_factory, now=clock, passwords=passwords)
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(serving(app, port=port))
        yield Bench(url, app, clock, stack)
