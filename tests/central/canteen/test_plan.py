"""Which plans can be, and what a new one changes."""

from typing import Any

import pytest

from central.canteen.plan import Draft, changes, problems
from tests.central.canteen.serving import LUNCH

PERIOD = LUNCH["merchants"][0]["periods"][0]
DISH = LUNCH["merchants"][0]["dishes"][0]


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
        ("name_missing", draft(dishes=[{**DISH, "name": {}}])),
        ("period_empty", draft(periods=[{**PERIOD, "ends": PERIOD["begins"]}])),
        ("group_unknown", draft(periods=[{**PERIOD, "fixed_fen": {"guests": 1}}])),
        ("period_overlaps", draft(periods=[PERIOD, {**PERIOD, "id": "late", "begins": "13:00"}])),
        ("profile_unknown", Draft.model_validate({"groups": [["pilots", "crew"]]})),
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
    (line,) = problems(draft(merchant="nowhere"), merchants=(), profiles=())

    assert line.detail == "nowhere: is not in the site file"


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


def test_the_same_plan_changes_nothing() -> None:
    assert changes(draft(), draft()) == []
