"""What a round has come to at a moment, and which alarms that calls for. Pure: time is an argument.

A stop waits, is open, overdue, and then missed; or it is done, early or late. A scan that arrives
after the fact makes of *missed* what it was (done, reported late) and the alarm that was given
stays noted beside it: nobody is told later that all was well all the time.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Literal

from pydantic import AwareDatetime, Field

from central.patrol.assignment import Scan
from central.patrol.rounds import PlannedRound, PlannedStop
from config.contract.identifiers import Frozen

REPORTED_LATE: Final = timedelta(seconds=60)
"""A scan that took longer to arrive, and came after its time was over, was reported late."""
SCAN_NEWS_MAX: Final = timedelta(minutes=15)
"""What an older scan shows is history: it alarms nobody any more."""
DEADLINE_NEWS_MAX: Final = timedelta(hours=2)
"""The same of what passed while central itself was away."""
AlarmKind = Literal["patrol_missed", "patrol_late", "patrol_early", "patrol_order", "patrol_guard"]


class StopStatus(StrEnum):
    """Where a stop stands."""

    WAITING = "waiting"
    OPEN = "open"
    OVERDUE = "overdue"
    DONE = "done"
    EARLY = "early"
    LATE = "late"
    MISSED = "missed"


SCANNED: Final = frozenset({StopStatus.DONE, StopStatus.EARLY, StopStatus.LATE})


class StopResult(Frozen):
    """What a stop has come to.

    Attributes:
        guard: Whether the one who was there should have been; None where nobody was, or anybody
            may walk.
        is_out_of_order: It was visited before a stop that comes before it.
        is_reported_late: Central heard of the scan after the stop's time was over.
        told: When which alarm was given; it stays, whatever is found later.
    """

    status: StopStatus = StopStatus.WAITING
    scan_id: str | None = None
    scanned_at: AwareDatetime | None = None
    received_at: AwareDatetime | None = None
    holder_id: str | None = None
    by: str = "none"
    guard: Literal["right", "wrong", "unknown"] | None = None
    is_out_of_order: bool = False
    is_fallback: bool = False
    is_time_unsure: bool = False
    is_reported_late: bool = False
    told: dict[AlarmKind, AwareDatetime] = Field(default_factory=dict)

    @property
    def is_abnormal(self) -> bool:
        """Whether anybody has to look at it."""
        is_late = self.status not in {StopStatus.WAITING, StopStatus.OPEN, StopStatus.DONE}
        return is_late or self.is_out_of_order or self.guard in {"wrong", "unknown"}


class RoundResult(Frozen):
    """What a round has come to. Attributes: stops: in the order of the plan."""

    stops: tuple[StopResult, ...] = ()

    def told(self, index: int) -> Mapping[AlarmKind, datetime]:
        """Return the alarms that were given for a stop."""
        return self.stops[index].told if index < len(self.stops) else {}


def evaluate(
    planned: PlannedRound,
    scans: Sequence[Scan | None],
    *,
    now: datetime,
    before: RoundResult | None = None,
) -> RoundResult:
    """Return what a round has come to.

    Args:
        planned: The round.
        scans: For each stop the scan that belongs to it.
        now: Aware.
        before: The last result; alarms that were given are kept.
    """
    known = before or RoundResult()
    stops = [
        _stop(planned, stop, scan, now=now).model_copy(update={"told": dict(known.told(index))})
        for index, (stop, scan) in enumerate(zip(planned.stops, scans, strict=True))
    ]
    if planned.is_ordered:
        disordered = set(_out_of_order(stops))
        stops = [
            each.model_copy(update={"is_out_of_order": index in disordered})
            for index, each in enumerate(stops)
        ]
    return RoundResult(stops=tuple(stops))


def _stop(
    planned: PlannedRound, stop: PlannedStop, scan: Scan | None, *, now: datetime
) -> StopResult:
    if scan is None:
        return StopResult(status=_unscanned(planned, stop, now))
    is_late = scan.scanned_at > planned.late_after(stop)
    is_early = scan.scanned_at < planned.early_before(stop)
    took = scan.received_at - scan.scanned_at
    return StopResult(
        status=StopStatus.LATE if is_late else StopStatus.EARLY if is_early else StopStatus.DONE,
        scan_id=scan.scan_id,
        scanned_at=scan.scanned_at,
        received_at=scan.received_at,
        holder_id=scan.holder_id,
        by=scan.by,
        guard=_guard(planned, scan),
        is_fallback=scan.is_fallback,
        is_time_unsure=scan.is_time_unsure,
        is_reported_late=took > REPORTED_LATE and scan.received_at > planned.late_after(stop),
    )


def _unscanned(planned: PlannedRound, stop: PlannedStop, now: datetime) -> StopStatus:
    if now < planned.early_before(stop):
        return StopStatus.WAITING
    if now <= planned.late_after(stop):
        return StopStatus.OPEN
    return StopStatus.OVERDUE if now < planned.missed_at(stop) else StopStatus.MISSED


def _guard(planned: PlannedRound, scan: Scan) -> Literal["right", "wrong", "unknown"] | None:
    if not planned.guards:
        return None
    if scan.holder_id is None:
        return "unknown"
    return "right" if scan.holder_id in planned.guards else "wrong"


def _out_of_order(stops: Sequence[StopResult]) -> Iterator[int]:
    """Yield stops that were visited too soon: one before them was visited later, or still may be.

    A stop before them that is missed is missed, and disturbs no order. Times of a clock that was
    not sure prove no order either.
    """
    for index, each in enumerate(stops):
        if each.scanned_at is None or each.is_time_unsure:
            continue
        for earlier in stops[:index]:
            if earlier.is_time_unsure or earlier.status is StopStatus.MISSED:
                continue
            if earlier.scanned_at is None or earlier.scanned_at > each.scanned_at:
                yield index
                break


def next_look(planned: PlannedRound, result: RoundResult, *, now: datetime) -> datetime | None:
    """Return when time alone will make something else of a round; None where it never will."""
    moments = list[datetime]()
    for stop, each in zip(planned.stops, result.stops, strict=True):
        if each.status in SCANNED:
            continue
        moments += [
            planned.early_before(stop),
            # A stop is late after this moment, not at it.
            planned.late_after(stop) + timedelta(microseconds=1),
            planned.missed_at(stop),
        ]
    return min((at for at in moments if at > now), default=None)


def alarms_due(
    planned: PlannedRound, result: RoundResult, *, now: datetime, is_settling: bool = False
) -> dict[AlarmKind, tuple[int, ...]]:
    """Return which alarms have to be given for which stops, and were not.

    Args:
        planned: The round.
        result: Of now.
        now: Aware.
        is_settling: Central has just begun to hear terminals again: that nothing has come proves
            nothing yet.
    """
    due = dict[AlarmKind, list[int]]()
    for index, (stop, each) in enumerate(zip(planned.stops, result.stops, strict=True)):
        for kind, at in _reasons(planned, stop, each):
            is_scan = each.scanned_at is not None
            age_max = SCAN_NEWS_MAX if is_scan else DEADLINE_NEWS_MAX
            if kind not in each.told and now - at <= age_max and (is_scan or not is_settling):
                due.setdefault(kind, []).append(index)
    return {kind: tuple(found) for kind, found in due.items()}


def _reasons(
    planned: PlannedRound, stop: PlannedStop, each: StopResult
) -> Iterator[tuple[AlarmKind, datetime]]:
    """Yield what is wrong with a stop, and since when."""
    if each.scanned_at is None:
        if each.status is StopStatus.OVERDUE:
            yield "patrol_late", planned.late_after(stop)
        elif each.status is StopStatus.MISSED:
            yield "patrol_missed", planned.missed_at(stop)
        return
    if not each.is_time_unsure:
        if each.status is StopStatus.LATE:
            yield "patrol_late", each.scanned_at
        if each.status is StopStatus.EARLY:
            yield "patrol_early", each.scanned_at
        if each.is_out_of_order:
            yield "patrol_order", each.scanned_at
    if each.guard in {"wrong", "unknown"}:
        yield "patrol_guard", each.scanned_at
