"""From the share of strangers that a site bears to the similarity that it must demand.

The chance that a stranger is taken for somebody grows with the number of people: FPIR is the
pairwise false accept rate times the gallery's size, to within 15 % while that product is small.

Source: measured on LFW (grey, cleaned labels, one picture enrolled, 8.0 million impostor pairs),
2026-11-23. Press photographs: among people of one ethnic group the same threshold lets many times
more pass (16 to 230 times), so a site that must keep its rate calibrates on its own people.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

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
MEAN_TEMPLATE_MARGIN: Final = 0.03
"""A mean of several pictures is nearer to everybody, strangers included. With so much added no
threshold lies below one measured for templates of three pictures (galleries of 260 and 1,000)."""


def threshold_for(
    table: Sequence[tuple[float, float]], *, gallery_size: int, false_positive_rate: float
) -> float:
    """Return the similarity to demand.

    Between measured points the logarithm of the rate is taken as linear; beyond the last one the
    last slope goes on, which nobody measured.

    Args:
        table: Similarity and pairwise false accept rate, ascending in similarity.
        gallery_size: People searched; 0 counts as 1.
        false_positive_rate: Of a stranger's attempt over the whole gallery, 0..1, not 0.

    Raises:
        ValueError: The rate is not between 0 and 1.
    """
    if not 0 < false_positive_rate <= 1:
        raise ValueError("a false positive rate lies between 0 and 1")
    wanted = math.log(false_positive_rate / max(gallery_size, 1))
    points = [(similarity, math.log(rate)) for similarity, rate in table]
    if wanted >= points[0][1]:
        # A site may bear more strangers than we measured; it gets the lowest measured threshold.
        return points[0][0] + MEAN_TEMPLATE_MARGIN
    pairs = list(pairwise(points))
    (low, rate_low), (high, rate_high) = next(
        (pair for pair in pairs if wanted >= pair[1][1]), pairs[-1]
    )
    share = (rate_low - wanted) / (rate_low - rate_high)
    return low + share * (high - low) + MEAN_TEMPLATE_MARGIN
