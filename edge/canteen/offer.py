"""From who pays and what for to a charge, or to why not. Pure; tills and canteen lanes share it."""

import dataclasses
from collections.abc import Callable
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from config.contract.money import ChargeLine, ChargeMode
from config.site_canteen import TillEntry
from edge.access.question import Person
from edge.canteen.book import Book, Charge
from edge.canteen.collecting import Collecting
from edge.canteen.diner import Diner
from edge.canteen.limits import Spending, limit_refusal, person_refusal
from edge.canteen.prices import (
    Meal,
    day_of,
    group_of,
    is_free,
    meal_at,
    meal_price,
    meals_max,
    total_of,
)
from edge.canteen.screen import TillRefusal

MEAL_MODES = frozenset({ChargeMode.FIXED, ChargeMode.COUNT, ChargeMode.LANE})
"""Whose price is the meal's."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be paid, or collected.

    Attributes:
        lines: Of what is keyed, picked or weighed.
        count: Meals.
        order: The one that is meant; None is whatever the person has ordered.
    """

    mode: ChargeMode
    session_id: UUID
    lines: tuple[ChargeLine, ...] = ()
    count: int = 1
    order: UUID | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Offer:
    """A charge that may come about. Attributes: spending: of the person before it."""

    charge: Charge
    spending: Spending


class Counter:
    """One till's place in the plan: which meal, which price, whose limits.

    Attributes:
        orders: What is handed out there.
    """

    def __init__(
        self, till: TillEntry, book: Book, *, zone: ZoneInfo, new_id: Callable[[], UUID]
    ) -> None:
        """Sell for one merchant."""
        self.till, self.book, self._zone, self._new_id = till, book, zone, new_id
        self.orders = Collecting(till, book, zone=zone)

    def meal(self, now: datetime) -> Meal | None:
        """Return the meal of now."""
        return meal_at(self.book.merchant(self.till.merchant), now=now, zone=self._zone)

    def price(self, now: datetime) -> int | None:
        """Return what a meal costs those without a price of their group, in fen."""
        meal = self.meal(now)
        return None if meal is None else meal_price(meal.period, "")

    def eats_free(self, person: Person, now: datetime) -> bool:
        """Return whether the plan says 0 for somebody: now, or at every meal while none is."""
        plan, meal = self.book.merchant(self.till.merchant), self.meal(now)
        group = group_of(person.profiles or frozenset(), self.book.plan.groups)
        periods = () if plan is None else plan.periods if meal is None else (meal.period,)
        return bool(periods) and all(is_free(period, group) for period in periods)

    def diner_refusal(
        self, diner: Diner, person: Person | None, *, now: datetime
    ) -> TillRefusal | None:
        """Return why somebody can have nothing here, whatever it is."""
        refusal = person_refusal(person, now=now)
        if refusal is None and self.book.is_blocked(diner.holder_id):
            return TillRefusal.BLOCKED
        return refusal

    def offer(
        self,
        wanted: Wanted,
        diner: Diner,
        person: Person | None,
        *,
        decision_id: UUID | None,
        now: datetime,
    ) -> Offer | TillRefusal:
        """Return a new charge with a key of its own, or why there is none."""
        refusal = self.diner_refusal(diner, person, now=now)
        if person is None or refusal is not None:
            return refusal or TillRefusal.NOT_VALID
        book, till = self.book, self.till
        meal = self.meal(now)
        group = group_of(person.profiles or frozenset(), book.plan.groups)
        lines = wanted.lines
        if wanted.mode in MEAL_MODES:
            if meal is None:
                return TillRefusal.NO_PERIOD
            price = meal_price(meal.period, group)
            if price is None:
                return TillRefusal.NO_PRICE
            if price * wanted.count > book.plan.limits.per_charge_fen:
                return TillRefusal.CHARGE_LIMIT
            lines = (ChargeLine(count=wanted.count, amount_fen=price * wanted.count),)
        amount_fen, day = total_of(lines), day_of(now, zone=self._zone)
        meal_key = "" if meal is None else meal.key
        spending = book.spending(
            diner.holder_id, till=till.id, merchant=till.merchant, meal=meal_key, day=day
        )
        count = wanted.count if wanted.mode is ChargeMode.COUNT else 1
        refusal = limit_refusal(
            spending,
            book.plan.limits,
            amount_fen=amount_fen,
            meal_count=count,
            meals_max=None if meal is None else meals_max(meal.period, group),
        )
        if refusal is not None:
            return refusal
        charge = Charge(
            charge_id=self._new_id(),
            session_id=wanted.session_id,
            till=till.id,
            merchant=till.merchant,
            holder_id=diner.holder_id,
            amount_fen=amount_fen,
            mode=wanted.mode,
            period="" if meal is None else meal.period.id,
            meal=meal_key,
            meal_count=count,
            day=day,
            at=now,
            lines=lines,
            credential=diner.credential,
            decision_id=decision_id,
            code=diner.code,
        )
        return Offer(charge, spending)

    def spending_of(self, charge: Charge) -> Spending:
        """Return what is known now of the money of whoever a charge is of."""
        return self.book.spending(
            charge.holder_id,
            till=charge.till,
            merchant=charge.merchant,
            meal=charge.meal,
            day=charge.day,
        )
