"""Open-set identification: enrolled people and strangers before one gallery, drawn many times."""

import dataclasses
from typing import Final

import numpy as np
import numpy.typing as npt

from models.evaluation.comparison import Measure, Rows, similarities
from models.evaluation.statistics import (
    SEED,
    Interval,
    Owners,
    Scores,
    Tail,
    Weights,
    allowed_count,
    bootstrap_interval,
    threshold_at,
)
from models.face.types import Pipeline

SPLIT_COUNT: Final = 60
ENROLLED_COUNT: Final = 3
FPIRS: Final = (0.01, 0.001)


@dataclasses.dataclass(frozen=True, slots=True)
class OpenSet:
    """How one gallery size fares at one FPIR.

    Attributes:
        n: People enrolled.
        fpir: Share of strangers' probes that may pass.
        fnir: Share of enrolled people's probes that are below the threshold, or not first.
        threshold: The similarity it was reached at.
        interval: 95 %, of ``fnir``.
        The last three are None where the folder has too few strangers for this rate.
    """

    n: int
    fpir: float
    fnir: float | None
    threshold: float | None
    interval: Interval | None


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """Probes against galleries of one size, all splits together.

    Attributes:
        n: People enrolled.
        mates: Best score of each enrolled person's probe, -inf where another person was first.
        mate_owners: The identity of each probe.
        strangers: Best score of each stranger's probe, ascending.
        stranger_owners: The identity of each.
        stranger_picture_count: Pictures that a stranger's probe was drawn from.
    """

    n: int
    mates: Scores
    mate_owners: Owners
    strangers: Scores
    stranger_owners: Owners
    stranger_picture_count: int


def can_search(owners: Owners, n: int) -> bool:
    """Return whether so many can be enrolled: one has a probe left, and there is a stranger."""
    counts = np.bincount(owners) if len(owners) else np.zeros(0, np.int64)
    return 1 <= n < np.count_nonzero(counts) and bool((counts > 1).any())


def search(rows: Rows, owners: Owners, pipeline: Pipeline, measure: Measure, n: int) -> Searches:
    """Enrol n people at random, and search one probe of each and of every other identity.

    The template is the mean of three pictures, or of one where a person has fewer than four. People
    with a single picture are enrolled, without a probe, only where there are not enough others.
    """
    random = np.random.default_rng([SEED, n])
    pictures = {int(owner): np.flatnonzero(owners == owner) for owner in np.unique(owners)}
    several = np.array([owner for owner, found in pictures.items() if len(found) > 1], np.int32)
    single = np.array([owner for owner, found in pictures.items() if len(found) == 1], np.int32)
    parts = list[tuple[Scores, Owners, Scores, Owners]]()
    for _ in range(SPLIT_COUNT):
        order = np.concatenate([random.permutation(several), random.permutation(single)])
        enrolled, strangers = order[:n], order[n:]
        shuffled = {int(owner): random.permutation(pictures[int(owner)]) for owner in order}
        templates = np.stack([_template(rows, shuffled[int(o)], pipeline) for o in enrolled])
        has_probe = np.isin(enrolled, several)
        mates = np.array([shuffled[int(o)][-1] for o in enrolled[has_probe]])
        others = np.array([shuffled[int(o)][-1] for o in strangers])
        found = similarities(rows[mates], templates, measure)
        own = found[np.arange(len(mates)), np.flatnonzero(has_probe)]
        is_first = own >= found.max(axis=1)
        best = np.where(is_first, own, np.float32(-np.inf))
        passing = similarities(rows[others], templates, measure).max(axis=1)
        parts.append((best, enrolled[has_probe], passing, strangers))
    best, mate_owners, passing, stranger_owners = (
        np.concatenate(column) for column in zip(*parts, strict=True)
    )
    ascending = np.argsort(passing, kind="stable")
    drawn = np.unique(stranger_owners)
    return Searches(
        n=n,
        mates=best,
        mate_owners=mate_owners,
        strangers=passing[ascending],
        stranger_owners=stranger_owners[ascending],
        stranger_picture_count=sum(len(pictures[int(owner)]) for owner in drawn),
    )


def _template(
    rows: Rows, indices: npt.NDArray[np.int64], pipeline: Pipeline
) -> npt.NDArray[np.float32]:
    """Return the template of one person; the last picture is left as a probe."""
    count = ENROLLED_COUNT if len(indices) > ENROLLED_COUNT else 1
    return pipeline.mean([rows[index] for index in indices[:count]])


def rate(searches: Searches, fpir: float, *, identity_count: int) -> OpenSet:
    """Return the false negative identification rate at a false positive one."""
    # The splits show the same pictures again and again, which adds no stranger.
    is_enough = allowed_count(searches.stranger_picture_count, fpir) > 0
    threshold = threshold_at(searches.strangers, fpir) if is_enough else None
    if threshold is None:
        return OpenSet(searches.n, fpir, None, None, None)
    accepted = bootstrap_interval(
        lambda limit: searches.mates >= limit,
        searches.mate_owners,
        _tail(searches),
        rate=fpir,
        identity_count=identity_count,
    )
    return OpenSet(
        n=searches.n,
        fpir=fpir,
        fnir=float((searches.mates < threshold).mean()),
        threshold=threshold,
        interval=None if accepted is None else (1 - accepted[1], 1 - accepted[0]),
    )


def _tail(searches: Searches) -> Tail:
    owners = searches.stranger_owners[::-1]

    def total(weights: Weights) -> float:
        return float(weights[owners].sum())

    return Tail(searches.strangers[::-1], owners, owners, total)


def fpir_curve(searches: Searches, threshold: float) -> float:
    """Return the share of strangers' probes that pass a threshold."""
    return float((searches.strangers >= threshold).mean())
