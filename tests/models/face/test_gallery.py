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
    assert found[0].similarity == pytest.approx(1, abs=1e-6)
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


NO_TEMPLATES = {
    "too short": np.ones(7, np.float32),
    "two rows": np.ones((2, 8), np.float32),
    "zero": np.zeros(8, np.float32),
    "no number": np.full(8, np.nan, np.float32),
    "infinite": np.full(8, np.inf, np.float32),
    "squares beyond float32": np.full(8, 1e30, np.float32),
}


@pytest.mark.parametrize("template", NO_TEMPLATES.values(), ids=NO_TEMPLATES)
def test_what_is_no_template_is_neither_put_nor_searched(
    gallery: ExactGallery, template: np.ndarray
) -> None:
    gallery.put("a", [unit(1)])

    with pytest.raises(ValueError, match="8 finite numbers"):
        gallery.put("a", [unit(0, 1), template])
    with pytest.raises(ValueError, match="8 finite numbers"):
        gallery.search(template)

    assert gallery.search(unit(1))[0].similarity == pytest.approx(1)


def test_a_cosine_does_not_depend_on_lengths() -> None:
    gallery = ExactGallery(dimension=DIMENSION, measure="cosine")
    gallery.put("a", [3 * unit(1, 1)])

    (found,) = gallery.search(5 * unit(1, 0))

    assert found.similarity == pytest.approx(0.5**0.5, abs=1e-6)


@given(
    changes=st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3)), max_size=40),
    measure=st.sampled_from(["cosine", "euclidean"]),
    seed=st.integers(0, 2**16),
)
def test_any_history_of_changes_finds_what_a_plain_loop_finds(
    changes: list[tuple[str, int]], measure: Measure, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    gallery, plain = ExactGallery(dimension=DIMENSION, measure=measure, block_length=8), {}
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
    assert [c.similarity for c in found] == pytest.approx(expected, abs=1e-6)


def test_a_selection_follows_the_gallery(gallery: ExactGallery) -> None:
    gallery.put("a", [unit(1)])
    gallery.put("b", [unit(1, 0.1)])
    selection = gallery.select(["b", "later"])
    before = [c.key for c in selection.search(unit(1))], len(selection)

    gallery.put("later", [unit(1)])
    gallery.put("b", [])

    assert before == (["b"], 1)
    assert ([c.key for c in selection.search(unit(1))], len(selection)) == (["later"], 1)


def test_a_selected_person_with_new_templates_is_found_by_them(gallery: ExactGallery) -> None:
    gallery.put("a", [unit(1)])
    selection = gallery.select(["a"])
    assert selection.search(unit(0, 1))[0].similarity < 0.1

    gallery.put("a", [unit(0, 1)])

    assert selection.search(unit(0, 1))[0].similarity == pytest.approx(1, abs=1e-6)


def test_a_selection_of_nobody_finds_nobody(gallery: ExactGallery) -> None:
    gallery.put("a", [unit(1)])

    assert gallery.search(unit(1), keys=()) == []


def test_a_state_of_the_gallery_stays_as_it_was(gallery: ExactGallery) -> None:
    gallery.put("a", [unit(1)])
    (before,) = gallery.blocks

    for number in range(100):
        gallery.put("a", [unit(0, 1)])
        gallery.put(f"p{number}", [unit(0, 0, 1)])

    assert (before.length, before.rows[before.alive].tolist()) == (1, [unit(1).tolist()])


def test_people_who_come_and_go_leave_little_behind() -> None:
    gallery = ExactGallery(dimension=DIMENSION, measure="cosine", block_length=64)

    for number in range(1000):
        gallery.put(f"p{number}", [unit(1, number)])
        gallery.put(f"p{number - 50}", [])

    assert len(gallery) == 50
    assert sum(block.length for block in gallery.blocks) <= 2 * 50 + 2 * 64


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


def test_a_person_whose_templates_are_replaced_is_never_missing(gallery: ExactGallery) -> None:
    gallery.put("steady", [unit(1)])
    selection, failures = gallery.select(["steady"]), list[int]()

    def search() -> None:
        failures.extend(n for n in range(300) if not gallery.search(unit(1)))
        failures.extend(n for n in range(300) if not selection.search(unit(1)))

    searching = threading.Thread(target=search)
    searching.start()
    for _ in range(1000):
        gallery.put("steady", [unit(1)])
    searching.join()

    assert failures == []
