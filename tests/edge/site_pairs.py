"""How alike the people of a site under test are, as central says it."""

from config.contract.nodes import SitePairsRecord
from models.face.calibration import LEVELS
from models.face.operating_point import BUILTIN
from models.face.thresholds import rate_at
from tests.edge.conftest import NOW


def site_pairs(network: str, *, people: int = 200, factor: float = 2000) -> SitePairsRecord:
    """Return the pairs of people who are taken for each other ``factor`` times too often."""
    comparisons = people * (people - 1)
    rates = [min(0.9, factor * rate_at(BUILTIN.far_one_picture, level)) for level in LEVELS]
    return SitePairsRecord(
        network=network,
        tested_at=NOW,
        people_count=people,
        comparison_count=comparisons,
        levels=LEVELS,
        counts=tuple(int(comparisons * rate) for rate in rates),
        design_effects=(1.0,) * len(LEVELS),
    )
