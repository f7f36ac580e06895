"""What happened in a shift, in one list, with what guards wrote down."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from tests.central.bench import Bench
from tests.central.commands.areas import make_area
from tests.central.commands.test_endpoints import fetched
from tests.central.patrol.acting import minutes_later, patrolled, put, scan, work
from tests.central.patrol.planning import START, night
from tests.central.retention.timers import run_timers

API = "/api/v1"
LOG = f"{API}/shift-log"


def span(bench: Bench) -> dict[str, str]:
    now = bench.clock()
    return {
        "since": (now - timedelta(hours=12)).isoformat(),
        "until": (now + timedelta(minutes=1)).isoformat(),
    }


def entries(bench: Bench, kind: str) -> list[dict[str, Any]]:
    items = bench.administrator.get(LOG, params=span(bench)).json()["items"]
    return [item for item in items if item["kind"] == kind]


def write(client: httpx.Client, text: str = "All calm") -> httpx.Response:
    return client.post(f"{LOG}/notes", json={"text": text})


def test_a_note_stands_in_the_log_with_its_writer_and_is_no_formula_in_a_table(
    bench: Bench,
) -> None:
    guard = bench.planted("guard")
    assert write(guard.client, "=1+1 calm").status_code == 201

    (note,) = entries(bench, "note")
    table = guard.client.get(f"{LOG}/export.csv", params=span(bench)).text

    assert (note["who"], note["words"]) == (guard.username, "=1+1 calm")
    assert "'=1+1 calm" in table


def test_whoever_only_reads_the_log_writes_nothing_in_it(bench: Bench) -> None:
    reply = write(bench.auditor)

    assert (reply.status_code, entries(bench, "note")) == (403, [])


def test_a_note_is_forgotten_with_the_handovers(bench: Bench) -> None:
    write(bench.administrator)

    bench.clock.advance(days=366)
    run_timers(bench)

    assert bench.row("SELECT count(*) FROM shift_notes") == (0,)


def test_a_command_that_nobody_answered_says_so_and_looking_is_no_deed(bench: Bench) -> None:
    make_area(bench)
    node, wish = bench.node(), {"deed": "open_once", "reason": "delivery"}
    act = bench.administrator.post(f"{API}/areas/house/commands", json=wish).json()
    bench.administrator.post(
        f"{API}/cameras/camera-1/watch", headers={"Menshen-Purpose": "incident"}
    )
    assert len(fetched(bench, node)) == 2
    told = [item["outcome"] for item in entries(bench, "command")]

    bench.clock.advance(seconds=31)

    (command,) = entries(bench, "command")
    assert (told, command["outcome"]) == (["told"], "no_answer")
    assert command["action_id"] == act["action_id"]


def test_a_round_says_how_many_of_its_stops_somebody_was_at(tmp_path: Path) -> None:
    with patrolled(tmp_path, at=START - timedelta(hours=2)) as bench:
        guard = bench.person("安娜")
        put(bench.administrator, night(every_min=None, guards=(guard,)))
        work(bench)
        assert entries(bench, "round") == [], "what is only planned has not happened"
        minutes_later(bench, 125)
        scan(bench.node(), 1, "gate", holder_id=guard)
        work(bench)
        walking = entries(bench, "round")

        minutes_later(bench, 120)

        (over,) = entries(bench, "round")
    assert [(each["what"], each["done"]) for each in walking] == [("walking", 1)]
    assert (over["what"], over["done"], over["count"]) == ("incomplete", 1, 3)
