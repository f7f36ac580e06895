from datetime import timedelta

import pytest

from config.contract.access import DenialReason
from edge.access.happenings import Heard, NotPassed, Passed
from edge.access.question import Granted, Override, Person
from tests.edge.access.building import LEADS, POINTS, Building, area_fact, denied
from tests.edge.conftest import NOW

FULL, FIRST = DenialReason.AREA_FULL, DenialReason.FIRST_PERSON_NEEDED
CHIEF = Person(holder_id="ben", is_first_person=True)


def for_two() -> Building:
    return Building({"areas": [{"id": "hall", "occupancy_max": 2}, {"id": "lab"}], "points": LEADS})


def opened_by_chief(*, resets_at_h: int = 0) -> Building:
    areas = [{"id": "hall", "first_person_in": {"resets_at_h": resets_at_h}}, {"id": "lab"}]
    return Building({"areas": areas, "points": LEADS}, CHIEF)


def test_a_full_area_lets_nobody_in_until_somebody_leaves() -> None:
    building = for_two()
    building.enter("anna")
    building.enter("ben", "side")

    assert building.card("cleo") == denied(FULL, "cleo")
    building.enter("anna", "exit")
    assert building.card("cleo") == Granted("cleo")


def test_people_on_their_way_in_need_room_too() -> None:
    building = for_two()
    building.enter("anna")

    building.card("ben")
    assert building.card("cleo", "side") == denied(FULL, "cleo")


def test_who_did_not_pass_needs_no_room() -> None:
    building = for_two()
    building.enter("anna")
    building.card("ben")

    building.take(NotPassed(building.last_id))

    assert building.card("cleo") == Granted("cleo")


def test_a_grant_of_which_nobody_heard_needs_no_room_for_ever() -> None:
    building = for_two()
    building.enter("anna")
    building.card("ben")

    assert building.wait(89).card("cleo") == denied(FULL, "cleo")
    assert building.wait(1).card("cleo") == Granted("cleo")


def test_who_shows_a_card_twice_needs_room_once() -> None:
    building = for_two()
    building.enter("anna")
    building.card("ben")

    assert building.card("ben", "side") == Granted("ben")


def test_who_is_inside_already_needs_no_more_room() -> None:
    building = for_two()
    building.enter("anna")
    building.enter("ben")

    assert building.card("anna") == Granted("anna")


def test_people_without_a_name_are_counted() -> None:
    building = for_two()

    building.take(Passed(POINTS["front"], building.now, None, 2))

    assert building.card("anna") == denied(FULL)


def test_people_who_left_unseen_are_not_counted() -> None:
    building = for_two()
    building.enter("anna")
    building.enter("ben")

    building.take(Passed(POINTS["free-exit"], building.now))

    assert building.card("cleo") == Granted("cleo")


def test_a_full_area_lets_everybody_out_into_it() -> None:
    building = for_two()
    building.enter("anna")
    building.enter("ben")

    assert building.card("cleo", "lab-exit") == Granted("cleo", override=Override.EGRESS)


def test_an_area_waits_for_its_first_person() -> None:
    building = opened_by_chief()

    assert building.card("anna") == denied(FIRST)
    assert building.card("ben") == Granted("ben")
    assert building.card("anna") == denied(FIRST)
    building.enter("ben")
    assert building.card("anna") == Granted("anna")


def test_the_area_stays_open_when_the_first_person_leaves() -> None:
    building = opened_by_chief()
    building.enter("ben")
    building.enter("ben", "exit")

    assert building.card("anna") == Granted("anna")


def test_another_node_has_seen_the_first_person() -> None:
    building = opened_by_chief()

    building.take(Heard((area_fact("ben", is_first_person=True),)))

    assert building.card("anna") == Granted("anna")


@pytest.mark.parametrize(("resets_at_h", "is_open"), [(0, False), (4, True)])
def test_a_new_day_begins_when_the_site_says(resets_at_h: int, *, is_open: bool) -> None:
    building = opened_by_chief(resets_at_h=resets_at_h)
    building.enter("ben")

    building.now = NOW + timedelta(hours=9)  # 01:00 of the next day at the site
    assert isinstance(building.card("anna"), Granted) is is_open


def test_after_the_reset_the_area_waits_again() -> None:
    building = opened_by_chief(resets_at_h=4)
    building.enter("ben")

    building.now = NOW + timedelta(hours=12)  # 04:00
    assert building.card("anna") == denied(FIRST)
