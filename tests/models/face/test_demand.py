from typing import Literal

import pytest

from config.site import Recognition
from models.face.calibration import LEVELS, SitePairs
from models.face.demand import accept_lowest, network_in_force, operating_point_for, target_of
from models.face.types import Pipeline

MILD = SitePairs(
    people_count=400,
    comparison_count=400 * 399,
    counts=tuple(int(400 * 399 * 10 ** (-4 * (level - 0.1))) for level in LEVELS),
    design_effects=(1.0,) * len(LEVELS),
)


def test_a_sites_settings_become_its_target() -> None:
    target = target_of(Recognition(strangers=0.01, step_up_strangers=0.001, tries=3))

    assert (target.strangers, target.step_up_strangers, target.tries) == (0.01, 0.01, 3)


def test_the_network_in_force_is_the_one_whose_templates_can_be_compared(
    builtin: Pipeline, production: Pipeline
) -> None:
    assert network_in_force(Recognition(pipeline="builtin")) == builtin.network
    assert network_in_force(Recognition(pipeline="production")) == production.network


@pytest.mark.parametrize("pipeline", ["builtin", "production"])
@pytest.mark.parametrize("size", [1, 100, 10_000])
@pytest.mark.parametrize("pairs", [None, MILD])
@pytest.mark.parametrize("pictures", [1, 3])
def test_nothing_brings_the_demand_below_the_lowest(
    pipeline: Literal["builtin", "production"], size: int, pairs: SitePairs | None, pictures: int
) -> None:
    site = Recognition(pipeline=pipeline)
    point = operating_point_for(site, size, pairs=pairs, pictures=pictures)

    assert accept_lowest(site, size) <= point.accept


def test_advice_is_given_only_where_the_target_is_not_held() -> None:
    held = operating_point_for(Recognition(pipeline="production"), 50, pictures=3)
    broken = operating_point_for(Recognition(), 50, pictures=1)

    assert (held.holds, held.advice) == (True, ())
    assert broken.advice == ("enrol_three", "ask_card", "search_fewer", "run_self_test")
    assert "enrol three pictures of everybody" in broken.reason
