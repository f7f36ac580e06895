from typing import Any

import pytest

from config.contract.access import DenialReason
from edge.access.question import Granted, Person
from tests.edge.access.building import POINTS, Building, denied

OFFICE = {
    "id": "office",
    "intervals": [{"days": ["mon"], "start": "08:00", "end": "17:00"}],  # NOW is Monday, 16:00
}
PROFILES = {
    "schedules": [OFFICE],
    "groups": [{"id": "doors", "points": ["front", "side"]}],
    "profiles": [
        {"id": "staff", "permissions": [{"groups": ["doors"], "schedule": "office"}]},
        {"id": "guard", "permissions": [{"points": ["front"]}]},
    ],
}


def with_profiles(*profiles: str) -> Building:
    return Building(PROFILES, Person(holder_id="anna", profiles=frozenset(profiles)))


def temporary(effect: str, *, holders: tuple[str, ...] = (), **parts: Any) -> Building:  # noqa: ANN401 - of a rule
    rule = {"id": "t", "effect": effect, "points": ["front"], "holders": holders,
            "valid_from": "2026-11-23T08:00Z", "valid_until": "2026-11-23T09:00Z"}  # fmt: skip
    nobody = Person(holder_id="anna", profiles=frozenset(), access_points=frozenset({"side"}))
    return Building({"temporary_rules": [rule | parts]}, nobody)


def test_a_profile_permits_its_points_within_its_schedule() -> None:
    building = with_profiles("staff")

    assert building.card("anna") == Granted("anna")
    building.wait(3600)
    assert building.card("anna") == denied(DenialReason.OUT_OF_SCHEDULE)


def test_a_point_that_no_profile_names_is_not_permitted() -> None:
    assert with_profiles("staff").card("anna", "lab") == denied(DenialReason.NOT_PERMITTED_HERE)


@pytest.mark.parametrize("profiles", [(), ("gone",)])
def test_without_a_profile_that_exists_nothing_is_permitted(profiles: tuple[str, ...]) -> None:
    building = with_profiles(*profiles)

    assert building.card("anna") == denied(DenialReason.NOT_PERMITTED_HERE)


def test_profiles_add_up() -> None:
    building = with_profiles("staff", "guard").wait(3600)

    assert building.card("anna") == Granted("anna")
    assert building.card("anna", "side") == denied(DenialReason.OUT_OF_SCHEDULE)


def test_access_points_still_limit_who_has_profiles() -> None:
    anna = Person(
        holder_id="anna", profiles=frozenset({"staff"}), access_points=frozenset({"side"})
    )
    building = Building(PROFILES, anna)

    assert building.card("anna") == denied(DenialReason.NOT_PERMITTED_HERE)
    assert building.card("anna", "side") == Granted("anna")


def test_who_has_no_profiles_set_is_permitted_by_access_points_alone() -> None:
    assert Building(PROFILES).card("anna", "lab") == Granted("anna")


def test_a_temporary_rule_permits_and_expires_by_itself() -> None:
    building = temporary("permit", holders=("anna",))

    assert building.card("anna") == Granted("anna")
    building.wait(3600)
    assert building.card("anna") == denied(DenialReason.NOT_PERMITTED_HERE)


def test_a_temporary_rule_is_about_those_whom_it_names() -> None:
    assert temporary("permit", holders=("ben",)).card("anna") == denied(
        DenialReason.NOT_PERMITTED_HERE
    )
    assert temporary("permit").card("anna") == Granted("anna")


def test_a_temporary_rule_has_not_begun_before_its_time() -> None:
    later = temporary("permit", valid_from="2026-11-23T08:00:01Z")

    assert later.card("anna") == denied(DenialReason.NOT_PERMITTED_HERE)


def test_a_temporary_refusal_is_stronger_than_any_permission() -> None:
    building = temporary("refuse")

    assert building.card("ben") == denied(DenialReason.CLOSED_FOR_NOW, "ben")
    building.wait(3600)
    assert building.card("ben") == Granted("ben")


def test_only_who_may_ever_pass_is_searched_for() -> None:
    model = with_profiles("staff").world.model
    anna = Person(holder_id="anna", profiles=frozenset({"staff"}))
    ben = Person(holder_id="ben", access_points=frozenset({"lab"}))

    assert [p for p in POINTS if model.may_ever_pass(anna, p)] == ["front", "side"]
    assert [p for p in POINTS if model.may_ever_pass(ben, p)] == ["lab"]
    permitted = temporary("permit").world.model
    assert permitted.may_ever_pass(Person(holder_id="c", profiles=frozenset()), "front")
