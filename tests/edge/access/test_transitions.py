from datetime import timedelta
from uuid import UUID

import pytest

from config.contract.areas import AreaFact, CodeUsed, UnnamedCount
from edge.access.attempts import ExitRequested
from edge.access.facts import (
    DoorForcedOpen,
    DoorOpenTooLong,
    DoorSecured,
    Fact,
    TailgatingDetected,
    UnauthorisedPassage,
    WrongWayPassage,
)
from edge.access.happenings import (
    DoorClosed,
    DoorOpened,
    FireChanged,
    Forgiven,
    Heard,
    NotPassed,
    Passed,
    PassedWrongWay,
    Ticked,
)
from edge.access.question import Granted, Override
from tests.edge.access.building import LEADS, POINTS, VISITOR, Building, area_fact
from tests.edge.conftest import NOW

AREAS = {"areas": [{"id": "hall"}, {"id": "lab"}], "points": LEADS}
FRONT = POINTS["front"]


def counts(building: Building) -> tuple[int, int]:
    return building.world.state.areas.count("hall"), building.world.state.areas.count("lab")


def only_alarms(facts: tuple[Fact, ...]) -> list[Fact]:
    return [fact for fact in facts if not isinstance(fact, AreaFact | UnnamedCount | CodeUsed)]


# ---- passing


def test_a_passage_moves_the_person_and_is_told() -> None:
    building = Building(AREAS)

    building.card("anna")
    assert counts(building) == (0, 0)
    (fact,) = building.wait(2).passed()
    assert fact == area_fact(after_s=2, node="n1", sequence=1)
    assert counts(building) == (1, 0)


def test_a_grant_that_was_not_used_moves_nobody() -> None:
    building = Building(AREAS)
    building.card("anna")

    building.take(NotPassed(building.last_id))

    assert only_alarms(building.passed()) == []  # the gate counts late: nobody knows who it was
    assert building.world.state.areas.whereabouts("anna") is None
    assert counts(building) == (1, 0)


def test_people_pass_from_area_to_area() -> None:
    building = Building(AREAS)
    building.enter("anna")
    building.enter("anna", "lab")

    assert counts(building) == (0, 1)
    building.enter("anna", "lab-exit")
    building.enter("anna", "exit")
    assert (counts(building), building.is_in("anna")) == ((0, 0), None)


def test_where_no_area_is_set_nobody_is_tracked() -> None:
    assert Building().enter("anna") == ()


def test_a_second_person_on_one_grant_is_tailgating() -> None:
    building = Building(AREAS)
    building.card("anna")

    facts = building.passed(count=2)

    assert only_alarms(facts) == [TailgatingDetected("front", building.last_id, 1)]
    assert counts(building) == (2, 0)


def test_right_behind_another_is_tailgating_and_later_is_not() -> None:
    building = Building(AREAS)
    building.enter("anna")

    building.wait(5)
    behind = building.take(Passed(FRONT, building.now))
    building.wait(0.001)
    later = building.take(Passed(FRONT, building.now))

    assert only_alarms(behind) == [TailgatingDetected("front", building.last_id, 1)]
    assert only_alarms(later) == [UnauthorisedPassage("front", 1)]


def test_where_everybody_may_pass_nobody_is_alarmed_about() -> None:
    building = Building(AREAS)
    building.take(FireChanged("hall", is_active=True))

    assert only_alarms(building.take(Passed(FRONT, building.now, None, 3))) == []
    assert only_alarms(building.take(PassedWrongWay(FRONT, building.now))) == []


def test_who_leaves_unseen_is_counted_and_no_alarm() -> None:
    building = Building(AREAS)
    building.enter("anna")

    facts = building.take(Passed(POINTS["exit"], building.now))

    assert only_alarms(facts) == []
    assert counts(building) == (0, 0)


def test_who_is_recognised_at_an_exit_that_is_not_commanded_is_the_one_who_passes() -> None:
    building = Building(AREAS)
    building.enter("anna")
    building.card("anna", "free-exit")

    building.take(Passed(POINTS["free-exit"], building.now))

    assert building.is_in("anna") is None


def test_the_wrong_way_is_told_and_counted() -> None:
    building = Building(AREAS)
    building.enter("anna")

    facts = building.take(PassedWrongWay(FRONT, building.now))

    assert only_alarms(facts) == [WrongWayPassage("front")]
    assert counts(building) == (0, 0)


def test_entering_through_an_exit_is_the_wrong_way_too() -> None:
    building = Building(AREAS)

    facts = building.take(PassedWrongWay(POINTS["exit"], building.now))

    assert only_alarms(facts) == [WrongWayPassage("exit")]
    assert counts(building) == (1, 0)


def test_a_passage_granted_before_a_restart_is_no_alarm() -> None:
    building = Building(AREAS)

    assert only_alarms(building.take(Passed(FRONT, building.now, UUID(int=99)))) == []
    assert counts(building) == (1, 0)


def test_what_is_seen_here_is_later_than_what_was_known() -> None:
    building = Building(AREAS)
    building.take(Heard((area_fact(area="lab", after_s=3),)))  # that node's clock is ahead

    building.enter("anna")

    assert building.is_in("anna") == "hall"


def test_forgiving_is_later_than_what_was_known() -> None:
    building = Building(AREAS)
    building.take(Heard((area_fact(after_s=3),)))

    building.take(Forgiven("anna", NOW))

    assert counts(building) == (0, 0)


def test_the_own_sequence_goes_on_after_a_restart() -> None:
    building = Building(AREAS)

    building.take(Heard((area_fact(node="n1", sequence=41), area_fact("ben", sequence=99))))

    (fact,) = building.enter("cleo")
    assert isinstance(fact, AreaFact)
    assert fact.sequence == 42


def test_a_visitor_who_passes_is_in_the_area() -> None:
    building = Building(AREAS)
    building.code()
    building.passed()

    assert building.is_in(str(VISITOR.holder_id)) == "hall"


# ---- doors


def test_a_door_that_opens_without_a_grant_is_forced() -> None:
    building = Building()

    assert building.take(DoorOpened("front-door", NOW)) == (DoorForcedOpen("front-door"),)
    assert building.take(DoorOpened("front-door", NOW)) == ()
    assert building.take(DoorClosed("front-door", NOW)) == (DoorSecured("front-door"),)
    assert building.take(DoorClosed("front-door", NOW)) == ()


@pytest.mark.parametrize("point", ["front", "exit"])
def test_a_door_that_opens_for_somebody_is_not_forced(point: str) -> None:
    building = Building()
    building.card("anna", point)

    assert building.take(DoorOpened("front-door", NOW)) == ()


def test_the_button_lets_out_and_its_door_is_not_forced() -> None:
    building = Building()

    assert building.show(ExitRequested()) == Granted(None, override=Override.EGRESS)
    assert building.take(DoorOpened("front-door", NOW)) == ()


def test_a_grant_at_one_door_opens_no_other() -> None:
    building = Building()
    building.card("anna")

    assert building.take(DoorOpened("lab-door", NOW)) == (DoorForcedOpen("lab-door"),)


def test_a_door_of_free_egress_is_never_forced() -> None:
    assert Building().take(DoorOpened("free-door", NOW)) == ()


def test_in_a_fire_no_door_is_forced_or_open_too_long() -> None:
    building = Building()
    building.take(FireChanged("hall", is_active=True))

    assert building.take(DoorOpened("front-door", NOW)) == ()
    assert building.take(Ticked(NOW + timedelta(hours=1))) == ()


def test_a_door_open_too_long_is_told_once_and_again_when_it_closes() -> None:
    building = Building({"points": [{"id": "front", "open_time_s_max": 40}]})
    building.card("anna")
    building.take(DoorOpened("front-door", NOW))

    told = [building.take(Ticked(NOW + timedelta(seconds=s))) for s in (40, 41, 42)]
    assert told == [(), (DoorOpenTooLong("front-door"),), ()]
    assert building.take(DoorClosed("front-door", NOW)) == (DoorSecured("front-door"),)


def test_a_door_that_closes_in_time_is_no_alarm() -> None:
    building = Building()
    building.card("anna")
    building.take(DoorOpened("front-door", NOW))

    assert building.take(DoorClosed("front-door", NOW)) == ()


def test_time_lets_go_of_what_no_rule_looks_at() -> None:
    building = Building({"points": [{"id": "side", "two_person": {}}]})
    building.card("anna")
    building.card(None)
    building.card("ben", "side")
    building.pin("cleo")

    building.take(Ticked(NOW + timedelta(minutes=6)))

    state = building.world.state
    assert (state.grants, state.refusals) == ({}, {})
    assert [*state.second.values(), *state.proofs.values()] == [{}, {}]


def test_a_door_that_was_found_open_is_not_forced_and_still_open_too_long() -> None:
    building = Building()

    assert building.take(DoorOpened("lab-door", NOW, is_found=True)) == ()
    assert building.take(Ticked(NOW + timedelta(seconds=31))) == (DoorOpenTooLong("lab-door"),)


def test_nothing_runs_out_at_rest() -> None:
    building = Building()
    state = building.world.state
    at_first = state.is_at_rest

    building.card("anna")
    on_the_way = state.is_at_rest
    building.passed()

    assert (at_first, on_the_way, state.is_at_rest) == (True, False, True)
