"""When boards are left alone."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from config.contract.money import CanteenPlan, MealPeriod, MerchantPlan
from config.site_board import QuietTime
from edge.boards.hindrance import Hindrance, Moment, hindrance, meals_of

ZONE = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai."""
LUNCH = QuietTime(begins=time(11, 30), ends=time(13))


def meal(name: str, begins: int, ends: int) -> MealPeriod:
    return MealPeriod(id=name, name={"en": name}, begins=time(begins), ends=time(ends))


def test_nothing_forbids_an_update_at_any_other_time() -> None:
    assert hindrance(Moment(NOON), zone=ZONE) is None


@pytest.mark.parametrize(
    ("moment", "found"),
    [
        (Moment(NOON, has_fire=True, is_locked_down=True), Hindrance.FIRE),
        (Moment(NOON, is_locked_down=True), Hindrance.LOCKDOWN),
        (Moment(NOON, meals=(LUNCH,)), Hindrance.QUIET),
    ],
)
def test_what_goes_first_forbids_it(moment: Moment, found: Hindrance) -> None:
    assert hindrance(moment, zone=ZONE) is found


@pytest.mark.parametrize(
    ("hour", "minute", "is_quiet"),
    [(11, 29, False), (11, 30, True), (12, 59, True), (13, 0, False)],
)
def test_a_quiet_time_is_in_the_sites_zone_and_without_its_end(
    hour: int, minute: int, is_quiet: bool
) -> None:
    at = datetime(2026, 11, 23, hour, minute, tzinfo=ZONE)

    assert (hindrance(Moment(at), quiet=(LUNCH,), zone=ZONE) is not None) is is_quiet


@pytest.mark.parametrize(("hour", "is_quiet"), [(23, True), (5, True), (6, False), (12, False)])
def test_a_quiet_time_may_go_over_midnight(hour: int, is_quiet: bool) -> None:
    night = QuietTime(begins=time(22), ends=time(6))
    at = datetime(2026, 11, 23, hour, 0, tzinfo=ZONE)

    assert (hindrance(Moment(at), quiet=(night,), zone=ZONE) is not None) is is_quiet


def test_meals_are_those_of_the_merchants_here() -> None:
    plan = CanteenPlan(
        version=1,
        merchants=(
            MerchantPlan(merchant="canteen", periods=(meal("lunch", 11, 13),)),
            MerchantPlan(merchant="cafe", periods=(meal("tea", 15, 16),)),
        ),
    )

    assert meals_of(plan, ["canteen"]) == (QuietTime(begins=time(11), ends=time(13)),)
    assert meals_of(None, ["canteen"]) == ()


def test_a_meal_of_no_length_is_none() -> None:
    merchant = MerchantPlan(merchant="canteen", periods=(meal("lunch", 11, 11),))

    assert meals_of(CanteenPlan(version=1, merchants=(merchant,)), ["canteen"]) == ()
