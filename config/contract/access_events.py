"""What the access rules record besides the decision: doubts about passages, doors, areas, codes.

Where people are is told by ``AreaFactRecorded`` and ``UnnamedCountRecorded`` alone; the newest of
each in the order of ``areas.NodeFact`` holds.
"""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from config.contract.access_terms import PassbackMode
from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, UnnamedCount
from config.contract.event_base import EventClass, EventData
from config.contract.identifiers import Slug


class PassbackDetected(
    EventData, type_name="menshen.access.passback_detected.v1", event_class=EventClass.ACCESS
):
    """Somebody showed a credential where they were not known to be.

    Attributes:
        known_area: Where they were known to be; None is outside.
        is_enforced: Whether they were refused for it; never on the way out.
    """

    holder_id: str
    access_point: Slug
    known_area: Slug | None
    mode: PassbackMode
    is_enforced: bool


class DuressDetected(
    EventData, type_name="menshen.access.duress_detected.v1", event_class=EventClass.ALARM
):
    """A duress PIN was typed: somebody is forced. Nothing at the gate shows it."""

    holder_id: str
    access_point: Slug


class RefusalsRepeated(
    EventData, type_name="menshen.access.refusals_repeated.v1", event_class=EventClass.ALARM
):
    """So many refusals in five minutes at one point that a second credential is asked for."""

    access_point: Slug
    count: Annotated[int, Field(ge=1)]


class TailgatingDetected(
    EventData, type_name="menshen.access.tailgating_detected.v1", event_class=EventClass.ALARM
):
    """Somebody went through right behind another. Attributes: decision_id: the other's."""

    access_point: Slug
    decision_id: UUID
    count: Annotated[int, Field(ge=1)]


class UnauthorisedPassage(
    EventData, type_name="menshen.access.unauthorised_passage.v1", event_class=EventClass.ALARM
):
    """Somebody went in without a grant, and not right behind another."""

    access_point: Slug
    count: Annotated[int, Field(ge=1)]


class WrongWayPassage(
    EventData, type_name="menshen.access.wrong_way_passage.v1", event_class=EventClass.ALARM
):
    """Somebody went through a point against its direction."""

    access_point: Slug


class AssistanceRequested(
    EventData, type_name="menshen.access.assistance_requested.v1", event_class=EventClass.ALARM
):
    """Somebody at a point asks for a person to come.

    Attributes:
        ring_id: Of this ring, which no second press repeats.
        by: The screen's button, or a contact that the site file names.
    """

    ring_id: UUID
    access_point: Slug
    by: Literal["screen", "contact"]


class VisitorArrived(
    EventData, type_name="menshen.access.visitor_arrived.v1", event_class=EventClass.ACCESS
):
    """A visitor passed with a one-time code: the host is told."""

    holder_id: str
    access_point: Slug


class DoorForcedOpen(
    EventData, type_name="menshen.door.forced_open.v1", event_class=EventClass.ALARM
):
    """A door opened although nobody had been let through."""

    device: Slug


class DoorOpenTooLong(
    EventData, type_name="menshen.door.open_too_long.v1", event_class=EventClass.ALARM
):
    """A door stands open longer than it should."""

    device: Slug


class DoorSecured(EventData, type_name="menshen.door.secured.v1", event_class=EventClass.ALARM):
    """A door that was forced or open too long is closed again."""

    device: Slug


class AreaFactRecorded(EventData, type_name="menshen.area.moved.v1", event_class=EventClass.ACCESS):
    """Somebody passed into an area, or an operator forgave where they are."""

    fact: AreaFact


class UnnamedCountRecorded(
    EventData, type_name="menshen.area.unnamed_counted.v1", event_class=EventClass.ACCESS
):
    """People without a name entered or left an area."""

    fact: UnnamedCount


class AreasForgivenRecorded(
    EventData, type_name="menshen.area.forgiven.v1", event_class=EventClass.ACCESS
):
    """An operator forgave everybody."""

    fact: AreasForgiven


class CodeUsedRecorded(
    EventData, type_name="menshen.access.code_used.v1", event_class=EventClass.ACCESS
):
    """A one-time code was used."""

    fact: CodeUsed
