"""What is said about patrols."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from central.patrol.evaluation import StopResult
from central.patrol.plan import HolderText, PatrolPlan
from config.contract.identifiers import Slug
from config.contract.schedules import Name


class Wish(BaseModel):
    """What is asked for; an unknown field is an error."""

    model_config = ConfigDict(extra="forbid")


class KeptPlan(BaseModel):
    """A plan and where it came from. Attributes: version: 0 is the empty one of a new site."""

    version: int
    plan: PatrolPlan
    changed_by: str | None = None
    changed_at: AwareDatetime | None = None


class CheckpointView(BaseModel):
    """A checkpoint of the site file. Attributes: node: of its reader or gate; None for a tag."""

    id: Slug
    name: Name
    zone: str
    node: str | None


class PlanView(KeptPlan):
    """The plan with what it speaks of.

    Attributes:
        checkpoints: Of the site.
        people: Names of everybody who is named in it, by identifier.
    """

    checkpoints: list[CheckpointView]
    people: dict[str, str]


class WantedPlan(Wish):
    """A whole plan. Attributes: made_from: the version that it was changed from."""

    made_from: Annotated[int, Field(ge=0)]
    plan: PatrolPlan


class StopView(StopResult):
    """A stop of a round. Attributes: late_at: after it a scan is late."""

    checkpoint: Slug
    from_at: AwareDatetime
    until_at: AwareDatetime
    late_at: AwareDatetime
    is_abnormal_now: bool


class RoundView(BaseModel):
    """One round.

    Attributes:
        phase: ``over`` as soon as every stop has come to something.
        people: Names of its guards and of whoever was there.
        abnormal_count: Stops that somebody has to look at.
        next_index: The stop that is due next; None where none is.
    """

    round_id: UUID
    route: Slug
    route_name: Name
    shift: Slug
    shift_name: Name
    day: date
    starts_at: AwareDatetime
    closes_at: AwareDatetime
    is_ordered: bool
    phase: Literal["coming", "walking", "over"]
    guards: tuple[str, ...]
    people: dict[str, str]
    done_count: int
    abnormal_count: int
    next_index: int | None
    stops: list[StopView]


class ScanView(BaseModel):
    """A scan in the time of a round, whichever stop it belongs to. ``index``: None: to none."""

    scan_id: str
    checkpoint: str
    node: str
    holder_id: str | None
    by: str
    is_fallback: bool
    is_time_unsure: bool
    scanned_at: AwareDatetime
    received_at: AwareDatetime
    index: int | None


class RoundDetail(RoundView):
    """A round with everything that was scanned at its checkpoints, oldest first."""

    scans: list[ScanView]


class SilentReader(BaseModel):
    """A terminal with readers that does not answer: what was scanned there may come later."""

    node: str
    last_seen_at: AwareDatetime | None


class Board(BaseModel):
    """Rounds, the earliest first. Attributes: at: central's time."""

    at: AwareDatetime
    has_plan: bool
    rounds: list[RoundView]
    checkpoints: list[CheckpointView]
    silent: list[SilentReader]


class PreviewedRound(BaseModel):
    """A round that would be made."""

    route: Slug
    day: date
    starts_at: AwareDatetime
    closes_at: AwareDatetime
    stop_count: int
    guards: tuple[str, ...]


class Preview(BaseModel):
    """The coming rounds of a plan. Attributes: has_more: there are more than are listed."""

    rounds: list[PreviewedRound]
    has_more: bool


class DutyView(BaseModel):
    """Who is on duty in one shift of one day. Attributes: is_usual: it is who usually is."""

    day: date
    shift: Slug
    guards: tuple[str, ...]
    is_usual: bool


class DutyList(BaseModel):
    """By day and shift. Attributes: people: names by identifier."""

    items: list[DutyView]
    people: dict[str, str]


class WantedDuty(Wish):
    """Who is on duty; None: who usually is."""

    guards: Annotated[tuple[HolderText, ...], Field(max_length=100)] | None


class Tally(BaseModel):
    """What became of a number of stops; ``done`` is in time, whoever was there."""

    stops: int = 0
    done: int = 0
    early: int = 0
    late: int = 0
    missed: int = 0
    out_of_order: int = 0
    wrong_guard: int = 0
    unknown_guard: int = 0
    reported_late: int = 0
    fallback: int = 0
    told: int = 0


class ReportLine(Tally):
    """One route, guard or checkpoint. Attributes: rounds: in which it occurs."""

    id: str
    name: Name
    rounds: int = 0


class DayTally(Tally):
    """One day."""

    day: date


class MonthReport(BaseModel):
    """One month; rounds that are not over are not in it."""

    month: str
    total: Tally
    rounds: int
    routes: list[ReportLine]
    guards: list[ReportLine]
    checkpoints: list[ReportLine]
    days: list[DayTally]
