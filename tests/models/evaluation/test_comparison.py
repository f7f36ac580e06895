"""Comparisons of few vectors, worked out by hand from their angles."""

import numpy as np
import pytest

from models.evaluation.comparison import (
    best_of,
    compare_all,
    compare_listed,
    measure_of,
    paired_similarities,
    similarities,
)
from models.face.types import Pipeline
from tests.models.evaluation.colours import at_degrees

OWNERS = np.array([0, 0, 1, 1], np.int32)
ANGLES = (0, 60, 90, 130)


def test_the_cosine_is_of_the_angle() -> None:
    found = similarities(at_degrees(0), at_degrees(60, 180), "cosine")

    assert found.tolist() == [pytest.approx([0.5, -1.0])]


def test_the_euclidean_similarity_is_one_less_the_distance() -> None:
    one, other = np.array([[3, 0]], np.float32), np.array([[0, 4], [3, 0]], np.float32)

    assert similarities(one, other, "euclidean").tolist() == [[-4.0, 1.0]]


def test_the_best_template_counts() -> None:
    found = best_of(at_degrees(0, 100), at_degrees(60, 90), "cosine")

    assert found == pytest.approx([0.5, np.cos(np.radians(10))])


@pytest.mark.parametrize("measure", ["cosine", "euclidean"])
def test_pairs_of_rows_are_compared_as_the_matrix_does(measure: str) -> None:
    one, other = at_degrees(0, 40, 80), at_degrees(10, 100, 200)

    found = paired_similarities(one, other, measure)  # type: ignore[arg-type]

    assert found == pytest.approx(np.diag(similarities(one, other, measure)))  # type: ignore[arg-type]


def test_each_pair_of_pictures_is_compared_once() -> None:
    found = compare_all(at_degrees(*ANGLES), OWNERS, "cosine")

    # Genuine: 60 and 40 degrees apart. Impostors: 130, 90, 70 and 30.
    assert found.genuine == pytest.approx(np.cos(np.radians([60, 40])))
    assert found.genuine_owners.tolist() == [0, 1]
    assert found.impostors == pytest.approx(np.cos(np.radians([130, 90, 70, 30])), abs=1e-6)


def test_rank_1_is_of_pictures_whose_nearest_is_their_own() -> None:
    found = compare_all(at_degrees(*ANGLES), OWNERS, "cosine")

    # 60 is nearer to 90 than to 0, and 90 nearer to 60 than to 130.
    assert found.is_first.tolist() == [True, False, False, True]
    assert found.first_owners.tolist() == [0, 0, 1, 1]


def test_one_identity_alone_is_first_before_nobody() -> None:
    found = compare_all(at_degrees(0, 10), OWNERS[:2], "cosine")

    assert found.is_first.size == 0
    assert found.genuine.size == 1


def test_the_tail_holds_the_highest_scores_with_both_identities() -> None:
    tail = compare_all(at_degrees(*ANGLES), OWNERS, "cosine").tail

    assert tail.scores[0] == pytest.approx(np.cos(np.radians(30)))
    assert [tail.one[0], tail.other[0]] == [0, 1]
    assert tail.total(np.array([2.0, 3.0])) == 2 * 3 * len(tail.scores)


def test_blocks_change_nothing() -> None:
    rows = np.random.default_rng(1).normal(size=(23, 5)).astype(np.float32)
    owners = np.repeat(np.arange(6, dtype=np.int32), 4)[:23]

    whole = compare_all(rows, owners, "euclidean")
    parts = compare_all(rows, owners, "euclidean", block_length=4)

    assert np.allclose(whole.genuine, parts.genuine)
    assert np.allclose(whole.impostors, parts.impostors)
    assert np.array_equal(whole.is_first, parts.is_first)
    assert np.allclose(whole.tail.scores, parts.tail.scores)


def test_no_pictures_give_no_comparisons() -> None:
    found = compare_all(np.empty((0, 3), np.float32), np.empty(0, np.int32), "cosine")

    assert (found.genuine.size, found.impostors.size, found.is_first.size) == (0, 0, 0)


def test_listed_pairs_are_what_their_list_says() -> None:
    scores = np.array([0.9, 0.2, 0.4, 0.7], np.float32)
    is_same = np.array([True, False, True, False])

    found = compare_listed(scores, is_same, OWNERS, np.array([0, 1, 1, 0], np.int32))

    assert found.genuine == pytest.approx([0.4, 0.9])
    assert found.impostors == pytest.approx([0.2, 0.7])
    assert found.tail.scores == pytest.approx([0.7, 0.2])
    assert found.tail.total(np.array([2.0, 3.0])) == 12


def test_both_pipelines_measures_are_known(builtin: Pipeline, production: Pipeline) -> None:
    assert measure_of(builtin) == "euclidean"
    assert measure_of(production) == "cosine"
