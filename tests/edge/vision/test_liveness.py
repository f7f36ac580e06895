"""Presentation attack detection at one lane: when it is looked again, and when it is decided."""

from random import Random

import pytest

from config.site import Recognition
from edge.vision.attempt import FaceAttempt
from edge.vision.liveness import CHALLENGE_S_MAX, PASSIVE_S_MAX, LivenessPolicy
from edge.vision.recogniser import Recogniser
from models.liveness.policy import Outcome, Policy
from models.liveness.types import Verdict
from tests.edge.vision.people import (
    BLUE,
    GREEN,
    RED,
    ColourGallery,
    ColourLooker,
    ColourPipeline,
    Film,
    Square,
    demand,
    good,
)

ADA, STRANGER = Square(RED), Square(BLUE)
TURNS = (0.0, 0.35, 0.0)
"""A head that turns: one more sign of life than the networks."""


class Lane:
    """A recogniser that asks for life, and the film it is shown."""

    def __init__(self, policy: Policy = Policy.PASSIVE, looker: ColourLooker | None = None) -> None:
        self.film, self.looker = Film(), looker
        self.recogniser = Recogniser(
            pipeline=ColourPipeline(),
            gallery=ColourGallery(ada=RED, ben=GREEN),
            recognition=Recognition(),
            demand=demand,
            liveness=LivenessPolicy(policy, looker, random=Random(1)),  # noqa: S311 - known here
            assess=good,
            clock=lambda: self.film.now_s,
        )

    def show(self, *squares: Square, count: int) -> list[FaceAttempt]:
        """Show the same people for some frames; returns the attempts."""
        found = [self.recogniser.examine(self.film.frame(*squares)) for _ in range(count)]
        return [attempt for attempt in found if attempt is not None]

    def instruction(self) -> str | None:
        """What the person is asked to do."""
        return next((box.hint for box in self.recogniser.boxes if box.is_active), None)


def outcome_of(attempt: FaceAttempt) -> Outcome | None:
    return None if attempt.liveness is None else attempt.liveness.outcome


@pytest.mark.parametrize(
    ("live_share", "verdict", "outcome"),
    [(0.99, Verdict.LIVE, Outcome.PASS), (0.01, Verdict.ATTACK, Outcome.REFUSE)],
)
def test_a_known_face_is_judged_within_half_a_second(
    live_share: float, verdict: Verdict, outcome: Outcome
) -> None:
    lane = Lane(looker=ColourLooker(live_share, turns=TURNS))

    [attempt] = lane.show(ADA, count=8)

    assert attempt.liveness is not None
    assert (attempt.liveness.verdict, attempt.liveness.outcome) == (verdict, outcome)
    assert attempt.liveness.look_count >= 3


def test_a_doubt_is_looked_at_again_and_then_asks_for_a_card() -> None:
    lane = Lane(looker=ColourLooker(0.5))

    [attempt] = lane.show(ADA, count=60)

    assert outcome_of(attempt) is Outcome.STEP_UP
    assert attempt.decided_at_s - attempt.first_captured_at_s >= PASSIVE_S_MAX


def test_a_doubt_that_is_cured_in_time_passes() -> None:
    lane = Lane(looker=ColourLooker(0.2, turns=TURNS))
    assert lane.looker is not None

    assert lane.show(ADA, count=8) == []
    lane.looker.live_share = 0.99
    [attempt] = lane.show(ADA, count=30)

    assert outcome_of(attempt) is Outcome.PASS


def test_a_site_may_ask_for_a_card_at_the_first_doubt() -> None:
    lane = Lane(Policy.PASSIVE_STEP_UP, ColourLooker(0.5))

    [attempt] = lane.show(ADA, count=12)

    assert outcome_of(attempt) is Outcome.STEP_UP


def test_without_a_network_nobody_passes_by_face_alone() -> None:
    [attempt] = Lane(looker=None).show(ADA, count=3)

    assert outcome_of(attempt) is Outcome.STEP_UP
    assert attempt.liveness is not None
    assert attempt.liveness.reason == "no network"


def test_for_a_stranger_nobody_waits() -> None:
    lane = Lane(looker=ColourLooker(0.5))

    [attempt] = lane.show(STRANGER, count=12)

    assert attempt.candidates[0].similarity < attempt.threshold


def test_who_steps_before_the_camera_next_is_looked_at_anew() -> None:
    lane = Lane(looker=ColourLooker(0.99))
    assert lane.looker is not None

    lane.show(ADA, count=4)
    lane.looker.live_share = 0.01
    attempts = lane.show(Square(GREEN), count=12)

    assert [outcome_of(a) for a in attempts if a.candidates[0].key == "ben"] == [Outcome.REFUSE]


def test_a_challenge_passes_who_does_what_is_asked() -> None:
    lane = Lane(Policy.CHALLENGE, ColourLooker(0.99))
    assert lane.looker is not None
    attempts, asked = list[FaceAttempt](), list[str]()

    while not attempts and len(asked) < 200:
        attempts = lane.show(ADA, count=1)
        asked.append(lane.instruction() or "")
        lane.looker.turns = [{"turn_left": 0.4, "turn_right": -0.4}.get(asked[-1], 0.0)]

    assert outcome_of(attempts[0]) is Outcome.PASS
    assert {"turn_left", "turn_right"} <= set(asked)


def test_who_leaves_during_a_challenge_has_not_passed_it() -> None:
    lane = Lane(Policy.CHALLENGE, ColourLooker(0.99))
    lane.show(ADA, count=10)

    attempts = lane.show(count=14)

    assert [outcome_of(attempt) for attempt in attempts] in ([], [Outcome.STEP_UP])


def test_a_challenge_that_nobody_follows_asks_for_a_card() -> None:
    lane = Lane(Policy.CHALLENGE, ColourLooker(0.99))

    [attempt] = lane.show(ADA, count=round(CHALLENGE_S_MAX * 15) + 30)

    assert outcome_of(attempt) is Outcome.STEP_UP
