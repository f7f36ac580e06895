import dataclasses
from datetime import timedelta
from uuid import UUID

import pytest

from config.contract.access import DenialReason
from config.contract.visitor_code import VisitorCode
from edge.access.attempts import CodeShown, FaceShown
from edge.access.question import Person
from edge.canteen.diner import by_code, by_face, stands_beside
from edge.canteen.screen import TillRefusal
from tests.edge.canteen.making import ANNA, BORIS, NOON, shown

PEOPLE = {"anna": ANNA, "boris": BORIS}


@pytest.mark.parametrize(
    ("face", "diners", "is_asked", "needs_pin"),
    [
        (shown([("anna", 0.8), ("boris", 0.3)]), ["anna"], False, False),
        (shown([("anna", 0.8), ("boris", 0.77)]), ["anna", "boris"], True, False),
        (shown([("anna", 0.57), ("boris", 0.3)]), ["anna"], False, True),
        (shown([("anna", 0.58), ("boris", 0.56)]), ["anna", "boris"], True, True),
        (
            shown([("anna", 0.8)], doubt=DenialReason.LIVENESS_UNSURE),
            ["anna"],
            False,
            True,
        ),
    ],
)
def test_a_small_lead_is_asked_about_and_a_doubt_wants_a_pin(
    face: FaceShown, diners: list[str], is_asked: bool, needs_pin: bool
) -> None:
    found = by_face(face, PEOPLE.get, is_beside=False)

    assert [diner.holder_id for diner in found.diners] == diners
    assert found.is_doubtful is is_asked
    assert {diner.needs_pin for diner in found.diners} == {needs_pin}


@pytest.mark.parametrize(
    ("face", "refusal"),
    [
        (shown([]), TillRefusal.UNKNOWN_FACE),
        (shown([("anna", 0.5)]), TillRefusal.UNKNOWN_FACE),
        (shown([("stranger", 0.9)]), TillRefusal.UNKNOWN_FACE),
        (
            shown([("anna", 0.9)], doubt=DenialReason.PRESENTATION_ATTACK),
            TillRefusal.PRESENTATION_ATTACK,
        ),
    ],
)
def test_nobody_is_guessed(face: FaceShown, refusal: TillRefusal) -> None:
    found = by_face(face, PEOPLE.get, is_beside=False)

    assert (found.diners, found.refusal) == ((), refusal)


def test_two_people_before_the_camera_are_asked_however_sure_the_face_is() -> None:
    found = by_face(shown([("anna", 0.9)]), PEOPLE.get, is_beside=True)

    assert ([d.holder_id for d in found.diners], found.is_doubtful) == (["anna"], True)


def test_a_twin_is_asked_about_though_the_camera_saw_one_of_them_only() -> None:
    anna = dataclasses.replace(ANNA, confusable_with=frozenset({"boris"}))

    found = by_face(shown([("anna", 0.9)]), {**PEOPLE, "anna": anna}.get, is_beside=False)

    assert ([d.holder_id for d in found.diners], found.is_doubtful) == (["anna", "boris"], True)


@pytest.mark.parametrize(
    ("widths", "is_beside"),
    [([], False), ([200.0], False), ([200.0, 119.0], False), ([120.0, 200.0], True)],
)
def test_the_queue_behind_is_not_beside(widths: list[float], is_beside: bool) -> None:
    assert stands_beside(widths) is is_beside


CODE = VisitorCode(
    holder_id=UUID(int=7),
    nonce="00112233aabbccdd",
    valid_from=NOON,
    valid_until=NOON + timedelta(minutes=5),
    points=("till-1",),
)


@pytest.mark.parametrize(
    ("code", "person", "seconds", "is_good"),
    [
        (CODE, ANNA, 0, True),
        (None, ANNA, 0, False),
        (CODE, None, 0, False),
        (CODE, ANNA, -1, False),
        (CODE, ANNA, 300, False),
        (CODE.model_copy(update={"points": ("east",)}), ANNA, 0, False),
        (CODE, dataclasses.replace(ANNA, cancelled_codes=frozenset({CODE.nonce})), 0, False),
    ],
)
def test_a_code_pays_where_and_while_it_is_good(
    code: VisitorCode | None, person: Person | None, seconds: int, is_good: bool
) -> None:
    now = NOON + timedelta(seconds=seconds)

    places = {"till-1", "canteen"}
    found = by_code(CodeShown(code), person, places=places, is_used=lambda _: False, now=now)

    assert bool(found.diners) is is_good
    assert (found.refusal is None) is is_good
