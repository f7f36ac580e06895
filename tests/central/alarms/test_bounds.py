"""How much is too much: rates are for each person who sees to alarms, and little says nothing."""

import pytest

from central.alarms.bounds import BOUNDS, PRIORITY_SHARES, Figures, measured


def figures(*hours: int, positions: int = 1, peak: int = 0, top: int = 0) -> Figures:
    return Figures(
        hours=hours, peak=peak, flood_share=0.0, top=top, chattering=0, standing_long=0,
        positions=positions,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("raised", "verdict"), [(6, "good"), (7, "bearable"), (12, "bearable"), (13, "too_much")]
)
def test_six_an_hour_are_good_and_more_than_twelve_too_much(raised: int, verdict: str) -> None:
    rate = measured(figures(raised))["rate_hour"]

    assert rate is not None
    assert BOUNDS["rate_hour"].verdict(rate) == verdict


def test_two_guards_can_follow_twice_as_many() -> None:
    one = measured(figures(40, 0, peak=20))
    two = measured(figures(40, 0, peak=20, positions=2))

    assert (one["rate_hour"], one["rate_10_min"], one["peak_10_min"]) == (20, 20 / 6, 20)
    assert (two["rate_hour"], two["rate_10_min"], two["peak_10_min"]) == (10, 10 / 6, 10)
    assert (one["busy_hours"], two["busy_hours"]) == (0.5, 0.0)


def test_ten_sources_are_most_of_a_few_alarms_and_nothing_is_said_of_that() -> None:
    assert measured(figures(99, top=99))["top_share"] is None
    assert measured(figures(100, top=50))["top_share"] == 0.5


def test_no_time_at_all_is_no_alarm() -> None:
    assert measured(figures())["rate_hour"] == 0


def test_the_shares_of_priorities_are_about_a_whole() -> None:
    assert sum(PRIORITY_SHARES.values()) == pytest.approx(1, abs=0.02)
