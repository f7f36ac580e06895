"""Which plans can be, and what a new one changes."""

from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from central.canteen.plan import Draft, problems
from central.canteen.plan_changes import changes, warnings
from tests.central.canteen.serving import LUNCH

PERIOD = LUNCH["merchants"][0]["periods"][0]
SHANGHAI = ZoneInfo("Asia/Shanghai")
DISH = LUNCH["merchants"][0]["dishes"][0]
WINDOW = {"period": PERIOD["id"]}


def draft(**merchant: Any) -> Draft:  # noqa: ANN401 - fields of any type
    """Return lunch with something else about it."""
    return Draft.model_validate({"merchants": [{**LUNCH["merchants"][0], **merchant}]})


def codes(plan: Draft) -> list[str]:
    found = problems(plan, merchants={"canteen"}, profiles={"staff"})
    return [each.code for each in found]


def test_a_plan_of_lunch_can_be() -> None:
    assert codes(draft()) == []


@pytest.mark.parametrize(
    ("code", "plan"),
    [
        ("merchant_unknown", draft(merchant="nowhere")),
        ("period_twice", draft(periods=[PERIOD, {**PERIOD, "begins": "17:00", "ends": "18:00"}])),
        ("dish_twice", draft(dishes=[DISH, {**DISH, "key": None}])),
        ("key_twice", draft(dishes=[DISH, {**DISH, "id": "soup"}])),
        ("name_missing", draft(dishes=[{**DISH, "name": {"en": " "}}])),
        ("period_empty", draft(periods=[{**PERIOD, "ends": PERIOD["begins"]}])),
        ("group_unknown", draft(periods=[{**PERIOD, "fixed_fen": {"guests": 1}}])),
        ("period_overlaps", draft(periods=[PERIOD, {**PERIOD, "id": "late", "begins": "13:00"}])),
        ("window_twice", draft(orders={"windows": [WINDOW, WINDOW]})),
        ("window_unknown", draft(orders={"windows": [{"period": "supper"}]})),
        ("order_dish_unknown", draft(orders={"windows": [{**WINDOW, "dishes": ["tea"]}]})),
        (
            "order_dish_unknown",
            draft(
                dishes=[{**DISH, "per_g": 100}],
                orders={"windows": [{**WINDOW, "dishes": [DISH["id"]]}]},
            ),
        ),
        ("profile_unknown", Draft.model_validate({"groups": [["pilots", "crew"]]})),
        ("profile_twice", Draft.model_validate({"groups": [["staff", "a"], ["staff", "b"]]})),
        ("group_unnamed", Draft.model_validate({"groups": [["staff", ""]]})),
        ("day_below_charge", Draft.model_validate({"limits": {"per_day_fen": 1}})),
        ("till_below_person", Draft.model_validate({"limits": {"offline_till_fen": 1}})),
        ("overdraft_above_person", Draft.model_validate({"limits": {"offline_person_fen": 1}})),
    ],
)
def test_what_cannot_be_is_one_line(code: str, plan: Draft) -> None:
    assert codes(plan) == [code]


def test_a_night_meal_over_midnight_overlaps_with_an_early_breakfast_alone() -> None:
    night = {**PERIOD, "id": "night", "begins": "22:00", "ends": "05:00"}
    early = {**PERIOD, "id": "early", "begins": "04:30", "ends": "06:00"}
    later = {**early, "begins": "05:00"}

    assert codes(draft(periods=[night, PERIOD, later])) == []
    assert codes(draft(periods=[night, PERIOD, early])) == ["period_overlaps"]


def test_a_line_says_where_and_what() -> None:
    keys = draft(dishes=[DISH, {**DISH, "id": "soup"}])

    nowhere, twice = problems(keys, merchants=(), profiles=())

    assert nowhere.detail == "canteen: is not in the site file"
    assert (twice.part, twice.item, twice.field) == ("dish", "rice", "key")
    assert twice.others == ("soup",)


def test_a_change_names_each_field_with_what_it_was() -> None:
    dearer = draft(dishes=[{**DISH, "price_fen": 250}, {**DISH, "id": "soup", "key": 2}])
    dearer = dearer.model_copy(update={"groups": (("staff", "staff"),), "float_low_fen": 100})

    found = [(c.part, c.item, c.field, c.before, c.after) for c in changes(draft(), dearer)]

    assert found[0] == ("dish", "rice", "price_fen", 200, 250)
    assert found[1][:4] == ("dish", "soup", "", None)
    assert found[2:] == [
        ("group", "staff", "", None, "staff"),
        ("float", "float_low_fen", "", None, 100),
    ]


def test_another_order_of_the_menu_is_a_change() -> None:
    soup = {**DISH, "id": "soup", "key": 2}
    one = draft(dishes=[DISH, soup])
    other = draft(dishes=[soup, DISH])

    (found,) = changes(one, other)

    assert (found.part, found.field, found.after) == ("dish", "order", ["soup", "rice"])


@pytest.mark.parametrize(
    ("hour", "served"), [(10, []), (12, ["lunch"]), (14, []), (23, ["night"]), (3, ["night"])]
)
def test_a_price_that_changes_while_a_meal_is_served_is_warned_of(
    hour: int, served: list[str]
) -> None:
    night = {**PERIOD, "id": "night", "begins": "22:00", "ends": "05:00"}
    before, now = draft(periods=[PERIOD, night]), datetime(2026, 3, 1, hour, tzinfo=SHANGHAI)
    limits = before.model_copy(update={"float_low_fen": 1})
    dearer = draft(periods=[PERIOD, night], dishes=[{**DISH, "price_fen": 250}])

    def found(after: Draft) -> list[str]:
        said = warnings(before, changes(before, after), now=now.astimezone(UTC), zone=SHANGHAI)
        return [each.item for each in said]

    assert (found(dearer), found(limits)) == (served, [])


def test_the_same_plan_changes_nothing() -> None:
    assert changes(draft(), draft()) == []


def test_a_change_of_how_orders_are_taken_names_the_rule_or_the_window() -> None:
    one = draft(orders={"windows": [WINDOW]})
    other = draft(orders={"windows": [{**WINDOW, "until_min": 90}], "unclaimed": "release"})

    found = [(c.part, c.item, c.field, c.before, c.after) for c in changes(one, other)]
    begun = [(c.part, c.item) for c in changes(draft(), one)]

    assert found == [
        ("orders", "unclaimed", "", "charge", "release"),
        ("window", "lunch", "until_min", 60, 90),
    ]
    assert begun == [
        ("orders", "days_ahead"),
        ("orders", "unclaimed"),
        ("orders", "grace_min"),
        ("window", "lunch"),
    ]
