"""The demo's guard comes once a round, and forgets a stop every second time."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from central.patrol.plan import PatrolPlan
from config.demo.patrol import EVERY, Guard

NOON = datetime(2026, 11, 29, 12, 0, 30, tzinfo=UTC)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def walked(guard: Guard, lane: str) -> list[int]:
    """Return in which minutes the guard comes to a lane, asked every ten seconds."""
    times = [guard.first_at + timedelta(seconds=10 * n) for n in range(-6, 120)]
    return [
        int((at - guard.first_at) / timedelta(minutes=1)) for at in times if guard.is_due(lane, at)
    ]


def test_a_round_begins_with_the_next_minute_and_one_stop_of_every_second_is_forgotten() -> None:
    guard = Guard.from_next_minute(NOON)

    assert guard.first_at == NOON + timedelta(seconds=30)
    assert (walked(guard, "east"), walked(guard, "west")) == ([0, 5, 10, 15], [5, 15])
    assert walked(guard, "south") == []


def test_its_plan_is_one_that_central_takes() -> None:
    plan = PatrolPlan.model_validate(Guard.from_next_minute(NOON).plan("a" * 8, zone=SHANGHAI))

    assert plan.routes[0].every_min == EVERY / timedelta(minutes=1)
    assert plan.shifts[0].intervals[0].start == "20:01"
