"""One node's part of the site link, without a socket: what to send to whom, what to believe.

Level-triggered: every message says what its sender has, and whoever has more sends it. A lost
message changes nothing, for the next one asks for the same. Facts of a node that is gone come from
the others.
"""

import bisect
import dataclasses
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final
from uuid import UUID

from config.contract.node_rotation import SignedRotation
from config.contract.trust import verifying_key
from config.crypto.keys import SigningKey, VerifyingKey
from edge.fire.notice import FireNotice
from edge.link.message import (
    DATAGRAM_SIZE_BYTES,
    FACT_COUNT_MAX,
    HAVE_COUNT_MAX,
    NOTICE_COUNT_MAX,
    LinkError,
    LinkFact,
    Lockdowns,
    Message,
    Part,
    decode,
    encode,
    signed_again,
)
from edge.link.rotation import decode_rotation, encode_rotation, is_rotation
from edge.link.session import Session

HEARTBEAT_S: Final = 1.0
PARTS_AT_ONCE: Final = 16
"""Datagrams that answer one message."""
ENVELOPE_SIZE_BYTES: Final = 500
"""Of a message with facts: signature, names, nonces, counters."""


@dataclasses.dataclass(frozen=True, eq=False)
class Knowledge:
    """What this node knows at a moment; another object whenever that is something else.

    Attributes:
        facts: Whose they are does not matter.
        lockdowns: None where central was never heard.
    """

    facts: Sequence[LinkFact] = ()
    lockdowns: Lockdowns | None = None

    @functools.cached_property
    def by_node(self) -> Mapping[str, Sequence[LinkFact]]:
        """Return each node's facts in the order of their sequences, each once."""
        found = dict[str, dict[int, LinkFact]]()
        for fact in self.facts:
            found.setdefault(fact.node, {})[fact.sequence] = fact
        return {node: [facts[key] for key in sorted(facts)] for node, facts in found.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class Learnt:
    """What a believed message taught, and what to send because of it.

    Attributes:
        sender: None where the message was not believed.
        facts: That were not known before.
        lockdowns: Newer ones than were known.
        fires: As the sender knows them, known here or not.
        replies: Datagrams for whoever the message says has sent it.
    """

    sender: str | None = None
    fires: tuple[FireNotice, ...] = ()
    facts: tuple[LinkFact, ...] = ()
    lockdowns: Lockdowns | None = None
    replies: tuple[tuple[str, bytes], ...] = ()


class Exchange:
    """All sessions of one node. Belongs to one thread.

    Attributes:
        node: This one.
    """

    def __init__(
        self,
        *,
        site: str,
        node: str,
        key: SigningKey,
        nonce: Callable[[], str],
        knowledge: Callable[[], Knowledge],
        fires: Callable[[], Sequence[FireNotice]] = tuple,
    ) -> None:
        """Begin without peers.

        Args:
            site: Whose nodes these are.
            node: This one.
            key: Of this node.
            nonce: 128 random bits as hex, others each time.
            knowledge: What this node knows at the moment.
            fires: That stand at the moment, as old as they are now.
        """
        self._fires = fires
        self.node = node
        self._site, self._key = site, key
        self._old_key: SigningKey | None = None
        self._rotation: SignedRotation | None = None
        self._nonce, self._knowledge, self._boot = nonce, knowledge, nonce()
        self._keys: dict[str, VerifyingKey] = {}
        self._before: dict[str, VerifyingKey] = {}
        self._sessions: dict[str, Session] = {}
        self._have: dict[str, int] = {}
        self._shown: dict[str, dict[UUID, int]] = {}
        self._turn = 0

    def sign_with(
        self, key: SigningKey, *, old_key: SigningKey | None, rotation: SignedRotation | None
    ) -> None:
        """Go over to another key of this node.

        Args:
            key: That signs from now on.
            old_key: Signs beside it, for nodes that have not heard of it; None where it is over.
            rotation: To ``key``, for nodes that do not hear it from central.
        """
        self._key, self._old_key, self._rotation = key, old_key, rotation

    def copies(self, datagram: bytes) -> list[bytes]:
        """Return what is to be sent for a message: one for each key that a node may know."""
        if self._old_key is None:
            return [datagram]
        return [datagram, signed_again(datagram, self._old_key)]

    def announcement(self, *, is_usual: bool) -> bytes | None:
        """Return what tells other nodes this node's key, before a heartbeat.

        Args:
            is_usual: It is told to whoever was away for long, and not for a change that is new.
        """
        if self._rotation is None or (is_usual and self._old_key is None):
            return None
        return encode_rotation(self.node, self._rotation)

    @property
    def peers(self) -> Sequence[str]:
        """The other nodes."""
        return tuple(self._keys)

    def set_peers(self, keys: Mapping[str, VerifyingKey]) -> None:
        """Take over the other nodes' keys; one left out ends.

        One with another key goes on, for it may be the same process, which has changed its key;
        another process has to answer a new challenge in any case.
        """
        others = {name: key for name, key in keys.items() if name != self.node}
        self._sessions = {
            name: self._sessions.get(name) or Session(nonce=self._nonce) for name in others
        }
        self._before = {name: key for name, key in self._before.items() if name in others}
        self._keys = others

    def is_up(self, *, now_s: float) -> bool:
        """Return whether every other node was heard a moment ago; without others there is no link.

        A node that is silent may be letting somebody in on a code at this moment.
        """
        return bool(self._sessions) and not self.silent(now_s=now_s)

    def silent(self, *, now_s: float) -> list[str]:
        """Return the nodes that were not heard a moment ago."""
        return [name for name, each in self._sessions.items() if not each.is_up(now_s=now_s)]

    def ages_s(self, *, now_s: float) -> dict[str, float | None]:
        """Return for how long each node has not been believed; None is not since it began."""
        return {name: each.age_s(now_s=now_s) for name, each in self._sessions.items()}

    def heartbeat(self, peer: str) -> bytes:
        """Return what a node is told once a second, and whenever something changed here."""
        return self._message(peer, self._known(), answer=self._sessions[peer].answer)

    def fire_messages(self, peer: str, fires: Sequence[FireNotice]) -> list[bytes]:
        """Return what a node is told of fires with every heartbeat, and more often at first."""
        return [
            self._message(
                peer,
                Knowledge(),
                answer=self._sessions[peer].answer,
                fires=tuple(fires[first : first + NOTICE_COUNT_MAX]),
            )
            for first in range(0, len(fires), NOTICE_COUNT_MAX)
        ]

    def standing_fires(self) -> Sequence[FireNotice]:
        """Return what the other nodes are to be told of fires now."""
        return self._fires()

    def not_shown_by(self, peer: str, fires: Sequence[FireNotice]) -> list[FireNotice]:
        """Return the fires of which a node has not said itself that it knows them as they are."""
        shown = self._shown.get(peer, {})
        return [fire for fire in fires if shown.get(fire.fire_id, 0) < fire.revision]

    def receive(self, data: bytes, *, now_s: float) -> Learnt:
        """Take a datagram.

        Raises:
            LinkError: No node of this site has written it for this one.
        """
        if is_rotation(data):
            return self._take_rotation(data)
        message = decode(data, site=self._site, receiver=self.node, keys=self._keys)
        peer, knowledge = message.sender, self._known()
        if not self._sessions[peer].is_fresh(message, now_s=now_s):
            # It may be another process of that node, which knows nothing yet.
            self._shown.pop(peer, None)
            reply = self._message(peer, knowledge, answer=message.challenge)
            return Learnt(replies=((peer, reply),))
        if message.fires:
            self._note_shown(peer, message.fires)
            return Learnt(peer, fires=message.fires)
        facts, is_asked = self._new_facts(message.part)
        replies = list(self._lacking(peer, knowledge, message.have))
        if is_asked and not replies:
            # So that the next facts come at once and not with the next heartbeat.
            answer = self._sessions[peer].answer
            replies = [self._message(peer, knowledge, answer=answer, first=message.part)]
        return Learnt(
            peer,
            facts=facts,
            lockdowns=_newer(message.lockdowns, knowledge.lockdowns),
            replies=tuple((peer, reply) for reply in replies),
        )

    def is_told_twice(self, data: bytes) -> bool:
        """Return whether this is the copy for who knows the sender's key of before alone."""
        try:
            decode(data, site=self._site, receiver=self.node, keys=self._before)
        except LinkError:
            return False
        return True

    def _take_rotation(self, data: bytes) -> Learnt:
        rotation = decode_rotation(data, site=self._site, keys=self._keys)
        self._before[rotation.node] = verifying_key(rotation.old_key)
        self._keys[rotation.node] = verifying_key(rotation.signing_key)
        return Learnt()

    def _note_shown(self, peer: str, fires: Sequence[FireNotice]) -> None:
        standing = {fire.fire_id for fire in self._fires()}
        shown = {**self._shown.get(peer, {}), **{fire.fire_id: fire.revision for fire in fires}}
        told = {fire.fire_id for fire in fires}
        self._shown[peer] = {id_: n for id_, n in shown.items() if id_ in standing or id_ in told}

    def _known(self) -> Knowledge:
        knowledge = self._knowledge()
        for node, facts in knowledge.by_node.items():
            self._have[node] = max(self._have.get(node, 0), facts[-1].sequence)
        return knowledge

    def _message(
        self,
        peer: str,
        knowledge: Knowledge,
        *,
        answer: str | None,
        part: Part | None = None,
        first: Part | None = None,
        fires: tuple[FireNotice, ...] = (),
    ) -> bytes:
        """Return a message: facts, fires, or what this node has, beginning with ``first``."""
        session, is_bare = self._sessions[peer], part is None and not fires
        message = Message(
            site=self._site,
            sender=self.node,
            receiver=peer,
            boot=self._boot,
            counter=session.next_counter(),
            challenge=session.challenge,
            answer=answer,
            have=self._some_of_what_it_has(first) if is_bare else {},
            lockdowns=knowledge.lockdowns if is_bare else None,
            part=part,
            fires=fires,
        )
        return encode(message, self._key)

    def _some_of_what_it_has(self, first: Part | None) -> dict[str, int]:
        """Return up to where some nodes' facts are known, by turns."""
        names = sorted({*self._have, *self._keys, self.node})
        self._turn = (self._turn + HAVE_COUNT_MAX) % len(names)
        turned = [*names[self._turn :], *names[: self._turn]]
        if first is not None:
            turned = [first.node, *(name for name in turned if name != first.node)]
        return {name: self._have.get(name, 0) for name in turned[:HAVE_COUNT_MAX]}

    def _new_facts(self, part: Part | None) -> tuple[tuple[LinkFact, ...], bool]:
        """Return what a part adds to what is known, and whether more is to be asked for."""
        if part is None or any(fact.node != part.node for fact in part.facts):
            return (), False
        known = self._have.get(part.node, 0)
        if not part.after <= known < part.upto:
            return (), False
        self._have[part.node] = part.upto
        new = tuple(fact for fact in part.facts if known < fact.sequence <= part.upto)
        return new, part.is_last

    def _lacking(
        self, peer: str, knowledge: Knowledge, theirs: Mapping[str, int]
    ) -> Iterator[bytes]:
        parts = (
            part
            for node, facts in knowledge.by_node.items()
            if node in theirs and self._have[node] > theirs[node]
            for part in _parts(node, facts, after=theirs[node], upto=self._have[node])
        )
        burst = list(itertools.islice(parts, PARTS_AT_ONCE))
        for index, part in enumerate(burst, start=1):
            told = part.model_copy(update={"is_last": index == len(burst)})
            yield self._message(peer, knowledge, answer=self._sessions[peer].answer, part=told)


def _newer(theirs: Lockdowns | None, known: Lockdowns | None) -> Lockdowns | None:
    if theirs is None or (known is not None and theirs.version <= known.version):
        return None
    return theirs


def _parts(node: str, facts: Sequence[LinkFact], *, after: int, upto: int) -> Iterator[Part]:
    """Return the facts after a sequence as parts that fit into datagrams, one after the other."""
    waiting, size = list[LinkFact](), ENVELOPE_SIZE_BYTES
    first = bisect.bisect_right(facts, after, key=lambda fact: fact.sequence)
    for fact in facts[first:]:
        fact_size = len(fact.model_dump_json(exclude_defaults=True)) + 1
        is_full = size + fact_size > DATAGRAM_SIZE_BYTES or len(waiting) == FACT_COUNT_MAX
        if waiting and is_full:
            yield Part(node=node, after=after, upto=waiting[-1].sequence, facts=tuple(waiting))
            after, waiting, size = waiting[-1].sequence, [], ENVELOPE_SIZE_BYTES
        waiting.append(fact)
        size += fact_size
    yield Part(node=node, after=after, upto=upto, facts=tuple(waiting))
