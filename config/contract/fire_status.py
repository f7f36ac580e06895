"""How fires, releases, panels, tests and drills are at a node now; a part of its status."""

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime

from config.contract.access import DoorCommandOutcome
from config.contract.fire_events import FireConfirmation, PanelMode
from config.contract.identifiers import Frozen, Slug

FirePhase = Literal["normal", "alert", "fire", "drill", "released"]
"""``alert``: something signals a fire and no rule confirms it. ``fire`` and ``drill``: it stands.
``released``: it is over, and gates that it released stand open until a person closes them."""


class FireZoneStatus(Frozen):
    """A zone as one node knows it.

    Attributes:
        alerts: Points of panels at this node that signal, confirmed or not.
        is_path_up: Whether this node would hear of a fire there.
        is_wired_only: It has not for a minute: the wires alone release the zone.
        path_detail: What is not heard; identifiers.
    """

    zone: Slug
    phase: FirePhase
    alerts: tuple[str, ...] = ()
    is_path_up: bool
    is_wired_only: bool
    path_detail: str = ""


class StandingFire(Frozen):
    """A fire or drill that this node knows of.

    Attributes:
        origin: The node that told of it.
        is_active: Something signals it still; else its releases alone are left.
        since: By the origin's clock.
        until: When a drill ends by itself.
    """

    fire_id: UUID
    zone: Slug
    origin: Slug
    confirmed_by: FireConfirmation
    is_drill: bool = False
    has_release: bool = True
    is_active: bool = True
    since: AwareDatetime
    until: AwareDatetime | None = None


class StandingRelease(Frozen):
    """The release of an access point of this node, or of an output of a board here.

    Attributes:
        fire_ids: That it stands for.
        outcome: The last answer; None before the first.
        is_confirmed: The device was read back, and answers still.
        is_closed: A person closed it while these fires were known.
    """

    access_point: Slug | None
    device: Slug
    output: int | None = None
    fire_ids: tuple[UUID, ...]
    since: AwareDatetime
    outcome: DoorCommandOutcome | None = None
    is_confirmed: bool = False
    is_closed: bool = False


class RunningFireTest(Frozen):
    """Points under test. Attributes: points: patterns; none is every point of the zone."""

    test_id: UUID
    zone: Slug
    points: tuple[str, ...] = ()
    until: AwareDatetime
    asked_by: str


class FirePanelStatus(Frozen):
    """A panel at this node; see ``FirePanelChanged``."""

    device: Slug
    is_current: bool
    mode: PanelMode = PanelMode.UNKNOWN
    conditions: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    faulty: tuple[str, ...] = ()
    last_frame_at: AwareDatetime | None = None


class FireStatus(Frozen):
    """Everything about fire at one node.

    Attributes:
        unreleased: Devices here that open doors, and that no fire releases: the wires must.
    """

    zones: tuple[FireZoneStatus, ...] = ()
    fires: tuple[StandingFire, ...] = ()
    releases: tuple[StandingRelease, ...] = ()
    tests: tuple[RunningFireTest, ...] = ()
    panels: tuple[FirePanelStatus, ...] = ()
    unreleased: tuple[Slug, ...] = ()
