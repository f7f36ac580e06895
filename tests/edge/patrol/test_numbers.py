"""One tag, many numbers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import CredentialKind
from drivers.protocols.ibutton import Key
from edge.patrol.numbers import forms, turned

KEY = Key(family=1, serial=bytes.fromhex("0000000001B8"))


@pytest.mark.parametrize(
    ("kind", "number", "printed"),
    [
        (CredentialKind.EM4100, "010063E9AE", "0006547886"),
        (CredentialKind.EM4100, "010063E9AE", "099,59822"),
        (CredentialKind.EM4100, "010063E9AE", "0063E9AE"),
        (CredentialKind.CARD_UID, "04A1B2C3", "C3B2A104"),
        (CredentialKind.CARD_UID, "04A1B2C3", "0077705923"),
        (CredentialKind.IBUTTON, KEY.number, KEY.serial.hex().upper()),
        (CredentialKind.IBUTTON, KEY.number, KEY.wire.hex().upper()),
    ],
)
def test_uid_normalisation_finds_what_a_label_or_another_reader_says(
    kind: CredentialKind, number: str, printed: str
) -> None:
    """LiinooRF/Guard #334: the same tag, read elsewhere, was another."""
    assert forms(kind, number)[0] == number
    assert printed in forms(kind, number)


def test_a_code_has_one_form_alone() -> None:
    assert forms(CredentialKind.QR, "01:00:63") == ("01:00:63",)


@given(st.sampled_from(CredentialKind), st.text(max_size=300))
def test_whatever_is_read_has_a_form_and_raises_nothing(kind: CredentialKind, text: str) -> None:
    assert len(forms(kind, text)) >= 1


@given(st.binary(min_size=4, max_size=10))
def test_turning_twice_gives_the_number_back(uid: bytes) -> None:
    assert turned(turned(uid.hex().upper())) == uid.hex().upper()
