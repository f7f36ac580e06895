"""Error rates of comparisons, and how sure they are.

A comparison is accepted when its similarity is at least the threshold. A threshold for a rate is
the smallest at which the measured rate is not above it. A bootstrap draws identities, not pairs:
the pairs of one person rise and fall together, and so do those of one look-alike.

Source: terms of ISO/IEC 19795-1 (edition unconfirmed); Wilson, "Probable Inference, the Law of
Succession, and Statistical Inference", 1927.
"""

import dataclasses
import math
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
import numpy.typing as npt

Scores = npt.NDArray[np.float32]
Owners = npt.NDArray[np.int32]
Weights = npt.NDArray[np.float64]
Interval = tuple[float, float]

SEED: Final = 20261124
REPLICATE_COUNT: Final = 200
TAIL_FACTOR: Final = 4
"""So many times the impostors that a rate lets pass are looked at, so that a replicate that draws
the look-alikes twice, or never, still finds its threshold among them."""
TAIL_LENGTH_MIN: Final = 10_000
Z_95: Final = 1.959963984540054
"""Two-sided 95 % point of the normal distribution."""


def wilson_interval(count: int, total: int) -> Interval | None:
    """Return Wilson's 95 % interval of a share, each 0..1; None where nothing was tried."""
    if not total:
        return None
    share, square = count / total, Z_95 * Z_95
    middle = share + square / (2 * total)
    half = Z_95 * math.sqrt(share * (1 - share) / total + square / (4 * total * total))
    # At the ends the exact bound is 0 or 1, which rounding misses by 1e-17.
    low = 0.0 if count == 0 else (middle - half) / (1 + square / total)
    high = 1.0 if count == total else (middle + half) / (1 + square / total)
    return max(low, 0.0), min(high, 1.0)


def threshold_at(impostors: Scores, rate: float) -> float | None:
    """Return the smallest threshold that lets at most a share of impostors pass.

    Args:
        impostors: Ascending.
        rate: 0..1, not 1.

    Returns:
        None where there are fewer than ``1 / rate`` of them, too few to say.
    """
    passing_max = allowed_count(len(impostors), rate)
    if passing_max == 0:
        return None
    refused = impostors[len(impostors) - 1 - passing_max]
    return float(np.nextafter(refused, np.float32(np.inf), dtype=np.float32))


def allowed_count(total: int, rate: float) -> int:
    """Return how many of a total a rate allows; 0.001 of 1,000 is one, whatever floats say."""
    return math.floor(total * rate + 1e-9)


def share_at_least(scores: Scores, threshold: float) -> float:
    """Return the share of scores, ascending and not empty, that pass."""
    return 1 - int(np.searchsorted(scores, np.float32(threshold), side="left")) / len(scores)


def equal_error_rate(genuine: Scores, impostors: Scores) -> float | None:
    """Return the rate at which as many genuine pairs are refused as impostors pass.

    Where no threshold makes both equal it is the mean of the two at the nearest one.

    Args:
        genuine: Ascending.
        impostors: Ascending.

    Returns:
        0..1; None where one of them is empty.
    """
    if not len(genuine) or not len(impostors):
        return None

    def rates(threshold: np.float32) -> tuple[float, float]:
        refused = int(np.searchsorted(genuine, threshold, side="left")) / len(genuine)
        return refused, share_at_least(impostors, float(threshold))

    # The first rate less the second is -1 at the lowest score, 1 above the highest, and only grows.
    low = min(genuine[0], impostors[0])
    high = np.nextafter(max(genuine[-1], impostors[-1]), np.float32(np.inf), dtype=np.float32)
    while low < (middle := np.float32(low / 2 + high / 2)) < high:
        refused, passing = rates(middle)
        low, high = (low, middle) if refused >= passing else (middle, high)
    refused, passing = min((rates(low), rates(high)), key=lambda pair: abs(pair[0] - pair[1]))
    return (refused + passing) / 2


def weighted_threshold_at(scores: Scores, weights: Weights, rate: float, total: float) -> float:
    """Return ``threshold_at`` of weighted scores.

    Args:
        scores: Descending, not empty; the highest ones, as many as the rate may reach to.
        weights: Of each.
        rate: 0..1.
        total: Weight of all, those that were left away too.
    """
    reached = np.cumsum(weights)
    first = int(np.searchsorted(reached, total * rate + 1e-9, side="right"))
    refused = scores[min(first, len(scores) - 1)]
    return float(np.nextafter(refused, np.float32(np.inf), dtype=np.float32))


def identity_weights(identity_count: int) -> Iterator[Weights]:
    """Yield, for each replicate, how often each identity was drawn; the seed is fixed."""
    random = np.random.default_rng(SEED)
    for _ in range(REPLICATE_COUNT):
        drawn = random.integers(0, identity_count, identity_count)
        yield np.bincount(drawn, minlength=identity_count).astype(np.float64)


@dataclasses.dataclass(frozen=True, slots=True, eq=False)
class Tail:
    """The highest impostor scores, descending, and the identities that each is between.

    Attributes:
        one: Identity by index.
        other: The other identity; the same one where a score is of one identity alone.
        total: Returns the weight of all impostor scores for weights of the identities.
    """

    scores: Scores
    one: Owners
    other: Owners
    total: Callable[[Weights], float]

    def weights(self, weights: Weights) -> Weights:
        """Return the weight of each score."""
        return pair_weights(weights, self.one, self.other)

    def for_rate(self, rate: float, identity_count: int) -> "Tail":
        """Return as many of the highest scores as a rate needs."""
        length = tail_length(self.total(np.ones(identity_count)), rate)
        return dataclasses.replace(
            self, scores=self.scores[:length], one=self.one[:length], other=self.other[:length]
        )


def tail_length(impostor_count: float, rate: float) -> int:
    """Return how many of the highest impostor scores are kept for a rate."""
    return max(TAIL_LENGTH_MIN, math.ceil(TAIL_FACTOR * rate * impostor_count))


def pair_weights(weights: Weights, one: Owners, other: Owners) -> Weights:
    """Return the product of both identities' weights, or the one of an identity alone."""
    return np.where(one == other, weights[one], weights[one] * weights[other])


def bootstrap_interval(
    accepted: Callable[[float], npt.NDArray[np.bool_]],
    owners: Owners,
    tail: Tail,
    *,
    rate: float,
    identity_count: int,
) -> Interval | None:
    """Return the 95 % percentile interval of the accepted share at a false accept rate.

    The threshold is set anew in every replicate. Where all or nothing was accepted a bootstrap
    knows no doubt: then it reaches as far as Wilson's interval with the identities as trials.

    Args:
        accepted: Returns for a threshold which genuine trials are accepted, shape (n,).
        owners: Shape (n,), the identity of each genuine trial.
        tail: Of the impostors.
        rate: False accept rate, 0..1.
        identity_count: Identities in all.

    Returns:
        None without genuine trials or impostors.
    """
    if not len(owners) or not len(tail.scores):
        return None
    tail = tail.for_rate(rate, identity_count)

    def share(drawn: Weights) -> float | None:
        trials, all_impostors = drawn[owners], tail.total(drawn)
        if not trials.any() or not all_impostors:
            return None
        impostors = tail.weights(drawn)
        threshold = weighted_threshold_at(tail.scores, impostors, rate, all_impostors)
        return float(trials[accepted(threshold)].sum() / trials.sum())

    return _interval(share, owners, identity_count)


def share_interval(
    accepted: npt.NDArray[np.bool_], owners: Owners, *, identity_count: int
) -> Interval | None:
    """Return the 95 % interval of a share, as ``bootstrap_interval`` without a threshold.

    Args:
        accepted: Shape (n,), the outcome of each trial.
        owners: Shape (n,), the identity of each.
        identity_count: Identities in all.

    Returns:
        None without trials.
    """
    trials = np.bincount(owners, minlength=identity_count).astype(np.float64)
    passed = np.bincount(owners, weights=accepted, minlength=identity_count)

    def share(drawn: Weights) -> float | None:
        total = float(drawn @ trials)
        return float(drawn @ passed) / total if total else None

    return _interval(share, owners, identity_count)


def _interval(
    share: Callable[[Weights], float | None], owners: Owners, identity_count: int
) -> Interval | None:
    found = share(np.ones(identity_count))
    drawn = [value for d in identity_weights(identity_count) if (value := share(d)) is not None]
    if found is None or not drawn:
        return None
    low, high = (float(bound) for bound in np.quantile(drawn, (0.025, 0.975)))
    if found in (0.0, 1.0):
        trial_count = len(np.unique(owners))
        least, most = wilson_interval(round(found) * trial_count, trial_count) or (low, high)
        return min(low, least), max(high, most)
    return low, high
