"""The site link of running nodes under fire: seeded, bounded, and a real fire now and then.

Datagrams that were heard are sent again mutated, replayed, truncated, out of order, and signed by
a stranger's key, from strangers' addresses and from the nodes' own. Nothing may open; a fire that
is real still releases every node within the limit, and what was closed stays closed.
"""

import asyncio
import dataclasses
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.commands import CloseFireRelease
from config.contract.fire_events import FireConfirmation, FireConfirmed
from config.contract.identifiers import new_id
from config.crypto.suite import SIGNATURE_SIZE_BYTES
from edge.fire.notice import FireNotice
from edge.link.message import CONTEXT, FORMAT, Message, encode
from tests.edge.conftest import NOW
from tests.edge.fire.terminal import FireTerminal, fire_site, linked
from tests.edge.link.switch import Switch

NODE_COUNT: Final = 3
RATE_PER_S: Final = 150
FIRE_EVERY_S: Final = 20.0
LIMIT_S: Final = 2.0
"""Of a real fire, in the test's one process that attacks itself; a site's own is one second."""
STEP_S_MAX: Final = 10 / RATE_PER_S
"""A step that took longer: the machine held the process up, and its nodes with it."""


@dataclasses.dataclass(slots=True)
class Storm:
    """What came of it. Attributes: problems: what opened, or did not; empty when all held."""

    seconds: float = 0.0
    sent: Counter[str] = dataclasses.field(default_factory=Counter)
    release_s: list[float] = dataclasses.field(default_factory=list)
    problems: list[str] = dataclasses.field(default_factory=list)

    def __str__(self) -> str:
        kinds = ", ".join(f"{count:,} {kind}" for kind, count in sorted(self.sent.items()))
        slowest = max(self.release_s, default=0.0)
        held = "held" if not self.problems else "; ".join(self.problems[:5])
        return (
            f"site link: {self.seconds:.0f} s, {kinds}; {len(self.release_s)} real fires,"
            f" the slowest released after {slowest * 1000:.0f} ms; {held}"
        )


def storm(
    seconds: float,
    *,
    seed: int = 1,
    fire_every_s: float = FIRE_EVERY_S,
    tell: Callable[[Storm], None] = lambda _: None,
) -> Storm:
    """Attack the link of running nodes for so long.

    Args:
        seconds: Bounded: it ends then, after a last real fire.
        seed: Of everything random.
        fire_every_s: Between real fires.
        tell: Called after each of them.
    """
    with tempfile.TemporaryDirectory(prefix="menshen-storm-") as folder:
        return asyncio.run(_storm(Path(folder), seconds, seed, fire_every_s, tell))


async def _storm(
    folder: Path, seconds: float, seed: int, fire_every_s: float, tell: Callable[[Storm], None]
) -> Storm:
    site, found = fire_site(NODE_COUNT), Storm()
    names = [node.id for node in site.node]
    terminals = [FireTerminal(folder / name, site, name) for name in names]
    switch = Switch(names, seed=seed)
    for terminal in terminals:
        switch.connect(terminal.node, terminal.address)
        terminal.address = switch.ports[terminal.node]
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(switch)
        await stack.enter_async_context(linked(*terminals))
        attacker = Attacker(switch, names, seed=seed)
        began_s = time.monotonic()
        while not found.problems and time.monotonic() - began_s < seconds:
            left_s = began_s + seconds - time.monotonic()
            await _attack(attacker, terminals, found, min(fire_every_s, left_s))
            if not found.problems:
                await _real_fire(attacker, terminals, found)
            found.seconds = time.monotonic() - began_s
            tell(found)
    return found


async def _attack(
    attacker: "Attacker", terminals: Sequence[FireTerminal], found: Storm, seconds: float
) -> None:
    """Attack while nothing burns: every gate stays as it is, and nobody tells of a fire."""
    known = sum(len(t.facts.of(FireConfirmed)) for t in terminals)
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s:
        found.sent[attacker.attack()] += 1
        await asyncio.sleep(1 / RATE_PER_S)
        if opened := [t.node for t in terminals if not t.is_normal]:
            found.problems.append(f"{', '.join(opened)} opened without a fire")
            return
    if sum(len(t.facts.of(FireConfirmed)) for t in terminals) != known:
        found.problems.append("a node told of a fire that nobody signalled")


async def _real_fire(attacker: "Attacker", terminals: Sequence[FireTerminal], found: Storm) -> None:
    """Let two detectors signal amid the attack; close everything afterwards."""
    began_s = last_s = time.monotonic()
    ran_s = 0.0
    terminals[0].smoke(1, 2)
    while left := [t.node for t in terminals if not t.is_released]:
        if ran_s > LIMIT_S:
            found.problems.append(f"{', '.join(left)} not released within {LIMIT_S:g} s")
            return
        found.sent[attacker.attack()] += 1
        await asyncio.sleep(1 / RATE_PER_S)
        now_s = time.monotonic()
        ran_s, last_s = ran_s + min(STEP_S_MAX, now_s - last_s), now_s
    found.release_s.append(time.monotonic() - began_s)
    terminals[0].smoke(1, 2, on=False)
    await _until(lambda: not any(_is_active(t) for t in terminals), found, "the fire never ended")
    for terminal in terminals:
        for point in terminal.whole.for_node(terminal.node).access_point:
            await terminal.do(CloseFireRelease(access_point=point.id))
    await _until(lambda: all(t.is_normal for t in terminals), found, "a gate did not close again")


def _is_active(terminal: FireTerminal) -> bool:
    return any(notice.is_active for notice in terminal.station.notices())


async def _until(condition: Callable[[], bool], found: Storm, otherwise: str) -> None:
    until_s = time.monotonic() + 60
    while not condition():
        if time.monotonic() > until_s:
            found.problems.append(otherwise)
            return
        await asyncio.sleep(0.02)


class Attacker:
    """Whoever is on the network, without a node's key."""

    def __init__(self, switch: Switch, names: Sequence[str], *, seed: int) -> None:
        self._switch, self._names = switch, names
        self._dice = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._key = Ed25519PrivateKey.generate()
        self._counter = 0
        self._ways = (
            self._mutated, self._replayed, self._truncated, self._reordered, self._foreign,
            self._swapped, self._noise,
        )  # fmt: skip

    def attack(self) -> str:
        """Send one datagram; returns of which kind."""
        way = self._dice.choice(self._ways)
        receiver, data = way()
        sender = self._dice.choice([None, *(n for n in self._names if n != receiver)])
        self._switch.forge(receiver, data, sender=sender)
        return way.__name__.removeprefix("_")

    def _heard(self) -> tuple[str, bytes]:
        return self._dice.choice(self._switch.seen)

    def _mutated(self) -> tuple[str, bytes]:
        receiver, data = self._heard()
        changed = bytearray(data)
        for _ in range(self._dice.randint(1, 8)):
            changed[self._dice.randrange(len(changed))] ^= 1 << self._dice.randrange(8)
        return receiver, bytes(changed)

    def _replayed(self) -> tuple[str, bytes]:
        return self._heard()

    def _truncated(self) -> tuple[str, bytes]:
        receiver, data = self._heard()
        return receiver, data[: self._dice.randrange(len(data))]

    def _reordered(self) -> tuple[str, bytes]:
        """Return something old, or what was meant for another node."""
        _, data = self._switch.seen[0]
        return self._dice.choice(self._names), data

    def _swapped(self) -> tuple[str, bytes]:
        """Return one message's signature over another's body."""
        (receiver, one), (_, other) = self._heard(), self._heard()
        start = len(FORMAT) + 1 + one[len(FORMAT)]
        body = other[len(FORMAT) + 1 + other[len(FORMAT)] + SIGNATURE_SIZE_BYTES :]
        return receiver, one[: start + SIGNATURE_SIZE_BYTES] + body

    def _noise(self) -> tuple[str, bytes]:
        data = self._dice.randbytes(self._dice.randrange(1, 1400))
        return self._dice.choice(self._names), self._dice.choice([b"", FORMAT, CONTEXT]) + data

    def _foreign(self) -> tuple[str, bytes]:
        """Return a perfect notice of a fire in a node's name, signed by a stranger's key."""
        sender, receiver = self._dice.sample(list(self._names), 2)
        self._counter += 1
        nonces = [f"{self._dice.getrandbits(128):032x}" for _ in range(3)]
        notice = FireNotice(
            fire_id=new_id(),
            zone="building",
            origin=sender,
            confirmed_by=FireConfirmation.PANEL,
            revision=self._dice.randint(1, 2**31 - 1),
            since=NOW,
        )
        message = Message(
            site="demo", sender=sender, receiver=receiver, boot=nonces[0], counter=self._counter,
            challenge=nonces[1], answer=nonces[2], fires=(notice,),
        )  # fmt: skip
        return receiver, encode(message, self._key)
