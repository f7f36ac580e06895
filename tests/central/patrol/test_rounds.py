"""When rounds begin."""

import itertools
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from central.patrol.plan import PatrolPlan, Route, Shift, Stop
from central.patrol.repository import ROUND_LENGTH_MAX
from central.patrol.rounds import Duties, PlannedRound, rounds_between
from config.calendars import shipped_calendar
from config.contract.schedules import DayKind, DayKinds, Interval
from tests.central.patrol.planning import night

SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
DAYS = DayKinds(None)


def of(
    plan: PatrolPlan, day: date, *, zone: ZoneInfo = SHANGHAI, days: DayKinds = DAYS,
    duties: Duties | None = None,
) -> list[PlannedRound]:  # fmt: skip
    """Return the rounds of the shifts that begin on a day."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=zone)
    found = rounds_between(
        plan, noon, noon + timedelta(days=1), zone=zone, kinds=days, duties=duties
    )
    return [each for each in found if each.day == day]


def local(rounds: list[PlannedRound], zone: ZoneInfo = SHANGHAI) -> list[str]:
    return [each.starts_at.astimezone(zone).strftime("%d %H:%M") for each in rounds]


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_began() -> None:
    rounds = of(night(), date(2026, 11, 29))

    assert local(rounds) == ["29 22:00", "30 00:00", "30 02:00", "30 04:00"]


def test_a_round_has_the_same_identity_whenever_it_is_made() -> None:
    one, other = of(night(), date(2026, 11, 29)), of(night(every_min=60), date(2026, 11, 29))

    assert {each.round_id for each in one} < {each.round_id for each in other}


def test_the_longest_round_that_a_plan_can_have_is_among_those_that_are_looked_at() -> None:
    plan = night()
    longest = plan.routes[0].model_copy(
        update={
            "tolerance_min": 120,
            "missed_after_min": 240,
            "stops": (Stop(checkpoint="roof", from_min=0, until_min=1440),),
        }
    )
    Route.model_validate(longest.model_dump())
    beyond = longest.model_dump() | {"missed_after_min": 241}
    with pytest.raises(ValidationError):
        Route.model_validate(beyond)

    (first, *_) = of(plan.model_copy(update={"routes": (longest,)}), date(2026, 11, 29))

    assert timedelta(hours=30) == first.closes_at - first.starts_at < ROUND_LENGTH_MAX


def test_without_a_repetition_there_is_one_round_in_each_interval() -> None:
    assert local(of(night(every_min=None), date(2026, 11, 29))) == ["29 22:00"]


@pytest.mark.parametrize(
    ("day", "starts"),
    [
        # The clock is set forward at 02:00 to 03:00: 8 hours by the wall are 7 to walk.
        (date(2026, 3, 28), ["28 22:00", "29 00:00", "29 03:00", "29 05:00"]),
        # The clock is set back at 03:00 to 02:00: 8 hours by the wall are 9 to walk.
        (date(2026, 10, 24), ["24 22:00", "25 00:00", "25 02:00", "25 03:00", "25 05:00"]),
    ],
)
def test_in_a_night_of_a_clock_change_no_round_is_squeezed(day: date, starts: list[str]) -> None:
    rounds = of(night(), day, zone=BERLIN)

    gaps = {b.starts_at - a.starts_at for a, b in itertools.pairwise(rounds)}
    assert local(rounds, BERLIN) == starts
    assert gaps == {timedelta(hours=2)}


def test_a_shift_that_begins_in_the_lost_hour_begins_when_the_clock_has_jumped() -> None:
    interval = Interval(days=(DayKind.SUNDAY,), start="02:30", end="04:00")
    stop = Stop(checkpoint="gate", until_min=10)
    plan = PatrolPlan(
        shifts=(Shift(id="s", intervals=(interval,)),),
        routes=(Route(id="r", shift="s", stops=(stop,)),),
    )
    after = datetime(2026, 3, 28, 20, tzinfo=UTC)

    (made,) = rounds_between(plan, after, after + timedelta(hours=12), zone=BERLIN, kinds=DAYS)

    assert made.starts_at == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_a_shift_that_observes_holidays_asks_the_sites_calendar() -> None:
    interval = Interval(days=(DayKind.HOLIDAY,), start="08:00", end="09:00")
    stop = Stop(checkpoint="gate", until_min=10)
    plan = PatrolPlan(
        shifts=(Shift(id="s", intervals=(interval,), observes_holidays=True),),
        routes=(Route(id="r", shift="s", stops=(stop,)),),
    )
    after = datetime(2026, 9, 28, tzinfo=UTC)
    days = DayKinds(shipped_calendar("Asia/Shanghai"))

    made = rounds_between(plan, after, after + timedelta(days=14), zone=SHANGHAI, kinds=days)

    assert {each.day for each in made} == {date(2026, 10, n) for n in range(1, 8)}


def test_who_is_on_duty_today_walks_instead_of_the_usual_guards() -> None:
    duties = {(date(2026, 11, 29), "night"): ("ben",)}

    tonight = of(night(), date(2026, 11, 29), duties=duties)
    tomorrow = of(night(), date(2026, 11, 30), duties=duties)

    assert {each.guards for each in tonight} == {("ben",)}
    assert {each.guards for each in tomorrow} == {("anna",)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shift": "day"}, "route 'inside' names no shift of the plan: 'day'"),
        ({"stops": ()}, "at least 1 item"),
        ({"stops": ({"checkpoint": "x", "from_min": 9, "until_min": 9},)}, "not after from_min"),
        ({"every_min": 1}, "greater than or equal to 5"),
    ],
)
def test_a_plan_that_cannot_be_says_why(change: dict[str, object], message: str) -> None:
    document = night().model_dump()
    document["routes"] = [{**document["routes"][0], **change}]

    with pytest.raises(ValidationError, match=message):
        PatrolPlan.model_validate(document)


def test_nothing_of_a_plan_stands_twice() -> None:
    plan = night()

    with pytest.raises(ValidationError, match="route 'inside' stands twice"):
        PatrolPlan(shifts=plan.shifts, routes=(*plan.routes, *plan.routes))
