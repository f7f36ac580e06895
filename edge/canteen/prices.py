"""Which meal it is, what it costs whom, and what a weight costs. Pure.

A meal is by the site's wall clock, whatever the node's zone; one that goes over midnight belongs to
the day on which it began.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.contract.money import FEN_MAX, ChargeLine, Dish, MealPeriod, MerchantPlan


@dataclasses.dataclass(frozen=True, slots=True)
class Meal:
    """A meal that is served. Attributes: day: on which it began, of the site."""

    period: MealPeriod
    day: date

    @property
    def key(self) -> str:
        """Of the one meal: its period and day."""
        return f"{self.day.isoformat()}/{self.period.id}"


def meal_at(plan: MerchantPlan | None, *, now: datetime, zone: ZoneInfo) -> Meal | None:
    """Return the meal of a moment; the first in the plan where two overlap.

    Args:
        plan: Of the merchant.
        now: Aware.
        zone: Of the site.
    """
    local = now.astimezone(zone)
    for period in () if plan is None else plan.periods:
        at = local.time().replace(tzinfo=None)
        if period.begins <= period.ends:
            if period.begins <= at < period.ends:
                return Meal(period, local.date())
        elif at >= period.begins:
            return Meal(period, local.date())
        elif at < period.ends:
            return Meal(period, local.date() - timedelta(days=1))
    return None


def day_of(at: datetime, *, zone: ZoneInfo) -> date:
    """Return the site's day of a moment."""
    return at.astimezone(zone).date()


def group_of(profiles: Collection[str], groups: Iterable[tuple[str, str]]) -> str:
    """Return a person's group: of the first profile in the plan that they have, or ``""``."""
    return next((group for profile, group in groups if profile in profiles), "")


def meal_price(period: MealPeriod, group: str) -> int | None:
    """Return what a meal costs somebody, in fen, more than 0; None where they cannot have it."""
    price = _of_group(period.fixed_fen, group)
    return price or None


def is_free(period: MealPeriod, group: str) -> bool:
    """Return whether the plan gives somebody a meal for nothing: a canteen lane lets them in."""
    return _of_group(period.fixed_fen, group) == 0


def meals_max(period: MealPeriod, group: str) -> int | None:
    """Return how many meals somebody may have in a period; None is no limit."""
    return _of_group(period.count_max, group)


def weighed_price(dish: Dish, grams: int) -> int | None:
    """Return what so much of a dish costs, in fen, a half rounded up; None is nothing.

    Args:
        dish: Sold by weight.
        grams: Net.
    """
    if dish.per_g is None or grams <= 0:
        return None
    fen = (2 * dish.price_fen * grams + dish.per_g) // (2 * dish.per_g)
    return fen if 0 < fen <= FEN_MAX else None


def with_piece(lines: tuple[ChargeLine, ...], dish: Dish) -> tuple[ChargeLine, ...]:
    """Return a meal with one more piece of a dish; a hundredfold is typed, not pressed.

    What stands there keeps the price that was shown: a price that changed is a line of its own.
    """
    for index, line in enumerate(lines):
        is_same = line.item == dish.id and line.amount_fen == line.count * dish.price_fen
        if is_same and line.weight_g is None and line.count < 99:
            count = line.count + 1
            if count * dish.price_fen > FEN_MAX:
                return lines
            more = ChargeLine(item=dish.id, count=count, amount_fen=count * dish.price_fen)
            return (*lines[:index], more, *lines[index + 1 :])
    return (*lines, ChargeLine(item=dish.id, amount_fen=dish.price_fen))


def without_piece(lines: tuple[ChargeLine, ...], dish: Dish) -> tuple[ChargeLine, ...]:
    """Return a meal with one piece less of a dish, at the price of now."""
    for index, line in enumerate(lines):
        if line.item == dish.id and line.weight_g is None:
            left, count = tuple[ChargeLine, ...](), line.count - 1
            if count:
                left = (ChargeLine(item=dish.id, count=count, amount_fen=count * dish.price_fen),)
            return (*lines[:index], *left, *lines[index + 1 :])
    return lines


def total_of(lines: Iterable[ChargeLine]) -> int:
    """Return what a meal costs, in fen."""
    return sum(line.amount_fen for line in lines)


def _of_group(table: Mapping[str, int], group: str) -> int | None:
    return table.get(group, table.get(""))
