"""A node that changes its key goes on being heard, whether central tells the others or not."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from config.contract.node_rotation import SignedRotation, sign_rotation
from edge.link.message import FORMAT, LinkError, decode
from edge.link.rotation import decode_rotation, encode_rotation
from tests.edge.link.nodes import SITE, Network, Node, site_of

OLD, NEW, OTHER = (Ed25519PrivateKey.generate() for _ in range(3))
KEYS = {"gate-1": OLD.public_key()}


def rotation(
    *, node: str = "gate-1", site: str = SITE, old: Ed25519PrivateKey = OLD
) -> SignedRotation:
    return sign_rotation(
        site=site, node=node, old_key=old, signing_key=NEW,
        sealing_key=X25519PrivateKey.generate().public_key(),
    )  # fmt: skip


def are_up(network: Network, *nodes: Node) -> bool:
    return all(node.exchange.is_up(now_s=network.now_s) for node in nodes)


def test_nobody_misses_a_word_of_a_node_that_changes_its_key_while_central_is_off() -> None:
    network, (one, two, three) = site_of(3)
    network.run(2)

    one.changes_key()
    ups = []
    for second in range(10):
        one.passes(f"h{second}", "office")
        network.run(1)
        ups.append(are_up(network, one, two, three))
    one.forgets_old_key()
    one.passes("last", "office")
    network.run(1)

    assert ups == [True] * 10
    assert [node.place_of("last") for node in (two, three)] == ["office", "office"]


def test_the_first_word_under_the_new_key_is_believed_by_who_has_not_heard_of_it() -> None:
    network, (one, two) = site_of(2)
    network.run(2)
    one.changes_key()
    one.passes("a", "office")
    two.believed.clear()

    network.carry("gate-1", "gate-2", one.exchange.heartbeat("gate-2"))

    assert [learnt.sender for learnt in two.believed] == ["gate-1"]


def test_a_node_that_central_tells_first_goes_on_in_its_session() -> None:
    network, (one, two) = site_of(2)
    network.run(2)

    one.changes_key()
    two.knows(one, two)

    assert are_up(network, one, two)
    two.believed.clear()
    network.carry("gate-1", "gate-2", one.exchange.heartbeat("gate-2"))
    assert [learnt.sender for learnt in two.believed] == ["gate-1"]


def test_who_was_away_while_a_key_changed_hears_of_it_within_a_minute() -> None:
    network, (one, two) = site_of(2)
    network.run(2)
    network.cut.add("gate-2")
    one.changes_key()
    network.run(10)
    one.forgets_old_key()
    network.run(10)
    assert not are_up(network, two)

    network.cut.clear()
    network.run(60)

    assert are_up(network, one, two)


def test_a_copy_for_who_knows_the_old_key_alone_is_no_reason_to_complain() -> None:
    network, (one, two) = site_of(2)
    network.run(2)
    one.changes_key()
    network.run(1)

    _, copy = one.exchange.copies(one.exchange.heartbeat("gate-2"))

    with pytest.raises(LinkError):
        two.exchange.receive(copy, now_s=network.now_s)
    assert two.exchange.is_told_twice(copy)
    assert not two.exchange.is_told_twice(b"MSL1\x06gate-1" + bytes(80))


def test_an_old_key_names_no_other_once_its_successor_is_known() -> None:
    network, (one, two) = site_of(2)
    network.run(2)
    stolen = one.key
    one.changes_key()
    network.run(1)
    thief = sign_rotation(
        site=SITE, node="gate-1", old_key=stolen, signing_key=OTHER,
        sealing_key=X25519PrivateKey.generate().public_key(),
    )  # fmt: skip

    with pytest.raises(LinkError, match="not signed"):
        two.exchange.receive(encode_rotation("gate-1", thief), now_s=network.now_s)

    network.run(2)
    assert are_up(network, one, two)


def test_a_change_comes_out_as_it_went_in_and_again_once_it_is_known() -> None:
    data = encode_rotation("gate-1", rotation())

    first = decode_rotation(data, site=SITE, keys=KEYS)
    again = decode_rotation(data, site=SITE, keys={"gate-1": NEW.public_key()})

    assert first == again
    assert len(data) < 1_400


@pytest.mark.parametrize(
    "signed",
    [rotation(node="gate-2"), rotation(site="other"), rotation(old=OTHER)],
    ids=["of another node", "of another site", "by another key"],
)
def test_a_change_that_is_not_this_node_s_is_dropped(signed: SignedRotation) -> None:
    with pytest.raises(LinkError):
        decode_rotation(encode_rotation("gate-1", signed), site=SITE, keys=KEYS)


@given(st.data())
def test_no_changed_bit_of_a_change_is_overlooked(data: st.DataObject) -> None:
    whole = bytearray(encode_rotation("gate-1", rotation()))
    index = data.draw(st.integers(0, len(whole) - 1))
    whole[index] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(LinkError):
        decode_rotation(bytes(whole), site=SITE, keys=KEYS)


@given(st.binary(max_size=300))
def test_whatever_bytes_come_for_a_change_only_a_link_error_comes_out(data: bytes) -> None:
    for each in (data, b"MSR1\x06gate-1" + data):
        with pytest.raises(LinkError):
            decode_rotation(each, site=SITE, keys=KEYS)


def test_a_node_of_before_this_version_drops_it_as_no_message() -> None:
    data = encode_rotation("gate-1", rotation())

    assert not data.startswith(FORMAT)
    with pytest.raises(LinkError, match="no message of a site link"):
        decode(data, site=SITE, receiver="gate-2", keys=KEYS)
