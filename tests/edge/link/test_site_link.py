"""Two nodes over real UDP on loopback."""

import asyncio
import random
import secrets
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.areas import AreaFact
from edge.access.areas import Areas
from edge.link.exchange import Exchange, Knowledge, Learnt
from edge.link.message import Lockdowns
from edge.link.session import SILENT_S_MAX
from edge.link.site_link import CHECKS_PER_S_MAX, Address, SiteLink

DEADLINE_S = 60.0


class Terminal:
    """A node with a socket. Attributes: ahead_s: of its clock before the other's."""

    def __init__(self, name: str) -> None:
        self.name, self.key = name, Ed25519PrivateKey.generate()
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address: Address = self.socket.getsockname()
        self.areas, self.lockdowns, self.is_up = Areas(), Lockdowns(version=0), False
        self.ahead_s = 0.0
        self.changes = asyncio.Event()
        self.ages_s: Mapping[str, float | None] = {}
        self.knowledge = Knowledge()
        self.exchange = Exchange(
            site="test",
            node=name,
            key=self.key,
            nonce=lambda: secrets.token_hex(16),
            knowledge=lambda: self.knowledge,
        )

    def link(self, *others: "Terminal") -> SiteLink:
        self.exchange.set_peers({other.name: other.key.public_key() for other in others})
        addresses = {other.name: other.address for other in others}
        self.site_link = SiteLink(
            self.exchange,
            self.socket,
            addresses=addresses,
            on_learnt=self._learn,
            on_change=self._link_changed,
            on_beat=self._beat,
            monotonic=self.now_s,
        )
        return self.site_link

    def now_s(self) -> float:
        return time.monotonic() + self.ahead_s

    def passes(self, holder_id: str) -> None:
        at = datetime.now(UTC)
        fact = AreaFact(holder_id=holder_id, area="office", at=at, node=self.name, sequence=1)
        self.areas.merge([fact])
        self.knowledge = Knowledge(tuple(self.areas.facts()), self.lockdowns)
        self.site_link.changed()

    def _learn(self, learnt: Learnt) -> None:
        self.areas.merge(fact for fact in learnt.facts if isinstance(fact, AreaFact))
        self.lockdowns = learnt.lockdowns or self.lockdowns
        self.knowledge = Knowledge(tuple(self.areas.facts()), self.lockdowns)
        self.changes.set()

    def _beat(self, ages_s: Mapping[str, float | None]) -> None:
        self.ages_s = ages_s
        self.changes.set()

    def _link_changed(self, is_up: bool) -> None:
        self.is_up = is_up
        self.changes.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not condition():
                await self.changes.wait()
                self.changes.clear()


def with_two(act: Callable[[Terminal, Terminal], Awaitable[None]]) -> None:
    """Run a test with two nodes that speak with each other."""

    async def run() -> None:
        one, two = Terminal("gate-1"), Terminal("gate-2")
        tasks = [asyncio.create_task(link.run()) for link in (one.link(two), two.link(one))]
        try:
            await one.until(lambda: one.is_up)
            await two.until(lambda: two.is_up)
            await act(one, two)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())


def test_what_one_node_sees_the_other_knows_at_once() -> None:
    async def act(one: Terminal, two: Terminal) -> None:
        one.passes("a")

        await two.until(lambda: two.areas.whereabouts("a") is not None)

        assert two.areas.count("office") == 1

    with_two(act)


def test_a_flood_of_garbage_takes_nothing_down(caplog: pytest.LogCaptureFixture) -> None:
    async def act(one: Terminal, two: Terminal) -> None:
        chance = random.Random(1)  # noqa: S311 - repeatable
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
            for _ in range(2 * CHECKS_PER_S_MAX):
                stranger.sendto(b"MSL1\x06gate-1" + chance.randbytes(300), two.address)
        one.passes("a")

        await two.until(lambda: two.areas.whereabouts("a") is not None)

        assert two.is_up

    with_two(act)
    dropped = [record for record in caplog.records if "dropped" in record.getMessage()]
    assert len(dropped) == 1


def test_the_link_is_down_once_the_other_node_is_gone() -> None:
    async def act(one: Terminal, two: Terminal) -> None:
        one.exchange.set_peers({"gate-2": Ed25519PrivateKey.generate().public_key()})

        await two.until(lambda: two.is_up)
        assert one.exchange.silent(now_s=one.now_s()) == []
        one.ahead_s = SILENT_S_MAX + 1
        await one.until(lambda: not one.is_up)

        assert one.exchange.silent(now_s=one.now_s()) == ["gate-2"]

    with_two(act)


def test_with_each_heartbeat_it_says_for_how_long_nobody_was_heard() -> None:
    async def act(one: Terminal, two: Terminal) -> None:
        await one.until(lambda: 0 <= (one.ages_s.get("gate-2") or -1) < 5)
        one.exchange.set_peers({"gate-3": Ed25519PrivateKey.generate().public_key()})

        await one.until(lambda: "gate-3" in one.ages_s)

        assert one.ages_s == {"gate-3": None}

    with_two(act)
