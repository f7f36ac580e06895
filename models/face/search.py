"""Exact search over templates: bounds for all, then the true similarity of those that can win.

Every block of templates is scanned by the fastest means it has, float32 or ``codes``; both give
for each row a value that its *nearness* (minus half the squared distance to the probe) cannot
exceed. A few rows at the top are computed exactly, which gives a floor; every row whose bound
reaches the floor is then computed exactly, in float64. So the answer does not depend on the means.
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

GROUP_LENGTH: Final = 64
"""Rows of a block fall into groups of so many, of which the best are tried first."""
SEED_COUNT: Final = 6
"""More exact rows before the floor is known than people wanted, so that the floor is a good one."""
CHUNK: Final = 4096
"""Most rows that are computed exactly at once."""
ROUNDING: Final = float(np.finfo(np.float32).eps)


class Copies(Protocol):
    """Small copies of all rows of a block, faster to scan; see ``codes.Codes``."""

    @property
    def size_bytes(self) -> int:
        """Memory that they take."""
        ...

    @property
    def offsets(self) -> Vector:
        """A value per row to add to ``upper_bounds``."""
        ...

    def upper_bounds(self, probe: Exact) -> tuple[Vector, float]:
        """Return what nearness cannot exceed, less offsets: a new array, and an addend."""
        ...


@dataclasses.dataclass(frozen=True, eq=False, slots=True)
class Block:
    """Some templates; whatever lies before ``length`` never changes.

    Attributes:
        rows: Shape (capacity, dimension).
        owners: The number of the person each row belongs to.
        offsets: What a scan adds to each row's bound; minus infinity where it is forgotten.
        length: Rows in use, forgotten ones included.
        reach: Length of the longest row.
        codes: Copies of all rows, if nothing is added any more and there are such.
    """

    rows: Matrix
    owners: npt.NDArray[np.int32]
    offsets: Vector
    length: int
    reach: float
    codes: Copies | None = None

    @property
    def alive(self) -> Indices:
        """The rows that are not forgotten."""
        return np.flatnonzero(np.isfinite(self.offsets[: self.length]))

    def upper_bounds(self, probe: Exact) -> tuple[Vector, float]:
        """Return what nearness cannot exceed, less offsets: whole groups, and an addend."""
        slack = ROUNDING * (len(probe) + 16) * (self.reach + float(np.linalg.norm(probe))) ** 2
        if self.codes is not None:
            bounds, addend = self.codes.upper_bounds(probe)
            return _padded(bounds), addend + slack
        bounds = np.empty(_whole_groups(self.length), np.float32)
        bounds[self.length :] = -np.inf
        # Not ``np.dot``: BLAS would wait for a second thread, long in coming on a busy gate.
        used = bounds[: self.length]
        np.vecdot(self.rows[: self.length], probe.astype(np.float32), out=used)
        return bounds, slack - float(probe @ probe) / 2


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
    """One block's bounds for one probe."""

    def __init__(self, block: Block, offsets: Vector, probe: Exact) -> None:
        """Scan a block; ``offsets`` are its own, with minus infinity at rows to leave out."""
        self._block, self._probe = block, probe
        self._bounds, self._addend = block.upper_bounds(probe)
        self._bounds[: block.length] += offsets[: block.length]
        self._tops: Vector = self._bounds.reshape(GROUP_LENGTH, -1).max(axis=0)

    @property
    def tops(self) -> Vector:
        """The highest bound of each group."""
        return self._tops + np.float32(self._addend)

    def top_row(self, group: int) -> int:
        """Return the row with a group's highest bound."""
        width = len(self._tops)
        return group + width * int(self._bounds[group::width].argmax())

    def rows_above(self, floor: float) -> Indices:
        """Return the rows whose bound is a floor or higher; those left out never are."""
        wanted = np.float32(max(floor - self._addend, float(np.finfo(np.float32).min)))
        if self._tops.max() < wanted:
            return np.empty(0, np.intp)
        return np.flatnonzero(self._bounds >= wanted)

    def look_up(self, rows: Indices, measure: Measure) -> tuple[npt.NDArray[np.int32], Exact]:
        """Return the owners of rows and their exact similarities."""
        parts = [
            similarities(self._block.rows[rows[start : start + CHUNK]], self._probe, measure)
            for start in range(0, len(rows), CHUNK)
        ]
        return self._block.owners[rows], np.concatenate([np.empty(0), *parts])


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
    """Return a similarity that the last of the best people reaches for certain."""
    tops = np.concatenate([scan.tops for scan in scans])
    firsts = np.cumsum([0, *(len(scan.tops) for scan in scans)])
    seed_count = count + SEED_COUNT
    while True:
        seed_count = min(seed_count, len(tops))
        groups = np.argpartition(tops, len(tops) - seed_count)[len(tops) - seed_count :]
        groups = groups[np.isfinite(tops[groups])]
        _, alike = _by_person(_seeds(scans, groups, firsts, measure))
        if len(alike) >= count:
            return float(np.partition(alike, len(alike) - count)[len(alike) - count])
        if seed_count == len(tops):
            return float("-inf")
        seed_count *= 2


def _seeds(
    scans: Sequence[Scan], groups: Indices, firsts: Indices, measure: Measure
) -> list[tuple[npt.NDArray[np.int32], Exact]]:
    """Return the owner and the exact similarity of the top row of each of some groups."""
    homes = np.searchsorted(firsts, groups, side="right") - 1
    seeds = []
    for home in np.unique(homes).tolist():
        inside = (groups[homes == home] - firsts[home]).tolist()
        rows = np.array([scans[home].top_row(group) for group in inside], np.intp)
        seeds.append(scans[home].look_up(rows, measure))
    return seeds


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


def _whole_groups(length: int) -> int:
    return -(-length // GROUP_LENGTH) * GROUP_LENGTH


def _padded(bounds: Vector) -> Vector:
    missing = _whole_groups(len(bounds)) - len(bounds)
    return bounds if not missing else np.append(bounds, np.full(missing, -np.inf, np.float32))
