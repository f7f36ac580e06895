import cv2
import numpy as np
import pytest

from config.site import Recognition
from edge.vision.attempt import FaceAttempt
from edge.vision.recogniser import Recogniser
from models.face.types import Box, Face
from tests.edge.vision.people import (
    BLUE,
    GREEN,
    RED,
    ColourGallery,
    ColourPipeline,
    Film,
    Square,
    blurred,
    demand,
    good,
)

ADA, BEN, STRANGER = Square(RED), Square(GREEN), Square(BLUE)
FACE_OF_9 = Face(Box(0, 0, 9, 9), score=1.0)
BEHIND = Square(GREEN, x=520, size=124)


class Lane:
    """A recogniser and the film it is shown."""

    def __init__(self, gallery: ColourGallery | None = None) -> None:
        self.pipeline, self.film = ColourPipeline(), Film()
        self.recogniser = Recogniser(
            pipeline=self.pipeline,
            gallery=ColourGallery(ada=RED, ben=GREEN) if gallery is None else gallery,
            recognition=Recognition(),
            demand=demand,
            assess=good,
            clock=lambda: self.film.now_s,
        )

    def show(self, *squares: Square, count: int = 1) -> list[FaceAttempt]:
        """Show the same people for some frames; returns the attempts."""
        attempts = [self.recogniser.examine(self.film.frame(*squares)) for _ in range(count)]
        return [attempt for attempt in attempts if attempt is not None]


@pytest.fixture
def lane() -> Lane:
    return Lane()


def names(attempts: list[FaceAttempt]) -> list[str]:
    return [a.candidates[0].key for a in attempts]


def test_a_person_who_stands_there_for_long_is_one_attempt(lane: Lane) -> None:
    attempts = lane.show(ADA, count=90)

    assert names(attempts) == ["ada"]


def test_a_known_person_is_decided_on_the_first_good_frame(lane: Lane) -> None:
    [attempt] = lane.show(ADA)

    assert attempt.frame_count == 1
    assert attempt.captured_at_s == attempt.first_captured_at_s == lane.film.now_s
    assert attempt.candidates[0].similarity >= attempt.threshold
    assert (attempt.gallery_size, attempt.network) == (2, lane.pipeline.network)


def test_a_stranger_is_decided_once_after_five_frames(lane: Lane) -> None:
    [attempt] = lane.show(STRANGER, count=60)

    assert attempt.frame_count == 5
    assert attempt.candidates[0].similarity < attempt.threshold


def test_the_same_person_may_pass_again_at_once(lane: Lane) -> None:
    attempts = lane.show(ADA, count=10)
    lane.show(count=8)
    attempts += lane.show(ADA, count=10)

    assert names(attempts) == ["ada", "ada"]
    assert attempts[0].track_id != attempts[1].track_id


def test_after_a_passage_the_next_sight_of_the_same_person_is_a_new_attempt(lane: Lane) -> None:
    attempts = lane.show(ADA, count=5)
    lane.recogniser.person_has_passed()
    lane.show(count=4)
    attempts += lane.show(ADA, count=5)

    assert names(attempts) == ["ada", "ada"]


def test_somebody_else_in_the_same_place_is_not_taken_for_the_first(lane: Lane) -> None:
    attempts = lane.show(ADA, count=10)
    attempts += lane.show(BEN, count=15)

    assert names(attempts) == ["ada", "ben"]


def test_somebody_else_who_steps_in_before_the_decision_starts_anew(lane: Lane) -> None:
    lane.show(STRANGER, count=2)

    attempts = lane.show(ADA, count=10)

    assert names(attempts) == ["ada"]
    assert attempts[0].frame_count == 1


def test_one_odd_frame_does_not_let_the_same_person_in_twice(lane: Lane) -> None:
    attempts = lane.show(ADA, count=10)
    for _ in range(10):
        attempts += lane.show(BEN) + lane.show(ADA, count=6)

    assert names(attempts) == ["ada"]


def test_a_person_who_moves_faster_than_frames_can_follow_is_not_let_in_twice(lane: Lane) -> None:
    attempts = lane.show(ADA, count=10)
    attempts += lane.show(Square(RED, x=80), count=10)

    assert names(attempts) == ["ada"]


def test_a_jump_right_after_the_passage_opens_nothing(lane: Lane) -> None:
    attempts = lane.show(ADA, count=10)
    lane.recogniser.person_has_passed()
    attempts += lane.show(Square(RED, x=560), count=10)

    assert names(attempts) == ["ada"]


def test_somebody_else_elsewhere_right_after_is_an_attempt(lane: Lane) -> None:
    attempts = lane.show(ADA, count=10)
    attempts += lane.show(Square(GREEN, x=80), count=15)

    assert names(attempts) == ["ada", "ben"]


def test_of_two_faces_the_nearest_decides(lane: Lane) -> None:
    attempts = lane.show(ADA, BEHIND, count=30)

    assert names(attempts) == ["ada"]
    assert [box.is_active for box in lane.recogniser.boxes] == [True, False]


def test_the_person_behind_has_their_turn_when_the_first_has_left(lane: Lane) -> None:
    attempts = lane.show(ADA, BEHIND, count=15)
    attempts += lane.show(BEHIND, count=30)

    assert names(attempts) == ["ada", "ben"]


def test_a_picture_without_a_face_makes_no_attempt(lane: Lane) -> None:
    assert lane.show(count=30) == []
    assert lane.recogniser.boxes == []


def test_while_nothing_moves_faces_are_hardly_searched_for(lane: Lane) -> None:
    lane.show(count=62)

    assert lane.recogniser.counts["searched"] <= 3
    assert lane.recogniser.counts["skipped"] >= 59


def test_somebody_who_appears_is_searched_for_in_the_same_frame(lane: Lane) -> None:
    lane.show(count=5)

    assert names(lane.show(ADA)) == ["ada"]


def test_only_the_neighbourhood_of_a_person_is_searched_most_of_the_time(lane: Lane) -> None:
    lane.show(ADA, count=30)

    whole = sum(region is None for region in lane.pipeline.regions)
    assert 3 <= whole <= 5


def test_a_person_too_far_away_is_told_so_and_makes_no_attempt(lane: Lane) -> None:
    assert lane.show(Square(RED, size=90), count=20) == []
    assert [box.hint for box in lane.recogniser.boxes] == ["too_small"]


def test_dropped_frames_are_counted_with_their_reason(lane: Lane) -> None:
    lane.show(Square(RED, size=100), count=4)

    [attempt] = lane.show(ADA)

    assert attempt.dropped == {"too_small": 4}


def test_a_face_that_is_never_good_makes_no_attempt() -> None:
    film = Film()
    recogniser = Recogniser(
        pipeline=ColourPipeline(),
        gallery=ColourGallery(ada=RED),
        recognition=Recognition(),
        demand=demand,
        assess=blurred,
    )

    attempts = [recogniser.examine(film.frame(ADA)) for _ in range(30)]

    assert attempts == [None] * 30
    assert recogniser.counts.get("embedded", 0) == 0
    assert [box.hint for box in recogniser.boxes] == ["blurred"]


def test_an_empty_gallery_still_makes_one_attempt_with_no_candidate() -> None:
    lane = Lane(ColourGallery())

    [attempt] = lane.show(ADA, count=30)

    assert (attempt.candidates, attempt.gallery_size, attempt.frame_count) == ((), 0, 5)


def test_a_person_enrolled_while_away_passes_on_the_next_visit() -> None:
    gallery = ColourGallery(ada=RED)
    lane = Lane(gallery)
    [before] = lane.show(BEN, count=10)

    gallery.put("ben", [lane.pipeline.embed(np.full((9, 9, 3), GREEN, np.uint8), FACE_OF_9)])
    lane.show(count=8)
    [after] = lane.show(BEN, count=10)

    assert before.candidates[0].similarity < before.threshold
    assert after.candidates[0].key == "ben"


def test_the_crop_is_a_small_jpeg_of_the_face(lane: Lane) -> None:
    [attempt] = lane.show(ADA)

    assert attempt.crop_jpeg is not None
    crop = cv2.imdecode(np.frombuffer(attempt.crop_jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert crop is not None
    assert crop.shape == (200, 200, 3)
    assert crop[100, 100, 2] > 200


def test_without_further_frames_the_wait_still_ends(lane: Lane) -> None:
    lane.show(STRANGER)

    assert lane.recogniser.conclude(now_s=lane.film.now_s + 0.5) is None
    assert lane.recogniser.conclude(now_s=lane.film.now_s + 0.7) is not None


def test_after_an_interruption_the_person_there_is_a_new_attempt(lane: Lane) -> None:
    attempts = lane.show(ADA, count=5)
    lane.recogniser.interrupt()
    attempts += lane.show(ADA, count=5)

    assert names(attempts) == ["ada", "ada"]


def test_a_decided_person_is_searched_for_in_every_second_frame(lane: Lane) -> None:
    lane.show(ADA, count=2)
    before = lane.recogniser.counts["searched"]

    lane.show(ADA, count=30)

    assert lane.recogniser.counts["searched"] - before == 15


def test_at_the_edge_of_the_picture_the_whole_of_it_is_searched(lane: Lane) -> None:
    for x in range(320, 640, 40):
        lane.show(Square(BLUE, x=x))
        lane.show(Square(BLUE, x=x))

    narrowest = min(region.width for region in lane.pipeline.regions if region is not None)
    assert narrowest >= 110
