"""When duty is checked by chance: so often in a window of each day, nobody knows when. Pure."""

from datetime import date, datetime, time, timedelta
from random import Random
from typing import Annotated, Self
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field, model_validator

from config.contract.identifiers import Frozen
from config.contract.time_of_day import TimeOfDay


class DutyPlan(Frozen):
    """What a supervisor wants.

    Attributes:
        begins, ends: Of the window, by the site's clock; one that ends before it begins goes over
            midnight.
        count: Checks in each window.
        minutes: To answer in.
        asks_panels: The panels' own transmitters are asked as well.
    """

    model_config = ConfigDict(extra="forbid")

    is_on: bool = False
    begins: TimeOfDay = time(22)
    ends: TimeOfDay = time(6)
    count: Annotated[int, Field(ge=1, le=12)] = 2
    minutes: Annotated[int, Field(ge=1, le=60)] = 10
    asks_panels: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.begins == self.ends:
            raise ValueError("a window begins and ends at two times")
        return self


def next_check(plan: DutyPlan, zone: ZoneInfo, *, now: datetime, dice: Random) -> datetime | None:
    """Return the moment of the next check, after ``now``; None where none is wanted.

    The window is cut into as many parts as there are checks, and each part has one somewhere in it,
    so the watch is never sure to be over with it.

    Args:
        plan: What is wanted.
        zone: Of the site.
        now: Aware UTC.
        dice: Of the operating system, but for tests.
    """
    if not plan.is_on:
        return None
    day = now.astimezone(zone).date() - timedelta(days=1)
    while True:
        begin, end = _window(plan, day, zone)
        part = (end - begin) / plan.count
        for index in range(plan.count):
            # A part that has begun has had its check, or has one in what is left of it.
            start = begin + part * index
            if start > now:
                return start + part * dice.random()
        day += timedelta(days=1)


def _window(plan: DutyPlan, day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    last = day if plan.begins < plan.ends else day + timedelta(days=1)
    return (
        datetime.combine(day, plan.begins, tzinfo=zone),
        datetime.combine(last, plan.ends, tzinfo=zone),
    )
