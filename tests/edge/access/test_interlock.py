from config.contract.access import DenialReason
from edge.access.happenings import DoorClosed, DoorOpened, NotPassed
from edge.access.question import Granted, Override
from tests.edge.access.building import Building, denied

TRAP = {"interlocks": [{"id": "trap", "points": ["front", "lab"]}]}
LOCKED = denied(DenialReason.INTERLOCK)


def test_while_a_door_is_open_the_other_is_not_opened() -> None:
    building = Building(TRAP)

    building.take(DoorOpened("front-door", building.now))
    assert building.card("anna", "lab") == LOCKED
    building.take(DoorClosed("front-door", building.now))
    assert building.card("anna", "lab") == Granted("anna")


def test_somebody_let_through_a_door_counts_as_an_open_one() -> None:
    building = Building(TRAP)

    building.card("ben")
    assert building.card("anna", "lab") == LOCKED
    building.take(NotPassed(building.last_id))
    building.wait(90)
    assert building.card("anna", "lab") == Granted("anna")


def test_who_passed_leaves_the_other_door_free_once_theirs_is_closed() -> None:
    building = Building(TRAP)
    building.card("ben")
    building.take(DoorOpened("front-door", building.now))
    building.passed()

    assert building.card("anna", "lab") == LOCKED
    building.take(DoorClosed("front-door", building.now))
    assert building.card("anna", "lab") == Granted("anna")


def test_the_own_door_and_doors_outside_the_group_do_not_matter() -> None:
    building = Building(TRAP)
    building.take(DoorOpened("front-door", building.now))
    building.take(DoorOpened("side", building.now))

    assert building.card("anna") == Granted("anna")


def test_somebody_on_the_way_out_holds_the_other_door_shut_and_is_not_held() -> None:
    building = Building(TRAP)
    building.take(DoorOpened("lab-door", building.now))

    assert building.card("ben", "exit") == Granted("ben", override=Override.EGRESS)
    building.take(DoorClosed("lab-door", building.now))
    assert building.card("anna", "lab") == LOCKED
