"""What a new plan changes, field by field, and what of it comes while a meal is served. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import BaseModel, JsonValue

from central.canteen.plan import Draft
from config.contract.money import MealPeriod, MerchantPlan
from config.contract.time_of_day import TimeOfDay

SOLD: Final = frozenset({"period", "dish"})
"""Parts of a merchant's plan that a till sells by."""
PARTS: Final = (("period", "periods"), ("dish", "dishes"))


class PlanChange(BaseModel):
    """One thing that is another one after a change.

    Attributes:
        part: ``period``, ``dish``, ``orders`` (a rule of them), ``window`` (of orders), ``limit``,
            ``group`` or ``float``.
        item: Which one; of a window its period. Empty for the order of all of them.
        field: What of it; empty where the whole is new or gone.
        before, after: None is not there.
    """

    merchant: str = ""
    part: str
    item: str
    field: str = ""
    before: JsonValue = None
    after: JsonValue = None


class PlanWarning(BaseModel):
    """What can be, and should be known before.

    Attributes:
        code: For pages (``canteen_warning.CODE``). ``meal_under_way``: prices or dishes of a meal
            change while it is served.
        item: The meal.
        until: When it ends, by the site's clock.
    """

    code: str
    merchant: str
    item: str
    until: TimeOfDay
    detail: str


def changes(before: Draft, after: Draft) -> list[PlanChange]:
    """Return what is another one in a new plan, in the order of pages."""
    found = list[PlanChange]()
    old = {each.merchant: each for each in before.merchants}
    new = {each.merchant: each for each in after.merchants}
    for merchant in dict.fromkeys([*new, *old]):
        found += _of_merchant(merchant, old.get(merchant), new.get(merchant))
    limits = (before.limits.model_dump(mode="json"), after.limits.model_dump(mode="json"))
    found += _fields(*limits, part="limit")
    groups = (dict(before.groups), dict(after.groups))
    found += _fields(*groups, part="group")
    found += _order(list(groups[0]), list(groups[1]), part="group", merchant="")
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


def _of_merchant(
    merchant: str, old: MerchantPlan | None, new: MerchantPlan | None
) -> Iterator[PlanChange]:
    for part, name in PARTS:
        one, other = (_by_id(each, name) for each in (old, new))
        yield from _between(one, other, part=part, merchant=merchant)
        yield from _order(list(one), list(other), part=part, merchant=merchant)
    rules, others = (
        {} if plan is None or plan.orders is None else plan.orders.model_dump(mode="json")
        for plan in (old, new)
    )
    windows, other_windows = (
        {window["period"]: window for window in each.pop("windows", [])} for each in (rules, others)
    )
    for change in _fields(rules, others, part="orders"):
        yield change.model_copy(update={"merchant": merchant})
    yield from _between(windows, other_windows, part="window", merchant=merchant)


def _by_id(plan: MerchantPlan | None, name: str) -> dict[str, dict[str, JsonValue]]:
    if plan is None:
        return {}
    return {each.id: each.model_dump(mode="json") for each in getattr(plan, name)}


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


def _order(
    old: Sequence[str], new: Sequence[str], *, part: str, merchant: str
) -> Iterator[PlanChange]:
    """Say that what is in both stands in another order: of keys of a menu, of groups that hold."""
    one, other = ([each for each in all_ if each in old and each in new] for all_ in (old, new))
    if one != other:
        yield PlanChange(
            merchant=merchant, part=part, item="", field="order", before=[*one], after=[*other]
        )


def _fields(
    old: Mapping[str, JsonValue], new: Mapping[str, JsonValue], *, part: str
) -> Iterator[PlanChange]:
    for item in dict.fromkeys([*new, *old]):
        if old.get(item) != new.get(item):
            yield PlanChange(part=part, item=item, before=old.get(item), after=new.get(item))


# ---- what should be known before


def warnings(
    before: Draft, found: Sequence[PlanChange], *, now: datetime, zone: ZoneInfo
) -> list[PlanWarning]:
    """Return which meals would change while they are served.

    Args:
        before: In force.
        found: What would change.
        now: Aware.
        zone: Of the site.
    """
    touched = {each.merchant for each in found if each.part in SOLD}
    is_for_all = any(each.part == "group" for each in found)
    at = now.astimezone(zone).time().replace(tzinfo=None)
    return [
        PlanWarning(
            code="meal_under_way",
            merchant=plan.merchant,
            item=period.id,
            until=period.ends,
            detail=f"{plan.merchant} {period.id}: is served until {period.ends:%H:%M}",
        )
        for plan in before.merchants
        if is_for_all or plan.merchant in touched
        for period in plan.periods
        if _is_served(period, at)
    ]


def _is_served(period: MealPeriod, at: time) -> bool:
    if period.begins <= period.ends:
        return period.begins <= at < period.ends
    return at >= period.begins or at < period.ends
