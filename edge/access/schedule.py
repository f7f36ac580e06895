"""Whether a schedule holds at an instant, by the site's wall clock and calendar.

Everything is worked out when the model changes; asking costs a few look-ups. Where the clock is set
back, what holds at a wall-clock time holds both times it is read.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from config.contract.schedules import (
    MINUTES_PER_DAY,
    WEEKDAYS,
    DayKind,
    DayKinds,
    Hours,
    Schedule,
    SpecialDays,
    minute_of,
)

_DAY: Final = timedelta(days=1)
Spans = tuple[tuple[int, int], ...]
"""Minutes from a day's midnight, the end excluded; beyond 1440 is the next day."""


@dataclasses.dataclass(frozen=True, slots=True)
class LocalTime:
    """The site's wall clock. Attributes: minute: of the day, 0..1439."""

    day: date
    minute: int

    @classmethod
    def at(cls, now: datetime, zone: ZoneInfo) -> "LocalTime":
        """Return what the wall clock reads at an instant."""
        local = now.astimezone(zone)
        return cls(local.date(), local.hour * 60 + local.minute)


class CompiledSchedule:
    """One schedule, ready to be asked."""

    def __init__(
        self, schedule: Schedule, *, days: DayKinds, special: Mapping[str, SpecialDays]
    ) -> None:
        self._days, self._observes_holidays = days, schedule.observes_holidays
        self._by_kind: dict[DayKind, Spans] = {
            kind: _spans(i for i in schedule.intervals if kind in i.days) for kind in DayKind
        }
        self._by_day: dict[date, Spans] = {}
        for entry in reversed(schedule.special):  # so that the first one stays
            for day in special[entry.special_days].dates:
                self._by_day[day] = _spans(entry.hours)

    def holds(self, time: LocalTime) -> bool:
        """Return whether the schedule holds at a wall-clock time."""
        if any(start <= time.minute < end for start, end in self._spans_of(time.day)):
            return True
        late = time.minute + MINUTES_PER_DAY
        return any(start <= late < end for start, end in self._spans_of(time.day - _DAY))

    def _spans_of(self, day: date) -> Spans:
        if (special := self._by_day.get(day)) is not None:
            return special
        kind = self._days.kind_of(day) if self._observes_holidays else WEEKDAYS[day.weekday()]
        return self._by_kind[kind]


def _spans(hours: Iterable[Hours]) -> Spans:
    found = []
    for each in hours:
        start, end = minute_of(each.start), minute_of(each.end)
        found.append((start, end if end > start else end + MINUTES_PER_DAY))
    return tuple(found)
