"""What the rules find worth recording, as the events that central understands."""

from collections.abc import Callable
from typing import Any, Final

from config.contract import access_events as events
from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, UnnamedCount
from config.contract.events import EventData
from edge.access import facts
from edge.access.facts import Fact


def recorded(fact: Fact) -> tuple[EventData, str | None]:
    """Return a fact as an event, and the point or device that it is about; None is the node."""
    made: tuple[EventData, str | None] = _MAKERS[type(fact)](fact)
    return made


def _passback(fact: facts.PassbackDetected) -> tuple[EventData, str]:
    event = events.PassbackDetected(
        holder_id=fact.holder_id,
        access_point=fact.point,
        known_area=fact.known_area,
        mode=fact.mode,
        is_enforced=fact.is_enforced,
    )
    return event, fact.point


def _duress(fact: facts.DuressDetected) -> tuple[EventData, str]:
    return events.DuressDetected(holder_id=fact.holder_id, access_point=fact.point), fact.point


def _refusals(fact: facts.RefusalsRepeated) -> tuple[EventData, str]:
    return events.RefusalsRepeated(access_point=fact.point, count=fact.count), fact.point


def _tailgating(fact: facts.TailgatingDetected) -> tuple[EventData, str]:
    event = events.TailgatingDetected(
        access_point=fact.point, decision_id=fact.decision_id, count=fact.count
    )
    return event, fact.point


def _unauthorised(fact: facts.UnauthorisedPassage) -> tuple[EventData, str]:
    return events.UnauthorisedPassage(access_point=fact.point, count=fact.count), fact.point


def _wrong_way(fact: facts.WrongWayPassage) -> tuple[EventData, str]:
    return events.WrongWayPassage(access_point=fact.point), fact.point


def _arrived(fact: facts.VisitorArrived) -> tuple[EventData, str]:
    return events.VisitorArrived(holder_id=fact.holder_id, access_point=fact.point), fact.point


def _forced(fact: facts.DoorForcedOpen) -> tuple[EventData, str]:
    return events.DoorForcedOpen(device=fact.door), fact.door


def _too_long(fact: facts.DoorOpenTooLong) -> tuple[EventData, str]:
    return events.DoorOpenTooLong(device=fact.door), fact.door


def _secured(fact: facts.DoorSecured) -> tuple[EventData, str]:
    return events.DoorSecured(device=fact.door), fact.door


_MAKERS: Final[dict[type[Fact], Callable[[Any], tuple[EventData, str | None]]]] = {
    facts.PassbackDetected: _passback,
    facts.DuressDetected: _duress,
    facts.RefusalsRepeated: _refusals,
    facts.TailgatingDetected: _tailgating,
    facts.UnauthorisedPassage: _unauthorised,
    facts.WrongWayPassage: _wrong_way,
    facts.VisitorArrived: _arrived,
    facts.DoorForcedOpen: _forced,
    facts.DoorOpenTooLong: _too_long,
    facts.DoorSecured: _secured,
    AreaFact: lambda fact: (events.AreaFactRecorded(fact=fact), None),
    UnnamedCount: lambda fact: (events.UnnamedCountRecorded(fact=fact), None),
    AreasForgiven: lambda fact: (events.AreasForgivenRecorded(fact=fact), None),
    CodeUsed: lambda fact: (events.CodeUsedRecorded(fact=fact), None),
}
