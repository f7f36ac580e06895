"""The gallery self-test: when it is made, by whom, and what becomes of its result."""

import asyncio
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from central.keys import KeyEncryptionKey
from central.recognition import repository
from central.recognition.self_test import PicturesOf, SelfTests
from central.tables import self_tests
from config.contract.nodes import ReplicaPage
from tests.central.bench import Bench, messages, running_central
from tests.central.postgresql import fresh_database
from tests.central.recognition.galleries import (
    CAMERA_SITE,
    NETWORK,
    enrol,
    faces,
    near,
    on_loop,
    self_test,
)

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)


def state(bench: Bench) -> dict[str, Any]:
    reply = bench.administrator.get("/api/v1/recognition")
    assert reply.status_code == 200, reply.text
    return dict(reply.json())


def ask_for_one(bench: Bench) -> None:
    assert bench.administrator.post("/api/v1/recognition/self-test").status_code == 202


def until_done(bench: Bench) -> dict[str, Any]:
    """Return what is said of recognition once no self-test waits or runs."""
    deadline_s = time.monotonic() + 60
    while (seen := state(bench))["attempt"] is not None:
        assert time.monotonic() < deadline_s, seen
    return seen


async def claim(bench: Bench) -> str | None:
    async with bench.app.state.services.database.write() as transaction:
        return await repository.claim(transaction, is_worthwhile=True, now=bench.clock())


def test_a_first_self_test_is_made_at_once_and_then_weekly(any_bench: Bench) -> None:
    enrol(any_bench, faces(3))

    made = [self_test(any_bench)]
    any_bench.clock.advance(days=6, hours=23)
    made.append(self_test(any_bench))
    any_bench.clock.advance(hours=1)
    made.append(self_test(any_bench))

    assert made == [True, False, True]


@pytest.mark.parametrize(
    ("last", "failed", "due"),
    [
        (None, None, NOW),
        (NOW - timedelta(days=2), None, NOW + timedelta(days=5)),
        (NOW - timedelta(days=9), NOW - timedelta(minutes=20), NOW + timedelta(minutes=40)),
        (None, NOW - timedelta(hours=3), NOW),
    ],
)
def test_it_is_due_weekly_and_an_hour_after_a_failure(
    last: datetime | None, failed: datetime | None, due: datetime
) -> None:
    assert max(repository.next_at(last, failed, now=NOW), NOW) == due


def test_a_gallery_of_one_is_compared_only_when_it_is_asked_for(bench: Bench) -> None:
    enrol(bench, faces(1))

    made = self_test(bench)
    next_at = state(bench)["next_at"]
    ask_for_one(bench)

    assert (made, next_at) == (False, None)
    assert until_done(bench)["last"]["people_count"] == 1


def test_the_result_says_who_was_compared(any_bench: Bench) -> None:
    enrol(any_bench, faces(30))
    enrol(any_bench, faces(2, seed=9), network="ab" * 32)

    self_test(any_bench)

    seen, last = state(any_bench), state(any_bench)["last"]
    assert (last["people_count"], last["comparison_count"]) == (30, 30 * 29)
    assert (last["uncheckable_count"], last["is_complete"], last["pair_count"]) == (30, True, 0)
    assert (seen["gallery_size"], seen["not_comparable_count"]) == (30, 2)
    assert seen["next_at"] is not None
    assert seen["attempt"] is None


def test_the_background_task_makes_what_is_asked_for_and_tells_the_pages(
    any_bench: Bench,
) -> None:
    enrol(any_bench, faces(3))
    with any_bench.administrator.stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        assert next(told)[0] == "hello"

        ask_for_one(any_bench)

        assert any(name == "recognition" for name, _ in told)
    assert until_done(any_bench)["last"]["people_count"] == 3


def test_asking_while_one_runs_is_answered_with_that_one(bench: Bench) -> None:
    enrol(bench, faces(2))
    test_id = on_loop(bench, claim(bench))

    asked = bench.administrator.post("/api/v1/recognition/self-test")

    assert test_id is not None
    assert asked.json()["state"] == "running"


def test_of_several_central_processes_one_makes_it(postgresql: str, tmp_path: Path) -> None:
    url, home = fresh_database(postgresql), tmp_path / "home"
    with (
        running_central(home, database=url, site=CAMERA_SITE) as one,
        running_central(home, database=url, site=CAMERA_SITE) as other,
    ):
        enrol(one, faces(3))
        claims = [asyncio.run_coroutine_threadsafe(claim(b), b.app.state.services.loop)
                  for b in (one, other, one, other)]  # fmt: skip
        claimed = [future.result(30) for future in claims]

    assert [test_id is not None for test_id in claimed].count(True) == 1


def test_who_died_over_it_is_followed_by_another_process(postgresql: str, tmp_path: Path) -> None:
    url, home = fresh_database(postgresql), tmp_path / "home"
    with running_central(home, database=url, site=CAMERA_SITE) as bench:
        enrol(bench, faces(2))
        assert on_loop(bench, claim(bench))
        bench.clock.advance(minutes=1)
        meanwhile = on_loop(bench, claim(bench))
        bench.clock.advance(minutes=1)
        made = self_test(bench)
        failed = state(bench)["attempt"]
        bench.clock.advance(hours=1)

        assert (meanwhile, made) == (None, False)
        assert (failed["state"], failed["failure"]) == ("failed", "interrupted")
        assert self_test(bench)


def test_on_sqlite_a_restart_ends_what_was_running(bench: Bench) -> None:
    enrol(bench, faces(2))
    on_loop(bench, claim(bench))

    self_test(bench)

    assert state(bench)["attempt"]["failure"] == "interrupted"


def test_templates_of_another_key_end_it_with_a_reason(bench: Bench) -> None:
    services = bench.app.state.services
    own = services.kek
    object.__setattr__(services, "kek", KeyEncryptionKey(b"x" * 32))
    enrol(bench, faces(2))
    object.__setattr__(services, "kek", own)

    self_test(bench)

    attempt = state(bench)["attempt"]
    assert (attempt["state"], attempt["failure"]) == ("failed", "templates_unreadable")


def test_a_picture_unlike_its_persons_others_is_named(bench: Bench) -> None:
    anna, ben = faces(2)
    ids = enrol(bench, [anna, ben])
    kept = {ids[0]: np.stack([anna, near(anna, distance=0.05), ben])}

    on_loop(bench, SelfTests(bench.app.state.services, pictures_of=keeps(kept)).make_one())

    last = state(bench)["last"]
    alarms = bench.administrator.get("/api/v1/alarms").json()["items"]
    assert [(a["kind"], a["detail"]["stray_count"]) for a in alarms] == [
        ("gallery", len(last["strays"]))
    ], "somebody must look"
    assert [(s["holder_id"], s["name"], s["picture"]) for s in last["strays"]] == [
        (ids[0], "P0 Lee", 3)
    ]
    assert last["uncheckable_count"] == 1


def keeps(pictures: dict[str, Any]) -> PicturesOf:
    async def pictures_of(network: str, _: object) -> dict[str, Any]:
        assert network == NETWORK
        return pictures

    return pictures_of


def test_nodes_are_told_once_there_is_a_result(any_bench: Bench) -> None:
    enrol(any_bench, faces(25))
    node = any_bench.node()

    def page(after: int, pairs: str) -> ReplicaPage:
        target = f"/api/v1/replica?after={after}&pairs={pairs}"
        return ReplicaPage.model_validate_json(node.request("GET", target).content)

    before = page(0, "true")
    self_test(any_bench)
    after = page(before.version, "true")

    assert before.site_pairs is None
    assert after.version > before.version
    assert after.site_pairs is not None
    assert (after.site_pairs.network, after.site_pairs.people_count) == (NETWORK, 25)
    assert page(before.version, "false").site_pairs is None


def test_only_the_newest_self_tests_are_kept(bench: Bench) -> None:
    enrol(bench, faces(2))
    services = bench.app.state.services

    async def count() -> int:
        async with services.database.read() as transaction:
            rows = await transaction.execute(self_tests.select())
            return len(rows.all())

    for _ in range(repository.KEPT_COUNT + 2):
        bench.clock.advance(days=7)
        self_test(bench)

    assert on_loop(bench, count()) == repository.KEPT_COUNT
