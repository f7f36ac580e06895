"""What is said about alarms."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from central.alarms import bounds
from central.alarms.kinds import Priority
from config.contract.identifiers import Sha256, Slug

Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Note = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class Wish(BaseModel):
    """What is asked for; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class Subject(BaseModel):
    """What an alarm is about; nothing is the node itself, or the whole site."""

    access_point: str | None = None
    device: str | None = None
    zone: str | None = None
    checkpoint: str | None = None
    camera: str | None = None
    round: str | None = None
    channel: str | None = None
    webhook: str | None = None
    outside: str | None = None
    neighbour: str | None = None
    rollout: str | None = None


class Shelf(BaseModel):
    """Whoever shelved it will see it again at ``until``, or when it is taken from the shelf."""

    until: AwareDatetime
    by: str
    reason: str


class OutOfService(BaseModel):
    """The source is being worked on; it stays so until somebody returns it to service."""

    since: AwareDatetime
    by: str
    reason: str


class Medium(BaseModel):
    """A picture or clip, a blob of its own that expires and may be absent."""

    kind: Literal["snapshot", "clip"]
    sha256: Sha256
    camera: Slug


class AlarmView(BaseModel):
    """One alarm: a line of the list.

    Attributes:
        kind: A name of ``alarms.kinds``.
        priority: 1 is the most urgent.
        source: Kind and subject; the next alarm of the same source has the same.
        condition: ``unknown`` while it is stale: nobody knows whether it still holds.
        raised_at: First, by the clock of whoever raised it.
        last_raised_at: The newest of ``count`` raises.
        returned_at: When its cause went; None while it holds.
        is_active: As it was last heard of; see ``is_stale``.
        is_latched: It cannot be shelved; it stays until acknowledged after its cause has gone.
        shelved: By a person, until a time.
        is_suppressed: By design: it is what must happen just now.
        out_of_service: By a person, until returned to service.
        count: Raises on this line.
        is_first_up: It came first of several at one place: the likely cause.
        is_stale: Its node or device is lost.
        is_gathered: It came in a flood and is not urgent: pages show a number in its place.
        is_history: Central heard of it late; it may be long over.
        escalation: How often nobody came in time; 0 at first.
        detail: Identifiers and figures of the event.
        version: Grows with each change of any alarm.
    """

    id: UUID
    kind: str
    priority: Priority
    source: str
    node: str | None
    subject: Subject
    condition: Literal["active", "returned", "unknown"]
    raised_at: AwareDatetime
    last_raised_at: AwareDatetime
    returned_at: AwareDatetime | None
    is_active: bool
    acknowledged_at: AwareDatetime | None
    acknowledged_by: str | None
    is_latched: bool
    shelved: Shelf | None
    is_suppressed: bool
    out_of_service: OutOfService | None
    is_out_of_service: bool
    count: int
    is_chattering: bool
    is_first_up: bool
    is_stale: bool
    is_gathered: bool
    is_history: bool
    escalation: int
    event_position: int | None
    detail: dict[str, JsonValue]
    media: list[Medium]
    closed_at: AwareDatetime | None
    version: int


class FloodView(BaseModel):
    """Whether more alarms come than people can follow.

    Attributes:
        gathered: How many alarms of each kind are not shown one by one.
    """

    is_on: bool
    since: AwareDatetime | None = None
    gathered: dict[str, int] = Field(default_factory=dict)


class AlarmTotals(BaseModel):
    """How many there are, whatever part of them a list holds."""

    standing: int
    unacknowledged: int
    stale: int
    shelved: int
    suppressed: int
    out_of_service: int


class AlarmList(BaseModel):
    """Alarms of one state.

    Attributes:
        version: Of the newest change that is in here; the stream tells later ones.
        has_more: There are more than were asked for.
    """

    items: list[AlarmView]
    totals: AlarmTotals
    flood: FloodView
    version: int
    has_more: bool


class HistoryLine(BaseModel):
    """What became of an alarm. Attributes: by: The operator's name of then; empty for none."""

    at: AwareDatetime
    act: str
    by: str
    note: str


class Procedure(BaseModel):
    """What to do about an alarm, by language.

    Attributes:
        key: A kind, or one source.
        text: ``zh-CN`` and ``en``.
        is_shipped: The site has not written its own.
        priority: Which holds for it.
        has_own_priority: The site has set one for this very key.
        is_latched: Its priority is always 1.
        changed_by: The operator's name of then.
    """

    key: str
    text: dict[Literal["zh-CN", "en"], str]
    is_shipped: bool
    priority: Priority
    shipped_priority: Priority
    has_own_priority: bool
    is_latched: bool
    changed_by: str | None = None
    changed_at: AwareDatetime | None = None


class ProcedureList(BaseModel):
    """One for each kind, and those that the site wrote for single sources."""

    items: list[Procedure]


class WantedProcedure(Wish):
    """A procedure; an empty text is the shipped one again, no priority the shipped one."""

    key: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    text: dict[Literal["zh-CN", "en"], Annotated[str, StringConstraints(max_length=4000)]]
    priority: Priority | None = None


class AlarmDetail(BaseModel):
    """One alarm with all that is known of it, its history oldest first."""

    alarm: AlarmView
    history: list[HistoryLine]
    procedure: Procedure


class Chosen(Wish):
    """Which alarms. Attributes: gathered: all that a flood gathered, too."""

    ids: Annotated[list[UUID], Field(max_length=500)] = Field(default_factory=list)
    gathered: bool = False


class Acknowledged(BaseModel):
    """Which of them were acknowledged now; others had been, or are not there."""

    ids: list[UUID]


class WantedNote(Wish):
    """A note on an alarm."""

    note: Note


class WantedShelf(Wish):
    """How long, and why."""

    minutes: Annotated[int, Field(ge=1, le=480)]
    reason: Reason


class WantedReason(Wish):
    """Why."""

    reason: Reason


class RatePoint(BaseModel):
    """Alarms raised in a piece of time. Attributes: at: Its begin."""

    at: AwareDatetime
    count: int


class TopSource(BaseModel):
    """A source that is raised often."""

    source: str
    kind: str
    count: int


class BoundedFigure(BaseModel):
    """A figure and what it is held against; see ``bounds``.

    Attributes:
        name: Rates are for each operator position.
        value: None where too little was counted to say anything.
        good, most: Up to and including these it is good, or bearable.
    """

    name: bounds.Name
    value: float | None
    good: float
    most: float
    verdict: bounds.Verdict | None


class AlarmMetrics(BaseModel):
    """How the list is doing, after ISA-18.2. Every raise counts, one that is hidden, too.

    Attributes:
        days: Of the figures that are not of now.
        positions: Guards who see to alarms at the same time, as the site says (``Pace``).
        rate_10_min: Raised in the last ten minutes.
        rate_hour: In the last hour.
        raised: In all the days.
        peak_10_min: The most in any ten minutes.
        flood_share: Of the time, 0..1.
        standing, stale, chattering, shelved, suppressed, out_of_service: Now.
        standing_long: Standing for more than 24 hours, which ISA-18.2 calls stale.
        acknowledged_s_median: From raised to acknowledged.
        priorities: Alarms by priority.
        priority_shares: About how they should be spread, 0..1.
        top: The ten sources that were raised most.
        rates: Counts of ``step_s`` each, oldest first; the newest is not over yet.
    """

    days: int
    positions: int
    rate_10_min: int
    rate_hour: int
    raised: int
    peak_10_min: int
    flood_share: float
    standing: int
    standing_long: int
    stale: int
    chattering: int
    shelved: int
    suppressed: int
    out_of_service: int
    acknowledged_s_median: float | None
    priorities: dict[int, int]
    priority_shares: dict[int, float]
    bounded: list[BoundedFigure]
    top: list[TopSource]
    step_s: int
    rates: list[RatePoint]


class WantedHandover(Wish):
    """What the next shift must know."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


class WantedTaking(Wish):
    """Taking over. Attributes: note: What whoever takes over wants to be kept."""

    note: Annotated[str, StringConstraints(strip_whitespace=True, max_length=500)] = ""


class HandoverView(BaseModel):
    """What one shift told the next.

    Attributes:
        written_by: Who hands over, and confirmed it by writing; the operator's name of then.
        taken_by: Who takes over; None while nobody has.
        alarms: That stood when it was written.
    """

    id: UUID
    written_at: AwareDatetime
    written_by: str
    text: str
    alarms: list[AlarmView]
    taken_at: AwareDatetime | None
    taken_by: str | None
    taken_note: str


class HandoverList(BaseModel):
    """Handovers, newest first."""

    items: list[HandoverView]
