import dataclasses
from typing import Any

from config.contract.access import DenialReason
from edge.access.happenings import LockdownChanged
from edge.access.question import Granted, Person
from tests.edge.access.building import LEADS, VISITOR, Building, denied

SECOND, ESCORT = DenialReason.AWAITING_SECOND_PERSON, DenialReason.ESCORT_NEEDED
FRONT: dict[str, Any] = {"id": "front", "two_person": {"within_s": 30}}
TWO = {"points": [FRONT]}
GUEST = Person(holder_id="anna", needs_escort=True)
HOST = Person(holder_id="ben", may_escort=True)


def test_two_different_people_open_the_door_together() -> None:
    building = Building(TWO)

    assert building.card("anna") == denied(SECOND)
    assert building.card("anna") == denied(SECOND)
    assert building.card("ben") == Granted("ben", companions=("anna",))


def test_the_next_two_are_two_again() -> None:
    building = Building(TWO)
    building.card("anna")
    building.card("ben")

    assert building.card("cleo") == denied(SECOND, "cleo")


def test_the_first_waits_for_the_second_for_a_while() -> None:
    building = Building(TWO)

    building.card("anna")
    assert building.wait(30).card("ben") == Granted("ben", companions=("anna",))
    building.card("anna")
    assert building.wait(30.001).card("ben") == denied(SECOND, "ben")


def test_who_may_not_enter_alone_is_no_second_person() -> None:
    building = Building(TWO, Person(holder_id="anna", is_active=False))

    building.card("anna")

    assert building.card("ben") == denied(SECOND, "ben")


def test_two_people_need_room_for_two() -> None:
    points = [FRONT | {"to_area": "hall"}]
    building = Building({"areas": [{"id": "hall", "occupancy_max": 1}], "points": points})

    building.card("anna")

    assert building.card("ben") == denied(DenialReason.AREA_FULL, "ben")


def test_both_are_inside_when_both_have_passed() -> None:
    document = {"areas": [{"id": "hall"}, {"id": "lab"}], "points": [LEADS[0] | {"two_person": {}}]}
    building = Building(document)
    building.card("anna")
    building.card("ben")

    building.passed()
    assert building.world.state.areas.count("hall") == 1
    building.passed()
    assert (building.is_in("anna"), building.is_in("ben")) == ("hall", "hall")


def test_who_needs_an_escort_passes_with_it() -> None:
    building = Building(None, GUEST, HOST)

    assert building.card("anna") == denied(ESCORT)
    assert building.card("ben") == Granted("ben", companions=("anna",))


def test_somebody_who_may_not_escort_is_no_escort() -> None:
    building = Building(None, GUEST)
    building.card("anna")

    assert building.card("ben") == Granted("ben")
    assert building.card("anna") == denied(ESCORT)


def test_who_needs_an_escort_may_follow_it() -> None:
    building = Building(None, GUEST, HOST)

    building.card("ben")
    assert building.wait(30).card("anna") == Granted("anna")
    assert building.wait(30.001).card("anna") == denied(ESCORT)


def test_an_escort_at_another_door_is_none() -> None:
    building = Building(None, GUEST, HOST)

    building.card("ben", "side")

    assert building.card("anna") == denied(ESCORT)


def test_some_points_are_free_of_escort() -> None:
    building = Building({"points": [{"id": "front", "is_escort_free": True}]}, GUEST)

    assert building.card("anna") == Granted("anna")
    assert building.card("anna", "side") == denied(ESCORT)


def test_an_escort_brings_all_who_wait() -> None:
    cleo = dataclasses.replace(GUEST, holder_id="cleo")
    building = Building(None, GUEST, cleo, HOST)
    building.card("cleo")
    building.card("anna")

    assert building.card("ben") == Granted("ben", companions=("cleo", "anna"))


def test_a_visitor_with_an_escort_is_no_second_person() -> None:
    building = Building(TWO, GUEST, HOST)

    assert building.card("anna") == denied(ESCORT)
    assert building.card("ben") == denied(SECOND, "ben")
    assert building.card("cleo") == Granted("cleo", companions=("ben",))
    assert building.card("anna") == Granted("anna")


def test_a_lockdown_forgets_who_waits() -> None:
    building = Building(TWO)
    building.card("anna")

    building.take(LockdownChanged("red", is_active=True))

    assert building.card("ben") == denied(SECOND, "ben")


def test_a_code_that_was_used_meanwhile_brings_nobody_along() -> None:
    guest = VISITOR.model_copy(update={"needs_escort": True})
    building = Building({"points": [{"id": "side", "is_escort_free": True}]}, HOST)
    building.code(guest, "front")
    building.code(guest.model_copy(update={"points": ("side",)}), "side")
    building.passed("side")

    assert building.card("ben") == Granted("ben")


def test_a_companion_who_needs_more_time_gets_it() -> None:
    times = {"id": "front", "access_time_s": 5, "extended_access_time_s": 20}
    guest = dataclasses.replace(GUEST, has_extended_access_time=True)
    building = Building({"points": [times]}, guest, HOST)
    building.card("anna")

    assert building.card("ben") == Granted("ben", companions=("anna",), access_time_s=20)


def test_who_needs_more_time_has_the_longer_one() -> None:
    times = {"id": "front", "access_time_s": 5, "extended_access_time_s": 20}
    slow = Person(holder_id="anna", has_extended_access_time=True)
    building = Building({"points": [times]}, slow)

    assert building.card("anna") == Granted("anna", access_time_s=20)
    assert building.card("ben") == Granted("ben", access_time_s=5)
