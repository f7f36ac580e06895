"""Nodes of a site on a network that loses, doubles, delays, damages and repeats what it carries."""

import random
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from config.contract.areas import AreaFact
from config.contract.node_rotation import sign_rotation
from edge.access.areas import Areas
from edge.link.exchange import Exchange, Knowledge, Learnt
from edge.link.message import FORMAT, LinkError, Lockdowns

SITE = "test"
BEGAN = datetime(2026, 11, 28, 8, tzinfo=UTC)


class Node:
    """What a node keeps, and its part of the link; ``start`` is another process of it."""

    def __init__(self, name: str, dice: random.Random) -> None:
        self.name, self._dice = name, dice
        self.key = Ed25519PrivateKey.generate()
        self.areas, self.lockdowns = Areas(), Lockdowns(version=0)
        self.sequence = 0
        self.believed: list[Learnt] = []
        self._knowledge = Knowledge()
        self.start()

    def start(self) -> None:
        self.exchange = Exchange(
            site=SITE,
            node=self.name,
            key=self.key,
            nonce=lambda: f"{self._dice.getrandbits(128):032x}",
            knowledge=lambda: self._knowledge,
        )
        self._changed()

    def knows(self, *nodes: "Node") -> None:
        self.exchange.set_peers({node.name: node.key.public_key() for node in nodes})

    def changes_key(self) -> None:
        """Go over to another key, of which central has told nobody yet."""
        old, self.key = self.key, Ed25519PrivateKey.generate()
        rotation = sign_rotation(
            site=SITE, node=self.name, old_key=old, signing_key=self.key,
            sealing_key=X25519PrivateKey.generate().public_key(),
        )  # fmt: skip
        self.exchange.sign_with(self.key, old_key=old, rotation=rotation)
        self.rotation = rotation

    def forgets_old_key(self) -> None:
        self.exchange.sign_with(self.key, old_key=None, rotation=self.rotation)

    def passes(self, holder_id: str, area: str | None, *, minute: float = 0) -> AreaFact:
        self.sequence += 1
        at = BEGAN + timedelta(minutes=minute, seconds=self.sequence)
        fact = AreaFact(
            holder_id=holder_id, area=area, at=at, node=self.name, sequence=self.sequence
        )
        self.areas.merge([fact])
        self._changed()
        return fact

    def is_told(self, lockdowns: Lockdowns) -> None:
        self.lockdowns = lockdowns
        self._changed()

    def receive(self, data: bytes, *, now_s: float) -> tuple[tuple[str, bytes], ...]:
        try:
            learnt = self.exchange.receive(data, now_s=now_s)
        except LinkError:
            return ()
        if learnt.sender is not None:
            self.believed.append(learnt)
        if learnt.facts:
            self.areas.merge(learnt.facts)  # type: ignore[arg-type]  # no codes in these tests
        if learnt.lockdowns is not None:
            self.lockdowns = learnt.lockdowns
        if learnt.facts or learnt.lockdowns is not None:
            self._changed()
        return learnt.replies

    def place_of(self, holder_id: str) -> str | None:
        fact = self.areas.whereabouts(holder_id)
        return None if fact is None else fact.area

    def _changed(self) -> None:
        self._knowledge = Knowledge(tuple(self.areas.facts()), self.lockdowns)


class Network:
    """Carries datagrams, badly if told so, in simulated seconds."""

    def __init__(self, nodes: list[Node], dice: random.Random, *, badness: float = 0.0) -> None:
        self.nodes = {node.name: node for node in nodes}
        self.now_s, self.badness, self._dice = 0.0, badness, dice
        self.cut: set[str] = set()
        self.recorded: list[tuple[str, bytes]] = []
        self.carried_count = 0
        for node in nodes:
            node.knows(*nodes)

    def run(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now_s += 1
            for node in self.nodes.values():
                announcement = node.exchange.announcement(is_usual=int(self.now_s) % 60 != 0)
                for peer in node.exchange.peers:
                    if announcement is not None:
                        self.carry(node.name, peer, announcement)
                    self.carry(node.name, peer, node.exchange.heartbeat(peer))

    def carry(self, sender: str, receiver: str, data: bytes) -> None:
        waiting = self._sent(sender, receiver, data)
        while waiting:
            index = self._dice.randrange(len(waiting)) if self._is_bad() else 0
            origin, target, datagram = waiting.pop(index)
            self.recorded.append((target, datagram))
            if self.cut & {origin, target} or self._is_bad():
                continue
            for copy in self._copies(target, datagram):
                self.carried_count += 1
                replies = self.nodes[target].receive(copy, now_s=self.now_s)
                for to, reply in replies:
                    waiting += self._sent(target, to, reply)

    def _sent(self, sender: str, receiver: str, data: bytes) -> list[tuple[str, str, bytes]]:
        copies = self.nodes[sender].exchange.copies(data) if data[:4] == FORMAT else [data]
        return [(sender, receiver, copy) for copy in copies]

    def _copies(self, target: str, datagram: bytes) -> list[bytes]:
        copies = [datagram]
        if self._is_bad():
            copies.append(datagram)
        if self._is_bad():
            copies.append(self._damaged(datagram))
        if self._is_bad():
            to, old = self._dice.choice(self.recorded)
            copies += [old] if to == target else []
        return copies

    def _damaged(self, datagram: bytes) -> bytes:
        damaged = bytearray(datagram)
        for _ in range(self._dice.randint(1, 4)):
            damaged[self._dice.randrange(len(damaged))] ^= 1 << self._dice.randrange(8)
        return bytes(damaged[: self._dice.choice([len(damaged), self._dice.randrange(1, 200)])])

    def _is_bad(self) -> bool:
        return self._dice.random() < self.badness


def site_of(count: int, *, seed: int = 1, badness: float = 0.0) -> tuple[Network, list[Node]]:
    """Return a network and its nodes."""
    chance = dice(seed)
    nodes = [Node(f"gate-{number}", chance) for number in range(1, count + 1)]
    return Network(nodes, chance, badness=badness), nodes


def dice(seed: int) -> random.Random:
    """Return chance that can be repeated."""
    return random.Random(seed)  # noqa: S311 - repeatable on purpose
