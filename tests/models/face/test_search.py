import dataclasses
import functools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.face.search import Measure, Scan, nearness
from models.face.types import Embedding
from tests.models.face.galleries import gallery_of, plain_search, units

DIMENSION = 32
BLOCK = 16
"""Short blocks, so that small galleries are searched by codes and merged too."""
MEASURES: tuple[Measure, ...] = ("cosine", "euclidean")
Rows = np.ndarray


def anything(rows: Rows, seed: int) -> Rows:
    return rows


def duplicates(rows: Rows, seed: int) -> Rows:
    return rows[np.random.default_rng(seed).integers(0, min(5, len(rows)), len(rows))]


def near_duplicates(rows: Rows, seed: int) -> Rows:
    noise = np.random.default_rng(seed).standard_normal(rows.shape)
    return duplicates(rows, seed) + (1e-5 * noise).astype(np.float32)


def all_equal(rows: Rows, seed: int) -> Rows:
    return np.repeat(rows[:1], len(rows), axis=0)


def far_from_the_origin(rows: Rows, seed: int) -> Rows:
    return rows / 4 + np.float32(3)


def one_large_value(rows: Rows, seed: int) -> Rows:
    spiked = rows.copy()
    spiked[:, seed % DIMENSION] += np.float32(50)
    return spiked


def of_all_lengths(rows: Rows, seed: int) -> Rows:
    lengths = np.random.default_rng(seed).uniform(0.01, 100, len(rows))
    return (rows * lengths[:, None]).astype(np.float32)


SHAPES = [
    anything,
    duplicates,
    near_duplicates,
    all_equal,
    far_from_the_origin,
    one_large_value,
    of_all_lengths,
]


def by_person(rows: Rows, person_count: int) -> dict[str, list[Embedding]]:
    people: dict[str, list[Embedding]] = {}
    for index, row in enumerate(rows):
        people.setdefault(f"p{index % person_count:03}", []).append(row)
    return people


@dataclasses.dataclass(frozen=True)
class Search:
    """People, and a probe: one of their templates, or another."""

    shape: Callable[[Rows, int], Rows]
    row_count: int
    person_count: int
    is_enrolled: bool
    seed: int

    @functools.cached_property
    def rows(self) -> Rows:
        return self.shape(units(self.row_count + 1, DIMENSION, seed=self.seed), self.seed)

    @property
    def people(self) -> dict[str, list[Embedding]]:
        return by_person(self.rows[:-1], self.person_count)

    @property
    def probe(self) -> Embedding:
        probe: Embedding = self.rows[self.seed % self.row_count if self.is_enrolled else -1]
        return probe


SEARCHES = st.builds(
    Search,
    shape=st.sampled_from(SHAPES),
    row_count=st.integers(1, 300),
    person_count=st.integers(1, 300),
    is_enrolled=st.booleans(),
    seed=st.integers(0, 2**16),
)


@given(search=SEARCHES, measure=st.sampled_from(MEASURES), count=st.integers(1, 4))
def test_a_search_by_codes_equals_one_that_computes_everybody(
    search: Search, measure: Measure, count: int
) -> None:
    people, probe = search.people, search.probe
    gallery = gallery_of(people, measure, block_length=BLOCK)

    found = gallery.search(probe, count=count)

    everybody = gallery_of(people, measure).search(probe, count=len(people))
    assert len(everybody) == len(people)
    assert found == everybody[:count]


@given(search=SEARCHES, measure=st.sampled_from(MEASURES))
def test_a_similarity_is_the_plain_formula_s(search: Search, measure: Measure) -> None:
    people, probe = search.people, search.probe

    found = gallery_of(people, measure, block_length=BLOCK).search(probe, count=3)

    expected = plain_search(people, probe, measure, count=3)
    assert [c.similarity for c in found] == pytest.approx(
        [c.similarity for c in expected], abs=1e-6
    )


@given(
    search=SEARCHES,
    measure=st.sampled_from(MEASURES),
    chosen=st.sets(st.integers(0, 299), max_size=40),
)
def test_a_selection_is_searched_as_if_there_were_nobody_else(
    search: Search, measure: Measure, chosen: set[int]
) -> None:
    people, probe = search.people, search.probe
    keys = {f"p{index:03}" for index in chosen}
    gallery = gallery_of(people, measure, block_length=BLOCK)

    found = gallery.select(keys).search(probe, count=3)

    everybody = gallery.search(probe, count=len(people))
    assert found == [candidate for candidate in everybody if candidate.key in keys][:3]
    assert found == gallery.search(probe, count=3, keys=keys)


@pytest.mark.parametrize("measure", MEASURES)
def test_a_hundred_templates_of_the_nearest_person_do_not_hide_the_second(
    measure: Measure,
) -> None:
    rows = units(300, DIMENSION)
    people = by_person(rows, 300) | {"many": list(rows[:1] + units(100, DIMENSION, seed=1) / 100)}

    found = gallery_of(people, measure, block_length=BLOCK).search(rows[0], count=3)

    expected = plain_search(people, rows[0], measure, count=3)
    assert [c.key for c in found] == [c.key for c in expected]
    assert [c.key for c in found[:2]] == ["p000", "many"]


def test_only_few_templates_are_computed_exactly() -> None:
    rows = units(2048, 128)
    block = gallery_of({"all": list(rows)}, "cosine", block_length=2048).blocks[0]

    scan = Scan(block, None, rows[0].astype(np.float64))

    assert len(scan.rows_above(nearness(0.5, "cosine"))) < 20


def test_equal_people_come_in_the_order_of_their_keys() -> None:
    row = units(1, DIMENSION)
    gallery = gallery_of({key: [row[0]] for key in ("c", "a", "d", "b")}, "cosine")

    assert [c.key for c in gallery.search(row[0], count=3)] == ["a", "b", "c"]
