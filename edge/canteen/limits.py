"""Whether somebody may pay an amount here and now. Pure; times are aware.

What is asked of a till alone holds with central and without. What central says of a wallet goes
first; while it does not answer, the last known balance and the offline limits decide.
"""

import dataclasses
from datetime import datetime

from config.contract.money import SpendingLimits
from edge.access.question import Person
from edge.canteen.screen import TillRefusal


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """What a till knows of a person's money.

    Attributes:
        known_fen: The last known balance; None where central never told one.
        unheard_fen: Spent here since, as far as that balance does not know.
        offline_fen: Spent at this till of it without central's promise.
        till_offline_fen: The same of all people together.
        today_fen: Spent on the site's day.
        meals: In the meal of now, at the merchant.
        last_at: Of the person's last charge at the merchant.
    """

    known_fen: int | None = None
    unheard_fen: int = 0
    offline_fen: int = 0
    till_offline_fen: int = 0
    today_fen: int = 0
    meals: int = 0
    last_at: datetime | None = None


def person_refusal(person: Person | None, *, now: datetime) -> TillRefusal | None:
    """Return why somebody cannot pay, whoever and whatever is paid."""
    if person is None or not person.is_active:
        return TillRefusal.NOT_VALID
    if person.valid_from is not None and now < person.valid_from:
        return TillRefusal.NOT_VALID
    if person.valid_until is not None and now >= person.valid_until:
        return TillRefusal.NOT_VALID
    return None


def limit_refusal(
    spending: Spending,
    limits: SpendingLimits,
    *,
    amount_fen: int,
    meal_count: int,
    meals_max: int | None,
) -> TillRefusal | None:
    """Return which limit an amount is beyond, central or not.

    Args:
        spending: Before it.
        limits: Of the site.
        amount_fen: To be paid.
        meal_count: Meals that are paid at once.
        meals_max: Of the person in this period; None is no limit.
    """
    if meals_max is not None and spending.meals + meal_count > meals_max:
        return TillRefusal.MEALS_REACHED
    if amount_fen > limits.per_charge_fen:
        return TillRefusal.CHARGE_LIMIT
    day_max = limits.per_day_fen
    if day_max is not None and spending.today_fen + amount_fen > day_max:
        return TillRefusal.DAY_LIMIT
    return None


def offline_refusal(
    spending: Spending, limits: SpendingLimits, *, amount_fen: int
) -> TillRefusal | None:
    """Return why somebody cannot pay while central is not heard.

    Somebody of whom no balance is known has none: what they may still spend is the overdraft.
    """
    if spending.offline_fen + amount_fen > limits.offline_person_fen:
        return TillRefusal.OFFLINE_LIMIT
    if spending.till_offline_fen + amount_fen > limits.offline_till_fen:
        return TillRefusal.OFFLINE_LIMIT
    left_fen = (spending.known_fen or 0) - spending.unheard_fen
    if amount_fen > left_fen + limits.offline_overdraft_fen:
        return TillRefusal.OFFLINE_LIMIT
    return None


def is_repeat(spending: Spending, limits: SpendingLimits, *, now: datetime) -> bool:
    """Return whether the same person was here a moment ago, by a clock that may have jumped."""
    if spending.last_at is None or limits.repeat_s == 0:
        return False
    return abs((now - spending.last_at).total_seconds()) < limits.repeat_s
