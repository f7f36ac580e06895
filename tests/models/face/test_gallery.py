import threading
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.face.gallery import ExactGallery

Measure = Literal["cosine", "euclidean"]
DIMENSION = 8


def unit(*values: float) -> np.ndarray:
    vector = np.zeros(DIMENSION, np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


@pytest.fixture(params=["cosine", "euclidean"])
def gallery(request: pytest.FixtureRequest) -> ExactGallery:
    return ExactGallery(dimension=DIMENSION, measure=request.param)


def test_an_empty_gallery_finds_nobody(gallery: ExactGallery) -> None:
    assert len(gallery) == 0
    assert gallery.search(unit(1)) == []


def test_the_best_person_comes_first(gallery: ExactGallery) -> None:
    gallery.put("a", [unit(1, 0)])
    gallery.put("b", [unit(1, 1)])
    gallery.put("c", [unit(0, 1)])

    found = gallery.search(unit(1, 0.1), count=2)

    assert [candidate.key for candidate in found] == ["a", "b"]


def test_each_person_counts_once_by_the_best_template(gallery: ExactGallery) -> None:
    gallery.put("a", [unit(1, 0), unit(1, 0.1), unit(0, 1)])
    gallery.put("b", [unit(0, 0, 1)])

    found = gallery.search(unit(1, 0), count=5)

    assert [candidate.key for candidate in found] == ["a", "b"]
    assert found[0].similarity == pytest.approx(1, abs=1e-3)
    assert len(gallery) == 2


def test_a_forgotten_person_is_gone(gallery: ExactGallery) -> None:
    gallery.put("a", [unit(1), unit(0, 1)])
    gallery.put("b", [unit(0, 0, 1)])

    gallery.put("a", [])

    assert [candidate.key for candidate in gallery.search(unit(1))] == ["b"]


def test_euclidean_similarity_is_one_minus_distance() -> None:
    gallery = ExactGallery(dimension=DIMENSION, measure="euclidean")
    gallery.put("a", [unit(1, 0)])

    (found,) = gallery.search(unit(0, 1))

    assert found.similarity == pytest.approx(1 - 2**0.5, abs=1e-6)


@pytest.mark.parametrize("template", [np.zeros(7, np.float32), np.full(8, np.nan, np.float32)])
def test_a_template_that_is_none_is_refused(gallery: ExactGallery, template: np.ndarray) -> None:
    with pytest.raises(ValueError, match="8 finite numbers"):
        gallery.put("a", [template])


@given(
    changes=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=40),
    measure=st.sampled_from(["cosine", "euclidean"]),
    seed=st.integers(0, 2**16),
)
def test_any_history_of_changes_finds_what_a_plain_loop_finds(
    changes: list[tuple[str, int]], measure: Measure, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    gallery, plain = ExactGallery(dimension=DIMENSION, measure=measure), {}
    for key, count in changes:
        templates = [unit(*rng.normal(size=DIMENSION)) for _ in range(count)]
        gallery.put(key, templates)
        plain[key] = templates
    probe = unit(*rng.normal(size=DIMENSION))

    found = gallery.search(probe, count=3)

    def similarity(template: np.ndarray) -> float:
        distance = float(np.linalg.norm(template - probe))
        return float(template @ probe) if measure == "cosine" else 1 - distance

    best = {key: max(map(similarity, templates)) for key, templates in plain.items() if templates}
    expected = sorted(best.values(), reverse=True)[:3]
    assert len(gallery) == len(best)
    assert [c.similarity for c in found] == pytest.approx(expected, abs=2e-3)


def test_threads_may_search_while_people_change(gallery: ExactGallery) -> None:
    gallery.put("steady", [unit(1)])
    failures: list[str] = []

    def search() -> None:
        for _ in range(300):
            if gallery.search(unit(1))[0].key != "steady":
                failures.append("another person was found")

    searching = threading.Thread(target=search)
    searching.start()
    for number in range(300):
        gallery.put(f"p{number % 7}", [unit(0, 1)] if number % 2 else [])
    searching.join()

    assert failures == []
