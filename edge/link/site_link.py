"""The site link on the wire: UDP between nodes, once a second and whenever something changed.

A datagram that cannot be believed costs one check of a signature, and no more than a number of such
checks a second is made: a flood delays the link and nothing else.
"""

import asyncio
import contextlib
import logging
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

from edge.link.exchange import HEARTBEAT_S, Exchange, Learnt
from edge.link.message import LinkError

_log = logging.getLogger("edge.link")

Address = tuple[str, int]
CHECKS_PER_S_MAX: Final = 500
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
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            exchange: Of this node.
            listener: A bound UDP socket; it belongs to the link from now on.
            addresses: Where the other nodes listen; one without an address is never heard.
            on_learnt: Takes what another node told; must be quick.
            on_change: Takes whether the link is up, whenever that changes.
            monotonic: The clock of sessions.
        """
        self._exchange, self._listener, self._addresses = exchange, listener, addresses
        self._on_learnt, self._on_change, self._monotonic = on_learnt, on_change, monotonic
        self._transport: asyncio.DatagramTransport | None = None
        self._is_up, self._silent = False, frozenset[str]()
        self._has_changed = asyncio.Event()
        self._checks = _Allowance(CHECKS_PER_S_MAX)
        self._complained_at_s: float | None = None

    def changed(self) -> None:
        """Say that this node knows something new, so that the others hear of it at once."""
        self._has_changed.set()

    async def run(self) -> None:
        """Speak and listen until cancelled."""
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Receiver(self._take), sock=self._listener
        )
        try:
            while True:
                self._tell_all()
                self._look_around()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(HEARTBEAT_S):
                        await self._has_changed.wait()
                self._has_changed.clear()
        finally:
            self._transport.close()

    def _tell_all(self) -> None:
        for peer in self._exchange.peers:
            if peer in self._addresses:
                self._send(peer, self._exchange.heartbeat(peer))

    def _send(self, peer: str, datagram: bytes) -> None:
        address = self._addresses.get(peer)
        if self._transport is not None and address is not None:
            self._transport.sendto(datagram, address)

    def _take(self, data: bytes) -> None:
        now_s = self._monotonic()
        if not self._checks.take(now_s):
            self._complain("more datagrams than can be checked: something floods this port")
            return
        try:
            learnt = self._exchange.receive(data, now_s=now_s)
        except LinkError as error:
            self._complain(str(error))
            return
        for peer, reply in learnt.replies:
            self._send(peer, reply)
        if learnt.facts or learnt.lockdowns is not None:
            self._on_learnt(learnt)
            self.changed()
        if learnt.sender is not None:
            self._look_around()

    def _look_around(self) -> None:
        now_s = self._monotonic()
        silent = frozenset(self._exchange.silent(now_s=now_s))
        for name in sorted(silent - self._silent):
            _log.warning("node %s is not heard over the site link", name)
        for name in sorted(self._silent - silent):
            _log.info("node %s is heard over the site link", name)
        self._silent = silent
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
    def __init__(self, take: Callable[[bytes], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._take(data)

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
