"""The site link of one terminal: its world and rules, told to the others and heard from them."""

import logging
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, cast

from config.contract.node_rotation import SignedRotation
from config.contract.trust import TrustError, verifying_key
from config.crypto.keys import SigningKey, VerifyingKey
from edge.access.doorkeeper import Doorkeeper
from edge.access.happenings import Heard, LinkChanged
from edge.access.rulebook import RuleBook
from edge.fire.notice import FireNotice
from edge.link.exchange import Exchange, Knowledge, Learnt
from edge.link.message import LinkFact, Lockdowns
from edge.link.site_link import Address, SiteLink

_log = logging.getLogger("edge.link")


class Fires(Protocol):
    """The part of the fire station that is needed here."""

    def notices(self) -> Sequence[FireNotice]:
        """Return what the other nodes are to be told."""
        ...

    def hear(self, notices: Sequence[FireNotice]) -> None:
        """Take what another node told."""
        ...

    def nodes_heard(self, nodes: frozenset[str]) -> None:
        """Take which other nodes are heard."""
        ...

    def when_fires_changed(self, call: Callable[[], None]) -> None:
        """Call this whenever ``notices`` are others; it must be quick."""
        ...


class Neighbours:
    """Belongs to the event loop's thread, as the doorkeeper does."""

    def __init__(
        self,
        *,
        site: str,
        node: str,
        key: SigningKey,
        listener: socket.socket,
        addresses: Mapping[str, Address],
        doorkeeper: Doorkeeper,
        rules: RuleBook,
        fires: Fires | None = None,
        on_beat: Callable[[Mapping[str, float | None]], None] = lambda _: None,
    ) -> None:
        """Put the link together.

        Args:
            site: Whose nodes these are.
            node: This one.
            key: That it signs with.
            listener: A bound UDP socket.
            addresses: Of all nodes.
            doorkeeper: Is told what others know, and whether codes are shared.
            rules: Say whose keys are good; hear of lockdowns.
            fires: Tells and hears of fires; None is a node that knows nothing of them.
            on_beat: See ``SiteLink``.
        """
        self._doorkeeper, self._rules, self._fires = doorkeeper, rules, fires
        self._keys: Mapping[str, str] = {}
        self._knowledge: Knowledge | None = None
        self._exchange = Exchange(
            site=site,
            node=node,
            key=key,
            nonce=lambda: secrets.token_hex(16),
            knowledge=self._known,
            fires=tuple if fires is None else fires.notices,
        )
        self._link = SiteLink(
            self._exchange,
            listener,
            addresses=addresses,
            on_learnt=self._learn,
            on_change=self._link_changed,
            on_heard=self._nodes_heard,
            on_beat=on_beat,
        )
        doorkeeper.when_shared(self._shared_changed)
        if fires is not None:
            fires.when_fires_changed(self._link.fires_changed)
        self.follow()

    async def run(self) -> None:
        """Speak and listen until cancelled."""
        await self._link.run()

    def sign_with(
        self, key: SigningKey, *, old_key: SigningKey | None, rotation: SignedRotation | None
    ) -> None:
        """See ``Exchange.sign_with``; the other nodes are told at once."""
        self._exchange.sign_with(key, old_key=old_key, rotation=rotation)
        self._link.changed()

    def follow(self) -> None:
        """Take over the nodes that central knows; call when that changed."""
        if self._rules.node_keys != self._keys:
            self._keys = dict(self._rules.node_keys)
            self._exchange.set_peers(_public_keys(self._keys))
        self._shared_changed()

    def _known(self) -> Knowledge:
        if self._knowledge is None:
            self._knowledge = Knowledge(
                cast(tuple[LinkFact, ...], tuple(self._doorkeeper.shared)),
                Lockdowns(
                    version=self._rules.lockdowns_version,
                    levels=tuple(sorted(self._rules.lockdowns)),
                ),
            )
        return self._knowledge

    def _learn(self, learnt: Learnt) -> None:
        if learnt.fires:
            if self._fires is not None:
                self._fires.hear(learnt.fires)
            return
        if learnt.lockdowns is not None:
            self._rules.hear(learnt.lockdowns.levels, version=learnt.lockdowns.version)
            self._doorkeeper.follow()
        if learnt.facts:
            self._doorkeeper.take(Heard(learnt.facts))
        self._shared_changed()

    def _nodes_heard(self, nodes: frozenset[str]) -> None:
        if self._fires is not None:
            self._fires.nodes_heard(nodes)

    def _link_changed(self, is_up: bool) -> None:
        self._doorkeeper.take(LinkChanged(is_up))

    def _shared_changed(self) -> None:
        self._knowledge = None
        self._link.changed()


def listen(address: Address) -> socket.socket | None:
    """Bind the link's socket; a port that cannot be had is said, and the terminal works alone."""
    try:
        family = socket.getaddrinfo(*address, type=socket.SOCK_DGRAM)[0][0]
        listener = socket.socket(family, socket.SOCK_DGRAM)
        listener.bind(address)
    except OSError as error:
        _log.error("no site link: cannot listen on %s:%d: %s", *address, error.strerror or error)
        return None
    return listener


def _public_keys(texts: Mapping[str, str]) -> dict[str, VerifyingKey]:
    keys = {}
    for node, text in texts.items():
        try:
            keys[node] = verifying_key(text)
        except TrustError:
            _log.error("central's key of node %s is no key: it is not heard", node)
    return keys
