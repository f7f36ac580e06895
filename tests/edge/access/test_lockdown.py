import pytest

from config.contract.access import DenialReason
from edge.access.happenings import FireChanged, FireReleasesChanged, LockdownChanged
from edge.access.question import Granted, Override, Person
from tests.edge.access.building import Building, denied

LEVELS = {
    "profiles": [
        {"id": "guard", "permissions": [{"points": ["front", "side", "lab"]}]},
        {"id": "staff", "permissions": [{"points": ["front", "side", "lab"]}]},
    ],
    "lockdown_levels": [
        {"id": "red", "priority": 9, "admits": ["guard"]},
        {"id": "open-day", "priority": 5, "effect": "open", "points": ["front"]},
        {"id": "amber", "priority": 3, "points": ["front", "lab"]},
    ],
    "fire_zones": [{"id": "west", "points": ["side"]}, {"id": "everywhere"}],
}
GUARD = Person(holder_id="ben", profiles=frozenset({"guard"}))
LOCKED = denied(DenialReason.LOCKDOWN)
OPEN = Granted("anna", override=Override.LOCKDOWN_OPEN)
FIRE = Granted("anna", override=Override.FIRE)


def at_levels(*levels: str) -> Building:
    building = Building(LEVELS, GUARD)
    for level in levels:
        building.take(LockdownChanged(level, is_active=True))
    return building


def test_a_level_locks_its_points_and_no_others() -> None:
    building = at_levels("amber")

    assert building.card("anna") == LOCKED
    assert building.card("anna", "side") == Granted("anna")


def test_a_level_admits_its_profiles_by_all_other_rules() -> None:
    building = at_levels("red")

    assert building.card("ben") == Granted("ben")
    building.people["ben"] = Person(holder_id="ben", profiles=GUARD.profiles, is_active=False)
    assert building.card("ben") == denied(DenialReason.HOLDER_INACTIVE, "ben")


def test_the_strongest_level_decides() -> None:
    assert at_levels("amber", "open-day").card("anna") == OPEN
    assert at_levels("open-day", "red").card("anna") == LOCKED


def test_a_level_that_ended_decides_nothing() -> None:
    building = at_levels("red")

    building.take(LockdownChanged("red", is_active=False))

    assert building.card("anna") == Granted("anna")


def test_a_level_that_opens_asks_nobody_anything() -> None:
    assert at_levels("open-day").card(None) == Granted(None, override=Override.LOCKDOWN_OPEN)


def test_a_fire_stands_above_every_level() -> None:
    building = at_levels("red")

    building.take(FireChanged("everywhere", is_active=True))

    assert building.card("anna") == FIRE
    building.take(FireChanged("everywhere", is_active=False))
    assert building.card("anna") == LOCKED


def test_a_fire_releases_its_zone() -> None:
    building = at_levels("red")

    building.take(FireChanged("west", is_active=True))

    assert building.card("anna", "side") == FIRE
    assert building.card("anna") == LOCKED


def test_a_zone_that_nobody_knows_releases_everything() -> None:
    building = at_levels("red")

    building.take(FireChanged("loft", is_active=True))

    assert building.card("anna") == FIRE


@pytest.mark.parametrize("level", ["red", "amber"])
def test_no_level_holds_anybody_in(level: str) -> None:
    decision = at_levels(level).card("anna", "exit")

    assert decision == Granted("anna", override=Override.EGRESS)


def test_a_level_that_the_model_does_not_have_decides_nothing() -> None:
    assert at_levels("purple").card("anna") == Granted("anna")


def test_a_release_for_a_fire_stands_above_every_level_at_its_points_alone() -> None:
    building = at_levels("red")

    building.take(FireReleasesChanged(frozenset({"side"})))

    assert building.card("anna", "side") == FIRE
    assert building.card("anna") == LOCKED

    building.take(FireReleasesChanged(frozenset()))
    assert building.card("anna", "side") == LOCKED
