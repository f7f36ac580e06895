"""Measured error rates of the recognition networks, and how they are read between the points.

The chance that a stranger is taken for somebody grows with the number of people: FPIR is the
pairwise false accept rate times the gallery's size, to within 15 % while that product is small.
``operating_point`` makes a site's thresholds of these tables; ``threshold_for`` is the plain rule.

Source: measured on LFW (grey, cleaned labels, one picture enrolled, 8.0 million impostor pairs),
2026-11-23. Press photographs: among people of one ethnic group the same threshold lets many times
more pass (16 to 230 times), so a site that must keep its rate calibrates on its own people.
"""

import math
from bisect import bisect
from collections.abc import Sequence
from typing import Final

Table = Sequence[tuple[float, float]]
"""Similarity and a rate, ascending in similarity, at least two points, no rate 0 or 1."""

FAR_BUILTIN: Final = (
    (0.40, 1.0e-2),
    (0.45, 1.8e-3),
    (0.50, 2.3e-4),
    (0.55, 2.3e-5),
    (0.60, 1.2e-6),
    (0.65, 3.3e-7),
)
"""dlib's descriptor: similarity (1 - distance) and pairwise false accept rate."""
FAR_0095: Final = (
    (0.30, 3.4e-3),
    (0.35, 9.8e-4),
    (0.40, 2.5e-4),
    (0.45, 5.1e-5),
    (0.50, 7.9e-6),
    (0.55, 6.1e-7),
)
"""face-reidentification-retail-0095: cosine and pairwise false accept rate."""
FAR_MOBILEFACENET: Final = (
    (0.35, 1.1e-3),
    (0.40, 2.2e-4),
    (0.45, 3.5e-5),
    (0.50, 5.0e-6),
    (0.55, 2.0e-7),
)
"""foamliu's MobileFaceNet: cosine and pairwise false accept rate."""

FNIR_BUILTIN_ONE: Final = (
    (0.40, 0.088), (0.45, 0.101), (0.50, 0.194), (0.55, 0.394), (0.60, 0.654), (0.65, 0.839),
)  # fmt: skip
"""One picture enrolled, one probe picture, 1,000 people: refused, or not first."""
FNIR_BUILTIN_THREE: Final = ((0.565, 0.098), (0.578, 0.145), (0.598, 0.226), (0.622, 0.347))
"""Mean of three pictures enrolled, one probe picture; galleries of 260 and of 1,000."""
FNIR_0095_ONE: Final = (
    (0.30, 0.024), (0.35, 0.028), (0.40, 0.037), (0.45, 0.059), (0.50, 0.110), (0.55, 0.178),
    (0.60, 0.298),
)  # fmt: skip
"""One picture enrolled, one probe picture, 1,000 people: refused, or not first."""
FNIR_0095_THREE: Final = ((0.478, 0.021), (0.500, 0.026), (0.531, 0.034), (0.543, 0.040))
"""Mean of three pictures enrolled, one probe picture; galleries of 260 and of 1,000."""
FNIR_MOBILEFACENET_ONE: Final = (
    (0.35, 0.071), (0.40, 0.093), (0.45, 0.141), (0.50, 0.207), (0.55, 0.315),
)  # fmt: skip
"""One picture enrolled, one probe picture, 1,000 people: refused, or not first."""
FNIR_MOBILEFACENET_THREE: Final = ((0.458, 0.031), (0.488, 0.046), (0.512, 0.064), (0.539, 0.087))
"""Mean of three pictures enrolled, one probe picture; galleries of 260 and of 1,000."""

MEAN_TEMPLATE_MARGIN: Final = 0.03
"""A mean of several pictures is nearer to everybody, strangers included. With so much added no
threshold lies below one measured for templates of three pictures (galleries of 260 and 1,000)."""


def similarity_at(table: Table, rate: float) -> float:
    """Return the similarity at which a false accept rate holds.

    Between measured points the logarithm of the rate is taken as linear; beyond the ends the end
    slopes go on, which nobody measured.

    Args:
        table: Of false accept rates, which fall with similarity.
        rate: Above 0.
    """
    points = [(-math.log(measured), similarity) for similarity, measured in table]
    return _along(points, -math.log(rate))


def rate_at(table: Table, similarity: float) -> float:
    """Return the false accept rate at a similarity, at most 1; the inverse of ``similarity_at``."""
    logarithm = _along([(point, math.log(rate)) for point, rate in table], similarity)
    return math.exp(min(logarithm, 0.0))


def fnir_at(table: Table, similarity: float) -> float:
    """Return the share of enrolled people's probes that are refused at a threshold.

    Linear in the log-odds between measured points, by the last slope beyond the last one; below
    the first one its own value, which is then too high and never too low.
    """
    points = [(point, math.log(rate / (1 - rate))) for point, rate in table]
    odds = _along(points, max(similarity, points[0][0]))
    return 1 / (1 + math.exp(-min(odds, 700.0)))


def threshold_for(table: Table, *, gallery_size: int, false_positive_rate: float) -> float:
    """Return the similarity to demand for a share of strangers' attempts, without site factors.

    Args:
        table: Similarity and pairwise false accept rate, ascending in similarity.
        gallery_size: People searched; 0 counts as 1.
        false_positive_rate: Of a stranger's attempt over the whole gallery, 0..1, not 0.

    Raises:
        ValueError: The rate is not between 0 and 1.
    """
    if not 0 < false_positive_rate <= 1:
        raise ValueError("a false positive rate lies between 0 and 1")
    wanted = false_positive_rate / max(gallery_size, 1)
    # A site may bear more strangers than we measured; it gets the lowest measured threshold.
    return max(similarity_at(table, wanted), table[0][0]) + MEAN_TEMPLATE_MARGIN


def _along(points: Sequence[tuple[float, float]], x: float) -> float:
    """Return y on the line through the points, ascending in x; its ends go on straight."""
    index = min(max(bisect([point[0] for point in points], x), 1), len(points) - 1)
    (x_low, y_low), (x_high, y_high) = points[index - 1], points[index]
    return y_low + (x - x_low) * (y_high - y_low) / (x_high - x_low)
