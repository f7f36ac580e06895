"""Templates for the tests of galleries, and the plain search that theirs must equal."""

from collections.abc import Mapping, Sequence

import numpy as np

from models.face.gallery import ExactGallery
from models.face.search import Measure
from models.face.types import Candidate, Embedding


def units(count: int, dimension: int, *, seed: int = 0) -> np.ndarray:
    """Return random templates, shape (count, dimension), float32, of unit length."""
    rows = np.random.default_rng(seed).standard_normal((count, dimension))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rows.astype(np.float32)


def gallery_of(
    people: Mapping[str, Sequence[Embedding]], measure: Measure, *, block_length: int = 8192
) -> ExactGallery:
    """Return a gallery of some people."""
    dimension = len(next(iter(people.values()))[0])
    gallery = ExactGallery(dimension=dimension, measure=measure, block_length=block_length)
    for key, templates in people.items():
        gallery.put(key, templates)
    return gallery


def plain_search(
    people: Mapping[str, Sequence[Embedding]], probe: Embedding, measure: Measure, *, count: int
) -> list[Candidate]:
    """Return the best people by one formula in float64, template after template."""

    def similarity(template: Embedding) -> float:
        wide, wanted = template.astype(np.float64), probe.astype(np.float64)
        if measure == "euclidean":
            return float(1 - np.linalg.norm(wide - wanted))
        return float(wide @ wanted / np.linalg.norm(wide) / np.linalg.norm(wanted))

    best = [Candidate(key, max(map(similarity, mine))) for key, mine in people.items() if len(mine)]
    return sorted(best, key=lambda c: (-c.similarity, c.key))[:count]
