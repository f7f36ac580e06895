import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from edge.link.message import FORMAT, LinkError, Lockdowns, Message, decode, encode

KEY, OTHER_KEY = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
KEYS = {"gate-1": KEY.public_key(), "gate-3": OTHER_KEY.public_key()}
MESSAGE = Message(
    site="test",
    sender="gate-1",
    receiver="gate-2",
    boot="0" * 32,
    counter=1,
    challenge="1" * 32,
    have={"gate-1": 4},
    lockdowns=Lockdowns(version=2, levels=("invasion",)),
)


def read(data: bytes, *, site: str = "test", receiver: str = "gate-2") -> Message:
    return decode(data, site=site, receiver=receiver, keys=KEYS)


def test_a_message_comes_out_as_it_went_in() -> None:
    assert read(encode(MESSAGE, KEY)) == MESSAGE


@pytest.mark.parametrize(("site", "receiver"), [("elsewhere", "gate-2"), ("test", "gate-3")])
def test_a_message_for_another_is_dropped(site: str, receiver: str) -> None:
    with pytest.raises(LinkError, match="for another node"):
        read(encode(MESSAGE, KEY), site=site, receiver=receiver)


def test_a_message_signed_by_another_node_is_dropped() -> None:
    with pytest.raises(LinkError, match="'gate-1' has not signed"):
        read(encode(MESSAGE, OTHER_KEY))


def test_a_node_cannot_speak_for_another_under_its_own_signature() -> None:
    data = encode(MESSAGE, OTHER_KEY).replace(b"\x06gate-1", b"\x06gate-3", 1)

    with pytest.raises(LinkError, match="for another node"):
        read(data)


def test_a_message_of_a_later_version_is_dropped_and_says_what_to_do() -> None:
    body = b'{"later":1}'
    data = FORMAT + b"\x06gate-1" + KEY.sign(b"menshen site link v1\0" + body) + body

    with pytest.raises(LinkError, match="update this node"):
        read(data)


@given(data=st.binary(max_size=300), with_head=st.booleans())
def test_whatever_bytes_come_only_a_link_error_comes_out(data: bytes, *, with_head: bool) -> None:
    with pytest.raises(LinkError):
        read(FORMAT + data if with_head else data)


@given(st.data())
def test_no_changed_bit_is_overlooked(data: st.DataObject) -> None:
    whole = bytearray(encode(MESSAGE, KEY))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))

    with pytest.raises(LinkError):
        read(bytes(whole))


@given(st.integers(0, 400))
def test_no_part_of_a_message_is_one(length: int) -> None:
    whole = encode(MESSAGE, KEY)

    with pytest.raises(LinkError):
        read(whole[: min(length, len(whole) - 1)])
