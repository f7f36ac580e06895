"""The site link on the wire: UDP between nodes, once a second and whenever something changed.

A fire is told at once and then every tenth of a second for a while: no loss of single datagrams may
cost a second. A datagram that cannot be believed costs one check of a signature, and no more than a
number of such checks a second is made, for each address where a node listens and for all others
together: a flood from elsewhere delays nobody.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from edge.fire.notice import FireNotice
from edge.link.exchange import HEARTBEAT_S, Exchange, Learnt
from edge.link.message import LinkError

_log = logging.getLogger("edge.link")

Address = tuple[str, int]
CHECKS_PER_S_MAX: Final = 500
CHECKS_PER_S_MAX_OF_A_NODE: Final = 100
FIRE_EVERY_S: Final = 0.1
FIRE_BURST_S: Final = 2.0
"""So long after a change fires are told every tenth of a second; then with each heartbeat."""
KEY_EVERY: Final = 60
"""Heartbeats: so often a node tells its key to who may have been away while it was changed."""
COMPLAINT_PAUSE_S: Final = 60.0


class SiteLink:
    """Runs one node's exchange over UDP, in the loop of whoever calls ``run``."""

    def __init__(
        self,
        exchange: Exchange,
        listener: socket.socket,
        *,
        addresses: Mapping[str, Address],
        on_learnt: Callable[[Learnt], None],
        on_change: Callable[[bool], None],
        on_heard: Callable[[frozenset[str]], None] = lambda _: None,
        on_beat: Callable[[Mapping[str, float | None]], None] = lambda _: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            exchange: Of this node.
            listener: A bound UDP socket; it belongs to the link from now on.
            addresses: Where the other nodes listen; one without an address is never heard.
            on_learnt: Takes what another node told; must be quick.
            on_change: Takes whether the link is up, whenever that changes.
            on_heard: Takes which nodes are heard, whenever that changes.
            on_beat: Takes with each heartbeat for how long each node was not heard; None is not
                since it began.
            monotonic: The clock of sessions.
        """
        self._exchange, self._listener, self._addresses = exchange, listener, addresses
        self._on_learnt, self._on_change, self._monotonic = on_learnt, on_change, monotonic
        self._on_heard, self._heard, self._on_beat = on_heard, frozenset[str](), on_beat
        self._transport: asyncio.DatagramTransport | None = None
        self._is_up, self._silent = False, frozenset[str]()
        self._wake, self._has_news = asyncio.Event(), False
        self._burst_until_s = self._fires_due_s = 0.0
        self._owed = set[str]()
        self._beat_count = 0
        self._checks: dict[str, _Allowance] = {}
        self._complained_at_s: float | None = None

    def changed(self) -> None:
        """Say that this node knows something new, so that the others hear of it at once."""
        self._has_news = True
        self._wake.set()

    def fires_changed(self) -> None:
        """Say that a fire is another one: it is told at once, and again and again.

        What another node signals is answered at once to whoever told it, and told to the others a
        little later, who mostly have heard it from there too: a relay is for a path that is broken,
        and must not keep a node from its gates.
        """
        now_s = self._monotonic()
        self._burst_until_s = now_s + FIRE_BURST_S
        fires = self._exchange.standing_fires()
        own = [fire for fire in fires if fire.origin == self._exchange.node]
        for peer in self._exchange.peers:
            self._tell(peer, fires if peer in self._owed else self._not_shown(peer, own))
        self._owed.clear()
        if self._fires_due_s <= now_s:
            self._fires_due_s = now_s + FIRE_EVERY_S
        self._wake.set()

    async def run(self) -> None:
        """Speak and listen until cancelled."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(self._take), sock=self._listener
        )
        try:
            beat_at_s = self._monotonic()
            while True:
                self._wake.clear()
                now_s = self._monotonic()
                is_burst = now_s < self._burst_until_s
                is_beat = now_s >= beat_at_s or self._has_news
                if is_beat:
                    self._has_news = False
                    self._tell_all()
                    self._tell_fires(is_beat=True)
                    beat_at_s = now_s + HEARTBEAT_S
                elif is_burst and now_s >= self._fires_due_s:
                    self._tell_fires(is_beat=False)
                self._look_around()
                if is_beat:
                    self._on_beat(self._exchange.ages_s(now_s=now_s))
                due_s = min(beat_at_s, self._fires_due_s) if is_burst else beat_at_s
                wait_s = due_s - self._monotonic()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(max(0.0, wait_s)):
                        await self._wake.wait()
        finally:
            self._transport.close()

    def _tell_all(self) -> None:
        self._beat_count += 1
        announcement = self._exchange.announcement(is_usual=self._beat_count % KEY_EVERY != 0)
        for peer in self._exchange.peers:
            if peer in self._addresses:
                if announcement is not None:
                    self._send_one(peer, announcement)
                self._send(peer, self._exchange.heartbeat(peer))

    def _tell_fires(self, *, is_beat: bool) -> None:
        """Tell of fires: with a heartbeat all nodes, in between those that have not shown them.

        Many nodes that all repeat everything to all would keep each other from their gates.
        """
        self._fires_due_s = self._monotonic() + FIRE_EVERY_S
        self._owed.clear()
        fires = self._exchange.standing_fires()
        for peer in self._exchange.peers if fires else ():
            self._tell(peer, fires if is_beat else self._not_shown(peer, fires))

    def _not_shown(self, peer: str, fires: Sequence[FireNotice]) -> Sequence[FireNotice]:
        return self._exchange.not_shown_by(peer, fires)

    def _tell(self, peer: str, fires: Sequence[FireNotice]) -> None:
        for datagram in self._exchange.fire_messages(peer, fires) if fires else ():
            self._send(peer, datagram)

    def _send(self, peer: str, datagram: bytes) -> None:
        for copy in self._exchange.copies(datagram):
            self._send_one(peer, copy)

    def _send_one(self, peer: str, datagram: bytes) -> None:
        address = self._addresses.get(peer)
        if self._transport is not None and address is not None:
            self._transport.sendto(datagram, address)

    def _take(self, data: bytes, sender: object) -> None:
        now_s = self._monotonic()
        if not self._allowance(sender).take(now_s):
            self._complain("more datagrams than can be checked: something floods this port")
            return
        try:
            learnt = self._exchange.receive(data, now_s=now_s)
        except LinkError as error:
            if not self._exchange.is_told_twice(data):
                self._complain(str(error))
            return
        for peer, reply in learnt.replies:
            self._send(peer, reply)
        if learnt.fires and learnt.sender is not None:
            self._owed.add(learnt.sender)
        if learnt.facts or learnt.fires or learnt.lockdowns is not None:
            self._on_learnt(learnt)
        if learnt.facts or learnt.lockdowns is not None:
            self.changed()
        if learnt.sender is not None:
            self._look_around()

    def _allowance(self, sender: object) -> "_Allowance":
        """Return how much whoever sent from an address may cost."""
        known = next((n for n, address in self._addresses.items() if address == sender), "")
        if known not in self._checks:
            count = CHECKS_PER_S_MAX_OF_A_NODE if known else CHECKS_PER_S_MAX
            self._checks[known] = _Allowance(count)
        return self._checks[known]

    def _look_around(self) -> None:
        now_s = self._monotonic()
        silent = frozenset(self._exchange.silent(now_s=now_s))
        for name in sorted(silent - self._silent):
            _log.warning("node %s is not heard over the site link", name)
        for name in sorted(self._silent - silent):
            _log.info("node %s is heard over the site link", name)
        self._silent = silent
        heard = frozenset(self._exchange.peers) - silent
        if heard != self._heard:
            self._heard = heard
            self._on_heard(heard)
        is_up = self._exchange.is_up(now_s=now_s)
        if is_up != self._is_up:
            self._is_up = is_up
            self._on_change(is_up)

    def _complain(self, why: str) -> None:
        now_s = self._monotonic()
        if self._complained_at_s is None or now_s - self._complained_at_s > COMPLAINT_PAUSE_S:
            self._complained_at_s = now_s
            _log.warning("site link: dropped %s", why)


class _Receiver(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, object], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._take(data, addr)

    def error_received(self, exc: Exception) -> None:
        _log.debug("site link: %s", exc)  # nobody listens there at the moment


class _Allowance:
    """So many a second, counted by whole seconds."""

    def __init__(self, count: int) -> None:
        self._count, self._second, self._left = count, -1, 0

    def take(self, now_s: float) -> bool:
        if int(now_s) != self._second:
            self._second, self._left = int(now_s), self._count
        self._left -= 1
        return self._left >= 0
