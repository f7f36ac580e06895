"""Duty checks: by hand and by chance, answered at a console or an alarm."""

import asyncio
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from central.fire.duty_plan import DutyPlan, next_check
from central.fire.watch import FireWatch
from tests.central.bench import Bench
from tests.central.fire.telling import API, ask_duty
from tests.edge.conftest import NOW

ZONE = ZoneInfo("Asia/Shanghai")
NIGHT = DutyPlan(is_on=True, begins=time(22), ends=time(6), count=2)


def test_a_check_is_in_its_own_part_of_the_window_whatever_the_dice_say() -> None:
    noon = datetime(2026, 11, 29, 4, tzinfo=UTC)
    for seed in range(50):
        first = next_check(NIGHT, ZONE, now=noon, dice=Random(seed))  # noqa: S311 - a test
        assert first is not None
        second = next_check(NIGHT, ZONE, now=first, dice=Random(seed))  # noqa: S311 - a test

        assert second is not None
        assert first.astimezone(ZONE).hour in (22, 23, 0, 1)
        assert second.astimezone(ZONE).hour in (2, 3, 4, 5)


def test_no_plan_asks_never() -> None:
    assert next_check(DutyPlan(), ZONE, now=NOW, dice=Random(1)) is None  # noqa: S311 - a test


def test_a_window_without_length_is_refused() -> None:
    with pytest.raises(ValueError, match="two times"):
        DutyPlan(begins=time(6), ends=time(6))


def test_a_guard_answers_once_and_the_name_is_kept(bench: Bench) -> None:
    check, guard = ask_duty(bench).json(), bench.planted("guard")
    path = f"{API}/fire/duty-checks/{check['check_id']}/answer"

    first, second = guard.client.post(path), bench.administrator.post(path)

    assert (first.status_code, second.json()["code"]) == (204, "duty_check_over")
    (shown,) = bench.administrator.get(f"{API}/fire").json()["duty"]
    assert shown["answered_by"] == guard.username


def test_a_check_that_nobody_answers_is_an_alarm(bench: Bench) -> None:
    ask_duty(bench, minutes=1)
    bench.clock.advance(minutes=2)
    check = watched(bench)

    assert check["missed_at"] is not None
    alarms = bench.administrator.get(f"{API}/alarms", params={"state": "standing"}).json()["items"]
    assert "duty" in {alarm["kind"] for alarm in alarms}


def test_a_check_that_is_over_is_answered_no_more(bench: Bench) -> None:
    check = ask_duty(bench, minutes=1).json()
    bench.clock.advance(minutes=2)

    reply = bench.administrator.post(f"{API}/fire/duty-checks/{check['check_id']}/answer")

    assert reply.status_code == 409


def test_a_guard_may_not_ask(bench: Bench) -> None:
    wish = {"minutes": 5}
    reply = bench.planted("guard").client.post(f"{API}/fire/duty-checks", json=wish)

    assert reply.status_code == 403


def test_the_plan_asks_by_itself(bench: Bench) -> None:
    local = bench.clock().astimezone(ZONE)
    # A check that is due for more than a minute is left out, wherever in the window it was due.
    begins = (local + timedelta(minutes=5, seconds=30)).time().replace(microsecond=0)
    ends = (local + timedelta(minutes=6)).time().replace(microsecond=0)
    plan = {"is_on": True, "begins": f"{begins}", "ends": f"{ends}", "count": 1, "minutes": 3}
    assert bench.administrator.put(f"{API}/fire/duty-plan", json=plan).is_success
    look(bench)
    nobody = bench.administrator.get(f"{API}/fire").json()["duty"]
    bench.clock.advance(minutes=6, seconds=1)
    look(bench)

    (asked,) = bench.administrator.get(f"{API}/fire").json()["duty"]
    assert (nobody, asked["asked_by"]) == ([], "")


def test_central_knows_until_when_it_waits_for_an_answer(bench: Bench) -> None:
    before = next_at(bench)
    ask_duty(bench, minutes=5)

    assert (before, next_at(bench)) == (None, bench.clock() + timedelta(minutes=5))


def watched(bench: Bench) -> dict[str, object]:
    """Return the newest check, once central has looked."""
    look(bench)
    newest: dict[str, object] = bench.administrator.get(f"{API}/fire").json()["duty"][0]
    return newest


def look(bench: Bench) -> None:
    """Let central look for what is due, now."""
    services = bench.app.state.services
    asyncio.run_coroutine_threadsafe(FireWatch(services).look(), services.loop).result(60)


def next_at(bench: Bench) -> datetime | None:
    """Return when central looks by itself at the latest, if at all."""
    services = bench.app.state.services
    work = FireWatch(services).next_at()
    return asyncio.run_coroutine_threadsafe(work, services.loop).result(60)
