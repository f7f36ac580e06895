import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.face import pairs
from models.face.gallery import ExactGallery
from models.face.search import Measure
from models.face.types import Embedding, ScoreHistogram
from tests.models.face.galleries import gallery_of, plain_search, units

DIMENSION = 16
MEASURES: tuple[Measure, ...] = ("cosine", "euclidean")
People = dict[str, list[Embedding]]


def people_of(count: int, *, seed: int = 0) -> People:
    """Return people with one to three templates each."""
    rows = units(3 * count, DIMENSION, seed=seed)
    return {f"p{i:04}": list(rows[3 * i : 3 * i + 1 + i % 3]) for i in range(count)}


def plain_pairs(people: People, measure: Measure) -> dict[tuple[str, str], float]:
    return {
        (one, other): max(
            plain_search({other: people[other]}, probe, measure, count=1)[0].similarity
            for probe in people[one]
        )
        for one, other in itertools.combinations(sorted(people), 2)
    }


@given(
    count=st.integers(1, 12),
    measure=st.sampled_from(MEASURES),
    similarity=st.floats(-0.6, 0.6),
    seed=st.integers(0, 2**16),
)
def test_the_pairs_above_are_those_of_a_plain_loop(
    count: int, measure: Measure, similarity: float, seed: int
) -> None:
    people = people_of(count, seed=seed)
    expected = {k: v for k, v in plain_pairs(people, measure).items() if v >= similarity}

    found = gallery_of(people, measure).pairs_above(similarity, count_max=1000)

    assert {(p.one, p.other): pytest.approx(p.similarity, abs=1e-6) for p in found} == expected
    assert [p.similarity for p in found] == sorted((p.similarity for p in found), reverse=True)


@pytest.mark.parametrize("measure", MEASURES)
def test_only_the_most_alike_pairs_are_returned_when_there_are_more(measure: Measure) -> None:
    people = people_of(40)
    best = sorted(plain_pairs(people, measure).values(), reverse=True)[:7]

    found = gallery_of(people, measure).pairs_above(-1, count_max=7)

    assert [p.similarity for p in found] == pytest.approx(best, abs=1e-6)


def test_twins_are_found_across_tiles() -> None:
    rows = units(2 * pairs.TILE + 100, DIMENSION)
    rows[-1] = rows[0] + np.float32(1e-3)
    gallery = gallery_of({f"{index}": [row] for index, row in enumerate(rows)}, "cosine")

    [twins] = gallery.pairs_above(0.9999, count_max=10)

    assert {twins.one, twins.other} == {"0", str(len(rows) - 1)}


def test_a_gallery_of_equals_is_answered_in_bounded_memory() -> None:
    row = units(1, DIMENSION)[0]
    gallery = gallery_of({f"{index}": [row] for index in range(3000)}, "euclidean")

    found = gallery.pairs_above(0.5, count_max=5)

    assert [p.similarity for p in found] == [1.0] * 5
    assert all(p.one != p.other for p in found)


def test_a_forgotten_person_is_in_no_pair() -> None:
    gallery = gallery_of(people_of(3), "cosine")

    gallery.put("p0001", [])

    assert {(p.one, p.other) for p in gallery.pairs_above(-1, count_max=9)} == {("p0000", "p0002")}


@pytest.mark.parametrize("measure", MEASURES)
def test_impostor_scores_count_each_pair_of_people_once_at_their_best(measure: Measure) -> None:
    people = people_of(30)
    expected = np.array(list(plain_pairs(people, measure).values()))

    scores = gallery_of(people, measure).impostor_scores()

    assert scores.pair_count == len(expected) == 30 * 29 // 2
    assert scores.share_at(0.2) == pytest.approx((expected >= 0.2).mean(), abs=0.01)
    assert scores.share_at(-1) == 1


def test_a_large_gallery_is_sampled() -> None:
    scores = gallery_of(people_of(30), "cosine").impostor_scores(people_count_max=10)

    assert scores.pair_count == 10 * 9 // 2


def test_a_share_is_never_less_than_it_is() -> None:
    scores = ScoreHistogram(np.array([-1.0, 0.0, 0.5, 1.0]), np.array([1, 2, 1]))

    assert [scores.share_at(at) for at in (-2, 0.2, 0.5, 3)] == [1, 0.75, 0.25, 0.25]


def test_nobody_has_no_impostor_scores() -> None:
    scores = ExactGallery(dimension=DIMENSION, measure="cosine").impostor_scores()

    with pytest.raises(ValueError, match="no two people"):
        scores.share_at(0.5)
