"""What a gallery says of itself: its people against each other, and their own pictures.

The people of one site resemble each other more than press photographs do, so their own pairs are
the better measure of who will be taken for whom; strangers are taken to be like the people. Pairs
of one person hang together, so a bound is put on the rate after the count has been reduced by the
design effect (delete-one-person jackknife). Weekly work: n people with k pictures cost k * n * n
comparisons.

Source: bound of a rate, E. B. Wilson 1927 (one-sided); cross-comparisons are not independent,
ISO/IEC 19795-1 (clause unconfirmed).
"""

import dataclasses
import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Measure = Literal["cosine", "euclidean"]

LEVEL_LOWEST: Final = 0.30
LEVEL_STEP: Final = 0.01
LEVELS: Final = tuple(round(LEVEL_LOWEST + LEVEL_STEP * i, 2) for i in range(70))
"""Similarities at which a site's pairs are counted: where every network's tail lies."""
COUNT_MIN: Final = 10
"""Independent comparisons above a level from which on its rate is used, and not the prior's."""
PEOPLE_MIN: Final = 20
"""With fewer people the jackknife says nothing of how much their pairs hang together."""
Z_ONE_SIDED_95: Final = 1.6449
CONFUSABLE_MAX: Final = 10_000
"""Pairs that a report names; a gallery with more of them is broken, and is said to be."""


def wilson_upper(count: float, trials: float, *, z: float = Z_ONE_SIDED_95) -> float:
    """Return the rate that the true one does not exceed, with 95 % confidence by default.

    Args:
        count: Events, 0..trials; need not be whole, as effective counts are not.
        trials: Above 0.
        z: Of the normal distribution, one-sided.

    Raises:
        ValueError: No trials, or more events than trials.
    """
    if trials <= 0 or not 0 <= count <= trials:
        raise ValueError("a rate needs trials, and no more events than trials")
    share = count / trials
    middle = share + z * z / (2 * trials)
    width = z * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return min(1.0, (middle + width) / (1 + z * z / trials))


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SitePairs:
    """The tail of a site's impostor similarities.

    Attributes:
        people_count: Whose pairs they are.
        comparison_count: Impostor comparisons, all similarities.
        counts: Comparisons at or above each of ``LEVELS``; does not rise.
        design_effects: For each level, 1 or more: by how much the variance of its rate exceeds
            that of as many independent comparisons.
    """

    people_count: int
    comparison_count: int
    counts: tuple[int, ...]
    design_effects: tuple[float, ...]

    def __post_init__(self) -> None:
        """Refuse what cannot have been counted.

        Raises:
            ValueError: Not one count and one effect a level, or a count rises.
        """
        if len(self.counts) != len(LEVELS) or len(self.design_effects) != len(LEVELS):
            raise ValueError(f"there is one count and one design effect for {len(LEVELS)} levels")
        falling = (self.comparison_count, *self.counts, 0)
        if any(before < after for before, after in itertools.pairwise(falling)):
            raise ValueError("counts at or above a level fall from level to level")
        if any(effect < 1 for effect in self.design_effects):
            raise ValueError("a design effect is 1 or more")

    def upper_rates(self) -> Mapping[float, float]:
        """Return the measured levels and the upper bound of the rate at each, ascending.

        Measured are those with ``COUNT_MIN`` independent comparisons above; none with fewer than
        ``PEOPLE_MIN`` people. Below the smallest of these rates the prior speaks.
        """
        if self.people_count < PEOPLE_MIN:
            return {}
        return {
            level: wilson_upper(count / effect, self.comparison_count / effect)
            for level, count, effect in zip(LEVELS, self.counts, self.design_effects, strict=True)
            if count / effect >= COUNT_MIN
        }


@dataclasses.dataclass(frozen=True, slots=True)
class Confusable:
    """People whom face alone never decides between: twins, and who is too alike.

    Attributes:
        pairs: Of keys, in any order; nobody is paired with oneself.
    """

    pairs: frozenset[frozenset[str]] = frozenset()
    _others: Mapping[str, frozenset[str]] = dataclasses.field(
        init=False, repr=False, compare=False, default_factory=dict
    )

    def __post_init__(self) -> None:
        """Prepare the lookup.

        Raises:
            ValueError: Something is not a pair of two people.
        """
        if any(len(pair) != 2 for pair in self.pairs):
            raise ValueError("a confusable pair is two different people")
        others: dict[str, set[str]] = {}
        for pair in self.pairs:
            for key in pair:
                others.setdefault(key, set()).update(pair - {key})
        frozen = {key: frozenset(keys) for key, keys in others.items()}
        object.__setattr__(self, "_others", frozen)

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> "Confusable":
        """Return the set of these pairs of keys."""
        return cls(frozenset(frozenset(pair) for pair in pairs))

    def others_of(self, key: str) -> frozenset[str]:
        """Return the people whom somebody cannot be told from; empty for most."""
        return self._others.get(key, frozenset())


@dataclasses.dataclass(frozen=True, slots=True)
class Enrolled:
    """One person of a gallery.

    Attributes:
        template: Shape (d,), as it is searched.
        pictures: Shape (k, d), embeddings of the enrolment pictures; k is 0 where the site keeps
            none. The template then stands for the picture. It is the mean of several, and two
            means are more alike than a picture and a mean, so such a site's rates come out high.
    """

    key: str
    template: Floats
    pictures: Floats


@dataclasses.dataclass(frozen=True, slots=True)
class ConfusablePair:
    """Two people too alike. Attributes: similarity: the largest of their comparisons."""

    keys: tuple[str, str]
    similarity: float


@dataclasses.dataclass(frozen=True, slots=True)
class StrayPicture:
    """A picture unlike its person. Attributes: similarity: to the mean of the other pictures."""

    key: str
    picture_index: int
    similarity: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class GalleryReport:
    """What the weekly self-test found.

    Attributes:
        pairs: For ``operating_point``.
        confusable: Most alike first.
        is_complete: False where more than ``CONFUSABLE_MAX`` pairs are confusable; these are then
            only some of them, and the gallery or its network is at fault.
        strays: Least alike first.
        uncheckable_count: People with fewer than two pictures, which cannot disagree.
    """

    pairs: SitePairs
    confusable: tuple[ConfusablePair, ...]
    is_complete: bool
    strays: tuple[StrayPicture, ...]
    uncheckable_count: int

    def to_keep_apart(self) -> Confusable:
        """Return the confusable pairs for the gate."""
        return Confusable.of(pair.keys for pair in self.confusable)


def gallery_report(
    people: Sequence[Enrolled],
    *,
    measure: Measure,
    accept: float | Sequence[float],
    own_similarity_min: float,
    same_person: Confusable | None = None,
    chunk_rows: int = 512,
    on_progress: Callable[[float], None] = lambda share: None,
) -> GalleryReport:
    """Compare a gallery with itself.

    Args:
        people: Of one network, each key once; every access point's people together.
        measure: The gallery's; ``cosine`` takes rows of unit length.
        accept: Pairs at or above it are confusable. One per person where not everybody passes at
            the same place; of two people the lower one counts.
        own_similarity_min: A picture less like its person's other ones is reported.
        same_person: Keys known to be one person (staff and visitor): never compared.
        chunk_rows: Pictures compared at once; memory is ``chunk_rows`` x people x 4 bytes.
        on_progress: Called after each chunk with the share that is compared, 0..1; what it raises
            ends the comparison.

    Raises:
        ValueError: A key is given twice, or templates and pictures differ in length.
    """
    tally = _Tally(people, measure=measure, same_person=same_person or Confusable())
    confusable: dict[tuple[int, int], float] = {}
    is_complete, compared = True, 0
    for owners, similarities in tally.blocks(chunk_rows):
        tally.count(owners, similarities)
        rows, columns = np.nonzero(similarities >= _levels(accept, owners))
        for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
            owner = int(owners[row])
            pair = (min(owner, column), max(owner, column))
            if pair not in confusable and len(confusable) == CONFUSABLE_MAX:
                is_complete = False
                break
            value = float(similarities[row, column])
            confusable[pair] = max(confusable.get(pair, -math.inf), value)
        compared += len(owners)
        on_progress(compared / tally.probe_count)
    named = [
        ConfusablePair((people[one].key, people[other].key), value)
        for (one, other), value in confusable.items()
    ]
    strays = [s for person in people for s in _strays(person, measure, own_similarity_min)]
    return GalleryReport(
        pairs=tally.pairs(),
        confusable=tuple(sorted(named, key=lambda pair: (-pair.similarity, pair.keys))),
        is_complete=is_complete,
        strays=tuple(sorted(strays, key=lambda stray: stray.similarity)),
        uncheckable_count=sum(len(person.pictures) < 2 for person in people),
    )


def _levels(accept: float | Sequence[float], owners: npt.NDArray[np.int64]) -> np.float32 | Floats:
    """Return what is confusable: one similarity, or one by owner and person."""
    if isinstance(accept, float | int):
        return np.float32(accept)
    levels = np.asarray(accept, np.float32)
    lower: Floats = np.minimum(levels[owners][:, None], levels)
    return lower


class _Tally:
    """Counts of one gallery's impostor comparisons, by person and level."""

    def __init__(
        self, people: Sequence[Enrolled], *, measure: Measure, same_person: Confusable
    ) -> None:
        self._index = {person.key: index for index, person in enumerate(people)}
        if len(self._index) != len(people):
            raise ValueError("a person is given twice: each key once")
        self._measure: Measure = measure
        probes = [p.pictures if len(p.pictures) else p.template[None] for p in people]
        lengths = {rows.shape[1] for rows in (*probes, *(p.template[None] for p in people))}
        if len(lengths) > 1:
            raise ValueError("templates and pictures differ in length: take those of one network")
        dimension = max(lengths, default=1)
        self._probes = np.concatenate([np.empty((0, dimension), np.float32), *probes])
        self._owners = np.repeat(np.arange(len(people)), [len(rows) for rows in probes])
        templates = [p.template for p in people]
        self._templates = np.array(templates, np.float32).reshape(len(people), dimension)
        self._not_compared = [
            (self._index[key], self._index[other])
            for key in self._index
            for other in same_person.others_of(key)
            if other in self._index
        ]
        self._counts = np.zeros((len(people), len(LEVELS)), np.int64)

    @property
    def probe_count(self) -> int:
        """Pictures that are compared with the templates."""
        return len(self._probes)

    def blocks(self, rows: int) -> Iterator[tuple[npt.NDArray[np.int64], Floats]]:
        """Yield owners, shape (m,), and similarities, shape (m, people); own ones are -inf."""
        for start in range(0, len(self._probes), rows):
            owners = self._owners[start : start + rows]
            similarities = _similarities(
                self._probes[start : start + rows], self._templates, self._measure
            )
            similarities[np.arange(len(owners)), owners] = -np.inf
            for one, other in self._not_compared:
                similarities[owners == one, other] = -np.inf
            yield owners, similarities

    def count(self, owners: npt.NDArray[np.int64], similarities: Floats) -> None:
        """Add a block; a comparison counts for both of its people."""
        rows, columns = np.nonzero(similarities >= np.float32(LEVEL_LOWEST))
        values = similarities[rows, columns]
        levels = np.searchsorted(np.asarray(LEVELS, np.float32), values, side="right") - 1
        np.add.at(self._counts, (owners[rows], levels), 1)
        np.add.at(self._counts, (columns, levels), 1)

    def pairs(self) -> SitePairs:
        """Return what was counted."""
        of_person = np.cumsum(self._counts[:, ::-1], axis=1)[:, ::-1]
        comparisons = self._comparisons()
        total = int(comparisons.sum()) // 2
        counts = of_person.sum(axis=0) // 2
        effects = _design_effects(of_person, comparisons, counts, total)
        return SitePairs(
            people_count=len(self._templates),
            comparison_count=total,
            counts=tuple(counts.tolist()),
            design_effects=tuple(effects.tolist()),
        )

    def _comparisons(self) -> npt.NDArray[np.int64]:
        """Return each person's comparisons, as a probe and as a template."""
        probes = np.bincount(self._owners, minlength=len(self._templates))
        comparisons: npt.NDArray[np.int64] = probes * (len(probes) - 1) + probes.sum() - probes
        for one, other in self._not_compared:
            comparisons[one] -= probes[one] + probes[other]
        return comparisons


def _design_effects(
    of_person: npt.NDArray[np.int64],
    comparisons: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    total: int,
) -> npt.NDArray[np.float64]:
    """Return variance (leaving out one person at a time) over binomial variance, by level."""
    people = len(of_person)
    if people < PEOPLE_MIN:
        return np.ones(len(LEVELS))
    rates = (counts - of_person) / (total - comparisons)[:, None]
    variances = (people - 1) / people * np.square(rates - rates.mean(axis=0)).sum(axis=0)
    shares = counts / total
    binomial = shares * (1 - shares) / total
    return np.maximum(np.where(binomial > 0, variances / np.maximum(binomial, 1e-300), 1.0), 1.0)


def _similarities(probes: Floats, templates: Floats, measure: Measure) -> Floats:
    products: Floats = probes @ templates.T
    if measure == "cosine":
        return products
    squares = np.square(probes).sum(axis=1)[:, None] + np.square(templates).sum(axis=1)
    alike: Floats = 1 - np.sqrt(np.maximum(squares - 2 * products, 0))
    return alike


def _strays(person: Enrolled, measure: Measure, similarity_min: float) -> Iterator[StrayPicture]:
    pictures = person.pictures
    if len(pictures) < 2:
        return
    others = (pictures.sum(axis=0) - pictures) / np.float32(len(pictures) - 1)
    if measure == "cosine":
        others = others / np.maximum(np.linalg.norm(others, axis=1, keepdims=True), 1e-12)
    for index, (picture, other) in enumerate(zip(pictures, others, strict=True)):
        similarity = float(_similarities(picture[None], other[None], measure)[0, 0])
        if similarity < similarity_min:
            yield StrayPicture(person.key, index, similarity)
