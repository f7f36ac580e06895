"""What happens at access points, as ``transitions.take`` is told."""

import dataclasses
from datetime import datetime
from uuid import UUID

from config.contract.areas import CodeUsed
from edge.access.areas import SharedFact
from edge.access.attempts import Attempt
from edge.access.degraded import Degraded
from edge.access.question import Denied, Granted, Person, Point


@dataclasses.dataclass(frozen=True, slots=True)
class Decided:
    """A decision was made. Attributes: person: as ``decide`` got it."""

    decision_id: UUID
    point: Point
    attempt: Attempt
    person: Person | None
    decision: Granted | Denied
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Passed:
    """The gate counted a passage. Attributes: decision_id: None when nobody had been granted."""

    point: Point
    at: datetime
    decision_id: UUID | None = None
    count: int = 1


@dataclasses.dataclass(frozen=True, slots=True)
class NotPassed:
    """A grant is over: nobody passed in time, or the gate did not open."""

    decision_id: UUID


@dataclasses.dataclass(frozen=True, slots=True)
class PassedWrongWay:
    """The gate counted a passage against the point's direction."""

    point: Point
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class Forgiven:
    """An operator forgives where somebody is. Attributes: holder_id: None is everybody."""

    holder_id: str | None
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class RefusalsForgiven:
    """An operator has looked: one credential is enough again."""

    point: str


@dataclasses.dataclass(frozen=True, slots=True)
class DoorOpened:
    """The door monitor opened.

    Attributes:
        is_found: It was found open, and nobody knows why: at start, or after a release for fire.
    """

    door: str
    at: datetime
    is_found: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class DoorClosed:
    """The door monitor closed."""

    door: str
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True)
class LockdownChanged:
    """An operator set a level off, or ended it."""

    level: str
    is_active: bool


@dataclasses.dataclass(frozen=True, slots=True)
class FireChanged:
    """A fire in a zone was confirmed, or is over."""

    zone: str
    is_active: bool


@dataclasses.dataclass(frozen=True, slots=True)
class FireReleasesChanged:
    """Fires, or drills, release other points now. Attributes: points: all of them."""

    points: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class HoldsChanged:
    """An operator holds other points open now. Attributes: points: all of them."""

    points: frozenset[str]


@dataclasses.dataclass(frozen=True, slots=True)
class DegradedChanged:
    """The degraded rule holds from now on. Attributes: rule: None is the end of it."""

    rule: Degraded | None


@dataclasses.dataclass(frozen=True, slots=True)
class Heard:
    """Other nodes told facts, or the own ones were read back after a restart; in any order."""

    facts: tuple[SharedFact | CodeUsed, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class LinkChanged:
    """Used codes are shared from now on, or are not."""

    is_up: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Ticked:
    """Time passed; say so every second or so."""

    at: datetime


Happening = (
    Decided | Passed | NotPassed | PassedWrongWay | Forgiven | RefusalsForgiven | DoorOpened
    | DoorClosed | LockdownChanged | FireChanged | FireReleasesChanged | HoldsChanged
    | DegradedChanged | Heard | LinkChanged | Ticked
)  # fmt: skip
