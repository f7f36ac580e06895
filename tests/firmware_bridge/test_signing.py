import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from firmware_bridge.bodies import encode_map
from firmware_bridge.group import Hold, SetOutput, Signed
from firmware_bridge.refusals import BoardRefusedError
from firmware_bridge.signing import (
    COUNTER_MAX,
    EPOCH_S,
    KeySigner,
    Order,
    is_signed_by,
    next_counter,
    read_order,
    sign_request,
)

SIGNER = KeySigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
SERIAL_NUMBER = "A1-0042"
HOLD = Hold(boot=7, duration_ms=60_000)
BODY = bytes.fromhex("A464626F6F740761630163636D64056461726773A1626D7319EA60")
SIGNATURE = bytes.fromhex(
    "08BABF7FC63B69A3DBF5852D822D2090FDC3FE9F7FC3BA1C79665BDB0DB8B83C"
    "F7F2719ECA78B5104450ECEEF19E4AAE9C0397CE5E7FF8C2931C3F5C05A5D70B"
)
SIGNED = Signed(body=BODY, signature=SIGNATURE)


def signed(values: object) -> Signed:
    assert isinstance(values, dict)
    return Signed(body=encode_map(values), signature=bytes(64))


def test_a_signed_hold_is_the_one_of_the_page() -> None:
    made = sign_request(HOLD, signer=SIGNER, serial_number=SERIAL_NUMBER, boot=7, counter=1)

    assert made == SIGNED


def test_what_is_inside_is_read() -> None:
    order = read_order(SIGNED)

    assert order == Order(boot=7, counter=1, command=5, arguments={"ms": 60_000})
    assert order.request() == HOLD


def test_the_holder_of_the_key_is_known() -> None:
    assert is_signed_by(SIGNED, SIGNER.public_key, serial_number=SERIAL_NUMBER)


@pytest.mark.parametrize(
    ("serial_number", "changed"),
    [
        ("A1-0043", SIGNED),
        (SERIAL_NUMBER, Signed(body=BODY[:-1] + b"\x61", signature=SIGNATURE)),
        (SERIAL_NUMBER, Signed(body=BODY, signature=bytes(64))),
    ],
)
def test_nobody_else_is(serial_number: str, changed: Signed) -> None:
    assert not is_signed_by(changed, SIGNER.public_key, serial_number=serial_number)


def test_another_key_is_not() -> None:
    other = KeySigner(Ed25519PrivateKey.from_private_bytes(bytes(32)))

    assert not is_signed_by(SIGNED, other.public_key, serial_number=SERIAL_NUMBER)
    assert not is_signed_by(SIGNED, b"no key", serial_number=SERIAL_NUMBER)


def test_the_signed_start_is_the_one_that_counts() -> None:
    order = read_order(signed({"boot": 9, "c": 1, "cmd": 5, "args": {"boot": 3, "ms": 1}}))

    assert order.request() == Hold(boot=9, duration_ms=1)


@pytest.mark.parametrize(
    "values",
    [
        {"c": 1, "cmd": 5},
        {"boot": 7, "c": 0, "cmd": 5},
        {"boot": 7, "c": COUNTER_MAX + 1, "cmd": 5},
        {"boot": 7, "c": True, "cmd": 5},
        {"boot": 7, "c": 1, "cmd": "hold"},
        {"boot": 7, "c": 1, "cmd": 5, "args": [1]},
    ],
)
def test_what_is_no_order_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(BoardRefusedError, match="missing or of the wrong type"):
        read_order(signed(values))


def test_a_body_that_is_no_map_is_refused() -> None:
    with pytest.raises(BoardRefusedError):
        read_order(Signed(body=b"\xff", signature=bytes(64)))


def test_what_is_inside_is_held_to_the_same_bounds() -> None:
    order = dataclasses.replace(read_order(SIGNED), arguments={"ms": 600_001})

    with pytest.raises(BoardRefusedError, match="out of bounds"):
        order.request()


def test_a_signed_request_holds_no_signed_one() -> None:
    nested = {"boot": 7, "c": 1, "cmd": 7, "args": {"body": b"", "sig": bytes(64)}}

    with pytest.raises(BoardRefusedError, match="does not know"):
        read_order(signed(nested)).request()


def test_a_nonce_is_signed_with_its_request() -> None:
    request = SetOutput(boot=7, nonce=b"12345678", channel=1, is_on=True)
    made = sign_request(request, signer=SIGNER, serial_number=SERIAL_NUMBER, boot=7, counter=3)

    assert read_order(made).request() == request
    assert "boot" not in read_order(made).arguments


def test_a_counter_is_above_the_one_before_whatever_the_clock_says() -> None:
    assert next_counter(0, now_s=EPOCH_S + 10) == 40
    assert next_counter(40, now_s=EPOCH_S + 10) == 41
    assert next_counter(40, now_s=0) == 41
    assert next_counter(0, now_s=0) == 1
    assert next_counter(0, now_s=1e12) == COUNTER_MAX
