"""A change of keys is what both keys have signed, and nothing else."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from config.contract.node_rotation import (
    ROTATION_SIZE_BYTES_MAX,
    SignedRotation,
    read_rotation,
    sign_rotation,
)
from config.contract.trust import TrustError, public_text
from config.crypto.keys import RecipientKey, SigningKey
from config.crypto.sm import SM

OLD, NEW, OTHER = (Ed25519PrivateKey.generate() for _ in range(3))
SEALING_KEY = X25519PrivateKey.generate().public_key()


def signed(*, old: SigningKey = OLD, new: SigningKey = NEW) -> SignedRotation:
    return sign_rotation(
        site="test", node="gate-1", old_key=old, signing_key=new, sealing_key=SEALING_KEY
    )


def test_a_change_comes_out_as_it_went_in() -> None:
    rotation = read_rotation(signed())

    assert (rotation.site, rotation.node) == ("test", "gate-1")
    assert rotation.old_key == public_text(OLD.public_key())
    assert rotation.signing_key == public_text(NEW.public_key())
    assert rotation.sealing_key == public_text(SEALING_KEY)


@pytest.mark.parametrize("part", ["by_old", "by_new"])
def test_a_change_that_one_of_the_keys_has_not_signed_is_none(part: str) -> None:
    of_others = signed(old=OTHER, new=Ed25519PrivateKey.generate())

    with pytest.raises(TrustError, match="signature"):
        read_rotation(signed().model_copy(update={part: getattr(of_others, part)}))


def test_the_signature_of_one_key_is_not_that_of_the_other() -> None:
    change = signed()

    with pytest.raises(TrustError):
        read_rotation(change.model_copy(update={"by_old": change.by_new, "by_new": change.by_old}))


def test_no_key_is_its_own_successor() -> None:
    with pytest.raises(TrustError, match="to itself"):
        read_rotation(signed(new=OLD))


@pytest.mark.parametrize("document", ["", "{}", '{"site": "test"}', "[1]"])
def test_what_is_no_change_says_so(document: str) -> None:
    with pytest.raises(TrustError, match="no change"):
        read_rotation(signed().model_copy(update={"document": document}))


def test_a_change_of_the_longest_names_fits_into_a_request_in_both_suites() -> None:
    name = "g" * 63
    keys: list[tuple[SigningKey, SigningKey, RecipientKey]] = [
        (OLD, NEW, SEALING_KEY),
        (SM.new_signing_key(), SM.new_signing_key(), SM.new_sealing_key().public_key()),
    ]

    for old, new, sealing in keys:
        change = sign_rotation(
            site=name, node=name, old_key=old, signing_key=new, sealing_key=sealing
        )
        assert len(change.model_dump_json()) < ROTATION_SIZE_BYTES_MAX
        assert read_rotation(change).node == name
