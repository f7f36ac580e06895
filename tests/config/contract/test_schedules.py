import tomllib
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

import config
from config.contract.schedules import Calendar, CalendarYear, Holiday, Hours, MakeupWorkday

CHINA = Path(config.__file__).parent / "calendars" / "cn.toml"


def china() -> dict[int, CalendarYear]:
    calendar = Calendar.model_validate(tomllib.loads(CHINA.read_text(encoding="utf-8")))
    return {year.year: year for year in calendar.years}


def test_every_year_of_chinas_calendar_names_its_notice() -> None:
    assert list(china()) == [2024, 2025, 2026]
    assert all("国办发明电" in year.source for year in china().values())


@pytest.mark.parametrize(
    ("year", "rest_count", "worked_count"), [(2024, 28, 8), (2025, 28, 5), (2026, 33, 6)]
)
def test_chinas_calendar_has_as_many_days_as_the_notices(
    year: int, rest_count: int, worked_count: int
) -> None:
    published = china()[year]

    assert sum((h.last - h.first).days + 1 for h in published.holidays) == rest_count
    assert len(published.makeup_workdays) == worked_count


def test_in_china_only_days_of_rest_are_made_up_for() -> None:
    worked = [day.date for year in china().values() for day in year.makeup_workdays]

    assert all(day.weekday() >= 5 for day in worked)


@pytest.mark.parametrize(
    ("start", "end", "sentence"),
    [
        ("09:00", "09:00", "a whole day is 00:00 to 24:00"),
        ("24:00", "06:00", "write 00:00 of the next day"),
        ("9:00", "18:00", "String should match pattern"),
        ("09:00", "25:00", "String should match pattern"),
    ],
)
def test_hours_that_are_none_are_refused(start: str, end: str, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        Hours(start=start, end=end)


def year(
    *, holidays: tuple[Holiday, ...] = (), worked: tuple[MakeupWorkday, ...] = ()
) -> CalendarYear:
    return CalendarYear(year=2026, source="s", holidays=holidays, makeup_workdays=worked)


def test_a_day_is_not_both_a_holiday_and_worked() -> None:
    day = date(2026, 10, 1)

    with pytest.raises(ValidationError, match="2026-10-01 is both a holiday and a make-up workday"):
        year(holidays=(Holiday(name="n", first=day, last=day),), worked=(MakeupWorkday(date=day),))


def test_a_day_of_another_year_is_refused() -> None:
    with pytest.raises(ValidationError, match="2027-01-03 of the calendar year 2026"):
        year(worked=(MakeupWorkday(date=date(2027, 1, 3)),))


def test_a_holiday_that_ends_before_it_begins_is_refused() -> None:
    with pytest.raises(ValidationError, match="give 1 to 31 days"):
        Holiday(name="n", first=date(2026, 10, 7), last=date(2026, 10, 1))


def test_a_year_stands_once() -> None:
    with pytest.raises(ValidationError, match="the year 2026 stands twice"):
        Calendar(id="cn", years=(year(), year()))
