"""Which windows can be ordered for, until when, and what a tray costs."""

from datetime import UTC, date, datetime, timedelta

import pytest

from central.orders.windows import NotOnSaleError, Window, find, priced, windows
from config.contract.money import ChargeLine, OrderWindow
from tests.central.canteen.dining import NOW
from tests.central.orders.ordering import (
    CLOSES,
    LUNCH,
    OPENS,
    TODAY,
    ZONE,
    changed,
    plan_of,
)

BOTH = (OrderWindow(period="lunch"), OrderWindow(period="dinner", dishes=("soup",)))
TOMORROW = TODAY + timedelta(days=1)


def found(now: datetime = NOW, **rules: object) -> list[Window]:
    return list(windows(plan_of(**rules).as_plan(1), now=now, zone=ZONE))


def test_window_is_handed_out_in_its_period_by_the_sites_clock() -> None:
    window = found()[0]

    assert (window.day, window.begins, window.ends) == (TODAY, OPENS, CLOSES)
    assert window.until == OPENS - timedelta(minutes=60)
    assert window.due == CLOSES + timedelta(minutes=30)


def test_windows_of_today_and_of_the_days_ahead_come_by_time() -> None:
    assert [(w.day, w.period.id) for w in found(windows=BOTH)] == [
        (TODAY, "dinner"),
        (TOMORROW, "lunch"),
        (TOMORROW, "dinner"),
    ]
    assert [w.day for w in found(days_ahead=0)] == [TODAY]


def test_window_that_has_begun_is_none_any_more_and_before_it_is_closed() -> None:
    an_instant = timedelta(microseconds=1)
    until = OPENS - timedelta(minutes=60)

    assert found(until - an_instant)[0].is_open(until - an_instant)
    assert not found(until)[0].is_open(until)
    assert found(OPENS - an_instant)[0].day == TODAY
    assert found(OPENS)[0].day == TOMORROW


def test_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    window = found(windows=(OrderWindow(period="night"),))[0]

    assert window.day == TODAY
    assert (window.begins, window.ends) == (
        datetime(2026, 11, 30, 15, 0, tzinfo=UTC),
        datetime(2026, 11, 30, 17, 0, tzinfo=UTC),
    )


def test_numbers_of_each_window_have_a_letter_of_their_own() -> None:
    assert {w.period.id: w.letter for w in found(windows=BOTH)} == {"lunch": "A", "dinner": "B"}


def test_what_is_weighed_cannot_be_ordered_and_a_window_may_have_a_menu_of_its_own() -> None:
    dinner, lunch, _ = found(windows=BOTH)

    assert [dish.id for dish in lunch.dishes] == ["buns", "soup"]
    assert [dish.id for dish in dinner.dishes] == ["soup"]


def test_merchant_without_rules_and_a_window_without_a_period_take_no_orders() -> None:
    closed = changed(plan_of(), orders=None)
    gone = changed(plan_of(), periods=(LUNCH,))

    assert list(windows(closed.as_plan(1), now=NOW, zone=ZONE)) == []
    assert list(windows(gone.as_plan(1), now=NOW, zone=ZONE)) == []


@pytest.mark.parametrize(
    ("merchant", "day", "period"),
    [
        ("shop", TODAY, "dinner"),
        ("canteen", TODAY, "lunch"),
        ("canteen", date(2026, 12, 2), "dinner"),
    ],
)
def test_only_what_is_offered_is_found(merchant: str, day: date, period: str) -> None:
    plan = plan_of().as_plan(1)

    there = find(plan, merchant="canteen", day=TODAY, period="dinner", now=NOW, zone=ZONE)
    other = find(plan, merchant=merchant, day=day, period=period, now=NOW, zone=ZONE)

    assert (there is None, other) == (False, None)


def test_tray_costs_what_the_plan_says() -> None:
    assert priced(found()[0], [("buns", 2), ("soup", 1)]) == (
        ChargeLine(item="buns", count=2, amount_fen=600),
        ChargeLine(item="soup", count=1, amount_fen=250),
    )


@pytest.mark.parametrize("dish", ["nuts", "tea"])
def test_dish_that_is_not_on_sale_is_named(dish: str) -> None:
    with pytest.raises(NotOnSaleError, match=dish):
        priced(found()[0], [("buns", 1), (dish, 1)])
