"""Open-set identification: enrolled people and strangers before one gallery, drawn many times.

Of each enrolled person a picture that was not enrolled is searched, of everybody else one picture.
Who has four pictures or more is enrolled with the mean of three, anybody else with one. People with
more pictures are enrolled first, so that there are probes for as many of the gallery as can be.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from models.evaluation.comparison import Measure, Rows, best_of, similarities
from models.evaluation.statistics import (
    SEED,
    Interval,
    Owners,
    Scores,
    Tail,
    Weights,
    allowed_count,
    bootstrap_interval,
    share_interval,
    threshold_at,
)
from models.face.types import Pipeline

SPLIT_COUNT: Final = 60
ENROLLED_COUNT: Final = 3
FPIRS: Final = (0.01, 0.001)

Indices = npt.NDArray[np.int64]


@dataclasses.dataclass(frozen=True, slots=True)
class OpenSet:
    """How one gallery size fares at one FPIR.

    Attributes:
        n: People enrolled.
        fpir: Share of strangers' probes that may pass.
        fnir: Share of enrolled people's probes that are below the threshold, or not first.
        threshold: The similarity it was reached at.
        interval: 95 %, of ``fnir``.
        pictures: Enrolled for each of the people that ``fnir`` counts: 3, or 1 where nobody has
            more to give.
        people_count: Different people whom ``fnir`` counts.
        fnir_one_picture: The same for those of whom one picture was enrolled, where there are
            both; else None.
        The others are None where the folder has too few people or strangers for it.
    """

    n: int
    fpir: float
    fnir: float | None = None
    threshold: float | None = None
    interval: Interval | None = None
    pictures: int | None = None
    people_count: int = 0
    fnir_one_picture: float | None = None


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Probes:
    """Enrolled people's probes. Attributes: best: -inf where another person was first."""

    best: Scores
    owners: Owners

    def refused(self, threshold: float) -> float:
        """Return the share, of at least one probe, that is refused."""
        return float((self.best < threshold).mean())


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """Probes against galleries of one size, all splits together.

    Attributes:
        n: People enrolled.
        pictures: Enrolled for each of the people of ``mates``: 3 where anybody has so many.
        mates: Their probes, at least one.
        others: Probes of those of whom one was enrolled while others had three.
        strangers: Best score of each stranger's probe, ascending.
        stranger_owners: The identity of each.
        stranger_picture_count: Pictures that a stranger's probe was drawn from.
    """

    n: int
    pictures: int
    mates: Probes
    others: Probes
    strangers: Scores
    stranger_owners: Owners
    stranger_picture_count: int

    def passing(self, threshold: float) -> float:
        """Return the share of strangers' probes that pass a threshold."""
        return float((self.strangers >= threshold).mean())

    def passing_interval(self, threshold: float, *, identity_count: int) -> Interval | None:
        """Return the 95 % interval of ``passing``."""
        passed = self.strangers >= threshold
        return share_interval(passed, self.stranger_owners, identity_count=identity_count)


def can_search(owners: Owners, n: int) -> bool:
    """Return whether so many can be enrolled: one has a probe left, and there is a stranger."""
    _, counts = np.unique(owners, return_counts=True)
    return 1 <= n < len(counts) and bool(counts.max() > 1)


def search(
    rows: Rows,
    owners: Owners,
    pipeline: Pipeline,
    measure: Measure,
    n: int,
    *,
    split_count: int = SPLIT_COUNT,
) -> Searches:
    """Enrol n people at random, and search one probe of each and of every other identity.

    Args:
        rows: Shape (m, dimension).
        owners: Shape (m,), the identity of each row, 0 or more.
        pipeline: Whose mean makes a template.
        measure: The pipeline's.
        n: People enrolled, so few that ``can_search`` says yes.
        split_count: How often the gallery is drawn.
    """
    random = np.random.default_rng([SEED, n])
    pictures = {int(owner): np.flatnonzero(owners == owner) for owner in np.unique(owners)}
    splits = [_split(rows, pictures, pipeline, measure, n, random) for _ in range(split_count)]
    best, mate_owners, passing, strangers = (
        np.concatenate(column) for column in zip(*splits, strict=True)
    )
    ascending = np.argsort(passing, kind="stable")
    counts = np.array([len(pictures[int(owner)]) for owner in mate_owners])
    has_three = counts > ENROLLED_COUNT
    is_mate = has_three if has_three.any() else ~has_three
    return Searches(
        n=n,
        pictures=ENROLLED_COUNT if has_three.any() else 1,
        mates=Probes(best[is_mate], mate_owners[is_mate]),
        others=Probes(best[~is_mate], mate_owners[~is_mate]),
        strangers=passing[ascending],
        stranger_owners=strangers[ascending],
        stranger_picture_count=sum(len(pictures[int(owner)]) for owner in np.unique(strangers)),
    )


def _split(
    rows: Rows,
    pictures: dict[int, Indices],
    pipeline: Pipeline,
    measure: Measure,
    n: int,
    random: np.random.Generator,
) -> tuple[Scores, Owners, Scores, Owners]:
    """Return one draw: the mates' scores and identities, then the strangers'."""
    order = _drawn(pictures, random)
    shuffled = {owner: random.permutation(pictures[owner]) for owner in order}
    enrolled, strangers = order[:n], order[n:]
    templates = np.stack([_template(rows, shuffled[owner], pipeline) for owner in enrolled])
    places = [place for place, owner in enumerate(enrolled) if len(shuffled[owner]) > 1]
    mates = [enrolled[place] for place in places]
    found = similarities(rows[[shuffled[owner][-1] for owner in mates]], templates, measure)
    own = found[np.arange(len(mates)), places]
    best = np.where(own >= found.max(axis=1), own, np.float32(-np.inf))
    passing = best_of(rows[[shuffled[owner][-1] for owner in strangers]], templates, measure)
    return best, np.array(mates, np.int32), passing, np.array(strangers, np.int32)


def _drawn(pictures: dict[int, Indices], random: np.random.Generator) -> list[int]:
    """Return the identities in random order, those with more to enrol first."""
    order: list[int] = random.permutation(list(pictures)).tolist()
    return sorted(order, key=lambda owner: -(min(len(pictures[owner]), ENROLLED_COUNT + 1) // 2))


def _template(rows: Rows, indices: Indices, pipeline: Pipeline) -> npt.NDArray[np.float32]:
    """Return the template of one person; the last picture is left as a probe."""
    count = ENROLLED_COUNT if len(indices) > ENROLLED_COUNT else 1
    return pipeline.mean([rows[index] for index in indices[:count]])


def rate(searches: Searches, fpir: float, *, identity_count: int) -> OpenSet:
    """Return the false negative identification rate at a false positive one."""
    # The splits show the same pictures again and again, which adds no stranger.
    is_enough = allowed_count(searches.stranger_picture_count, fpir) > 0
    threshold = threshold_at(searches.strangers, fpir) if is_enough else None
    if threshold is None:
        return OpenSet(searches.n, fpir)
    mates, others = searches.mates, searches.others
    accepted = bootstrap_interval(
        lambda limit: mates.best >= limit,
        mates.owners,
        _tail(searches),
        rate=fpir,
        identity_count=identity_count,
    )
    return OpenSet(
        n=searches.n,
        fpir=fpir,
        fnir=mates.refused(threshold),
        threshold=threshold,
        interval=None if accepted is None else (1 - accepted[1], 1 - accepted[0]),
        pictures=searches.pictures,
        people_count=len(np.unique(mates.owners)),
        fnir_one_picture=others.refused(threshold) if len(others.best) else None,
    )


def _tail(searches: Searches) -> Tail:
    owners = searches.stranger_owners[::-1]

    def total(weights: Weights) -> float:
        return float(weights[owners].sum())

    return Tail(searches.strangers[::-1], owners, owners, total)


def curve_sizes(owners: Owners) -> Sequence[int]:
    """Return gallery sizes for a curve: 1, 2, 5, 10, ... up to half of the identities."""
    half = len(np.unique(owners)) // 2
    steps = [step * 10**power for power in range(7) for step in (1, 2, 5)]
    return sorted({*(size for size in steps if size < half), half} - {0})
