"""What rules and transitions find worth recording, besides the decision itself."""

import dataclasses
from uuid import UUID

from config.contract.access_terms import PassbackMode
from config.contract.areas import AreaFact, AreasForgiven, CodeUsed, UnnamedCount


@dataclasses.dataclass(frozen=True, slots=True)
class PassbackDetected:
    """Somebody shows a credential where they are not known to be.

    Attributes:
        known_area: Where they are known to be; None is outside.
        is_enforced: Whether they were refused for it; never on the way out.
    """

    holder_id: str
    point: str
    known_area: str | None
    mode: PassbackMode
    is_enforced: bool


@dataclasses.dataclass(frozen=True, slots=True)
class DuressDetected:
    """A duress PIN was typed. The alarm is silent: the screen shows what it shows otherwise."""

    holder_id: str
    point: str


@dataclasses.dataclass(frozen=True, slots=True)
class RefusalsRepeated:
    """So many refusals in five minutes at one point that a second credential is asked for."""

    point: str
    count: int


@dataclasses.dataclass(frozen=True, slots=True)
class TailgatingDetected:
    """Somebody went through right behind another. Attributes: decision_id: the other's."""

    point: str
    decision_id: UUID
    count: int


@dataclasses.dataclass(frozen=True, slots=True)
class UnauthorisedPassage:
    """Somebody went in without a grant, and not right behind another."""

    point: str
    count: int


@dataclasses.dataclass(frozen=True, slots=True)
class WrongWayPassage:
    """Somebody went through a point against its direction."""

    point: str


@dataclasses.dataclass(frozen=True, slots=True)
class VisitorArrived:
    """A visitor passed with a one-time code: the host is told."""

    holder_id: str
    point: str


@dataclasses.dataclass(frozen=True, slots=True)
class DoorForcedOpen:
    """A door opened although nobody had been let through."""

    door: str


@dataclasses.dataclass(frozen=True, slots=True)
class DoorOpenTooLong:
    """A door stands open longer than it should."""

    door: str


@dataclasses.dataclass(frozen=True, slots=True)
class DoorSecured:
    """A door that was forced or open too long is closed again."""

    door: str


Fact = (
    PassbackDetected
    | DuressDetected
    | RefusalsRepeated
    | TailgatingDetected
    | UnauthorisedPassage
    | WrongWayPassage
    | VisitorArrived
    | DoorForcedOpen
    | DoorOpenTooLong
    | DoorSecured
    | AreaFact
    | UnnamedCount
    | AreasForgiven
    | CodeUsed
)
"""The last four are what other nodes are told (``config.contract.areas``)."""
