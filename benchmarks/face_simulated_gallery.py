"""A gallery of real and drawn people, for one probe at a time.

A drawn person is a template at a drawn similarity to one picture of whoever approaches, in a random
direction. Similarities are drawn by inverting the measured pairwise false accept rates
(``thresholds.FAR_*`` through ``ErrorRates.far``): u evenly in 0..1, and the similarity at which the
rate, times a factor for people of one group, is u. So the best of the drawn people is as near to
the probe as the best of so many real ones, tail included (beyond the table its last slope goes
on). To the other frames of the approach the template stands as geometry has it. The gallery is
drawn anew for each approach; drawn people are independent of each other, which real ones are not.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from edge.vision.recogniser import FaceGallery
from models.face.operating_point import ErrorRates
from models.face.thresholds import similarity_at
from models.face.types import Candidate, Embedding, Gallery, Pipeline

LOWEST: Final = -0.2
"""Drawn similarities below it are taken for it: they never come first."""


def draw_similarities(
    rates: ErrorRates, count: int, *, factor: float, random: np.random.Generator
) -> npt.NDArray[np.float64]:
    """Return similarities of strangers to a probe, shape (count,), templates of three pictures.

    Args:
        rates: Of the network.
        count: Drawn people.
        factor: 1 draws people as mixed as those who were measured; the network's
            ``same_group_factor`` draws people of one group.
        random: Source of the draw.
    """
    table = rates.far(pictures=3)
    return np.array(
        [
            max(LOWEST, min(1.0, similarity_at(table, rate)))
            for rate in (1.0 - random.random(count)) / factor
        ]
    )


def draw_templates(
    probe: Embedding,
    similarities: npt.NDArray[np.float64],
    *,
    measure: str,
    random: np.random.Generator,
) -> list[Embedding]:
    """Return one template for each similarity to the probe, in random directions.

    Args:
        probe: Of unit length where the measure is the cosine.
        similarities: Shape (n,).
        measure: ``cosine``, or ``euclidean``, where a similarity is 1 - distance.
        random: Source of the directions.
    """
    directions = random.standard_normal((len(similarities), len(probe)))
    if measure == "euclidean":
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        rows = probe + (1 - similarities)[:, None] * directions
    else:
        directions -= (directions @ probe)[:, None] * probe
        directions /= np.linalg.norm(directions, axis=1, keepdims=True)
        aside = np.sqrt(1 - similarities**2)[:, None]
        rows = similarities[:, None] * probe + aside * directions
    return list(rows.astype(np.float32))


def measure_of(pipeline: Pipeline) -> str:
    """Return the measure of a pipeline's similarities; the built-in one counts distances."""
    return "euclidean" if pipeline.name == "builtin" else "cosine"


def simulated_gallery(
    pipeline: Pipeline,
    enrolled: Mapping[str, Embedding],
    probe: Embedding,
    *,
    size: int,
    rates: ErrorRates,
    factor: float,
    seed: int,
) -> Gallery:
    """Return a gallery of ``size`` people: the enrolled ones, and drawn ones."""
    random, gallery = np.random.default_rng(seed), pipeline.new_gallery()
    for key, template in enrolled.items():
        gallery.put(key, [template])
    similarities = draw_similarities(rates, size - len(enrolled), factor=factor, random=random)
    drawn = draw_templates(probe, similarities, measure=measure_of(pipeline), random=random)
    for number, template in enumerate(drawn):
        gallery.put(f"drawn-{number}", [template])
    return gallery


class FirstSearch:
    """A gallery that remembers its first answer: what one frame alone would have said."""

    def __init__(self, gallery: FaceGallery) -> None:
        """Search a gallery."""
        self._gallery = gallery
        self.first: Sequence[Candidate] | None = None

    def __len__(self) -> int:
        """Return the number of people."""
        return len(self._gallery)

    def search(self, probe: Embedding, *, count: int = 2) -> Sequence[Candidate]:
        """Return the best people, best first."""
        found = self._gallery.search(probe, count=count)
        if self.first is None:
            self.first = found
        return found
