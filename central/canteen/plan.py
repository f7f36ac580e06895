"""The canteen's plan: whether it can be, and what a new one changes. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import time
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from config.contract.money import CanteenPlan, MealPeriod, MerchantPlan, SpendingLimits

DAY_MIN: Final = 24 * 60


class PlanProblem(BaseModel):
    """What cannot be, in one line.

    Attributes:
        code: For pages (``canteen_problem.CODE``).
        merchant: At whom; empty for the whole plan.
        item: Which period, dish, group or limit.
        detail: The line, in English.
    """

    code: str
    merchant: str = ""
    item: str = ""
    detail: str


class PlanChange(BaseModel):
    """One thing that is another one after a change.

    Attributes:
        part: ``period``, ``dish``, ``limit``, ``group``, ``merchant`` or ``float``.
        item: Which one.
        field: What of it; empty where the whole is new or gone.
        before, after: None is not there.
    """

    merchant: str = ""
    part: str
    item: str
    field: str = ""
    before: JsonValue = None
    after: JsonValue = None


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
        found.append(_problem("merchant_twice", "has two plans", merchant))
    for each in draft.merchants:
        if each.merchant not in merchants:
            found.append(_problem("merchant_unknown", "is not in the site file", each.merchant))
        found += _of_merchant(each, groups)
    for profile, group in draft.groups:
        if profile not in profiles:
            line = f"belongs to the profile {profile!r}, which the access rules do not have"
            found.append(_problem("profile_unknown", line, item=group))
        if not group:
            found.append(_problem("group_unnamed", "a group needs a name", item=profile))
    found += _of_limits(draft.limits)
    return found


def _problem(code: str, line: str, merchant: str = "", item: str = "") -> PlanProblem:
    where = " ".join(each for each in (merchant, item) if each)
    return PlanProblem(code=code, merchant=merchant, item=item, detail=f"{where}: {line}")


def _twice(values: Iterator[Any] | Sequence[Any]) -> list[Any]:
    return [value for value, count in Counter(values).items() if count > 1]


def _of_merchant(plan: MerchantPlan, groups: Collection[str]) -> Iterator[PlanProblem]:
    here = plan.merchant
    for item in _twice([each.id for each in plan.periods]):
        yield _problem("period_twice", "there are two of this name", here, item)
    for item in _twice([each.id for each in plan.dishes]):
        yield _problem("dish_twice", "there are two of this name", here, item)
    for key in _twice([each.key for each in plan.dishes if each.key is not None]):
        yield _problem("key_twice", "two dishes have this key", here, f"F{key}")
    for each in plan.dishes:
        if not each.name:
            yield _problem("name_missing", "has no name", here, each.id)
    for period in plan.periods:
        if not period.name:
            yield _problem("name_missing", "has no name", here, period.id)
        if period.begins == period.ends:
            yield _problem("period_empty", "begins when it ends", here, period.id)
        if period.begins.tzinfo is not None or period.ends.tzinfo is not None:
            yield _problem("period_zone", "is by the site's clock, without a zone", here, period.id)
        for group in sorted({*period.fixed_fen, *period.count_max} - {"", *groups}):
            yield _problem("group_unknown", f"no group has the name {group!r}", here, period.id)
    for number, one in enumerate(plan.periods):
        for other in plan.periods[number + 1 :]:
            if _minutes(one) & _minutes(other):
                line = f"overlaps with {other.id}: a meal has one price"
                yield _problem("period_overlaps", line, here, one.id)


def _minutes(period: MealPeriod) -> set[int]:
    first, last = _minute(period.begins), _minute(period.ends)
    return set(range(first, last)) if first <= last else {*range(first, DAY_MIN), *range(last)}


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _of_limits(limits: SpendingLimits) -> Iterator[PlanProblem]:
    if limits.per_day_fen is not None and limits.per_day_fen < limits.per_charge_fen:
        line = "a day's limit is less than a single charge's"
        yield _problem("day_below_charge", line, item="per_day_fen")
    if limits.offline_till_fen < limits.offline_person_fen:
        line = "less for all together than for one person"
        yield _problem("till_below_person", line, item="offline_till_fen")
    if limits.offline_overdraft_fen > limits.offline_person_fen:
        line = "more may be owed than spent"
        yield _problem("overdraft_above_person", line, item="offline_overdraft_fen")


# ---- what changes


def changes(before: Draft, after: Draft) -> list[PlanChange]:
    """Return what is another one in a new plan, in the order of pages."""
    found = list[PlanChange]()
    old = {each.merchant: each for each in before.merchants}
    new = {each.merchant: each for each in after.merchants}
    for merchant in dict.fromkeys([*new, *old]):
        here, there = old.get(merchant), new.get(merchant)
        for part, name in (("period", "periods"), ("dish", "dishes")):
            one = (
                {}
                if here is None
                else {i.id: i.model_dump(mode="json") for i in getattr(here, name)}
            )
            other = (
                {}
                if there is None
                else {i.id: i.model_dump(mode="json") for i in getattr(there, name)}
            )
            found += _between(one, other, part=part, merchant=merchant)
    limits = (before.limits.model_dump(mode="json"), after.limits.model_dump(mode="json"))
    found += _fields(*limits, part="limit")
    groups = (dict(before.groups), dict(after.groups))
    found += _fields(*groups, part="group")
    if before.float_low_fen != after.float_low_fen:
        found.append(
            PlanChange(
                part="float",
                item="float_low_fen",
                before=before.float_low_fen,
                after=after.float_low_fen,
            )
        )
    return found


def _between(
    old: Mapping[str, dict[str, JsonValue]],
    new: Mapping[str, dict[str, JsonValue]],
    *,
    part: str,
    merchant: str,
) -> Iterator[PlanChange]:
    for item in dict.fromkeys([*new, *old]):
        one, other = old.get(item), new.get(item)
        if one is None or other is None:
            yield PlanChange(merchant=merchant, part=part, item=item, before=one, after=other)
            continue
        for field in one:
            if one[field] != other[field]:
                yield PlanChange(
                    merchant=merchant,
                    part=part,
                    item=item,
                    field=field,
                    before=one[field],
                    after=other[field],
                )


def _fields(
    old: Mapping[str, JsonValue], new: Mapping[str, JsonValue], *, part: str
) -> Iterator[PlanChange]:
    for item in dict.fromkeys([*new, *old]):
        if old.get(item) != new.get(item):
            yield PlanChange(part=part, item=item, before=old.get(item), after=new.get(item))
