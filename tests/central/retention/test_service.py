"""What is due is deleted by the clock that is given, and the rest stays."""

import asyncio
import json
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import insert

from central.fire.tables import fire_people
from central.retention.service import Retention
from config.contract.access import CredentialKind, Direction
from config.contract.access_events import DuressDetected
from config.contract.events import AccessGranted, EventData
from config.contract.identifiers import new_id
from tests.central.audit.log import entries
from tests.central.bench import SITE, Bench, running_central
from tests.central.fire.telling import API, Telling
from tests.central.fire.test_duty import look
from tests.central.people.enrolling import enrol, templates_of
from tests.central.people.seen_faces import SeenFaces, photograph
from tests.central.people.test_endpoints import replica
from tests.central.retention.timers import line, run_timers


def granted(holder_id: str) -> AccessGranted:
    return AccessGranted(
        decision_id=new_id(),
        access_point="lane",
        direction=Direction.IN,
        holder_id=holder_id,
        credential=CredentialKind.CARD,
    )


def duress(holder_id: str) -> EventData:
    return DuressDetected(access_point="lane", holder_id=holder_id)


def count(bench: Bench, table: str, where: str = "1 = 1") -> int:
    (found,) = bench.row(f"SELECT count(*) FROM {table} WHERE {where}")  # noqa: S608 - of this test
    return int(found)


def test_passages_go_after_their_days_and_alarms_stay(any_bench: Bench) -> None:
    node = any_bench.node()
    node.send(node.event(1, fact=granted("a")), node.event(2, fact=granted("b")))
    any_bench.clock.advance(days=179)
    node.send(node.event(1, fact=duress("a")), node.event(3, fact=granted("c")))
    any_bench.clock.advance(days=2)

    run_timers(any_bench)

    assert count(any_bench, "events", "event_class = 'access'") == 1
    assert count(any_bench, "events", "event_class = 'alarm'") == 1
    assert line(any_bench, "passages")["last_count"] == 2
    noted = entries(any_bench, action="retention")
    assert [(each["objects"], each["detail"]["count"]) for each in noted] == [
        (["data:passages"], 2)
    ]


def test_what_was_forgotten_is_not_taken_in_again_and_leaves_no_gap(any_bench: Bench) -> None:
    node = any_bench.node()
    old = [node.event(n, fact=granted("a")) for n in (1, 2)]
    node.send(*old)
    any_bench.clock.advance(days=181)
    node.send(node.event(3, fact=granted("a")))
    run_timers(any_bench)

    receipt = node.send(*old)

    assert (receipt.stored, receipt.duplicates) == (0, 2)
    nodes = any_bench.signed_in_again().get("/api/v1/nodes").json()
    assert [each["gaps"] for each in nodes if each["node"] == "gate-1"] == [[]]


def test_the_newest_fact_stays_so_that_positions_go_on(bench: Bench) -> None:
    node = bench.node()
    node.send(node.event(1, fact=granted("a")))
    bench.clock.advance(days=400)

    run_timers(bench)
    node.send(node.event(2, fact=granted("a")))

    assert [bench.row("SELECT max(position) FROM events"), count(bench, "events")] == [(2,), 2]


FACE = {
    "similarity": 0.5, "threshold": 0.6, "gallery_size": 2, "liveness": "not_checked",
    "network": "5" * 64, "frame_count": 3, "frame_to_decision_ms": 20.0,
    "candidates": [{"holder_id": "somebody-else", "similarity": 0.4}],
}  # fmt: skip


def test_who_was_only_considered_is_erased_from_the_decision(any_bench: Bench) -> None:
    node = any_bench.node()
    fact = granted("a")
    data = {**fact.model_dump(mode="json"), "credential": "face", "face": FACE}
    node.send(node.event(1, fact=fact, data=data))
    any_bench.clock.advance(days=31)
    node.send(node.event(2, fact=fact, data=data))

    run_timers(any_bench)

    (old,) = any_bench.row("SELECT body FROM events WHERE sequence = 1")
    (new,) = any_bench.row("SELECT body FROM events WHERE sequence = 2")
    assert (json.loads(old)["data"]["face"]["candidates"], "somebody-else" in old) == ([], False)
    assert json.loads(old)["data"]["holder_id"] == "a"
    assert "somebody-else" in new
    assert line(any_bench, "candidates")["deleted_count"] == 1


def seeing(tmp_path: Path) -> AbstractContextManager[Bench]:
    return running_central(tmp_path / "home", pipeline_factory=SeenFaces)


def test_a_leaver_s_face_goes_at_every_terminal_and_the_name_later(tmp_path: Path) -> None:
    with seeing(tmp_path) as bench:
        left, stays, node = bench.person("A"), bench.person("B"), bench.node()
        for number, holder_id in enumerate((left, stays), start=1):
            assert enrol(bench.administrator, holder_id, photograph(number)).status_code == 201
        body = {"is_active": False}
        assert bench.administrator.patch(f"/api/v1/people/{left}", json=body).status_code == 200
        bench.clock.advance(minutes=2)
        run_timers(bench)
        assert (len(templates_of(node)[left]), count(bench, "templates")) == (0, 2)

        bench.clock.advance(days=8)
        run_timers(bench)

        told = templates_of(node)
        assert (len(told[left]), len(told[stays]), count(bench, "templates")) == (0, 1, 1)
        bench.clock.advance(days=180)
        run_timers(bench)
        assert {holder.holder_id for holder in replica(node).holders} == {stays}
        assert count(bench, "people", "name = ''") == 1


def test_who_comes_back_in_time_keeps_the_face(tmp_path: Path) -> None:
    with seeing(tmp_path) as bench:
        person, node = bench.person("A"), bench.node()
        assert enrol(bench.administrator, person, photograph(1)).status_code == 201
        for days, is_active in ((0, False), (5, True), (5, False), (5, False), (1, True)):
            bench.clock.advance(days=days)
            change = {"is_active": is_active}
            bench.signed_in_again().patch(f"/api/v1/people/{person}", json=change)
            run_timers(bench)

        assert len(templates_of(node)[person]) == 1


def test_a_batch_is_small_and_the_rest_follows(bench: Bench) -> None:
    node = bench.node()
    for first in range(1, 22, 7):
        node.send(*(node.event(n, fact=granted("a")) for n in range(first, first + 7)))
    bench.clock.advance(days=200)
    services = bench.app.state.services
    small = Retention(
        services.database, SITE, audit_key=services.central_key, now=bench.clock, batch_length=4
    )

    asyncio.run_coroutine_threadsafe(small.run_due(), services.loop).result(60)

    assert count(bench, "events") == 1
    assert line(bench, "passages")["last_count"] == 20
    assert [e["detail"]["count"] for e in entries(bench, action="retention")] == [4] * 5


def test_the_audit_log_keeps_its_days_whatever_the_others_do(bench: Bench) -> None:
    bench.person("A")
    bench.clock.advance(days=181)

    run_timers(bench)

    assert line(bench, "audit_log")["minimum_days"] == 180
    assert "people_post" in [entry["action"] for entry in entries(bench)]


def listed_as_inside(bench: Bench, fire_id: UUID, holder_id: str) -> None:
    """Put somebody on the list of who was inside when central heard of a fire."""
    services = bench.app.state.services
    row = {"fire_id": str(fire_id), "number": 1, "holder_id": holder_id, "area": "hall"}

    async def act() -> None:
        async with services.database.write() as transaction:
            values = {**row, "since": bench.clock(), "node": "gate-1"}
            await transaction.execute(insert(fire_people).values(values))

    asyncio.run_coroutine_threadsafe(act(), services.loop).result(60)


def test_who_was_inside_at_a_fire_goes_as_a_roll_call_and_the_fire_stays(any_bench: Bench) -> None:
    telling = Telling(any_bench, any_bench.node())
    fire_id, days = telling.confirm(), SITE.retention.roll_calls_days
    look(any_bench)
    listed_as_inside(any_bench, fire_id, "a")
    any_bench.clock.advance(days=days - 1)
    run_timers(any_bench)
    kept = count(any_bench, "fire_people")

    any_bench.clock.advance(days=2)
    run_timers(any_bench)

    assert (kept, count(any_bench, "fire_people"), count(any_bench, "fires")) == (1, 0, 1)
    path = f"{API}/fire/reports/{fire_id}.json"
    assert any_bench.signed_in_again().get(path).status_code == 200


def test_a_late_timer_is_shown(bench: Bench) -> None:
    node = bench.node()
    node.send(node.event(1), node.event(2))
    run_timers(bench)
    assert not line(bench, "passages")["is_overdue"]

    bench.clock.advance(days=190)

    late = line(bench, "passages")
    assert late["is_overdue"]
    assert late["due_at"] < bench.clock().isoformat()


def test_a_terminal_s_timers_are_in_the_table(bench: Bench) -> None:
    node, now = bench.node(), bench.clock()
    node.report()
    assert line(bench, "terminal_damaged_files", "gate-1")["is_overdue"]

    told = {"name": "terminal_damaged_files", "last_run_at": now, "deleted_count": 2}
    node.report(retention=[{**told, "next_run_at": now + timedelta(hours=1)}])

    shown = line(bench, "terminal_damaged_files", "gate-1")
    assert (shown["is_overdue"], shown["deleted_count"]) == (False, 2)


def test_only_those_who_look_after_the_law_see_it(bench: Bench) -> None:
    assert bench.operator("guard").get("/api/v1/retention").status_code == 403
    assert bench.operator("auditor").get("/api/v1/retention").status_code == 200


@pytest.mark.parametrize("name", ["sessions", "invitations", "crops", "imports"])
def test_what_carries_its_expiry_has_a_line(bench: Bench, name: str) -> None:
    run_timers(bench)

    found = line(bench, name)

    assert (found["ending"], found["is_overdue"]) == ("expiry", False)
