import dataclasses
from typing import get_args
from uuid import UUID

import pytest

from config.contract import access_events as events
from config.contract.access_terms import PassbackMode
from config.contract.areas import AreasForgiven, CodeUsed, UnnamedCount
from config.contract.event_base import EventClass, EventData
from edge.access import facts
from edge.access.facts import Fact
from edge.access.records import recorded
from tests.edge.access.building import area_fact
from tests.edge.conftest import NOW

DECISION = UUID(int=7)
COUNT = UnnamedCount(at=NOW, node="n1", sequence=1, area="hall", count=-2)
FORGIVEN = AreasForgiven(at=NOW, node="n1", sequence=1)
USED = CodeUsed(at=NOW, node="n1", sequence=1, nonce="ab", valid_until=NOW)
CASES: list[tuple[Fact, EventData, str | None]] = [
    (
        facts.PassbackDetected("anna", "front", None, PassbackMode.HARD, is_enforced=True),
        events.PassbackDetected(
            holder_id="anna",
            access_point="front",
            known_area=None,
            mode=PassbackMode.HARD,
            is_enforced=True,
        ),
        "front",
    ),
    (
        facts.DuressDetected("anna", "front"),
        events.DuressDetected(holder_id="anna", access_point="front"),
        "front",
    ),
    (
        facts.RefusalsRepeated("front", 5),
        events.RefusalsRepeated(access_point="front", count=5),
        "front",
    ),
    (
        facts.TailgatingDetected("front", DECISION, 2),
        events.TailgatingDetected(access_point="front", decision_id=DECISION, count=2),
        "front",
    ),
    (
        facts.UnauthorisedPassage("front", 2),
        events.UnauthorisedPassage(access_point="front", count=2),
        "front",
    ),
    (facts.WrongWayPassage("front"), events.WrongWayPassage(access_point="front"), "front"),
    (
        facts.VisitorArrived("anna", "front"),
        events.VisitorArrived(holder_id="anna", access_point="front"),
        "front",
    ),
    (facts.DoorForcedOpen("door"), events.DoorForcedOpen(device="door"), "door"),
    (facts.DoorOpenTooLong("door"), events.DoorOpenTooLong(device="door"), "door"),
    (facts.DoorSecured("door"), events.DoorSecured(device="door"), "door"),
    (area_fact(), events.AreaFactRecorded(fact=area_fact()), None),
    (COUNT, events.UnnamedCountRecorded(fact=COUNT), None),
    (FORGIVEN, events.AreasForgivenRecorded(fact=FORGIVEN), None),
    (USED, events.CodeUsedRecorded(fact=USED), None),
]


@pytest.mark.parametrize(("fact", "event", "subject"), CASES)
def test_a_fact_is_an_event_about_its_place(
    fact: Fact, event: EventData, subject: str | None
) -> None:
    assert recorded(fact) == (event, subject)


def test_every_fact_of_the_engine_has_an_event() -> None:
    assert {type(fact) for fact, _, _ in CASES} == set(get_args(Fact))


def test_what_asks_for_help_is_an_alarm_and_no_fact_is_lost_in_its_event() -> None:
    silent = {events.PassbackDetected, events.VisitorArrived}

    for fact, event, _ in CASES:
        if dataclasses.is_dataclass(fact):
            assert len(dataclasses.fields(fact)) == len(type(event).model_fields)
            expected = EventClass.ACCESS if type(event) in silent else EventClass.ALARM
            assert event.event_class is expected
