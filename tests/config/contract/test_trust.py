from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from config.contract import trust
from config.contract.trust import NodeToken, TrustError

NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
KEY = Ed25519PrivateKey.generate()


def a_signature(**changes: object) -> str:
    request: dict[str, object] = {
        "node": "gate-1", "site": "demo", "method": "POST", "target": "/api/v1/events?x=1",
        "body": b"[]", "now": NOW,
    }  # fmt: skip
    return trust.sign_request(KEY, **(request | changes))  # type: ignore[arg-type]  # one dict for six types


def verify(token: str, *, key: Ed25519PrivateKey = KEY, now: datetime = NOW) -> str:
    return trust.verify_request(
        token,
        key.public_key(),
        site="demo",
        method="POST",
        target="/api/v1/events?x=1",
        body=b"[]",
        now=now,
    )


def test_a_signed_request_names_its_node() -> None:
    token = a_signature()

    assert trust.claimed_node(token) == "gate-1"
    assert verify(token) == "gate-1"


@pytest.mark.parametrize(
    "change",
    [
        {"method": "GET"}, {"target": "/api/v1/events?x=2"}, {"body": b"[{}]"}, {"site": "other"},
        {"now": NOW - timedelta(seconds=61)}, {"now": NOW + timedelta(seconds=61)},
    ],
    ids=["method", "target", "body", "site", "old", "future"],
)  # fmt: skip
def test_a_signature_fits_one_request_only(change: dict[str, object]) -> None:
    with pytest.raises(TrustError):
        verify(a_signature(**change))


def test_another_nodes_key_is_refused() -> None:
    with pytest.raises(TrustError, match="signature"):
        verify(a_signature(), key=Ed25519PrivateKey.generate())


@given(st.text(max_size=200))
def test_garbage_is_refused_as_a_signature(token: str) -> None:
    with pytest.raises(TrustError):
        trust.claimed_node(token)
    with pytest.raises(TrustError):
        verify(token)


@pytest.mark.parametrize(
    "claims",
    [b"[1]", b"{}", b'{"iss":1}', b"\xff", b"[" * 50_000],
    ids=["a list", "nobody", "a number", "no text", "too deep"],
)
def test_claims_of_nobody_name_nobody(claims: bytes) -> None:
    with pytest.raises(TrustError):
        trust.claimed_node(f"e30.{trust.to_text(claims)}.e30")


@given(st.binary(max_size=64))
def test_what_is_sealed_opens_with_the_right_key_only(secret: bytes) -> None:
    recipient, stranger = X25519PrivateKey.generate(), X25519PrivateKey.generate()

    sealed = trust.seal(recipient.public_key(), secret)

    assert trust.unseal(recipient, sealed) == secret
    with pytest.raises(TrustError):
        trust.unseal(stranger, sealed)


@given(st.text(max_size=120))
def test_garbage_is_refused_as_a_seal(sealed: str) -> None:
    with pytest.raises(TrustError):
        trust.unseal(X25519PrivateKey.generate(), sealed)


def test_a_template_belongs_to_one_holder_and_key_version() -> None:
    key = bytes(32)
    ciphertext = trust.encrypt_template(key, b"template", holder_id="a", key_version=1)

    assert trust.decrypt_template(key, ciphertext, holder_id="a", key_version=1) == b"template"
    for holder, version in (("b", 1), ("a", 2)):
        with pytest.raises(TrustError):
            trust.decrypt_template(key, ciphertext, holder_id=holder, key_version=version)


def test_a_card_is_kept_as_a_verifier() -> None:
    verifier = trust.card_verifier(b"k" * 32, " 00ab12 ")

    assert verifier == trust.card_verifier(b"k" * 32, "00AB12")
    assert verifier != trust.card_verifier(b"l" * 32, "00AB12")
    assert "00AB12" not in verifier


def test_a_node_token_survives_copying() -> None:
    token = NodeToken(
        url="https://central:8443", node="gate-1", secret="s", ca_fingerprint="0" * 64
    )

    assert NodeToken.from_line(f"  {token.to_line()}\n") == token


@pytest.mark.parametrize("line", ["", "hello", "menshen1.", "menshen1.e30", "menshen1.%%%"])
def test_a_damaged_node_token_says_so(line: str) -> None:
    with pytest.raises(TrustError, match=r"token|base64url"):
        NodeToken.from_line(line)


def test_a_pin_is_kept_for_its_holder_alone() -> None:
    kept = trust.pin_verifier(bytes(32), "anna", "1234")

    assert trust.pin_verifier(bytes(32), "anna", " 1234 ") == kept
    assert trust.pin_verifier(bytes(32), "ben", "1234") != kept
    assert trust.pin_verifier(bytes(31) + b"1", "anna", "1234") != kept


def test_a_signature_is_good_for_its_purpose_alone() -> None:
    signature = trust.sign(KEY, b"open", context="command v1")

    trust.verify(KEY.public_key(), signature, b"open", context="command v1")
    for message, context in ((b"shut", "command v1"), (b"open", "code v1")):
        with pytest.raises(TrustError, match="the signature does not fit"):
            trust.verify(KEY.public_key(), signature, message, context=context)
