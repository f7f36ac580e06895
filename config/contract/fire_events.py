"""What nodes tell of fires: signals, confirmations, releases and what answered, drills and tests.

A fire is told by the node whose panel signalled it (its *origin*); every node tells of the releases
of its own access points. Conditions have the names that drivers give them (``drivers.base``).
"""

from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from config.contract.access import DoorCommandOutcome
from config.contract.event_base import EventClass, EventData
from config.contract.identifiers import Frozen, Slug


class FireConfirmation(StrEnum):
    """What made a fire of signals."""

    PANEL = "panel"
    """The panel's own confirmed state: a system's or transmitter's fire, a linkage, a contact."""
    TWO_DEVICES = "two_devices"
    """Two independent points of the zone (GB 50116-2013, 4.1.6)."""
    CALL_POINT = "call_point"
    ONE_DEVICE = "one_device"
    LOSS = "loss"
    """The panel is not heard any more, at a site that wants a release then."""
    DRILL = "drill"


class FirePoint(Frozen):
    """A point of a panel. Attributes: point: the panel's own address of it."""

    device: Slug
    point: Annotated[str, Field(max_length=200)]


class FirePointChanged(
    EventData, type_name="menshen.fire.point_changed.v1", event_class=EventClass.FIRE
):
    """A point of a fire panel has other conditions now; none is normal.

    Attributes:
        zone: The first zone of the site file that the point belongs to; None where it is in none.
        kind: What it is, as the panel says.
        text: The panel's own description.
        test_id: Of the test that this point is under: its signals confirm no fire.
    """

    device: Slug
    zone: Slug | None
    point: str
    kind: str = ""
    text: str = ""
    conditions: tuple[str, ...]
    test_id: UUID | None = None


class FireConfirmed(EventData, type_name="menshen.fire.confirmed.v1", event_class=EventClass.FIRE):
    """A fire in a zone: its access points are released from now on.

    Attributes:
        fire_id: Of this fire at its origin; two nodes that hear two panels have two.
        points: That it was confirmed by.
        is_drill: Begun by an operator; everything is told as of a fire, and marked.
        has_release: False for a drill that leaves the gates alone.
        access_points: That the zone releases, at all nodes.
    """

    fire_id: UUID
    zone: Slug
    confirmed_by: FireConfirmation
    points: tuple[FirePoint, ...] = ()
    is_drill: bool = False
    has_release: bool = True
    access_points: tuple[Slug, ...] = ()


class FireEnded(EventData, type_name="menshen.fire.ended.v1", event_class=EventClass.FIRE):
    """Nothing signals the fire any more, or the drill is over. What it released stays open."""

    fire_id: UUID
    zone: Slug
    is_drill: bool = False


class FireReleaseAnswered(
    EventData, type_name="menshen.fire.release_answered.v1", event_class=EventClass.FIRE
):
    """How a gate or an output answered the release; told again where the answer became another.

    Times are of monotonic clocks. They count from the panel's frame as the origin received it; at
    another node from the age that the notice had when it was sent, so the datagram's own way is not
    in them. Where no frame began it (a contact, a loss, a drill), from when the origin knew.

    Attributes:
        access_point: None for an output of a board.
        output: Channel of an output; None for an access point.
        origin: The node that told of the fire.
        heard: Whether the fire was heard at this node itself, or over the site link.
        told_ms: When the first command for it was given to the line.
        acknowledged_ms: When the device answered that it has the command, before it was read back;
            None where it was not confirmed, or answers nothing by itself.
        confirmed_ms: When the release was read back; None where it was not.
        attempts: Of the whole release, from 1.
    """

    fire_id: UUID
    zone: Slug
    access_point: Slug | None
    output: int | None = None
    device: Slug
    origin: Slug
    heard: Literal["here", "link"]
    told_ms: float
    acknowledged_ms: float | None = None
    confirmed_ms: float | None = None
    outcome: DoorCommandOutcome
    attempts: int
    is_drill: bool = False


class FireReleaseClosed(
    EventData, type_name="menshen.fire.release_closed.v1", event_class=EventClass.FIRE
):
    """A person closed the release of one access point. Attributes: fire_ids: that it stood for."""

    fire_ids: tuple[UUID, ...]
    access_point: Slug
    asked_by: str


class FireOutputClosed(
    EventData, type_name="menshen.fire.output_closed.v1", event_class=EventClass.FIRE
):
    """The release of an output is over: a person closed it, or a relay followed its lanes.

    Attributes:
        fire_ids: That it stood for.
        output: Its channel, 0-based, as in ``FireReleaseAnswered``.
        asked_by: Empty where nobody closed it itself.
    """

    fire_ids: tuple[UUID, ...]
    device: Slug
    output: int
    asked_by: str = ""


class FirePathChanged(
    EventData, type_name="menshen.fire.path_changed.v1", event_class=EventClass.ALARM
):
    """Whether this node would hear of a fire in a zone.

    Attributes:
        is_wired_only: The path has been down for a minute: the wires alone release the zone now.
        detail: What is not heard, in one line of identifiers.
    """

    zone: Slug
    is_up: bool
    is_wired_only: bool
    detail: str = ""


class PanelMode(StrEnum):
    """Whether a panel sets off linkages by itself."""

    MANUAL = "manual"
    AUTO = "auto"
    UNKNOWN = "unknown"


class FirePanelChanged(
    EventData, type_name="menshen.fire.panel_changed.v1", event_class=EventClass.FIRE
):
    """A panel's own state is another.

    Attributes:
        is_current: False while the panel is not heard: the rest is what it said last.
        conditions: Of the panel and its transmitter, supplies included.
        disabled, faulty: Points, by the panel's address; the first hundred.
        last_frame_at: When it was heard last.
    """

    device: Slug
    is_current: bool
    mode: PanelMode = PanelMode.UNKNOWN
    conditions: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    faulty: tuple[str, ...] = ()
    last_frame_at: AwareDatetime | None = None


class FireTestChanged(
    EventData, type_name="menshen.fire.test_changed.v1", event_class=EventClass.FIRE
):
    """A test of some points of a zone began or ended; their signals confirm no fire meanwhile.

    Attributes:
        points: Patterns of the panel's addresses; none is every point of the zone.
        asked_by: The operator; empty where it ended by itself.
    """

    test_id: UUID
    zone: Slug
    points: tuple[str, ...] = ()
    until: AwareDatetime | None = None
    is_on: bool
    asked_by: str = ""


class FireDrillChanged(
    EventData, type_name="menshen.fire.drill_changed.v1", event_class=EventClass.FIRE
):
    """A drill of a zone began or ended.

    Attributes:
        releases: Whether the gates are released.
        asked_by: The operator; empty where it ended by itself.
    """

    drill_id: UUID
    zone: Slug
    is_on: bool
    releases: bool
    until: AwareDatetime
    asked_by: str = ""


class DutyCheckAnswered(
    EventData, type_name="menshen.fire.duty_check_answered.v1", event_class=EventClass.FIRE
):
    """Somebody at the panel answered a duty check, or nobody did in time.

    Attributes:
        asked_at: When the transmitter was asked.
        answered_after_s: None where nobody answered.
        operator: The transmitter's number of who answered.
    """

    device: Slug
    is_answered: bool
    minutes: int
    asked_at: AwareDatetime
    answered_after_s: float | None = None
    operator: int | None = None
    asked_by: str = ""
