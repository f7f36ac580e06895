"""What follows from something that hides a face, with colours for faces and a scripted eye."""

from typing import Any

import pytest

from config.site import Recognition
from edge.vision.attempt import FaceAttempt
from edge.vision.covers import CoverRule
from edge.vision.liveness import LivenessPolicy
from edge.vision.recogniser import Recogniser
from models.face.covers import Cover
from models.face.types import Box, Face, Image
from models.liveness.policy import Policy
from tests.edge.vision.people import (
    BLUE,
    RED,
    ColourGallery,
    ColourLooker,
    ColourPipeline,
    Film,
    Square,
    Verdict,
    demand,
    good,
    picture,
    unit,
)

ADA, STRANGER = Square(RED), Square(BLUE)
FACE = Face(Box(0, 0, 100, 100), score=1.0)


class Lane:
    """A recogniser, its film, and what hides the face now."""

    def __init__(self, *, assess: Any = good, **settings: Any) -> None:  # noqa: ANN401 - of tests
        self.film, self.looker = Film(), ColourLooker(turns=(0.0, 0.35, 0.0))
        self.hidden: Cover | None = Cover.MASK
        self.gallery = ColourGallery(ada=RED)
        self.recogniser = Recogniser(
            pipeline=ColourPipeline(),
            gallery=self.gallery,
            recognition=Recognition.model_validate(settings),
            demand=demand,
            liveness=LivenessPolicy(Policy.PASSIVE, self.looker),
            assess=assess,
            find_cover=lambda image, face: self.hidden,
            clock=lambda: self.film.now_s,
        )

    def show(self, square: Square, *, count: int = 20) -> list[FaceAttempt]:
        """Show one person for some frames; returns the attempts."""
        attempts = [self.recogniser.examine(self.film.frame(square)) for _ in range(count)]
        return [attempt for attempt in attempts if attempt is not None]

    @property
    def hint(self) -> str | None:
        """What the screen says to the person."""
        [box] = self.recogniser.boxes
        return box.hint


@pytest.mark.parametrize("cover", list(Cover))
def test_a_face_that_is_hidden_and_not_known_says_why(cover: Cover) -> None:
    lane = Lane()
    lane.hidden = cover

    [attempt] = lane.show(STRANGER)

    assert (attempt.cover, attempt.needs_card) == (cover, False)
    assert lane.hint == cover


def test_a_face_that_is_known_all_the_same_passes() -> None:
    [attempt] = Lane().show(ADA)

    assert (attempt.cover, attempt.needs_card) == (None, False)


def test_where_the_site_wants_a_card_a_known_face_is_said_to_be_hidden() -> None:
    [attempt] = Lane(masks="card").show(ADA)

    assert (attempt.cover, attempt.needs_card) == (Cover.MASK, True)


@pytest.mark.parametrize(
    "settings", [{"masks": "ignore"}, {"masks": "ignore", "sun_behind": "card"}]
)
def test_what_the_site_ignores_is_not_said(settings: dict[str, str]) -> None:
    lane = Lane(**settings)

    [attempt] = lane.show(STRANGER)

    assert attempt.cover is None
    assert lane.hint is None


def test_who_uncovers_the_face_is_looked_at_again_once() -> None:
    lane = Lane()
    [covered] = lane.show(STRANGER)

    lane.hidden = None
    [uncovered] = lane.show(STRANGER, count=40)

    assert (covered.cover, uncovered.cover) == (Cover.MASK, None)
    assert uncovered.track_id == covered.track_id


def test_nobody_gets_a_third_attempt() -> None:
    lane = Lane()
    [first] = lane.show(STRANGER)
    lane.hidden = None
    assert lane.show(STRANGER, count=4) == []
    lane.hidden = Cover.MASK
    [second] = lane.show(STRANGER)

    lane.hidden = None

    assert (first.cover, second.cover) == (Cover.MASK, Cover.MASK)
    assert lane.show(STRANGER, count=60) == []


def test_life_is_asked_for_anew_when_the_face_is_uncovered() -> None:
    lane = Lane()
    [_] = lane.show(STRANGER)
    lane.gallery.put("known without the mask", [unit(BLUE)])
    lane.hidden, lane.looker.live_share = None, 0.01

    [attempt] = lane.show(STRANGER, count=40)

    assert attempt.liveness is not None
    assert attempt.liveness.verdict.value == "attack"


def test_a_picture_that_was_held_up_gets_no_second_attempt() -> None:
    lane = Lane()
    lane.gallery.put("somewhat alike", [unit((140, 0, 213))])
    lane.looker.live_share = 0.01
    [attempt] = lane.show(STRANGER)

    lane.hidden = None

    assert attempt.cover is Cover.MASK
    assert lane.show(STRANGER, count=40) == []


def test_who_stays_covered_gets_no_second_attempt() -> None:
    lane = Lane()

    assert len(lane.show(STRANGER, count=90)) == 1
    assert lane.hint == Cover.MASK


def test_who_was_let_through_by_card_opens_no_second_time() -> None:
    lane = Lane()
    [_] = lane.show(STRANGER)
    lane.recogniser.person_was_let_through()

    lane.hidden = None

    assert lane.show(STRANGER, count=40) == []


def test_a_face_that_the_sun_leaves_dark_is_told_so() -> None:
    def dark(image: Image, face: Face) -> Verdict:
        return Verdict("too_dark", 0.1)

    lane = Lane(assess=dark)
    lane.hidden = Cover.SUN_BEHIND
    lane.show(STRANGER, count=5)

    assert lane.hint == Cover.SUN_BEHIND


@pytest.mark.parametrize(
    ("policy", "is_clear", "seen"),
    [("ask", False, True), ("ask", True, False), ("card", True, True), ("ignore", False, False)],
)
def test_a_clear_face_is_hidden_only_where_a_card_is_wanted(
    policy: str, *, is_clear: bool, seen: bool
) -> None:
    rule = CoverRule(Recognition.model_validate({"masks": policy}), lambda image, face: Cover.MASK)

    assert (rule.seen(picture(), FACE, is_clear=is_clear) is not None) is seen


def test_nobody_looks_where_everything_is_ignored() -> None:
    looked = list[Face]()
    settings = dict.fromkeys(("masks", "dark_glasses", "caps", "sun_behind"), "ignore")
    rule = CoverRule(Recognition.model_validate(settings), lambda image, face: looked.append(face))

    rule.seen(picture(), FACE, is_clear=False)

    assert looked == []
