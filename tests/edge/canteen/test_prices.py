from datetime import UTC, date, datetime, time

import pytest

from config.contract.money import FEN_MAX, Dish, MealPeriod, MerchantPlan
from edge.canteen.prices import (
    group_of,
    is_free,
    meal_at,
    meal_price,
    weighed_price,
    with_piece,
)
from tests.edge.canteen.making import BUFFET, LUNCH, RICE, ZONE

NIGHT = MealPeriod(id="night", name={}, begins=time(22, 0), ends=time(2, 0))
PLAN = MerchantPlan(merchant="canteen", periods=(LUNCH, NIGHT))


@pytest.mark.parametrize(
    ("hour", "minute", "meal"),
    [
        (2, 59, None),
        (3, 0, ("lunch", date(2026, 11, 23))),
        (5, 29, ("lunch", date(2026, 11, 23))),
        (5, 30, None),
        (14, 0, ("night", date(2026, 11, 23))),
        (16, 30, ("night", date(2026, 11, 23))),
        (18, 0, None),
    ],
)
def test_the_meal_is_by_the_sites_clock_and_may_go_over_midnight(
    hour: int, minute: int, meal: tuple[str, date] | None
) -> None:
    at = datetime(2026, 11, 23, hour, minute, tzinfo=UTC)

    found = meal_at(PLAN, now=at, zone=ZONE)

    assert (None if found is None else (found.period.id, found.day)) == meal


def test_no_plan_is_no_meal() -> None:
    assert meal_at(None, now=datetime(2026, 11, 23, 4, tzinfo=UTC), zone=ZONE) is None


@pytest.mark.parametrize(
    ("profiles", "group", "price"),
    [({"staff"}, "", 1250), ({"visitors", "staff"}, "guests", 3000), (set(), "", 1250)],
)
def test_the_first_profile_of_the_plan_says_the_price(
    profiles: set[str], group: str, price: int
) -> None:
    found = group_of(profiles, (("visitors", "guests"), ("staff", "")))

    assert (found, meal_price(LUNCH, found)) == (group, price)


def test_a_price_of_nothing_is_free_and_cannot_be_charged() -> None:
    period = LUNCH.model_copy(update={"fixed_fen": {"cooks": 0}})

    assert [is_free(period, "cooks"), meal_price(period, "cooks")] == [True, None]
    assert [is_free(period, ""), meal_price(period, "")] == [False, None]


@pytest.mark.parametrize(
    ("grams", "fen"), [(100, 398), (251, 999), (1, 4), (0, None), (-20, None), (127, 505)]
)
def test_a_weight_costs_whole_fen_with_a_half_rounded_up(grams: int, fen: int | None) -> None:
    assert weighed_price(BUFFET, grams) == fen


def test_a_dish_by_the_piece_has_no_price_by_weight() -> None:
    assert weighed_price(RICE, 100) is None


def test_the_same_dish_again_is_one_more_of_it() -> None:
    lines = with_piece(with_piece(with_piece((), RICE), BUFFET), RICE)

    assert [(line.item, line.count, line.amount_fen) for line in lines] == [
        ("rice", 2, 400),
        ("buffet", 1, 398),
    ]


def test_a_piece_keeps_the_price_that_was_shown_when_the_plan_changes() -> None:
    dearer = RICE.model_copy(update={"price_fen": 250})

    lines = with_piece(with_piece(with_piece((), RICE), dearer), dearer)

    assert [(line.count, line.amount_fen) for line in lines] == [(1, 200), (2, 500)]


def test_no_line_is_more_than_an_amount_can_be() -> None:
    dear = Dish(id="gold", name={}, price_fen=FEN_MAX)

    assert with_piece(with_piece((), dear), dear) == with_piece((), dear)
