"""Patrols at central: planned, walked, missed, reported late, counted."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from central.patrol import keeping
from central.patrol.plan import PatrolPlan
from central.patrol.service import SETTLING, Patrols
from config.contract.events import ClockQuality
from tests.central.bench import Bench, messages
from tests.central.patrol.acting import (
    PATH,
    PATROLLED,
    board,
    minutes_later,
    patrolled,
    put,
    scan,
    statuses,
    work,
)
from tests.central.patrol.planning import START, night

BEFORE = START - timedelta(hours=2)
MONTH = {"month": "2026-11"}
WHY = {"purpose": "incident"}


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Bench]:
    """Central two hours before the night shift."""
    with patrolled(tmp_path, at=BEFORE) as bench:
        yield bench


def planned(bench: Bench, *, every_min: int | None = None) -> str:
    """Put the night's plan in force with one guard; returns who it is."""
    guard = bench.person("安娜")
    assert put(bench.administrator, night(every_min=every_min, guards=(guard,))).status_code == 200
    # What terminals kept while central was away has come by the beginning of the shift.
    work(bench)
    return guard


def alarms(bench: Bench) -> list[tuple[str, list[str]]]:
    """Return the standing alarms of patrols, with the checkpoints that they name last."""
    items = bench.administrator.get("/api/v1/alarms", params={"state": "standing"}).json()["items"]
    return sorted(
        (each["kind"], each["detail"]["checkpoints"])
        for each in items
        if each["kind"].startswith("patrol")
    )


def test_a_night_is_planned_walked_missed_and_reported_late(
    tmp_path: Path, database_url: str
) -> None:
    with patrolled(tmp_path, at=BEFORE, database=database_url) as bench:
        node, guard = bench.node(), planned(bench)
        coming = board(bench)[0]
        minutes_later(bench, 125)
        scan(node, 1, "gate", holder_id=guard)
        walking = board(bench)[0]
        minutes_later(bench, 30)
        after = board(bench)[0]
        given = alarms(bench)
        scan(node, 2, "plant", holder_id=guard, at=START + timedelta(minutes=15))
        revised = board(bench)[0]

        assert (coming["phase"], statuses(coming)) == ("coming", ["waiting"] * 3)
        assert (walking["phase"], walking["next_index"]) == ("walking", 1)
        assert statuses(walking) == ["done", "waiting", "waiting"]
        assert statuses(after) == ["done", "missed", "overdue"]
        assert given == [("patrol_late", ["roof"]), ("patrol_missed", ["plant"])]
        assert statuses(revised) == ["done", "done", "overdue"]
        assert revised["stops"][1]["is_reported_late"]
        assert "patrol_missed" in revised["stops"][1]["told"], "the alarm is not hidden"


def test_a_replayed_scan_is_history_that_opens_no_alarm(site: Bench) -> None:
    node, other, _ = site.node(), site.person("本"), planned(site)
    minutes_later(site, 120 + 300)
    before = alarms(site)

    scan(node, 1, "gate", holder_id=other, at=START + timedelta(minutes=5))

    assert board(site)[0]["stops"][0]["guard"] == "wrong"
    assert alarms(site) == before


def test_another_guard_than_planned_is_an_alarm_at_once(site: Bench) -> None:
    node, other, _ = site.node(), site.person("本"), planned(site)
    minutes_later(site, 125)

    scan(node, 1, "gate", holder_id=other)
    work(site)

    assert alarms(site) == [("patrol_guard", ["gate"])]


def test_a_scan_is_on_the_board_without_anybody_asking(site: Bench) -> None:
    node, guard = site.node(), planned(site)
    minutes_later(site, 125)
    with site.administrator.stream("GET", "/api/v1/stream") as stream:
        told = messages(stream)
        next(told)
        scan(node, 1, "gate", holder_id=guard)
        names = (name for name, _ in told)
        assert next(name for name in names if name == "patrol")

    reply = site.administrator.get(f"{PATH}/rounds").json()["rounds"][0]

    assert statuses(reply)[0] == "done"


def test_a_scan_that_is_told_twice_holds_no_queue_up(site: Bench) -> None:
    node, guard, scan_id = site.node(), planned(site), uuid4()
    minutes_later(site, 125)

    for sequence in (1, 2):
        scan(node, sequence, "gate", holder_id=guard, scan_id=scan_id)

    assert site.row("SELECT count(*) FROM patrol_scans") == (1,)


def test_a_clock_that_is_ahead_proves_nothing(site: Bench) -> None:
    node, guard = site.node(), planned(site)
    minutes_later(site, 125)

    ahead = site.clock() + timedelta(hours=3)
    scan(node, 1, "gate", holder_id=guard, at=ahead, clockquality=ClockQuality.SYNCHRONISED)

    stop = board(site)[0]["stops"][0]
    assert (stop["is_time_unsure"], stop["status"]) == (True, "done")


def test_hostile_identifiers_are_no_guards(site: Bench) -> None:
    node, _ = site.node(), planned(site)
    minutes_later(site, 125)

    scan(node, 1, "gate", holder_id="x" * 300)

    stop = board(site)[0]["stops"][0]
    assert (stop["holder_id"], stop["guard"]) == (None, "unknown")


def test_after_a_restart_silence_is_no_alarm_until_terminals_could_speak(site: Bench) -> None:
    planned(site)
    site.clock.now = START + timedelta(minutes=50)
    services = site.app.state.services

    async def restarted() -> None:
        again = Patrols(services.database, PATROLLED, now=site.clock)
        await again.run_due()
        quiet.extend(await standing())
        site.clock.now += SETTLING
        await again.run_due()

    async def standing() -> list[str]:
        return [kind for kind, _ in await asyncio.to_thread(alarms, site)]

    quiet = list[str]()
    asyncio.run_coroutine_threadsafe(restarted(), services.loop).result(60)

    assert quiet == []
    assert alarms(site) == [("patrol_missed", ["gate", "plant", "roof"])]


def test_a_plan_that_was_made_from_an_old_one_is_refused(site: Bench) -> None:
    planned(site)

    reply = put(site.administrator, night(guards=()), made_from=0)

    assert (reply.status_code, reply.json()["code"]) == (409, "plan_changed_meanwhile")


def test_a_plan_names_only_what_the_site_has(site: Bench) -> None:
    plan = night(guards=())
    document = plan.model_dump(mode="json")
    document["routes"][0]["stops"][0]["checkpoint"] = "moon"

    nowhere = put(site.administrator, PatrolPlan.model_validate(document))
    nobody = put(site.administrator, night(guards=("nobody",)))

    assert [r.json()["code"] for r in (nowhere, nobody)] == [
        "checkpoint_not_found",
        "guard_not_found",
    ]


def test_a_preview_shows_rounds_and_makes_none(site: Bench) -> None:
    wish = {"made_from": 0, "plan": night(guards=()).model_dump(mode="json")}

    reply = site.administrator.post(f"{PATH}/preview", json=wish).json()

    assert [each["starts_at"][11:16] for each in reply["rounds"]][:4] == [
        "14:00", "16:00", "18:00", "20:00",
    ]  # fmt: skip
    assert board(site) == []


def test_a_changed_plan_leaves_the_round_that_is_walked_and_makes_the_others_anew(
    site: Bench,
) -> None:
    planned(site, every_min=120)
    minutes_later(site, 125)

    put(site.administrator, PatrolPlan())

    assert [each["starts_at"] for each in board(site)] == ["2026-11-29T14:00:00Z"]


def test_who_is_on_duty_tonight_is_the_right_guard_tonight(site: Bench) -> None:
    node, usual, other = site.node(), planned(site), site.person("本")
    wish = {"guards": [other]}
    assert site.administrator.put(f"{PATH}/duties/2026-11-29/night", json=wish).is_success
    duties = site.administrator.get(f"{PATH}/duties", params={"days": 2}).json()["items"]
    work(site)
    minutes_later(site, 125)

    scan(node, 1, "gate", holder_id=other)

    assert board(site)[0]["stops"][0]["guard"] == "right"
    assert [(d["guards"], d["is_usual"]) for d in duties] == [([other], False), ([usual], True)]


def test_a_duty_of_no_shift_is_refused(site: Bench) -> None:
    reply = site.administrator.put(f"{PATH}/duties/2026-11-29/moon", json={"guards": None})

    assert reply.json()["code"] == "shift_not_found"


def test_a_round_is_replayed_from_everything_that_was_scanned_in_its_time(site: Bench) -> None:
    node, guard = site.node(), planned(site)
    minutes_later(site, 125)
    scan(node, 1, "gate", holder_id=guard)
    minutes_later(site, 2)
    scan(node, 2, "gate", holder_id=None)
    round_id = board(site)[0]["round_id"]

    found = site.administrator.get(f"{PATH}/rounds/{round_id}").json()

    assert [(s["checkpoint"], s["index"]) for s in found["scans"]] == [("gate", 0), ("gate", None)]
    assert found["people"] == {guard: "安娜"}
    assert site.administrator.get(f"{PATH}/rounds/{uuid4()}").json()["code"] == "round_not_found"


def test_a_month_is_counted_and_listed_for_a_spreadsheet(site: Bench) -> None:
    node, guard = site.node(), planned(site)
    minutes_later(site, 125)
    scan(node, 1, "gate", holder_id=guard)
    minutes_later(site, 120)

    report = site.administrator.get(f"{PATH}/report", params=MONTH).json()
    lines = site.administrator.get(f"{PATH}/report.csv", params=MONTH | WHY)

    assert (report["rounds"], report["total"]["stops"]) == (1, 3)
    assert (report["total"]["done"], report["total"]["missed"]) == (1, 2)
    assert report["guards"][0]["name"]["zh-CN"] == "安娜"
    assert [day["day"] for day in report["days"]] == ["2026-11-29"]
    assert lines.text.startswith("\ufeffday,route,")
    assert "2026-11-29 22:05:00" in lines.text, "by the site's wall clock"


def test_names_in_a_spreadsheet_are_no_formulas(site: Bench) -> None:
    guard = site.person("=HYPERLINK(1)")
    put(site.administrator, night(every_min=None, guards=(guard,)))
    minutes_later(site, 300)

    lines = site.administrator.get(f"{PATH}/report.csv", params=MONTH | WHY)

    assert ",'=HYPERLINK(1)," in lines.text


def test_a_terminal_that_is_silent_is_named_beside_the_board(site: Bench) -> None:
    node = site.node()
    node.report()
    answering = site.administrator.get(f"{PATH}/rounds").json()["silent"]
    site.clock.advance(minutes=10)

    silent = site.administrator.get(f"{PATH}/rounds").json()["silent"]

    assert (answering, [each["node"] for each in silent]) == ([], ["gate-1"])


def test_guards_see_patrols_with_masked_names_and_plan_none(site: Bench) -> None:
    planned(site)
    work(site)
    guard, cashier = site.planted("guard").client, site.planted("cashier").client

    seen = guard.get(f"{PATH}/rounds").json()["rounds"][0]["people"]

    assert list(seen.values()) != ["安娜"]
    assert put(guard, PatrolPlan(), made_from=1).status_code == 403
    assert cashier.get(f"{PATH}/rounds").status_code == 403


def test_what_is_old_is_forgotten(site: Bench) -> None:
    node, guard = site.node(), planned(site)
    minutes_later(site, 125)
    scan(node, 1, "gate", holder_id=guard)
    work(site)
    services = site.app.state.services

    async def forget() -> tuple[object, int]:
        async with services.database.write() as transaction:
            oldest = await keeping.oldest(transaction)
            count = await keeping.forget(transaction, until=START + timedelta(hours=1), limit=100)
        return oldest, count

    oldest, count = asyncio.run_coroutine_threadsafe(forget(), services.loop).result(60)

    assert oldest == START + timedelta(minutes=5)
    assert count == 2, "the scan, and the round that closed"
