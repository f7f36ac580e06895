"""The people of a gallery against each other: confusable pairs, and impostor scores.

People are compared tile by tile, so memory is bounded whatever the gallery's size.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from models.face.search import (
    ROUNDING,
    Block,
    Indices,
    Matrix,
    Measure,
    Vector,
    nearness,
    similarities,
)
from models.face.types import ScoreHistogram

TILE: Final = 2048
"""Templates on each side of a tile; those of one person are never parted."""
PENDING_MAX: Final = 262_144
"""Pairs that wait before only the best are kept."""
SPARE_COUNT: Final = 64
"""Pairs kept beyond those wanted, for what float32 rounds at the end of the list."""
BIN_WIDTH: Final = 0.001


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class People:
    """The templates of a gallery, person by person.

    Attributes:
        numbers: Of the people, ascending.
        firsts: Shape (people + 1,); a person's templates are rows ``firsts[i]:firsts[i + 1]``.
        rows: Shape (templates, dimension).
    """

    numbers: npt.NDArray[np.int32]
    firsts: Indices
    rows: Matrix

    @classmethod
    def of(cls, blocks: Sequence[Block], *, count_max: int | None = None) -> "People":
        """Gather the people of a gallery, or at most so many of them at even distances."""
        parts = [(block, block.alive) for block in blocks]
        owners = np.concatenate([np.empty(0, np.int32), *(b.owners[rows] for b, rows in parts)])
        numbers = np.unique(owners)
        if count_max is not None and len(numbers) > count_max:
            numbers = numbers[np.linspace(0, len(numbers) - 1, count_max).astype(np.intp)]
            parts = [(b, rows[np.isin(b.owners[rows], numbers)]) for b, rows in parts]
            owners = np.concatenate([b.owners[rows] for b, rows in parts])
        order = np.argsort(owners, kind="stable")
        firsts = np.searchsorted(owners[order], np.append(numbers, np.iinfo(np.int32).max))
        rows = np.concatenate([b.rows[rows] for b, rows in parts]) if parts else np.empty((0, 1))
        return cls(numbers, firsts, rows[order].astype(np.float32, copy=False))

    def spans(self) -> list[tuple[int, int]]:
        """Return runs of whole people of about one tile, as places of first and last + 1."""
        spans, start = list[tuple[int, int]](), 0
        while start < len(self.numbers):
            end = int(np.searchsorted(self.firsts, self.firsts[start] + TILE, side="right")) - 1
            spans.append((start, max(end, start + 1)))
            start = spans[-1][1]
        return spans

    def tiles(self) -> Iterator[tuple[int, int, Matrix]]:
        """Yield each pair of spans once: the places of their first people, and nearness by pair.

        A nearness is that of the two people's nearest templates; where a person would meet
        somebody a second time, or themselves, it is minus infinity.
        """
        spans, halves = self.spans(), (self.rows * self.rows).sum(axis=1) / 2
        for index, one in enumerate(spans):
            for other in spans[index:]:
                near = self._nearest(one, other, halves)
                if one == other:
                    near[np.tri(len(near), dtype=np.bool_)] = -np.inf
                yield one[0], other[0], near

    def _nearest(self, one: tuple[int, int], other: tuple[int, int], halves: Vector) -> Matrix:
        """Return the nearness of each person of a span to each of another."""
        left, right = self.firsts[one[0] : one[1] + 1], self.firsts[other[0] : other[1] + 1]
        near: Matrix = self.rows[left[0] : left[-1]] @ self.rows[right[0] : right[-1]].T
        near -= halves[left[0] : left[-1], None]
        near -= halves[right[0] : right[-1]]
        if near.shape[0] > len(left) - 1:
            near = np.maximum.reduceat(near, left[:-1] - left[0], axis=0)
        if near.shape[1] > len(right) - 1:
            near = np.maximum.reduceat(near, right[:-1] - right[0], axis=1)
        return near

    def similarity(self, one: int, other: int, measure: Measure) -> float:
        """Return the exact similarity of two people, by their places."""
        mine = self.rows[self.firsts[one] : self.firsts[one + 1]].astype(np.float64)
        theirs = self.rows[self.firsts[other] : self.firsts[other + 1]]
        return max(float(similarities(theirs, probe, measure).max()) for probe in mine)

    @property
    def slack(self) -> float:
        """How much a nearness in float32 may be off."""
        longest = float((self.rows * self.rows).sum(axis=1).max(initial=0))
        return 4 * ROUNDING * float(self.rows.shape[1] + 16) * longest


def pairs_above(
    blocks: Sequence[Block], measure: Measure, *, similarity: float, count_max: int
) -> list[tuple[int, int, float]]:
    """Return the numbers of pairs of people who are so much alike, the most alike first.

    Of pairs that differ by no more than float32 rounds, any may take the last places.
    """
    people = People.of(blocks)
    best = _BestPairs(nearness(similarity, measure) - people.slack, count_max=count_max)
    for first, other_first, near in people.tiles():
        best.add(first, other_first, near)
    exact = [(one, other, people.similarity(one, other, measure)) for one, other in best.places()]
    kept = sorted((p for p in exact if p[2] >= similarity), key=lambda p: (-p[2], p[0], p[1]))
    numbers = people.numbers.tolist()
    return [(numbers[one], numbers[other], alike) for one, other, alike in kept[:count_max]]


def impostor_scores(
    blocks: Sequence[Block], measure: Measure, *, people_count_max: int
) -> ScoreHistogram:
    """Return how alike people are, each pair once, by their best templates."""
    bin_count = round(2 / BIN_WIDTH)
    counts = np.zeros(bin_count, np.int64)
    for _, _, near in People.of(blocks, count_max=people_count_max).tiles():
        near = near[near > -np.inf]
        alike = near + 1 if measure == "cosine" else 1 - np.sqrt(np.maximum(-2 * near, 0))
        bins = ((alike + 1) / BIN_WIDTH).astype(np.int32)
        counts += np.bincount(np.clip(bins, 0, bin_count - 1), minlength=bin_count)
    return ScoreHistogram(np.linspace(-1, 1, bin_count + 1), counts)


class _BestPairs:
    """The best pairs so far; those that wait to be sorted out are bounded in number."""

    def __init__(self, floor: float, *, count_max: int) -> None:
        self._floor = np.float32(max(floor, float(np.finfo(np.float32).min)))
        self._count = count_max + SPARE_COUNT
        self._places = np.empty((0, 2), np.intp)
        self._near: Vector = np.empty(0, np.float32)

    def add(self, first: int, other_first: int, near: Matrix) -> None:
        """Take what is near enough of a tile; see ``People.tiles``."""
        flat = near.ravel()
        found = np.flatnonzero(flat >= self._floor)
        if len(found) > self._count:
            found = found[_highest(flat[found], self._count)]
        places = np.stack(np.divmod(found, near.shape[1]), axis=1) + np.array([first, other_first])
        self._places = np.concatenate([self._places, places])
        self._near = np.concatenate([self._near, flat[found]])
        if len(self._near) > max(PENDING_MAX, 2 * self._count):
            self._prune()

    def places(self) -> list[tuple[int, int]]:
        """Return the places of the two people of each pair, a few more than wanted."""
        self._prune()
        return [(one, other) for one, other in self._places.tolist()]

    def _prune(self) -> None:
        if len(self._near) > self._count:
            kept = _highest(self._near, self._count)
            self._places, self._near = self._places[kept], self._near[kept]
            self._floor = self._near.min()


def _highest(values: Vector, count: int) -> Indices:
    return np.argpartition(values, len(values) - count)[len(values) - count :]
