import pytest

from config.contract.access import CredentialKind, DenialReason
from edge.access.attempts import Attempt, CardShown, CodeShown, ExitRequested, FaceShown, PinShown
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
