"""Rounds: when they begin, in instants that no change of the clock can move. Pure.

A shift begins at a time of the site's wall clock; from there on minutes are counted as they pass.
So in a night in which the clock is set back a guard walks one round more, and in one in which it is
set forward one round less; no round is squeezed or stretched.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime

from central.patrol.plan import HolderText, PatrolPlan, Route, Shift
from config.contract.identifiers import Frozen, Slug
from config.contract.schedules import MINUTES_PER_DAY, WEEKDAYS, DayKinds, Hours, minute_of

_NAMESPACE: Final = UUID("6d656e73-6865-6e00-8000-706174726f6c")
_DAY: Final = timedelta(days=1)
Duties = Mapping[tuple[date, str], tuple[str, ...]]
"""By day and shift, who is on duty instead of the shift's own guards."""


class PlannedStop(Frozen):
    """A stop of one round. Attributes: from_at, until_at: tolerance not included."""

    checkpoint: Slug
    from_at: AwareDatetime
    until_at: AwareDatetime


class PlannedRound(Frozen):
    """One round, as it was planned when it was made.

    Attributes:
        day: On which its shift began: what people call the night.
        guards: Who should walk; empty: anybody may.
    """

    round_id: UUID
    route: Slug
    shift: Slug
    day: date
    starts_at: AwareDatetime
    is_ordered: bool
    tolerance_min: int
    missed_after_min: int
    stops: tuple[PlannedStop, ...]
    guards: tuple[HolderText, ...] = ()

    def early_before(self, stop: PlannedStop) -> datetime:
        """Return before when a scan is early."""
        return stop.from_at - timedelta(minutes=self.tolerance_min)

    def late_after(self, stop: PlannedStop) -> datetime:
        """Return after when a scan is late."""
        return stop.until_at + timedelta(minutes=self.tolerance_min)

    def missed_at(self, stop: PlannedStop) -> datetime:
        """Return when a stop that was not scanned is missed."""
        return self.late_after(stop) + timedelta(minutes=self.missed_after_min)

    @property
    def opens_at(self) -> datetime:
        """Since when a scan may belong to it."""
        return self.starts_at - timedelta(minutes=self.tolerance_min)

    @property
    def closes_at(self) -> datetime:
        """When whatever is not done is missed."""
        return max(self.missed_at(stop) for stop in self.stops)


def rounds_between(
    plan: PatrolPlan,
    after: datetime,
    until: datetime,
    *,
    zone: ZoneInfo,
    kinds: DayKinds,
    duties: Duties | None = None,
) -> list[PlannedRound]:
    """Return the rounds that begin in a span of time, by their start.

    Args:
        plan: Of the site.
        after: Aware, included.
        until: Aware, excluded.
        zone: Of the site's wall clock.
        kinds: What each day counts as.
        duties: Who is on duty where it is not who usually is.
    """
    shifts = {shift.id: shift for shift in plan.shifts}
    # A shift that goes over midnight may have begun the day before.
    day, last = after.astimezone(zone).date() - 2 * _DAY, until.astimezone(zone).date()
    found = list[PlannedRound]()
    while day <= last:
        for route in plan.routes:
            for starts_at in _starts(route, shifts[route.shift], day, zone, kinds):
                if after <= starts_at < until:
                    found.append(_made(route, shifts[route.shift], day, starts_at, duties or {}))
        day += _DAY
    return sorted(found, key=lambda each: (each.starts_at, each.route))


def _starts(
    route: Route, shift: Shift, day: date, zone: ZoneInfo, kinds: DayKinds
) -> Iterator[datetime]:
    kind = kinds.kind_of(day) if shift.observes_holidays else WEEKDAYS[day.weekday()]
    for interval in shift.intervals:
        if kind not in interval.days:
            continue
        begin, end = _span(interval, day, zone)
        at = begin + timedelta(minutes=route.first_min)
        while at < end:
            yield at
            if route.every_min is None:
                break
            at += timedelta(minutes=route.every_min)


def _span(hours: Hours, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    start, end = minute_of(hours.start), minute_of(hours.end)
    return _instant(day, start, zone), _instant(
        day, end if end > start else end + MINUTES_PER_DAY, zone
    )


def _instant(day: date, minute: int, zone: ZoneInfo) -> datetime:
    """Return when the wall clock shows a minute; the first time, where it shows it twice."""
    midnight = datetime(day.year, day.month, day.day)  # noqa: DTZ001 - the wall clock's own
    return (midnight + timedelta(minutes=minute)).replace(tzinfo=zone).astimezone(UTC)


def _made(
    route: Route, shift: Shift, day: date, starts_at: datetime, duties: Duties
) -> PlannedRound:
    return PlannedRound(
        round_id=uuid5(_NAMESPACE, f"{route.id}|{starts_at.isoformat()}"),
        route=route.id,
        shift=shift.id,
        day=day,
        starts_at=starts_at,
        is_ordered=route.is_ordered,
        tolerance_min=route.tolerance_min,
        missed_after_min=route.missed_after_min,
        stops=tuple(
            PlannedStop(
                checkpoint=stop.checkpoint,
                from_at=starts_at + timedelta(minutes=stop.from_min),
                until_at=starts_at + timedelta(minutes=stop.until_min),
            )
            for stop in route.stops
        ),
        guards=duties.get((day, shift.id), shift.guards),
    )
