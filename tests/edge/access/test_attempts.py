import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from config.contract.access import CredentialKind, DenialReason
from config.contract.trust import pin_verifier
from config.contract.visitor_code import encode_visitor_code
from edge.access.attempts import (
    Attempt,
    CardShown,
    CodeShown,
    ExitRequested,
    FaceShown,
    PinShown,
    code_shown,
    pin_shown,
)
from tests.edge.access.building import VISITOR, Candidate

TWINS = [Candidate("anna", 0.905), Candidate("berta", 0.9)]


def test_a_face_beside_a_twins_fits_each_of_them_one_to_one() -> None:
    shown = FaceShown(TWINS, 0.5)

    assert shown.refusal is DenialReason.DOUBTFUL_FACE
    assert shown.proves("anna")
    assert shown.proves("berta")


@pytest.mark.parametrize(
    "shown",
    [
        FaceShown([Candidate("anna", 0.49)], 0.5),
        FaceShown([Candidate("anna", 0.49)], 0.5, step_up=0.4),
        FaceShown([Candidate("berta", 0.9), Candidate("anna", 0.49)], 0.5),
        FaceShown([Candidate("anna", 0.9)], 0.5, doubt=DenialReason.PRESENTATION_ATTACK),
        FaceShown([Candidate("anna", 0.9)], 0.5, doubt=DenialReason.LIVENESS_UNSURE),
        FaceShown(TWINS, 0.5, doubt=DenialReason.LIVENESS_UNSURE),
    ],
)
def test_a_face_that_is_too_unlike_or_not_alive_proves_nobody(shown: FaceShown) -> None:
    assert not shown.proves("anna")


@pytest.mark.parametrize("pin", [PinShown("anna", is_right=False), PinShown(None, is_right=True)])
def test_a_pin_that_is_wrong_or_follows_nothing_is_refused(pin: PinShown) -> None:
    assert pin.refusal is DenialReason.WRONG_PIN


def test_a_code_names_its_holder() -> None:
    assert CodeShown(VISITOR).asked_about == str(VISITOR.holder_id)
    assert CodeShown(VISITOR).refusal is None


def test_a_code_that_is_not_signed_is_nobodys() -> None:
    assert CodeShown(None).asked_about is None
    assert CodeShown(None).refusal is DenialReason.UNKNOWN_CODE


def test_every_attempt_says_what_it_is() -> None:
    attempts: list[Attempt] = [FaceShown([], 0.5), CardShown(None), PinShown(None, is_right=False),
                CodeShown(None), ExitRequested()]  # fmt: skip

    assert [attempt.kind for attempt in attempts] == list(CredentialKind)


def test_the_button_asks_about_nobody() -> None:
    assert ExitRequested().asked_about is None
    assert ExitRequested().refusal is None


KEY = b"k" * 32
OWN, DURESS = (pin_verifier(KEY, "anna", pin) for pin in ("1234", "4321"))


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("1234", PinShown("anna", is_right=True)),
        ("4321", PinShown("anna", is_right=True, is_duress=True)),
        ("1111", PinShown("anna", is_right=False)),
    ],
)
def test_a_typed_pin_is_the_own_the_duress_pin_or_wrong(typed: str, shown: PinShown) -> None:
    assert pin_shown(typed, holder_id="anna", key=KEY, verifier=OWN, duress=DURESS) == shown


def test_a_pin_of_somebody_without_one_is_wrong() -> None:
    wrong = pin_shown("1234", holder_id="anna", key=KEY, verifier=None, duress=None)

    assert wrong.refusal is DenialReason.WRONG_PIN


def test_a_pin_that_follows_no_other_credential_is_wrong() -> None:
    wrong = pin_shown("1234", holder_id=None, key=KEY, verifier=OWN, duress=None)

    assert wrong.refusal is DenialReason.WRONG_PIN


def test_where_both_pins_are_the_same_nobody_is_alarmed() -> None:
    shown = pin_shown("1234", holder_id="anna", key=KEY, verifier=OWN, duress=OWN)

    assert shown == PinShown("anna", is_right=True)


def test_a_scanned_code_is_what_it_says_or_nobodys() -> None:
    key = Ed25519PrivateKey.generate()
    text = encode_visitor_code(VISITOR, key=key, site="demo")

    assert code_shown(text, key=key.public_key(), site="demo") == CodeShown(VISITOR)
    assert code_shown("'; DROP TABLE", key=key.public_key(), site="demo") == CodeShown(None)
