"""Searches of galleries so small that the outcome follows from the angles."""

import numpy as np
import pytest

from models.evaluation.identification import OpenSet, can_search, curve_sizes, rate, search
from tests.models.evaluation.colours import Colours, at_degrees

PIPELINE = Colours()


def owners(*counts: int) -> np.ndarray:
    """Return the identities of pictures, so many of each."""
    return np.repeat(np.arange(len(counts), dtype=np.int32), counts)


def test_a_gallery_needs_a_stranger_and_a_second_picture() -> None:
    assert can_search(owners(2, 1, 1), 2)
    assert not can_search(owners(2, 1, 1), 3)
    assert not can_search(owners(1, 1, 1), 2)
    assert not can_search(owners(), 1)


def test_a_probe_that_is_nearer_to_somebody_else_is_refused() -> None:
    # Both pictures of the first person are nearer to the second person than to each other.
    rows = at_degrees(0, 50, 25, 25, 270)

    found = search(rows, owners(2, 2, 1), PIPELINE, "cosine", 2)

    assert found.mates.refused(-1.0) == 0.5
    assert sorted(set(found.mates.best.tolist())) == pytest.approx([-np.inf, 1.0])


def test_the_template_is_the_mean_of_three_and_leaves_out_the_probe() -> None:
    rows = np.eye(5, dtype=np.float32)

    found = search(rows, owners(4, 1), PIPELINE, "cosine", 1)

    assert found.pictures == 3
    assert set(found.mates.best.tolist()) == {0.0}


def test_who_has_three_pictures_is_enrolled_with_one() -> None:
    found = search(at_degrees(0, 0, 0, 90), owners(3, 1), PIPELINE, "cosine", 1)

    assert found.pictures == 1
    assert found.mates.best == pytest.approx(np.ones(len(found.mates.best)))


def test_people_with_more_pictures_are_enrolled_first() -> None:
    rows = at_degrees(0, 90, 90, 180, 180, 180, 180)

    found = search(rows, owners(1, 2, 4), PIPELINE, "cosine", 1)

    assert set(found.mates.owners.tolist()) == {2}
    assert set(found.stranger_owners.tolist()) == {0, 1}


def test_refusals_of_one_picture_enrolled_are_counted_apart() -> None:
    rows = at_degrees(0, 0, 0, 0, 90, 150, 270)

    found = search(rows, owners(4, 2, 1), PIPELINE, "cosine", 2)

    assert found.mates.refused(0.9) == 0
    assert found.others.refused(0.9) == 1
    assert found.others.best == pytest.approx(np.full(len(found.others.best), 0.5), abs=1e-6)


def test_strangers_pass_by_their_best_template() -> None:
    rows = at_degrees(0, 0, 90, 90, 60)

    found = search(rows, owners(2, 2, 1), PIPELINE, "cosine", 2)

    # The stranger stands 30 degrees from the second person.
    assert found.strangers == pytest.approx(np.full(len(found.strangers), np.cos(np.pi / 6)))
    assert (found.passing(0.8), found.passing(0.9)) == (1, 0)


def test_too_few_strangers_pictures_give_no_rate() -> None:
    # Splits repeat the same 99 pictures: they do not make a hundred.
    rows, who = at_degrees(0, 0, *[90.0] * 99), owners(2, *[1] * 99)

    found = search(rows, who, PIPELINE, "cosine", 1)

    assert rate(found, 0.01, identity_count=100) == OpenSet(1, 0.01)


def test_the_rate_at_one_stranger_in_a_hundred() -> None:
    # One of a hundred strangers stands between the person's pictures; the next is 140 degrees off.
    rows, who = at_degrees(0, 40, 20, *[180.0] * 99), owners(2, *[1] * 100)

    found = rate(search(rows, who, PIPELINE, "cosine", 1), 0.01, identity_count=101)

    assert (found.fnir, found.pictures, found.people_count) == (0, 1, 1)
    assert found.threshold == pytest.approx(np.cos(np.radians(140)), abs=1e-6)
    assert found.interval is not None
    assert found.interval[1] > 0.5


def test_a_probe_below_the_threshold_of_a_stricter_rate_is_refused() -> None:
    rows, who = at_degrees(0, 90, *[40.0] * 200), owners(2, *[1] * 200)

    found = rate(search(rows, who, PIPELINE, "cosine", 1), 0.01, identity_count=201)

    assert found.fnir == 1


def test_a_curve_reaches_half_of_the_people() -> None:
    assert list(curve_sizes(owners(*[1] * 24))) == [1, 2, 5, 10, 12]
    assert list(curve_sizes(owners(3))) == []
