"""What every suite does, and what the first one wrote before there were two."""

import json
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.exceptions import InvalidSignature, InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from central.backup.container import Chunks, decode_header, encode_header
from central.backup.recovery import Passphrase, RecoveryKey, open_keys, seal_keys
from central.keys import KeyEncryptionKey, KeysError
from config.contract import trust
from config.contract.node_rotation import NodeRotation, read_rotation, sign_rotation
from config.contract.trust import NodeToken, TrustError
from config.contract.visitor_code import VisitorCode, decode_visitor_code, encode_visitor_code
from config.crypto.suite import Suite
from config.crypto.suites import SUITES, SuiteSecret, split_mark, suite_of
from edge.link.message import Message, decode, encode
from edge.sealing import KeySealer

BEFORE = json.loads((Path(__file__).parent / "data" / "before_suites.json").read_text())
"""Written by the last version without suites, with the secret below."""
NOW = datetime(2026, 11, 23, 14, 0, tzinfo=UTC)
SECRET = bytes(range(32))
BOTH = pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
FIRST, OTHER = SUITES["international"], SUITES["sm"]


@BOTH
def test_keys_are_written_with_their_suite_and_read_again(suite: Suite) -> None:
    signing, sealing = suite.new_signing_key(), suite.new_sealing_key()

    public = trust.public_text(signing.public_key())
    assert len(public) <= 64, "as long as its column in the database"
    assert suite_of(trust.verifying_key(public)) is suite
    trust.verifying_key(public).verify(
        trust.signing_key(trust.private_text(signing)).sign(b"a"), b"a"
    )
    recipient = trust.recipient_key(trust.public_text(sealing.public_key()))
    again = trust.sealing_key(trust.private_text(sealing))
    assert trust.unseal(again, trust.seal(recipient, b"secret")) == b"secret"


@BOTH
@given(text=st.text(max_size=120))
def test_any_text_is_a_key_or_refused(suite: Suite, text: str) -> None:
    for read in (trust.verifying_key, trust.recipient_key, trust.signing_key, trust.sealing_key):
        try:
            read(suite.mark + text)
        except TrustError:
            continue


@BOTH
@given(sealed=st.binary(max_size=200))
def test_anything_that_was_not_sealed_is_refused(suite: Suite, sealed: bytes) -> None:
    with pytest.raises((InvalidTag, ValueError)):
        suite.unseal(suite.sealing_key(SECRET), sealed, context=b"c")


@BOTH
def test_what_is_sealed_opens_for_its_key_and_purpose_alone(suite: Suite) -> None:
    key = suite.new_sealing_key()
    sealed = suite.seal(key.public_key(), b"secret", context=b"c")

    assert suite.unseal(key, sealed, context=b"c") == b"secret"
    assert suite.seal(key.public_key(), b"secret", context=b"c") != sealed
    for other, context in ((suite.new_sealing_key(), b"c"), (key, b"d")):
        with pytest.raises((InvalidTag, ValueError)):
            suite.unseal(other, sealed, context=context)


@BOTH
def test_a_request_is_signed_and_fits_no_other_body(suite: Suite) -> None:
    key = suite.new_signing_key()

    def fits(body: bytes) -> str:
        return trust.verify_request(
            token, key.public_key(), site="demo", method="POST", target="/", body=body, now=NOW
        )

    token = trust.sign_request(
        key, node="gate-1", site="demo", method="POST", target="/", body=b"[]", now=NOW
    )
    assert fits(b"[]") == "gate-1"
    with pytest.raises(TrustError, match="another request"):
        fits(b"{}")


def test_a_request_signed_by_a_key_of_the_other_suite_is_refused() -> None:
    token = trust.sign_request(
        FIRST.new_signing_key(), node="n", site="s", method="GET", target="/", body=b"", now=NOW
    )
    for suite in SUITES.values():
        with pytest.raises(TrustError, match="signature"):
            trust.verify_request(
                token, suite.new_signing_key().public_key(),
                site="s", method="GET", target="/", body=b"", now=NOW,
            )  # fmt: skip


def test_a_secret_sealed_for_the_other_suite_is_refused_by_name() -> None:
    sealed = trust.seal(OTHER.new_sealing_key().public_key(), b"secret")

    with pytest.raises(TrustError, match="suite sm"):
        trust.unseal(FIRST.new_sealing_key(), sealed)


@BOTH
def test_a_template_and_verifiers_are_of_the_suite(suite: Suite) -> None:
    key, card_key = bytes(suite.cipher_key_size_bytes), SuiteSecret(SECRET, suite)

    text = trust.encrypt_template(key, b"t", holder_id="h", key_version=1, suite=suite)
    assert trust.decrypt_template(key, text, holder_id="h", key_version=1) == b"t"
    with pytest.raises(TrustError):
        trust.decrypt_template(key, text, holder_id="i", key_version=1)
    for verifier in (trust.card_verifier(card_key, "1"), trust.pin_verifier(card_key, "h", "1")):
        assert split_mark(verifier)[0] is suite
    assert (
        len({trust.card_verifier(SuiteSecret(SECRET, each), "1") for each in SUITES.values()}) == 2
    )


@BOTH
def test_a_wrapped_key_opens_for_its_purpose_with_its_suite_alone(suite: Suite) -> None:
    key = bytes(suite.cipher_key_size_bytes)
    wrapped = KeyEncryptionKey(key, suite=suite).wrap(b"secret", purpose="p")

    assert wrapped.startswith(KeyEncryptionKey(key, suite=suite).mark)
    assert KeyEncryptionKey(key, suite=suite).unwrap(wrapped, purpose="p") == b"secret"
    with pytest.raises(KeysError):
        KeyEncryptionKey(key, suite=suite).unwrap(wrapped, purpose="q")
    other = OTHER if suite is FIRST else FIRST
    with pytest.raises(KeysError, match=f"made with --crypto {suite.name}"):
        KeyEncryptionKey(bytes(other.cipher_key_size_bytes), suite=other).unwrap(
            wrapped, purpose="p"
        )


@BOTH
def test_what_a_terminal_keeps_sealed_names_its_suite(suite: Suite) -> None:
    sealed = KeySealer("credential", SECRET).seal(b"secret", purpose="p", suite=suite)

    assert split_mark(sealed)[0] is suite
    assert KeySealer("credential", SECRET).unseal(sealed, purpose="p") == b"secret"


@BOTH
def test_a_backup_is_of_its_sites_suite_and_says_so(suite: Suite) -> None:
    header, key = RecoveryKey(SECRET).begin(suite)
    encoded = encode_header(header)
    sealed = Chunks(key, header, encoded).seal(b"a chunk", is_last=True)

    found, again = decode_header(encoded + sealed)
    assert (found.suite, again) == (suite, encoded)
    assert Chunks(SECRET, found, again).unseal(sealed, is_last=True) == b"a chunk"


@BOTH
def test_a_kept_key_is_sealed_by_a_passphrase_with_its_suite(suite: Suite) -> None:
    kept, passphrase = suite.mark + trust.to_text(bytes(16)), Passphrase("twelve letters")

    assert open_keys(seal_keys(kept, passphrase), passphrase) == kept


@BOTH
def test_a_visitors_code_and_a_message_of_the_site_link_are_signed(suite: Suite) -> None:
    key, other = suite.new_signing_key(), suite.new_signing_key()
    code = VisitorCode(
        holder_id=UUID(int=1), nonce="0" * 16,
        valid_from=NOW, valid_until=NOW.replace(hour=15), points=("lane",),
    )  # fmt: skip
    message = Message(
        site="s", sender="a", receiver="b", boot="0" * 32, counter=1, challenge="1" * 32
    )

    text = encode_visitor_code(code, key=key, site="s")
    assert decode_visitor_code(text, key=key.public_key(), site="s") == code
    with pytest.raises(TrustError):
        decode_visitor_code(text, key=other.public_key(), site="s")
    keys = {"a": key.public_key()}
    assert decode(encode(message, key), site="s", receiver="b", keys=keys) == message


@BOTH
def test_a_node_changes_to_keys_of_its_suite_and_to_no_other(suite: Suite) -> None:
    def rotated(to: Suite) -> NodeRotation:
        return read_rotation(
            sign_rotation(
                site="s", node="n", old_key=suite.new_signing_key(),
                signing_key=to.new_signing_key(), sealing_key=to.new_sealing_key().public_key(),
            )
        )  # fmt: skip

    assert suite_of(trust.verifying_key(rotated(suite).signing_key)) is suite
    with pytest.raises(TrustError, match="keys of that suite alone"):
        rotated(OTHER if suite is FIRST else FIRST)


def test_a_token_names_the_suite_unless_it_is_the_first() -> None:
    token = NodeToken(url="http://127.0.0.1:8080", node="gate-1", secret="s", crypto="sm")

    assert NodeToken.from_line(token.to_line()).crypto == "sm"
    assert token.model_copy(update={"crypto": "international"}).to_line() == BEFORE["token"]


def test_what_was_written_before_there_were_suites_is_written_so_still() -> None:
    signing = FIRST.signing_key(SECRET)

    assert trust.private_text(signing) == trust.to_text(SECRET)
    assert trust.public_text(signing.public_key()) == BEFORE["signing_public"]
    signature = trust.sign(signing, b"message", context="c")
    assert trust.to_text(signature) == BEFORE["signature"]
    assert trust.card_verifier(SECRET, " 04a1b2 ") == BEFORE["card"]
    assert trust.pin_verifier(SECRET, "h1", "4711") == BEFORE["pin"]


def test_what_was_sealed_before_there_were_suites_opens() -> None:
    template = BEFORE["template"]

    assert trust.unseal(FIRST.sealing_key(SECRET), BEFORE["sealed"]) == b"a secret"
    assert trust.decrypt_template(SECRET, template, holder_id="h1", key_version=1) == b"a template"
    assert KeyEncryptionKey(SECRET).unwrap(BEFORE["wrapped"], purpose="p") == b"a secret"
    assert KeySealer("credential", SECRET).unseal(BEFORE["store"], purpose="p") == b"a secret"


def test_a_request_of_a_terminal_from_before_there_were_suites_is_taken() -> None:
    public = FIRST.signing_key(SECRET).public_key()

    signer = trust.verify_request(
        BEFORE["request"], public,
        site="demo", method="POST", target="/api/v1/events", body=b"[]", now=NOW,
    )  # fmt: skip

    assert signer == "gate-1"


def test_a_backup_from_before_there_were_suites_opens() -> None:
    backup = bytes.fromhex(BEFORE["backup"])

    header, encoded = decode_header(backup)
    opened = Chunks(SECRET, header, encoded).unseal(backup[len(encoded) :], is_last=True)

    assert (encode_header(header), opened) == (encoded, b"a chunk")


@BOTH
def test_a_signature_is_64_bytes_whatever_is_signed(suite: Suite) -> None:
    key = suite.new_signing_key()

    for size_bytes in (0, 1, 100_000):
        signature = key.sign(bytes(size_bytes))
        assert len(signature) == 64
        key.public_key().verify(signature, bytes(size_bytes))
    with pytest.raises(InvalidSignature):
        key.public_key().verify(bytes(64), b"")
