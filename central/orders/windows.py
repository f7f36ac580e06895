"""What can be ordered until when: the windows of a plan on a day, and what a tray costs. Pure."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from config.contract.money import (
    CanteenPlan,
    ChargeLine,
    Dish,
    MealPeriod,
    MerchantPlan,
    OrderRules,
    OrderWindow,
)

LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A period of a day in which a merchant hands out orders.

    Attributes:
        day: Of the site, on which it begins.
        dishes: What can be ordered.
        letter: Of its numbers.
        begins, ends: Aware; in between it is handed out.
        until: Ordered and cancelled before it.
        due: From then on nobody is waited for.
    """

    merchant: str
    period: MealPeriod
    day: date
    rules: OrderRules
    rule: OrderWindow
    dishes: Sequence[Dish]
    letter: str
    begins: datetime
    ends: datetime
    until: datetime
    due: datetime

    def is_open(self, now: datetime) -> bool:
        """Return whether it can be ordered for now."""
        return now < self.until


class NotOnSaleError(ValueError):
    """A dish cannot be ordered. Attributes: dish: which."""

    def __init__(self, dish: str) -> None:
        super().__init__(f"{dish} cannot be ordered for this window")
        self.dish = dish


def windows(plan: CanteenPlan, *, now: datetime, zone: ZoneInfo) -> Iterator[Window]:
    """Yield every window that has not begun, by merchant, then by the time at which it begins."""
    today = now.astimezone(zone).date()
    for merchant in plan.merchants:
        if merchant.orders is None:
            continue
        days = [today + timedelta(days=n) for n in range(merchant.orders.days_ahead + 1)]
        found = [each for day in days for each in _of_day(merchant, merchant.orders, day, zone)]
        yield from sorted((w for w in found if now < w.begins), key=lambda w: w.begins)


def find(
    plan: CanteenPlan, *, merchant: str, day: date, period: str, now: datetime, zone: ZoneInfo
) -> Window | None:
    """Return a window; None where there is none, or it is too far ahead, or has begun."""
    wanted = (merchant, day, period)
    found = windows(plan, now=now, zone=zone)
    return next((w for w in found if (w.merchant, w.day, w.period.id) == wanted), None)


def _of_day(plan: MerchantPlan, rules: OrderRules, day: date, zone: ZoneInfo) -> Iterator[Window]:
    periods = {period.id: period for period in plan.periods}
    for index, rule in enumerate(rules.windows):
        if rule.period not in periods:
            continue
        begins, ends = span(periods[rule.period], day, zone)
        yield Window(
            merchant=plan.merchant,
            period=periods[rule.period],
            day=day,
            rules=rules,
            rule=rule,
            dishes=_on_sale(plan.dishes, rule.dishes),
            letter=LETTERS[index % len(LETTERS)],
            begins=begins,
            ends=ends,
            until=begins - timedelta(minutes=rule.until_min),
            due=ends + timedelta(minutes=rules.grace_min),
        )


def span(period: MealPeriod, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return when a period of a day begins and ends; one over midnight ends on the next day."""
    last = day if period.begins < period.ends else day + timedelta(days=1)
    begins = datetime.combine(day, period.begins, tzinfo=zone)
    return begins, datetime.combine(last, period.ends, tzinfo=zone)


def _on_sale(dishes: Iterable[Dish], wanted: Collection[str]) -> Sequence[Dish]:
    by_piece = [dish for dish in dishes if dish.per_g is None]
    return [dish for dish in by_piece if not wanted or dish.id in wanted]


def priced(window: Window, pieces: Iterable[tuple[str, int]]) -> tuple[ChargeLine, ...]:
    """Return what a tray is made of, at the prices of the plan.

    Args:
        window: Of the plan in force.
        pieces: Dish and count, each dish once.

    Raises:
        NotOnSaleError: A dish is not there, or not any more.
    """
    known = {dish.id: dish for dish in window.dishes}
    lines = list[ChargeLine]()
    for dish, count in pieces:
        if dish not in known:
            raise NotOnSaleError(dish)
        fen = known[dish].price_fen * count
        lines.append(ChargeLine(item=dish, count=count, amount_fen=fen))
    return tuple(lines)
