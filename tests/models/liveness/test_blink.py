"""Blinks over a track."""

import pytest

from models.liveness.blink import BlinkCounter, blink_count
from tests.models.liveness.looks import a_look, with_eyes


@pytest.mark.parametrize(
    ("openings", "count"),
    [
        ([0.3, 0.3, 0.1, 0.3, 0.3], 1),
        ([0.3, 0.1, 0.3, 0.1, 0.3, 0.3], 2),
        ([0.3, 0.3, 0.1, 0.1], 0),
        ([0.1, 0.3, 0.3, 0.3], 0),
        ([0.3, 0.25, 0.3, 0.25, 0.3], 0),
        ([0.17, 0.17, 0.08, 0.17, 0.17], 1),
        ([0.3, 0.1], 0),
        ([], 0),
    ],
)
def test_a_blink_is_open_eyes_that_shut_and_open_again(openings: list[float], count: int) -> None:
    assert blink_count(with_eyes(openings)) == count


def test_eyes_that_stay_shut_for_long_look_down() -> None:
    openings = [0.3, 0.3, *[0.1] * 8, 0.3, 0.3, *[0.3] * 8]

    assert blink_count(with_eyes(openings)) == 0


def test_a_look_without_eyes_changes_nothing() -> None:
    looks = with_eyes([0.3, 0.3, 0.1, 0.3])
    looks.insert(3, a_look(0.25))

    assert blink_count(looks) == 1


def test_eyes_of_a_face_that_is_turned_away_are_not_measured() -> None:
    looks = [a_look(i / 10, eye_aspect_ratio=e, turn=0.3) for i, e in enumerate([0.3, 0.1, 0.3])]

    assert blink_count(looks) == 0


def test_a_restarted_counter_does_not_count_a_blink_that_began_before() -> None:
    counter = BlinkCounter()
    for look in with_eyes([0.3, 0.1]):
        counter.take(look)

    counter.restart()

    assert not counter.take(a_look(0.2, eye_aspect_ratio=0.3))
