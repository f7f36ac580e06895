import tomllib
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

import config
from config.contract.schedules import WEEKDAYS, Calendar, DayKind, DayKinds, Schedule, SpecialDays
from edge.access.schedule import CompiledSchedule, LocalTime

CHINA = Calendar.model_validate(
    tomllib.loads((Path(config.__file__).parent / "calendars" / "cn.toml").read_text("utf-8"))
)
WORK = ("mon", "tue", "wed", "thu", "fri")
SPECIAL = {"party": SpecialDays(id="party", dates=(date(2026, 11, 25),))}


def schedule(
    *intervals: tuple[tuple[str, ...], str, str],
    calendar: Calendar | None = CHINA,
    **parts: Any,  # noqa: ANN401  # whatever a schedule has
) -> CompiledSchedule:
    document = {
        "id": "s",
        "intervals": [{"days": d, "start": start, "end": end} for d, start, end in intervals],
        **parts,
    }
    made = Schedule.model_validate(document)
    return CompiledSchedule(made, days=DayKinds(calendar), special=SPECIAL)


def local(text: str) -> LocalTime:
    at = datetime.fromisoformat(text)
    return LocalTime(at.date(), at.hour * 60 + at.minute)


OFFICE = schedule((WORK, "08:00", "18:00"))
NIGHT = schedule((("fri",), "22:00", "06:00"))


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-11-23 07:59", False),  # a Monday
        ("2026-11-23 08:00", True),
        ("2026-11-23 17:59", True),
        ("2026-11-23 18:00", False),
        ("2026-11-28 12:00", False),  # a Saturday
    ],
)
def test_hours_begin_with_their_first_minute_and_end_before_their_last(
    at: str, *, holds: bool
) -> None:
    assert OFFICE.holds(local(at)) is holds


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-11-27 21:59", False),
        ("2026-11-27 22:00", True),
        ("2026-11-28 05:59", True),
        ("2026-11-28 06:00", False),
        ("2026-11-27 05:00", False),
    ],
)
def test_hours_over_midnight_belong_to_the_day_on_which_they_began(at: str, *, holds: bool) -> None:
    assert NIGHT.holds(local(at)) is holds


@pytest.mark.parametrize(
    ("at", "holds"),
    [
        ("2026-10-01 12:00", False),  # a Thursday, National Day
        ("2026-10-10 12:00", True),  # a Saturday that is worked
        ("2026-02-14 12:00", True),
        ("2026-02-16 12:00", False),  # Spring Festival
        ("2024-09-14 12:00", True),
        ("2025-10-08 12:00", False),
    ],
)
def test_holidays_and_makeup_workdays_change_the_week(at: str, *, holds: bool) -> None:
    assert OFFICE.holds(local(at)) is holds


def test_holiday_hours_hold_on_holidays_alone() -> None:
    holiday = schedule((("holiday",), "10:00", "16:00"))

    assert holiday.holds(local("2026-10-01 12:00"))
    assert not holiday.holds(local("2026-10-08 12:00"))


def test_a_night_that_begins_before_a_holiday_runs_to_its_end() -> None:
    night = schedule((("wed",), "22:00", "06:00"))

    assert night.holds(local("2026-10-01 05:59"))  # began on 30 September, a Wednesday


def test_a_year_that_the_calendar_lacks_has_weekdays_alone() -> None:
    assert OFFICE.holds(local("2027-10-01 12:00"))  # a Friday
    assert not OFFICE.holds(local("2027-10-09 12:00"))  # a Saturday


def test_without_a_calendar_every_day_is_its_weekday() -> None:
    assert schedule((WORK, "08:00", "18:00"), calendar=None).holds(local("2026-10-01 12:00"))


def test_a_schedule_may_ignore_holidays() -> None:
    guard = schedule((WORK, "08:00", "18:00"), observes_holidays=False)

    assert guard.holds(local("2026-10-01 12:00"))
    assert not guard.holds(local("2026-10-10 12:00"))


def test_a_makeup_workday_has_the_hours_of_the_weekday_that_it_follows() -> None:
    worked = {"date": "2026-11-28", "follows": "fri"}
    years = [{"year": 2026, "source": "a notice", "makeup_workdays": [worked]}]
    calendar = Calendar.model_validate({"id": "c", "years": years})

    assert schedule((("fri",), "8:00".zfill(5), "15:00"), calendar=calendar).holds(
        local("2026-11-28 14:00")
    )


def test_special_days_are_asked_before_the_week() -> None:
    special = [{"special_days": "party", "hours": [{"start": "20:00", "end": "23:00"}]}]
    office = schedule((WORK, "08:00", "18:00"), special=special)

    assert office.holds(local("2026-11-25 21:00"))
    assert not office.holds(local("2026-11-25 12:00"))


def test_special_days_without_hours_are_closed() -> None:
    office = schedule((WORK, "08:00", "18:00"), special=[{"special_days": "party"}])

    assert not office.holds(local("2026-11-25 12:00"))


def test_the_first_entry_of_a_special_day_decides() -> None:
    entries = [
        {"special_days": "party"},
        {"special_days": "party", "hours": [{"start": "08:00", "end": "18:00"}]},
    ]

    assert not schedule(special=entries).holds(local("2026-11-25 12:00"))


@pytest.mark.parametrize(
    ("zone", "minute"), [("Asia/Shanghai", 16 * 60), ("UTC", 8 * 60), ("Asia/Kathmandu", 825)]
)
def test_time_is_the_sites_wall_clock(zone: str, minute: int) -> None:
    now = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)

    assert LocalTime.at(now, ZoneInfo(zone)) == LocalTime(date(2026, 11, 23), minute)


def test_an_hour_that_is_read_twice_counts_twice() -> None:
    zone = ZoneInfo("Europe/Berlin")
    first, second = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))

    assert LocalTime.at(first, zone) == LocalTime.at(second, zone)


@given(st.dates(date(2000, 1, 1), date(2200, 1, 1)), st.integers(0, 1439))
def test_the_whole_week_is_always(day: date, minute: int) -> None:
    always = schedule((tuple(k.value for k in DayKind), "00:00", "24:00"))

    assert always.holds(LocalTime(day, minute))
    assert DayKinds(None).kind_of(day) is WEEKDAYS[day.weekday()]
