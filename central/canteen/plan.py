"""The canteen's plan: whether it can be. Pure; what a new one changes is in ``plan_changes``."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import time
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from config.contract.money import CanteenPlan, MealPeriod, MerchantPlan, OrderRules, SpendingLimits

DAY_MIN: Final = 24 * 60


class PlanProblem(BaseModel):
    """What cannot be, in one line.

    Attributes:
        code: For pages (``canteen_problem.CODE``).
        merchant: At whom; empty for the whole plan.
        part: ``merchant``, ``period``, ``dish``, ``window`` (of orders), ``group`` or ``limit``.
        item: Which one; a group by its profile, a window by its meal.
        field: What of it, ``fixed_fen/staff`` of a table of prices; empty for all of it.
        others: Of the same part, which it does not go together with.
        detail: The line, in English.
    """

    code: str
    merchant: str = ""
    part: str
    item: str = ""
    field: str = ""
    others: tuple[str, ...] = ()
    detail: str


class Draft(BaseModel):
    """A plan as the manager writes it; its version is central's.

    Attributes:
        float_low_fen: A fund that pays subsidies and has less raises an alarm; None never.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    merchants: Annotated[tuple[MerchantPlan, ...], Field(max_length=200)] = ()
    limits: SpendingLimits = SpendingLimits()
    groups: Annotated[tuple[tuple[str, str], ...], Field(max_length=200)] = ()
    float_low_fen: int | None = None

    def as_plan(self, version: int) -> CanteenPlan:
        """Return what tills are told."""
        return CanteenPlan(
            version=version, merchants=self.merchants, limits=self.limits, groups=self.groups
        )


def problems(
    draft: Draft, *, merchants: Collection[str], profiles: Collection[str]
) -> list[PlanProblem]:
    """Return everything that cannot be.

    Args:
        draft: What somebody wants.
        merchants: Of the site file.
        profiles: Of the access model.
    """
    found = list[PlanProblem]()
    groups = {group for _, group in draft.groups}
    for merchant in _twice(each.merchant for each in draft.merchants):
        found.append(_problem("merchant_twice", "has two plans", "merchant", merchant))
    for each in draft.merchants:
        if each.merchant not in merchants:
            line = "is not in the site file"
            found.append(_problem("merchant_unknown", line, "merchant", each.merchant))
        found += _of_periods(each, groups)
        found += _of_dishes(each)
        if each.orders is not None:
            found += _of_orders(each, each.orders)
    found += _of_groups(draft.groups, profiles)
    found += _of_limits(draft.limits)
    return found


def _problem(
    code: str,
    line: str,
    part: str,
    merchant: str = "",
    item: str = "",
    *,
    field: str = "",
    others: Sequence[str] = (),
) -> PlanProblem:
    where = " ".join(each for each in (merchant, item) if each)
    return PlanProblem(
        code=code,
        merchant=merchant,
        part=part,
        item=item,
        field=field,
        others=tuple(others),
        detail=f"{where}: {line}",
    )


def _twice(values: Iterator[Any] | Sequence[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _of_periods(plan: MerchantPlan, groups: Collection[str]) -> Iterator[PlanProblem]:
    def found(code: str, line: str, item: str, field: str, *others: str) -> PlanProblem:
        return _problem(code, line, "period", plan.merchant, item, field=field, others=others)

    for item in _twice([each.id for each in plan.periods]):
        yield found("period_twice", "there are two of this name", item, "")
    for period in plan.periods:
        if not _is_named(period.name):
            yield found("name_missing", "has no name", period.id, "name")
        if period.begins == period.ends:
            yield found("period_empty", "begins when it ends", period.id, "ends")
        if period.begins.tzinfo is not None or period.ends.tzinfo is not None:
            line = "is by the site's clock, without a zone"
            yield found("period_zone", line, period.id, "begins")
        for field in ("fixed_fen", "count_max"):
            for group in sorted({*getattr(period, field)} - {"", *groups}):
                line = f"no group has the name {group!r}"
                yield found("group_unknown", line, period.id, f"{field}/{group}")
    for number, one in enumerate(plan.periods):
        for other in plan.periods[number + 1 :]:
            if _minutes(one) & _minutes(other):
                line = f"overlaps with {other.id}: a meal has one price"
                yield found("period_overlaps", line, one.id, "begins", other.id)


def _of_dishes(plan: MerchantPlan) -> Iterator[PlanProblem]:
    for item in _twice([each.id for each in plan.dishes]):
        yield _problem("dish_twice", "there are two of this name", "dish", plan.merchant, item)
    for key in _twice([each.key for each in plan.dishes if each.key is not None]):
        one, *others = (each.id for each in plan.dishes if each.key == key)
        line = f"F{key} is the key of {', '.join(others)}, too"
        yield _problem("key_twice", line, "dish", plan.merchant, one, field="key", others=others)
    for each in plan.dishes:
        if not _is_named(each.name):
            line = "has no name"
            yield _problem("name_missing", line, "dish", plan.merchant, each.id, field="name")


def _is_named(name: Mapping[Any, str]) -> bool:
    return any(text.strip() for text in name.values())


def _of_orders(plan: MerchantPlan, rules: OrderRules) -> Iterator[PlanProblem]:
    def found(code: str, line: str, item: str, field: str = "") -> PlanProblem:
        return _problem(code, line, "window", plan.merchant, item, field=field)

    periods = {each.id for each in plan.periods}
    by_piece = {dish.id for dish in plan.dishes if dish.per_g is None}
    for item in _twice([each.period for each in rules.windows]):
        yield found("window_twice", "orders are handed out once in a period", item)
    for window in rules.windows:
        if window.period not in periods:
            line = "orders are handed out in a meal period, and there is none of this name"
            yield found("window_unknown", line, window.period)
        for dish in window.dishes:
            if dish not in by_piece:
                line = f"{dish} cannot be ordered: it is no dish that is sold by the piece"
                yield found("order_dish_unknown", line, window.period, "dishes")


def _minutes(period: MealPeriod) -> set[int]:
    first, last = _minute(period.begins), _minute(period.ends)
    return set(range(first, last)) if first <= last else {*range(first, DAY_MIN), *range(last)}


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _of_groups(
    groups: Sequence[tuple[str, str]], profiles: Collection[str]
) -> Iterator[PlanProblem]:
    for profile in _twice([profile for profile, _ in groups]):
        line = "is in two groups: the first would hold"
        yield _problem("profile_twice", line, "group", item=profile, field="profile")
    for profile, group in groups:
        if profile not in profiles:
            line = "the access rules have no such profile"
            yield _problem("profile_unknown", line, "group", item=profile, field="profile")
        if not group.strip():
            yield _problem("group_unnamed", "a group needs a name", "group", item=profile)


def _of_limits(limits: SpendingLimits) -> Iterator[PlanProblem]:
    if limits.per_day_fen is not None and limits.per_day_fen < limits.per_charge_fen:
        line = "a day's limit is less than a single charge's"
        yield _problem("day_below_charge", line, "limit", item="per_day_fen")
    if limits.offline_till_fen < limits.offline_person_fen:
        line = "less for all together than for one person"
        yield _problem("till_below_person", line, "limit", item="offline_till_fen")
    if limits.offline_overdraft_fen > limits.offline_person_fen:
        line = "more may be owed than spent"
        yield _problem("overdraft_above_person", line, "limit", item="offline_overdraft_fen")
