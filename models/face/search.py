"""Exact search over templates: bounds for all, then the true similarity of those that can win.

Every block of templates is scanned by the fastest means it has, float32 or ``codes``; both give
for each row a score, and a bound that its *nearness* (minus half the squared distance to the probe)
cannot exceed. A few rows at the top are computed exactly, which gives a floor; every row whose
bound reaches the floor is then looked at more closely, first with the largest loss of all copies,
then with its own, then in float32, at last in float64. So the answer does not depend on the means.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final, Literal, Protocol

import numpy as np
import numpy.typing as npt

Measure = Literal["cosine", "euclidean"]
Vector = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float32]
Exact = npt.NDArray[np.float64]
Indices = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]

GROUP_LENGTH: Final = 64
"""Rows of a block fall into groups of so many, of which the best are tried first."""
SEED_COUNT: Final = 6
"""More exact rows of a block before the floor is known than people wanted: a better floor."""
CHUNK: Final = 4096
"""Most rows that are computed exactly at once."""
ROUNDING: Final = float(np.finfo(np.float32).eps)
FLOAT_MIN: Final = float(np.finfo(np.float32).min)


class Copies(Protocol):
    """Small copies of all rows of a block, faster to scan; see ``codes.Codes``."""

    @property
    def size_bytes(self) -> int:
        """Memory that they take."""
        ...

    @property
    def losses(self) -> Vector:
        """Length of what each copy lacks of its row."""
        ...

    @property
    def loss_max(self) -> float:
        """The largest of them."""
        ...

    def scores(self, probe: Exact) -> tuple[Vector, float, float]:
        """Return scores of whole groups, a new array, an addend and a reach.

        A row's nearness cannot exceed its score, the addend, and its loss times the reach.
        """
        ...


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Some templates; whatever lies before ``length`` never changes.

    Attributes:
        rows: Shape (capacity, dimension).
        owners: The number of the person each row belongs to.
        offsets: Minus half the squared length of each row.
        length: Rows in use, forgotten ones included.
        reach: Length of the longest row.
        forgotten: Which rows are struck out, shape (length,); None while none is.
        codes: Copies of all rows, if nothing is added any more and there are such.
    """

    rows: Matrix
    owners: npt.NDArray[np.int32]
    offsets: Vector
    length: int
    reach: float
    forgotten: Flags | None = None
    codes: Copies | None = None

    @property
    def alive(self) -> Indices:
        """The rows that are not forgotten."""
        if self.forgotten is None:
            return np.arange(self.length)
        return np.flatnonzero(~self.forgotten)

    def scores(self, probe: Exact, slack: float) -> tuple[Vector, float, float]:
        """Return scores, addend and reach as ``Copies.scores`` does; a reach of 0 without codes."""
        if self.codes is not None:
            scores, addend, reach = self.codes.scores(probe)
            return scores, addend + slack, reach
        scores = np.empty(whole_groups(self.length), np.float32)
        scores[self.length :] = -np.inf
        used = scores[: self.length]
        # Not ``np.dot``: BLAS would wait for a second thread, long in coming on a busy gate.
        np.vecdot(self.rows[: self.length], probe.astype(np.float32), out=used)
        used += self.offsets[: self.length]
        return scores, slack - float(probe @ probe) / 2, 0.0


def similarities(rows: Matrix, probe: Exact, measure: Measure) -> Exact:
    """Return how alike rows, shape (n, dimension), and a probe are, shape (n,).

    Row by row in float64, so that equal rows are equally alike wherever they lie.
    """
    wide = rows.astype(np.float64)
    alike: Exact
    if measure == "cosine":
        alike = np.vecdot(wide, probe)
        return alike
    wide -= probe
    alike = 1 - np.sqrt(np.vecdot(wide, wide))
    return alike


def nearness(similarity: float, measure: Measure) -> float:
    """Return minus half the squared distance that a similarity stands for."""
    return similarity - 1 if measure == "cosine" else -((1 - similarity) ** 2) / 2


class Scan:
    """One block's scores for one probe."""

    def __init__(self, block: Block, left_out: Flags | None, probe: Exact) -> None:
        """Scan a block without some of its rows, those that are forgotten among them."""
        self._block, self._probe = block, probe
        length = float(np.sqrt(probe @ probe))
        self._slack = ROUNDING * (len(probe) + 16) * (block.reach + length) ** 2
        self._scores, self._addend, self._reach = block.scores(probe, self._slack)
        if left_out is not None:
            np.putmask(self._scores[: block.length], left_out, -np.inf)
        self._groups = self._scores.reshape(GROUP_LENGTH, -1)
        self._tops: Vector = self._groups.max(axis=0)

    @property
    def group_count(self) -> int:
        """How many groups there are, each with one top row."""
        return len(self._tops)

    def top_rows(self, count: int) -> Indices:
        """Return the rows with the highest scores of so many groups; those left out never are."""
        first = max(0, len(self._tops) - count)
        groups = np.argpartition(self._tops, first)[first:]
        rows = groups + len(self._tops) * self._groups[:, groups].argmax(axis=0)
        kept: Indices = rows[self._scores[rows] > -np.inf]
        return kept

    def rows_above(self, floor: float) -> Indices:
        """Return the rows whose nearness may be a floor or higher; those left out never are."""
        least = max(floor - self._addend, FLOAT_MIN)
        codes = self._block.codes
        loss_max = 0.0 if codes is None else codes.loss_max
        wanted = np.float32(max(least - loss_max * self._reach, FLOAT_MIN))
        if self._tops.max() < wanted:
            return np.empty(0, np.intp)
        rows = np.flatnonzero(self._scores >= wanted)
        if codes is None:
            return rows
        rows = rows[self._scores[rows] + codes.losses[rows] * np.float32(self._reach) >= least]
        return self._sifted(rows, floor)

    def look_up(self, rows: Indices, measure: Measure) -> tuple[npt.NDArray[np.int32], Exact]:
        """Return the owners of rows and their exact similarities."""
        block = self._block
        parts = [similarities(block.rows[r], self._probe, measure) for r in _chunks(rows)]
        return block.owners[rows], parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _sifted(self, rows: Indices, floor: float) -> Indices:
        """Return those of some rows whose nearness in float32 may be a floor or higher."""
        block, probe = self._block, self._probe.astype(np.float32)
        least = floor - self._slack + float(self._probe @ self._probe) / 2
        parts = [
            r[np.vecdot(block.rows[r], probe) + block.offsets[r] >= least] for r in _chunks(rows)
        ]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)


def best_people(scans: Sequence[Scan], measure: Measure, *, count: int) -> list[tuple[int, float]]:
    """Return the numbers and similarities of the best people, each once, in no order.

    More than ``count`` only where people tie for the last place.
    """
    if not scans or count < 1:
        return []
    floor = _floor(scans, measure, count=count)
    least = nearness(floor, measure)
    found = [scan.look_up(scan.rows_above(least), measure) for scan in scans]
    people, alike = _by_person(found, floor=floor)
    if len(people) > count:
        last = np.partition(alike, len(alike) - count)[len(alike) - count]
        people, alike = people[alike >= last], alike[alike >= last]
    return list(zip(people.tolist(), alike.tolist(), strict=True))


def _floor(scans: Sequence[Scan], measure: Measure, *, count: int) -> float:
    """Return a similarity that the last of the best people reaches for certain.

    The largest block alone gives nearly as good a floor as all; the others are asked if it has too
    few people.
    """
    asked: Sequence[Scan] = [max(scans, key=lambda scan: scan.group_count)]
    seed_count = count + SEED_COUNT
    while True:
        seeds = [scan.look_up(scan.top_rows(seed_count), measure) for scan in asked]
        _, alike = _by_person(seeds)
        if len(alike) >= count:
            return float(np.partition(alike, len(alike) - count)[len(alike) - count])
        if seed_count >= max(scan.group_count for scan in scans) and len(asked) == len(scans):
            return float("-inf")
        asked, seed_count = scans, seed_count * 2


def _by_person(
    found: Sequence[tuple[npt.NDArray[np.int32], Exact]], *, floor: float = -np.inf
) -> tuple[npt.NDArray[np.int32], Exact]:
    """Return each person who reaches the floor once, with the best similarity."""
    owners = np.concatenate([np.empty(0, np.int32), *(part[0] for part in found)])
    alike = np.concatenate([np.empty(0), *(part[1] for part in found)])
    kept = np.flatnonzero(alike >= floor)
    kept = kept[owners[kept].argsort(kind="stable")]
    owners, alike = owners[kept], alike[kept]
    if not len(kept):
        return owners, alike
    firsts = np.concatenate([[0], np.flatnonzero(owners[1:] != owners[:-1]) + 1])
    return owners[firsts], np.maximum.reduceat(alike, firsts)


def whole_groups(length: int) -> int:
    """Return a length, rounded up to whole groups."""
    return -(-length // GROUP_LENGTH) * GROUP_LENGTH


def _chunks(rows: Indices) -> Sequence[Indices]:
    """Return rows in parts that are not too long; at least one."""
    return [rows[start : start + CHUNK] for start in range(0, max(1, len(rows)), CHUNK)]
