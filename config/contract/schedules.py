"""When: schedules, the official holiday calendar and a site's own special days, as data.

Times of day are the site's wall clock. An interval that ends at or before its start runs over
midnight and belongs to the day on which it began.

Source: names follow the ONVIF Schedule Service Specification (Schedule, SpecialDays).
"""

from collections import Counter
from collections.abc import Iterable
from datetime import date, timedelta
from enum import StrEnum
from typing import Annotated, Final, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from config.contract.access_lines import Line, LinesError
from config.contract.identifiers import Frozen, Slug

Name = dict[Literal["zh-CN", "en"], str]
"""What people call a thing, by language."""

ClockTime = Annotated[str, StringConstraints(pattern=r"^(?:(?:[01]\d|2[0-3]):[0-5]\d|24:00)$")]
"""``HH:MM`` of the site's wall clock; ``24:00`` ends a day."""

MINUTES_PER_DAY: Final = 1440


class DayKind(StrEnum):
    """What a day counts as, Monday first. ``holiday`` is an official one, whatever its weekday."""

    MONDAY = "mon"
    TUESDAY = "tue"
    WEDNESDAY = "wed"
    THURSDAY = "thu"
    FRIDAY = "fri"
    SATURDAY = "sat"
    SUNDAY = "sun"
    HOLIDAY = "holiday"


WEEKDAYS: Final = tuple(DayKind)[:7]
"""As ``date.weekday`` counts them."""


def minute_of(clock_time: ClockTime) -> int:
    """Return the minute of the day, 0..1440."""
    hours, _, minutes = clock_time.partition(":")
    return int(hours) * 60 + int(minutes)


class Hours(Frozen):
    """A part of a day. Attributes: end: at or before ``start`` it is on the next day."""

    start: ClockTime
    end: ClockTime

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.start == "24:00":
            raise LinesError.say("hours_begin")
        if self.start == self.end:
            raise LinesError.say("hours_none", start=self.start, end=self.end)
        return self


class Interval(Hours):
    """Hours on some kinds of days."""

    days: Annotated[tuple[DayKind, ...], Field(min_length=1)]


class SpecialHours(Frozen):
    """What holds on special days instead of the week. Attributes: hours: none is closed all day."""

    special_days: Slug
    hours: tuple[Hours, ...] = ()


class SpecialDays(Frozen):
    """Days of the site's own that are unlike others: an open day, a company holiday."""

    id: Slug
    name: Name = Field(default_factory=dict)
    dates: Annotated[tuple[date, ...], Field(min_length=1)]


class Schedule(Frozen):
    """When something holds.

    Attributes:
        special: Asked first; the first entry whose days contain the date decides.
        observes_holidays: Whether the calendar is asked. On an official holiday only intervals of
            ``holiday`` hold then, and a make-up workday is the weekday that it follows. False for
            what runs the whole year alike, such as a guard's shift.
    """

    id: Slug
    name: Name = Field(default_factory=dict)
    intervals: tuple[Interval, ...] = ()
    special: tuple[SpecialHours, ...] = ()
    observes_holidays: bool = True


class Holiday(Frozen):
    """An official holiday, both days included."""

    name: str
    first: date
    last: date

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not 0 <= (self.last - self.first).days <= 30:
            raise LinesError.say(
                "holiday_length", holiday=self.name, first=self.first, last=self.last
            )
        return self


class MakeupWorkday(Frozen):
    """A day of rest that is worked. Attributes: follows: the weekday whose hours hold."""

    date: date
    follows: DayKind = DayKind.MONDAY

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.follows is DayKind.HOLIDAY:
            raise LinesError.say("makeup_follows", day=self.date)
        return self


class CalendarYear(Frozen):
    """One year as it was published.

    Attributes:
        source: The notice: who, number, date.
        is_confirmed: False where nobody has read the notice itself.
    """

    year: Annotated[int, Field(ge=2000, le=2200)]
    source: Annotated[str, StringConstraints(min_length=1)]
    is_confirmed: bool = True
    holidays: tuple[Holiday, ...] = ()
    makeup_workdays: tuple[MakeupWorkday, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        worked = [day.date for day in self.makeup_workdays]
        spans = [(h.first, h.last) for h in self.holidays]
        problems = [
            Line.say("other_year", day=day, year=self.year)
            for day in [*worked, *(last for _, last in spans)]
            if day.year != self.year
        ]
        problems += [
            Line.say("holiday_worked", day=day)
            for day in worked
            if any(first <= day <= last for first, last in spans)
        ]
        if problems:
            raise LinesError(problems)
        return self


class Calendar(Frozen):
    """Official holidays and make-up workdays.

    In a year that is not listed every day is its weekday, and a warning says so: nobody is shut out
    because a file was not updated, and nobody is let in on a holiday unnoticed.
    """

    id: Slug
    name: Name = Field(default_factory=dict)
    years: tuple[CalendarYear, ...] = ()

    @model_validator(mode="after")
    def _check(self) -> Self:
        if twice := repeated(str(y.year) for y in self.years):
            raise LinesError.say("year_twice", calendar=self.id, year=twice[0])
        return self


class DayKinds:
    """What each day counts as."""

    def __init__(self, calendar: Calendar | None) -> None:
        self._special: dict[date, DayKind] = {}
        for year in calendar.years if calendar else ():
            for workday in year.makeup_workdays:
                self._special[workday.date] = workday.follows
            for holiday in year.holidays:
                for number in range((holiday.last - holiday.first).days + 1):
                    self._special[holiday.first + number * timedelta(days=1)] = DayKind.HOLIDAY

    def kind_of(self, day: date) -> DayKind:
        """Return what a day counts as; one of a year that the calendar lacks is its weekday."""
        return self._special.get(day, WEEKDAYS[day.weekday()])


def repeated(values: Iterable[str]) -> list[str]:
    """Return what stands twice, in order."""
    return sorted(value for value, count in Counter(values).items() if count > 1)
