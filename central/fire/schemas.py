"""What is said about fires over HTTP."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from config.contract.commands import FirePattern
from config.site_fire import FireWarningCode

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Phase = Literal["normal", "signal", "fire", "drill", "released"]
Way = Literal["wired", "ours"]


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WantedDrill(_Wish):
    """A wish to drill a zone.

    Attributes:
        minutes: It ends by itself then.
        releases: Whether the gates are released; without, only telling is practised.
    """

    minutes: Annotated[int, Field(ge=1, le=240)] = 15
    releases: bool = True
    reason: Text


class WantedTest(_Wish):
    """A wish to take points of a zone's panels out of it for a test.

    Attributes:
        points: Patterns of the panel's addresses; none is all of the zone.
        minutes: It ends by itself then.
    """

    points: Annotated[tuple[FirePattern, ...], Field(max_length=64)] = ()
    minutes: Annotated[int, Field(ge=1, le=720)] = 60
    reason: Text


class WantedClosing(_Wish):
    """A wish to close what a fire has released. Attributes: reason: why it may be closed."""

    reason: Text


class WantedDutyCheck(_Wish):
    """A wish to know whether somebody is on duty, at the consoles and at the panels."""

    minutes: Annotated[int, Field(ge=1, le=60)] = 5
    asks_panels: bool = False


class Release(BaseModel):
    """One gate or relay as a fire has it.

    Attributes:
        subject: The access point, or ``DEVICE:CHANNEL``.
        name: By language; of an access point.
        is_open: Released now, as far as was told: nobody has closed it.
        outcome: Of the release; None while its terminal has told nothing.
        last_outcome: What was told last: a gate may be lost after it was released.
    """

    subject: str
    access_point: str | None
    device: str
    node: str
    name: dict[str, str]
    is_open: bool
    outcome: str | None
    last_outcome: str | None
    confirmed_ms: float | None
    closed_at: AwareDatetime | None
    closed_by: str | None


class FireLine(BaseModel):
    """One fire or drill.

    Attributes:
        began_at: By the clock of the terminal that confirmed it.
        confirmed_by: None while only releases were told.
    """

    fire_id: UUID
    zone: str
    is_drill: bool
    has_release: bool
    confirmed_by: str | None
    points: list[dict[str, str]]
    origin: str
    began_at: AwareDatetime
    heard_at: AwareDatetime
    ended_at: AwareDatetime | None
    expected_count: int
    confirmed_count: int
    open_count: int


class PointView(BaseModel):
    """A point of a panel that is not normal."""

    device: str
    point: str
    kind: str
    text: str
    conditions: list[str]
    is_under_test: bool
    changed_at: AwareDatetime


class PathView(BaseModel):
    """Whether a terminal would hear of a fire in a zone."""

    node: str
    is_up: bool
    is_wired_only: bool
    detail: str
    changed_at: AwareDatetime


class TestView(BaseModel):
    """A test under way, or asked for. Attributes: began_at: when a terminal said that it is."""

    __test__ = False

    test_id: UUID
    zone: str
    points: list[str]
    until: AwareDatetime | None
    asked_by: str
    reason: str
    asked_at: AwareDatetime
    began_at: AwareDatetime | None


class DrillView(BaseModel):
    """A drill under way, or asked for. Attributes: began_at: when the terminal said that it is."""

    drill_id: UUID
    zone: str
    releases: bool
    until: AwareDatetime
    node: str
    asked_by: str
    reason: str
    asked_at: AwareDatetime
    began_at: AwareDatetime | None
    ended_at: AwareDatetime | None


class ZoneView(BaseModel):
    """One zone of the site file.

    Attributes:
        name: By language.
        confirm_by: What makes a fire of signals here.
        is_wired_only: No fire would reach a gate by us: the wires alone release it.
        points: Points of it that are not normal.
    """

    zone: str
    name: dict[str, str]
    phase: Phase
    confirm_by: list[str]
    on_loss: str
    is_wired_only: bool
    paths: list[PathView]
    points: list[PointView]
    fires: list[FireLine]
    releases: list[Release]


class PanelView(BaseModel):
    """A panel's own state. Attributes: is_current: False: the rest is what it said last."""

    device: str
    name: dict[str, str]
    node: str
    is_current: bool
    mode: str
    conditions: list[str]
    disabled: list[str]
    faulty: list[str]
    last_frame_at: AwareDatetime | None
    changed_at: AwareDatetime | None


class PanelAnswer(BaseModel):
    """What a panel's transmitter told of a duty check."""

    is_answered: bool
    answered_after_s: float | None


class DutyCheck(BaseModel):
    """One duty check.

    Attributes:
        asked_by: The operator's name of then; empty where the plan asked.
        missed_at: When nobody had answered in time.
        panels: By device; None while its transmitter has told nothing.
    """

    check_id: UUID
    asked_at: AwareDatetime
    due_at: AwareDatetime
    asked_by: str
    answered_at: AwareDatetime | None
    answered_by: str | None
    missed_at: AwareDatetime | None
    panels: dict[str, PanelAnswer | None]


class WarningView(BaseModel):
    """What the site file may not mean. Attributes: names: access points or devices it is about."""

    code: FireWarningCode
    zone: str | None
    names: list[str]


class FireView(BaseModel):
    """All that a guard looks at.

    Attributes:
        at: Central's clock.
        fires: The newest fires and drills, newest first.
        duty: The newest checks, newest first.
        warnings: Of the site file, and of doors that only the wires release.
    """

    at: AwareDatetime
    zones: list[ZoneView]
    panels: list[PanelView]
    tests: list[TestView]
    drills: list[DrillView]
    fires: list[FireLine]
    duty: list[DutyCheck]
    warnings: list[WarningView]


class FireList(BaseModel):
    """Fires and drills, newest first."""

    items: list[FireLine]


class MatrixCell(BaseModel):
    """One zone and one output, one way.

    Attributes:
        state: ``outdated``: passed, and so long ago that it counts as untested.
        tested_by: The operator's name of then.
        seen: What central saw it by; None for what somebody saw alone.
        offered: What central has seen since, and nobody has signed.
    """

    way: Way
    state: Literal["untested", "passed", "failed", "outdated"]
    tested_at: AwareDatetime | None
    tested_by: str | None
    remark: str
    seen: str | None
    offered: str | None


class MatrixRow(BaseModel):
    """What one zone does to one output."""

    zone: str
    zone_name: dict[str, str]
    output: str
    output_name: dict[str, str]
    node: str
    wired: MatrixCell
    ours: MatrixCell


class Matrix(BaseModel):
    """The cause-and-effect matrix. Attributes: months: after which a test is outdated."""

    at: AwareDatetime
    months: int
    rows: list[MatrixRow]


class WantedResult(_Wish):
    """The result of testing one cell; whoever is signed in signs it by name."""

    zone: str
    output: str
    way: Way
    is_passed: bool
    remark: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
