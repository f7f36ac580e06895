import dataclasses
from datetime import timedelta

import pytest

from config.contract.money import SpendingLimits
from edge.canteen.limits import (
    Spending,
    is_repeat,
    limit_refusal,
    offline_refusal,
    person_refusal,
)
from edge.canteen.screen import TillRefusal
from tests.edge.canteen.making import ANNA, NOON

LIMITS = SpendingLimits(
    per_charge_fen=5000,
    per_day_fen=6000,
    repeat_s=600,
    offline_person_fen=3000,
    offline_till_fen=9000,
    offline_overdraft_fen=500,
)


@pytest.mark.parametrize(
    ("spending", "amount_fen", "refusal"),
    [
        (Spending(), 5000, None),
        (Spending(), 5001, TillRefusal.CHARGE_LIMIT),
        (Spending(today_fen=2000), 4000, None),
        (Spending(today_fen=2000), 4001, TillRefusal.DAY_LIMIT),
        (Spending(meals=1), 100, None),
        (Spending(meals=2), 100, TillRefusal.MEALS_REACHED),
    ],
)
def test_limits_hold_to_the_fen(
    spending: Spending, amount_fen: int, refusal: TillRefusal | None
) -> None:
    found = limit_refusal(spending, LIMITS, amount_fen=amount_fen, meal_count=1, meals_max=2)

    assert found == refusal


@pytest.mark.parametrize(
    ("spending", "amount_fen", "is_allowed"),
    [
        (Spending(known_fen=2500), 3000, True),
        (Spending(known_fen=2499), 3000, False),
        (Spending(known_fen=9999), 3001, False),
        (Spending(known_fen=9999, offline_fen=1000, unheard_fen=1000), 2000, True),
        (Spending(known_fen=9999, offline_fen=1001, unheard_fen=1001), 2000, False),
        (Spending(known_fen=2500, unheard_fen=1000), 2000, True),
        (Spending(known_fen=2500, unheard_fen=1001), 2000, False),
        (Spending(known_fen=9999, till_offline_fen=7000), 2000, True),
        (Spending(known_fen=9999, till_offline_fen=7001), 2000, False),
        (Spending(), 500, True),
        (Spending(), 501, False),
    ],
)
def test_offline_the_last_known_balance_and_the_limits_decide(
    spending: Spending, amount_fen: int, is_allowed: bool
) -> None:
    found = offline_refusal(spending, LIMITS, amount_fen=amount_fen)

    assert (found is None) == is_allowed


@pytest.mark.parametrize(("seconds", "is_again"), [(599, True), (600, False), (-599, True)])
def test_the_same_person_is_noticed_though_the_clock_was_put_back(
    seconds: int, is_again: bool
) -> None:
    spending = Spending(last_at=NOON)

    found = is_repeat(spending, LIMITS, now=NOON + timedelta(seconds=seconds))

    assert found is is_again


def test_only_who_is_valid_now_pays() -> None:
    later = dataclasses.replace(ANNA, valid_from=NOON + timedelta(seconds=1))
    over = dataclasses.replace(ANNA, valid_until=NOON)
    gone = dataclasses.replace(ANNA, is_active=False)

    found = [person_refusal(each, now=NOON) for each in (None, later, over, gone, ANNA)]

    assert found == [TillRefusal.NOT_VALID] * 4 + [None]
