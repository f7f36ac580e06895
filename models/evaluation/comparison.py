"""Every picture against every other, in blocks: the matrix of 13,000 pictures is never whole."""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from models.evaluation.statistics import (
    Owners,
    Scores,
    Tail,
    Weights,
    pair_weights,
    tail_length,
)
from models.face.types import Pipeline

Rows = npt.NDArray[np.float32]
Measure = Literal["cosine", "euclidean"]

BLOCK_LENGTH: Final = 512
PAIRS_AT_ONCE: Final = 65_536
RATE_MAX: Final = 0.01
"""The highest false accept rate that a tail serves."""


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """The outcome of 1:1 comparisons.

    Attributes:
        genuine: Scores of pairs of one identity, ascending.
        genuine_owners: The identity of each, by index.
        impostors: Scores of pairs of two identities, ascending.
        tail: The highest impostor scores with their identities.
        is_first: For each picture that could be found by another one of its identity among those
            of others, whether the most alike one is of its identity; empty where none could.
        first_owners: The identity of each.
    """

    genuine: Scores
    genuine_owners: Owners
    impostors: Scores
    tail: Tail
    is_first: npt.NDArray[np.bool_]
    first_owners: Owners


def measure_of(pipeline: Pipeline) -> Measure:
    """Return a pipeline's measure, by what it says of two vectors at right angles.

    Raises:
        ValueError: It is neither the cosine nor 1 - distance.
    """
    one, other = np.eye(2, pipeline.dimension, dtype=np.float32)
    said = pipeline.similarity(one, other)
    measures: dict[Measure, float] = {"cosine": 0.0, "euclidean": 1 - 2**0.5}
    for measure, expected in measures.items():
        if abs(said - expected) < 1e-6:
            return measure
    raise ValueError(f"the pipeline {pipeline.name} has a measure that is not known here")


def similarities(one: Rows, other: Rows, measure: Measure) -> Scores:
    """Return the similarity of every row with every other row, on the pipeline's scale.

    Args:
        one: Shape (n, dimension); of unit length where the measure is the cosine.
        other: Shape (m, dimension), likewise.
        measure: The pipeline's.

    Returns:
        Shape (n, m).
    """
    # In float32 the difference of squares would leave 3e-4 between a picture and its copy.
    exact, exact_other = one.astype(np.float64), other.astype(np.float64)
    products: npt.NDArray[np.float64] = exact @ exact_other.T
    if measure == "cosine":
        return products.astype(np.float32)
    squares = np.square(exact).sum(axis=1)[:, None] + np.square(exact_other).sum(axis=1)
    squares -= 2 * products
    alike: npt.NDArray[np.float64] = 1 - np.sqrt(np.maximum(squares, 0))
    return alike.astype(np.float32)


def paired_similarities(one: Rows, other: Rows, measure: Measure) -> Scores:
    """Return the similarity of each row with the other row of its place, shape (n,)."""
    parts = [np.empty(0, np.float32)]
    for first in range(0, len(one), PAIRS_AT_ONCE):
        part = slice(first, first + PAIRS_AT_ONCE)
        exact, exact_other = one[part].astype(np.float64), other[part].astype(np.float64)
        if measure == "cosine":
            alike = np.einsum("ij,ij->i", exact, exact_other)
        else:
            alike = 1 - np.linalg.norm(exact - exact_other, axis=1)
        parts.append(alike.astype(np.float32))
    return np.concatenate(parts)


def best_of(probes: Rows, templates: Rows, measure: Measure) -> Scores:
    """Return each probe's highest similarity with any of at least one template, shape (n,)."""
    parts = [np.empty(0, np.float32)]
    for first in range(0, len(probes), BLOCK_LENGTH):
        block = similarities(probes[first : first + BLOCK_LENGTH], templates, measure)
        parts.append(block.max(axis=1))
    return np.concatenate(parts)


def compare_all(
    rows: Rows, owners: Owners, measure: Measure, *, block_length: int = BLOCK_LENGTH
) -> Comparisons:
    """Compare each picture with each other one, once.

    Args:
        rows: Shape (n, dimension), n may be 0.
        owners: Shape (n,), the identity of each row, 0 or more.
        measure: The pipeline's.
        block_length: Rows at a time; only speed and memory depend on it.
    """
    counts = np.bincount(owners) if len(owners) else np.zeros(0, np.int64)
    genuine_count = int((counts * (counts - 1) // 2).sum())
    pair_count = len(rows) * (len(rows) - 1) // 2
    genuine, genuine_owners = np.empty(genuine_count, np.float32), np.empty(genuine_count, np.int32)
    impostors = np.empty(pair_count - genuine_count, np.float32)
    best_same, best_other = np.full((2, len(rows)), -np.inf, np.float32)
    same_filled = other_filled = 0
    for block in _blocks(rows, owners, measure, block_length):
        same, others = block.scores[block.is_genuine], block.scores[block.is_impostor]
        genuine[same_filled : same_filled + len(same)] = same
        genuine_owners[same_filled : same_filled + len(same)] = block.owners_of(block.is_genuine)[0]
        impostors[other_filled : other_filled + len(others)] = others
        same_filled, other_filled = same_filled + len(same), other_filled + len(others)
        block.raise_best(best_same, block.is_genuine)
        block.raise_best(best_other, block.is_impostor)
    order = np.argsort(genuine, kind="stable")
    impostors.sort()
    can_be_first = counts[owners] > 1 if len(impostors) else np.zeros(len(owners), np.bool_)
    return Comparisons(
        genuine=genuine[order],
        genuine_owners=genuine_owners[order],
        impostors=impostors,
        tail=_tail(rows, owners, measure, impostors, block_length),
        is_first=(best_same > best_other)[can_be_first],
        first_owners=owners[can_be_first],
    )


def compare_listed(
    scores: Scores, is_same: npt.NDArray[np.bool_], one: Owners, other: Owners
) -> Comparisons:
    """Return the outcome of comparisons that were chosen by somebody else.

    Args:
        scores: Shape (n,).
        is_same: Shape (n,), whether a pair is of one person.
        one: Shape (n,), what is drawn together for intervals: an identity or a picture, by index.
        other: The same for the pairs' second pictures.
    """
    genuine = np.flatnonzero(is_same)
    genuine = genuine[np.argsort(scores[genuine], kind="stable")]
    impostors = np.flatnonzero(~is_same)
    impostors = impostors[np.argsort(-scores[impostors], kind="stable")]
    first, second = one[impostors], other[impostors]

    def total(weights: Weights) -> float:
        return float(pair_weights(weights, first, second).sum())

    return Comparisons(
        genuine=scores[genuine],
        genuine_owners=one[genuine],
        impostors=scores[impostors][::-1],
        tail=Tail(scores[impostors], first, second, total),
        is_first=np.empty(0, np.bool_),
        first_owners=np.empty(0, np.int32),
    )


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """Rows from ``first`` on against all rows from ``first`` on; each pair is marked once."""

    first: int
    owners: Owners
    scores: Scores
    is_genuine: npt.NDArray[np.bool_]
    is_impostor: npt.NDArray[np.bool_]

    def owners_of(self, chosen: npt.NDArray[np.bool_]) -> Sequence[Owners]:
        """Return the identities of the first and of the second picture of chosen pairs."""
        return [self.owners[indices + self.first] for indices in np.nonzero(chosen)]

    def raise_best(self, best: Scores, chosen: npt.NDArray[np.bool_]) -> None:
        """Raise each picture's best score to that of its chosen pairs."""
        masked = np.where(chosen, self.scores, np.float32(-np.inf))
        for axis in (0, 1):
            found = masked.max(axis=axis)
            part = best[self.first : self.first + len(found)]
            np.maximum(part, found, out=part)


def _blocks(rows: Rows, owners: Owners, measure: Measure, length: int) -> Iterator[_Block]:
    for first in range(0, len(rows), length):
        block, rest = rows[first : first + length], rows[first:]
        is_later = np.triu(np.ones((len(block), len(rest)), np.bool_), k=1)
        is_same = owners[first : first + length, None] == owners[None, first:]
        yield _Block(
            first=first,
            owners=owners,
            scores=similarities(block, rest, measure),
            is_genuine=is_later & is_same,
            is_impostor=is_later & ~is_same,
        )


def _tail(rows: Rows, owners: Owners, measure: Measure, impostors: Scores, length: int) -> Tail:
    """Return the highest impostor scores, descending; ``impostors`` is ascending."""
    wanted = min(len(impostors), tail_length(len(impostors), RATE_MAX))
    lowest = impostors[len(impostors) - wanted] if wanted else np.float32(np.inf)
    parts = list[tuple[Scores, Owners, Owners]]()
    for block in _blocks(rows, owners, measure, length):
        chosen = block.is_impostor & (block.scores >= lowest)
        one, other = block.owners_of(chosen)
        parts.append((block.scores[chosen], one, other))
    counts = np.bincount(owners) if len(owners) else np.zeros(0, np.int64)

    def total(weights: Weights) -> float:
        shares = counts * weights[: len(counts)]
        return float((shares.sum() ** 2 - (shares**2).sum()) / 2)

    if not parts:
        nobody = np.empty(0, np.int32)
        return Tail(np.empty(0, np.float32), nobody, nobody, total)
    scores, one, other = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(-scores, kind="stable")
    return Tail(scores[order], one[order], other[order], total)
