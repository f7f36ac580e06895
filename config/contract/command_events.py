"""What nodes tell of operators' commands, those that are given at the terminal itself included."""

from enum import StrEnum
from uuid import UUID

from config.contract.event_base import EventClass, EventData
from config.contract.identifiers import Slug


class CommandOutcome(StrEnum):
    """What became of a command."""

    DONE = "done"
    REFUSED = "refused"
    """Not carried out, and it will not be; the reason says why."""
    TOO_LATE = "too_late"
    """It came after its end and was not carried out."""
    UNKNOWN = "unknown"
    """It was begun, and nobody knows whether it took effect: the node stopped, or no answer."""


class CommandRefusal(StrEnum):
    """Why a node does not carry a command out."""

    NOT_HERE = "not_here"
    """The node has no such access point or device."""
    NOT_UNDERSTOOD = "not_understood"
    """Of a newer version of this program."""
    NOT_RECORDABLE = "not_recordable"
    """The disk refuses: that it happens once alone could not be promised."""
    DEVICE_REFUSES = "device_refuses"
    DEVICE_SILENT = "device_silent"
    LOCKED_DOWN = "locked_down"
    """A lockdown level locks the point, and goes first."""
    FIRE_RELEASE = "fire_release"
    """A fire has released the point, and goes first."""
    NOT_NOW = "not_now"
    """Its end has passed, is too far away, or there is nothing to end."""


class CommandAnswered(
    EventData, type_name="menshen.command.answered.v1", event_class=EventClass.ALARM
):
    """What became of an operator's command at a node; of several answers the first one stands.

    Attributes:
        what: Kind of the command; empty where it was not understood.
        asked_by: The operator's identifier.
        refusal: For the outcome ``refused``, and for ``unknown`` what is known.
    """

    command_id: UUID
    what: str = ""
    access_point: Slug | None = None
    device: Slug | None = None
    asked_by: str = ""
    outcome: CommandOutcome
    refusal: CommandRefusal | None = None


class LocalReason(StrEnum):
    """Why an operator has a terminal do something; no free text, which could name somebody."""

    HELPS_PERSON = "helps_person"
    DELIVERY = "delivery"
    DEVICE_FAULT = "device_fault"
    EMERGENCY = "emergency"
    TEST = "test"


class CommandAskedHere(
    EventData, type_name="menshen.command.asked_here.v1", event_class=EventClass.ALARM
):
    """An operator asked at the terminal itself; recorded before it is done, answered as any other.

    Attributes:
        command_id: Of the ``CommandAnswered`` that follows.
        asked_by: The operator's identifier.
        is_central_reachable: Whether central answered this terminal then.
    """

    command_id: UUID
    what: str
    access_point: Slug
    asked_by: str
    reason: LocalReason
    is_central_reachable: bool
