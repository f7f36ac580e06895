import numpy as np
import pytest

from edge.vision.approach import Look, Visit
from models.face.types import Candidate, Embedding

ADA = np.array([1.0, 0.0], np.float32)
BEN = np.array([0.0, 1.0], np.float32)


def similarity(one: Embedding, other: Embedding) -> float:
    return float(one @ other)


def visit() -> Visit:
    return Visit(similarity=similarity, same_person_similarity=0.4)


def look(
    at_s: float, *similarities: float, embedding: Embedding = ADA, quality: float = 0.5
) -> Look:
    return Look(
        captured_at_s=at_s,
        embedding=embedding,
        candidates=[Candidate(f"p{i}", s) for i, s in enumerate(similarities)],
        threshold=0.6,
        step_up=0.5,
        margin_min=0.02,
        gallery_size=len(similarities),
        quality=quality,
    )


def test_a_clear_frame_decides_at_once() -> None:
    person = visit()
    first = look(0.0, 0.8, 0.3)

    person.add(first)

    assert person.decide(now_s=0.0) is first


def test_a_person_is_decided_exactly_once() -> None:
    person = visit()
    person.add(look(0.0, 0.8, 0.3))

    person.decide(now_s=0.0)

    assert person.is_decided
    assert person.decide(now_s=1.0) is None


def test_an_unclear_person_is_looked_at_five_times_and_the_best_look_decides() -> None:
    person = visit()
    looks = [look(0.07 * i, s) for i, s in enumerate((0.4, 0.55, 0.5, 0.41, 0.3))]

    decisions = []
    for each in looks:
        person.add(each)
        decisions.append(person.decide(now_s=each.captured_at_s))

    assert decisions == [None, None, None, None, looks[1]]


def test_the_mean_of_several_frames_decides_where_no_single_one_is_clear() -> None:
    person = visit()
    person.add(look(0.0, 0.55))
    person.add(look(0.1, 0.56))
    mean = look(0.1, 0.66)

    person.add_combined(mean)

    assert person.decide(now_s=0.1) is mean


def test_a_later_clear_frame_is_accepted() -> None:
    person = visit()
    person.add(look(0.0, 0.55))
    assert person.decide(now_s=0.0) is None

    clear = look(0.07, 0.7)
    person.add(clear)

    assert person.decide(now_s=0.07) is clear


def test_two_people_who_are_nearly_equal_are_not_clear() -> None:
    person = visit()

    person.add(look(0.0, 0.8, 0.79))

    assert person.decide(now_s=0.0) is None


def test_of_unclear_looks_the_one_with_the_widest_margin_decides() -> None:
    person = visit()
    looks = [look(0.0, 0.80, 0.79), look(0.1, 0.78, 0.65), look(0.2, 0.82, 0.80)]

    for each in looks:
        person.add(each)

    assert person.decide(now_s=0.7) is looks[1]


def test_the_wait_ends_after_six_hundred_milliseconds() -> None:
    person = visit()
    only = look(1.0, 0.4)
    person.add(only)

    assert person.decide(now_s=1.59) is None
    assert person.decide(now_s=1.61) is only


def test_without_a_good_frame_nothing_is_decided() -> None:
    person = visit()

    person.drop("blurred")
    person.drop("blurred")
    person.drop("turned_away")

    assert person.decide(now_s=10.0) is None
    assert person.dropped == {"blurred": 2, "turned_away": 1}


def test_an_empty_gallery_lets_the_best_picture_decide() -> None:
    person = visit()
    looks = [look(0.0, quality=0.3), look(0.1, quality=0.9), look(0.2, quality=0.5)]

    for each in looks:
        person.add(each)

    assert person.decide(now_s=0.7) is looks[1]


def test_one_frame_is_never_looked_at_twice() -> None:
    person = visit()
    person.add(look(1.0, 0.4))

    with pytest.raises(ValueError, match="already"):
        person.add(look(1.0, 0.4))


def test_nothing_is_added_to_a_decided_visit() -> None:
    person = visit()
    person.add(look(0.0, 0.9))
    person.decide(now_s=0.0)

    with pytest.raises(ValueError, match="decided"):
        person.add(look(0.1, 0.9))


def test_before_the_decision_one_frame_tells_another_person() -> None:
    person = visit()
    person.add(look(0.0, 0.5, embedding=ADA))

    assert not person.is_somebody_else(ADA, now_s=0.07)
    assert person.is_somebody_else(BEN, now_s=0.14)


def test_after_the_decision_two_frames_in_a_row_must_disagree() -> None:
    person = visit()
    person.add(look(0.0, 0.9, embedding=ADA))
    person.decide(now_s=0.0)

    answers = [person.is_somebody_else(e, now_s=0.5) for e in (BEN, ADA, BEN, BEN)]

    assert answers == [False, False, False, True]


def test_a_decided_person_is_checked_now_and_then_and_at_once_after_a_doubt() -> None:
    person = visit()
    person.add(look(0.0, 0.9, embedding=ADA))
    person.decide(now_s=0.0)

    assert not person.must_check(now_s=0.3)
    assert person.must_check(now_s=0.4)

    person.is_somebody_else(BEN, now_s=0.4)

    assert person.must_check(now_s=0.41)


def test_frames_after_the_decision_are_not_counted_as_dropped() -> None:
    person = visit()
    person.drop("blurred")
    person.add(look(0.1, 0.9))
    person.decide(now_s=0.1)

    person.drop("blurred")

    assert person.dropped == {"blurred": 1}
