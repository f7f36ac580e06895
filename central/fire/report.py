"""What a fire or a drill proves: each gate, when it was told, when it confirmed, what was silent.

Pure. The times of a gate are the terminals' own, by monotonic clocks; ``FireReleaseAnswered`` says
from when they count.
"""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, Literal

from pydantic import AwareDatetime, Field

from config.contract.identifiers import Frozen

LIMIT_MS: Final = 1_000.0
"""From the panel's word to the last gate's answer."""
REPORT_FORMAT: Final = "menshen fire report v1"

Outcome = Literal["confirmed", "refused", "unreachable", "no_answer"]


class Subject(Frozen):
    """What a fire releases: an access point's side of a gate, or a relay of a board.

    Attributes:
        access_point: None for a relay.
        output: Its channel, 0-based; None for an access point.
        node: Whose terminal it hangs on.
    """

    access_point: str | None
    output: int | None = None
    device: str
    node: str

    @property
    def key(self) -> str:
        """The same for all that is told of it."""
        return self.access_point or f"{self.device}:{self.output}"


class Expected(Subject):
    """What belongs to a zone as the site file had it when the fire was heard of."""

    name: dict[str, str] = Field(default_factory=dict)


class Answered(Subject):
    """What a terminal told of one of them.

    Attributes:
        heard: ``here``: the panel hangs on the gate's own terminal; ``link``: another one told it.
        told_ms: When the gate was told; see the module.
        confirmed_ms: When it confirmed; None where it has not.
        closed_by: The operator's name of then.
    """

    heard: Literal["here", "link"]
    told_ms: float
    confirmed_ms: float | None
    outcome: Outcome
    attempts: int
    closed_at: AwareDatetime | None = None
    closed_by: str | None = None


class PointSeen(Frozen):
    """A detector, call point or contact that confirmed it."""

    device: str
    point: str
    text: str = ""


class DeviceLine(Subject):
    """One gate or relay in the report.

    Attributes:
        told_at, confirmed_at: The beginning and the gate's milliseconds, so exact to the terminals'
            clocks where another terminal heard the panel.
        is_in_time: It confirmed within the limit.
    """

    name: dict[str, str]
    heard: Literal["here", "link"] | None
    told_ms: float | None
    confirmed_ms: float | None
    told_at: AwareDatetime | None
    confirmed_at: AwareDatetime | None
    outcome: Outcome
    attempts: int
    is_in_time: bool
    closed_at: AwareDatetime | None
    closed_by: str | None


class Summary(Frozen):
    """The counts. Attributes: p99_ms: by nearest rank, of those that confirmed."""

    expected_count: int
    confirmed_count: int
    in_time_count: int
    slowest_ms: float | None
    median_ms: float | None
    p99_ms: float | None

    @property
    def is_complete(self) -> bool:
        """Whether every gate confirmed; a fire without a gate proves nothing."""
        return 0 < self.expected_count == self.confirmed_count


class PanelSeen(Frozen):
    """A panel as it last was. Attributes: mode: ``manual``, ``auto`` or ``unknown``."""

    device: str
    mode: str
    conditions: tuple[str, ...] = ()
    disabled: tuple[str, ...] = ()
    faulty: tuple[str, ...] = ()
    last_frame_at: AwareDatetime | None = None


class TestSeen(Frozen):
    """A test that was under way meanwhile: what it covers releases nothing of ours."""

    __test__ = False

    test_id: str
    zone: str
    points: tuple[str, ...]
    asked_by: str


class PersonSeen(Frozen):
    """Somebody inside when it began. Attributes: name: masked but for who may see names."""

    holder_id: str
    name: str | None
    area: str
    since: AwareDatetime


class InsideSeen(Frozen):
    """Who was inside, as central knew it.

    Attributes:
        taken_at: When central looked: at once, or when it heard of the fire afterwards.
        people: None for readers who may not see who is inside.
        roll_call: Begun because of it.
    """

    taken_at: AwareDatetime
    count: int
    unnamed_count: int
    people: tuple[PersonSeen, ...] | None = None
    roll_call: str | None = None


class FireFacts(Frozen):
    """What is kept of one fire or drill, before it is put together.

    Attributes:
        began_at: By the clock of the terminal that confirmed it.
        heard_at: By central's.
        asked_by: The operator's name of then; empty for a fire.
    """

    fire_id: str
    zone: str
    zone_name: dict[str, str] = Field(default_factory=dict)
    is_drill: bool
    releases: bool = True
    confirmed_by: str
    points: tuple[PointSeen, ...] = ()
    node: str
    began_at: AwareDatetime
    heard_at: AwareDatetime
    ended_at: AwareDatetime | None = None
    asked_by: str = ""
    expected: tuple[Expected, ...] = ()
    answered: tuple[Answered, ...] = ()
    panels: tuple[PanelSeen, ...] = ()
    tests: tuple[TestSeen, ...] = ()
    inside: InsideSeen | None = None


class Report(Frozen):
    """The whole report, as it is signed."""

    format: Literal["menshen fire report v1"] = REPORT_FORMAT
    site: str
    site_name: dict[str, str]
    time_zone: str
    made_at: AwareDatetime
    limit_ms: float = LIMIT_MS
    fire_id: str
    zone: str
    zone_name: dict[str, str]
    is_drill: bool
    releases: bool
    confirmed_by: str
    points: tuple[PointSeen, ...]
    node: str
    began_at: AwareDatetime
    heard_at: AwareDatetime
    ended_at: AwareDatetime | None
    asked_by: str
    devices: tuple[DeviceLine, ...]
    summary: Summary
    panels: tuple[PanelSeen, ...]
    tests: tuple[TestSeen, ...]
    inside: InsideSeen | None


def compose(
    facts: FireFacts,
    *,
    site: str,
    site_name: Mapping[str, str],
    time_zone: str,
    made_at: datetime,
) -> Report:
    """Return the report of a fire; gates that told nothing stand in it as ``no_answer``."""
    told = {each.key: each for each in facts.answered}
    known = {each.key for each in facts.expected}
    others = [
        Expected(**each.model_dump(include=set(Subject.model_fields)))
        for each in facts.answered
        if each.key not in known
    ]
    devices = tuple(
        _line(gate, told.get(gate.key), began_at=facts.began_at)
        for gate in (*facts.expected, *others)
    )
    return Report(
        site=site,
        site_name=dict(site_name),
        time_zone=time_zone,
        made_at=made_at,
        fire_id=facts.fire_id,
        zone=facts.zone,
        zone_name=facts.zone_name,
        is_drill=facts.is_drill,
        releases=facts.releases,
        confirmed_by=facts.confirmed_by,
        points=facts.points,
        node=facts.node,
        began_at=facts.began_at,
        heard_at=facts.heard_at,
        ended_at=facts.ended_at,
        asked_by=facts.asked_by,
        devices=devices,
        summary=summarise(devices),
        panels=facts.panels,
        tests=facts.tests,
        inside=facts.inside,
    )


def summarise(devices: Sequence[DeviceLine]) -> Summary:
    """Return the counts of some gates."""
    times = sorted(d.confirmed_ms for d in devices if d.confirmed_ms is not None)
    return Summary(
        expected_count=len(devices),
        confirmed_count=len(times),
        in_time_count=sum(d.is_in_time for d in devices),
        slowest_ms=times[-1] if times else None,
        median_ms=_ranked(times, 0.5),
        p99_ms=_ranked(times, 0.99),
    )


def _line(gate: Expected, said: Answered | None, *, began_at: datetime) -> DeviceLine:
    confirmed_ms = None if said is None else said.confirmed_ms
    return DeviceLine(
        access_point=gate.access_point,
        output=gate.output,
        name=gate.name,
        device=gate.device,
        node=gate.node,
        heard=None if said is None else said.heard,
        told_ms=None if said is None else said.told_ms,
        confirmed_ms=confirmed_ms,
        told_at=None if said is None else _after(began_at, said.told_ms),
        confirmed_at=_after(began_at, confirmed_ms),
        outcome="no_answer" if said is None else said.outcome,
        attempts=0 if said is None else said.attempts,
        is_in_time=confirmed_ms is not None and confirmed_ms <= LIMIT_MS,
        closed_at=None if said is None else said.closed_at,
        closed_by=None if said is None else said.closed_by,
    )


def _after(began_at: datetime, milliseconds: float | None) -> datetime | None:
    return None if milliseconds is None else began_at + timedelta(milliseconds=milliseconds)


def _ranked(ordered: Sequence[float], share: float) -> float | None:
    """Return a quantile by nearest rank."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)] if ordered else None
