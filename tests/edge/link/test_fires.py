"""Fires over the site link: told again and again, believed once, and by nobody's recordings."""

import random
import time
from collections.abc import Sequence

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from config.contract.fire_events import FireConfirmation
from config.contract.identifiers import new_id
from edge.fire.notice import FireNotice
from edge.link.exchange import Exchange, Knowledge
from edge.link.message import DATAGRAM_SIZE_BYTES, LinkError, Message
from tests.edge.conftest import NOW
from tests.edge.link.nodes import dice

NOTHING = Knowledge()
FIELDS_BEFORE_FIRES = {
    "site", "sender", "receiver", "boot", "counter", "challenge", "answer", "have", "lockdowns",
    "part",
}  # fmt: skip


def notice(zone: str = "building") -> FireNotice:
    return FireNotice(
        fire_id=new_id(),
        zone=zone,
        origin="gate-1",
        confirmed_by=FireConfirmation.TWO_DEVICES,
        revision=2**31 - 1,
        growth=2**31 - 1,
        age_ms=2**31 - 1,
        left_ms=2**31 - 1,
        since=NOW,
    )


class Node:
    """One end of the link, and what it was told of fires."""

    def __init__(self, name: str, seed: int = 1) -> None:
        self.name, self.key, self._chance = name, Ed25519PrivateKey.generate(), dice(seed)
        self.fires: list[FireNotice] = []
        self.heard: list[FireNotice] = []
        self.start()

    def start(self) -> None:
        """Be another process of this node."""
        self.exchange = Exchange(
            site="test",
            node=self.name,
            key=self.key,
            nonce=lambda: f"{self._chance.getrandbits(128):032x}",
            knowledge=lambda: NOTHING,
            fires=lambda: self.fires,
        )

    def knows(self, nodes: Sequence["Node"]) -> None:
        self.exchange.set_peers({node.name: node.key.public_key() for node in nodes})

    def says_to(self, other: "Node") -> list[bytes]:
        beat = self.exchange.heartbeat(other.name)
        return [beat, *self.exchange.fire_messages(other.name, self.exchange.standing_fires())]

    def receive(self, data: bytes) -> list[bytes]:
        try:
            learnt = self.exchange.receive(data, now_s=0.0)
        except LinkError:
            return []
        self.heard += learnt.fires
        return [reply for _, reply in learnt.replies]


class Network:
    """Nodes that hear each other, most of the time. Attributes: tape: all that was sent."""

    def __init__(self, count: int, *, loss: float = 0.0, seed: int = 1) -> None:
        self.nodes = [Node(f"gate-{n}", n) for n in range(1, count + 1)]
        self.loss, self._chance = 0.0, random.Random(seed)  # noqa: S311 - repeatable
        self.tape: list[tuple[Node, bytes]] = []
        for node in self.nodes:
            node.knows(self.nodes)
        for _ in range(3):
            self.round()
        self.loss = loss

    def round(self) -> None:
        """Let everybody tell everybody what they know, once."""
        for sender in self.nodes:
            for receiver in self.nodes:
                for data in sender.says_to(receiver) if receiver is not sender else ():
                    self._carry(sender, receiver, data)

    def _carry(self, sender: Node, receiver: Node, data: bytes) -> None:
        self.tape.append((receiver, data))
        if self._chance.random() < self.loss:
            return
        for reply in receiver.receive(data):
            self.tape.append((sender, reply))
            if self._chance.random() >= self.loss:
                sender.receive(reply)


def test_a_fire_comes_over_with_one_message() -> None:
    network = Network(2)
    one, two = network.nodes
    one.fires = [notice()]

    network.round()

    assert two.heard == one.fires


def test_who_has_told_of_a_fire_itself_need_not_be_told_until_it_is_another() -> None:
    network = Network(2)
    one, two = network.nodes
    known = notice().model_copy(update={"revision": 1})
    one.fires = [known]
    unshown = one.exchange.not_shown_by("gate-2", one.fires)
    two.fires = [known]

    network.round()

    changed = known.model_copy(update={"revision": 2})
    assert unshown == [known]
    assert one.exchange.not_shown_by("gate-2", one.fires) == []
    assert one.exchange.not_shown_by("gate-2", [changed]) == [changed]


def test_another_process_of_a_node_has_shown_nothing() -> None:
    network = Network(2)
    one, two = network.nodes
    one.fires = two.fires = [notice()]
    network.round()

    two.start()
    two.knows(network.nodes)
    for data in two.says_to(one):
        one.receive(data)

    assert one.exchange.not_shown_by("gate-2", one.fires) == one.fires


@pytest.mark.parametrize("seed", range(5))
def test_a_third_of_all_datagrams_may_be_lost(seed: int) -> None:
    network = Network(3, loss=0.33, seed=seed)
    network.nodes[0].fires = [notice()]

    for _ in range(10):
        network.round()

    assert all(node.heard for node in network.nodes[1:])


def test_more_fires_than_fit_into_a_datagram_come_in_several() -> None:
    network = Network(2)
    one, two = network.nodes
    one.fires = [notice(f"zone-with-a-very-long-name-{n}" + "x" * 30) for n in range(8)]

    messages = one.exchange.fire_messages("gate-2", one.fires)
    for data in messages:
        two.receive(data)

    assert two.heard == one.fires
    assert max(map(len, messages)) <= DATAGRAM_SIZE_BYTES


def test_a_node_of_before_this_version_misses_nothing_but_the_fire() -> None:
    network = Network(2)
    one, two = network.nodes
    one.fires = [notice()]

    beat, fire = one.says_to(two)

    assert b'"fires"' not in beat
    assert Message.model_fields.keys() - {"fires"} == FIELDS_BEFORE_FIRES
    assert b'"fires"' in fire


@pytest.mark.parametrize("restarted", ["sender", "receiver", "both", "nobody"])
def test_no_recorded_fire_is_ever_heard_again(restarted: str) -> None:
    network = Network(2)
    one, two = network.nodes
    one.fires = [notice()]
    network.round()
    tape, one.fires = list(network.tape), []
    for node in {"sender": [one], "receiver": [two], "both": [one, two], "nobody": []}[restarted]:
        node.start()
        node.knows(network.nodes)
    for _ in range(3):
        network.round()
    two.heard.clear()

    for target, data in tape:
        if target is two:
            two.receive(data)

    assert two.heard == []


def test_a_fire_for_one_node_is_not_heard_by_another() -> None:
    network = Network(3)
    one, two, three = network.nodes
    messages = one.exchange.fire_messages("gate-2", [notice()])

    for data in messages:
        three.receive(data)

    assert three.heard == []
    assert two.heard == []


def test_a_stranger_s_fire_is_nobody_s() -> None:
    network = Network(2)
    stranger = Node("gate-1", 9)
    stranger.knows(network.nodes)
    stranger.fires = [notice()]

    for data in stranger.says_to(network.nodes[1]):
        network.nodes[1].receive(data)

    assert network.nodes[1].heard == []


RECORDED = Network(2)
RECORDED.nodes[0].fires = [notice()]
GENUINE = RECORDED.nodes[0].exchange.fire_messages("gate-2", RECORDED.nodes[0].fires)[0]


@settings(max_examples=300)
@given(
    st.one_of(
        st.binary(max_size=1500),
        st.tuples(st.integers(0, len(GENUINE) - 1), st.integers(1, 255)).map(
            lambda at: GENUINE[: at[0]] + bytes([GENUINE[at[0]] ^ at[1]]) + GENUINE[at[0] + 1 :]
        ),
        st.integers(0, len(GENUINE) - 1).map(lambda size: GENUINE[:size]),
        st.binary(min_size=1, max_size=40).map(lambda tail: GENUINE + tail),
    )
)
def test_whatever_else_is_sent_no_fire_is_heard_of_it(data: bytes) -> None:
    receiver = RECORDED.nodes[1]

    receiver.receive(data)

    assert receiver.heard == []


def test_a_notice_with_anything_out_of_range_is_none() -> None:
    for wrong in ({"revision": 0}, {"age_ms": -1}, {"growth": 2**31}, {"zone": "No Zone"}):
        with pytest.raises(ValidationError):
            FireNotice.model_validate(notice().model_dump() | wrong)


def test_telling_nineteen_others_costs_a_fraction_of_a_tenth_of_a_second() -> None:
    network = Network(20)
    one = network.nodes[0]
    one.fires = [notice()]
    durations_s = []
    for _ in range(5):
        began_s = time.process_time()
        for peer in one.exchange.peers:
            one.exchange.fire_messages(peer, one.fires)
        durations_s.append(time.process_time() - began_s)

    assert min(durations_s) < 0.05
