"""Lockdown levels and what operators forgive: a guard may, everything is kept, nodes hear it."""

import uuid

import httpx

from tests.central.access.models import STAFF, check, put
from tests.central.access.test_endpoints import rules
from tests.central.bench import Bench

REASON = {"reason": "演练"}
SHUT = "/api/v1/lockdowns/shut"


def levels(client: httpx.Client, of: str = "active") -> list[tuple[str, str]]:
    items = client.get("/api/v1/lockdowns").json()[of]
    return [(item["level"], item["reason"]) for item in items]


def test_a_guard_sets_a_level_off_and_every_node_hears_it(any_bench: Bench) -> None:
    put(any_bench.administrator, STAFF)
    guard = any_bench.operator("guard")

    view = guard.put(SHUT, json=REASON).json()

    (told,) = rules(any_bench.node()).lockdowns
    assert (told.level, told.since) == ("shut", any_bench.clock.now)
    assert view["set_by"].startswith("guard-")
    assert levels(guard) == [("shut", "演练")]


def test_a_level_that_is_on_stays_as_it_was_set(bench: Bench) -> None:
    put(bench.administrator, STAFF)
    first = bench.administrator.put(SHUT, json=REASON).json()
    bench.clock.advance(minutes=5)

    again = bench.administrator.put(SHUT, json={"reason": "again"}).json()

    assert again == first


def test_an_ended_level_is_told_and_kept(any_bench: Bench) -> None:
    put(any_bench.administrator, STAFF)
    any_bench.administrator.put(SHUT, json=REASON)

    statuses = [any_bench.administrator.delete(SHUT).status_code for _ in range(2)]

    assert statuses == [204, 404]
    assert rules(any_bench.node()).lockdowns == ()
    assert levels(any_bench.administrator) == []
    assert levels(any_bench.administrator, "ended") == [("shut", "演练")]


def test_a_level_that_the_model_lacks_is_not_found(bench: Bench) -> None:
    reply = bench.administrator.put(SHUT, json=REASON)

    assert (reply.status_code, reply.json()["code"]) == (404, "level_not_found")


def test_a_level_is_not_set_off_without_a_reason(bench: Bench) -> None:
    put(bench.administrator, STAFF)

    assert bench.administrator.put(SHUT, json={"reason": " "}).status_code == 422


def test_a_level_that_is_on_cannot_be_taken_out_of_the_model(bench: Bench) -> None:
    put(bench.administrator, STAFF)
    bench.administrator.put(SHUT, json=REASON)

    checked = check(bench.administrator, {}, made_from=1)

    assert checked["problems"] == ["lockdown level 'shut' is on: end it before it is removed"]


def test_personnel_set_no_level_off(bench: Bench) -> None:
    put(bench.administrator, STAFF)

    assert bench.operator("personnel").put(SHUT, json=REASON).status_code == 403


def test_what_is_forgiven_is_numbered_and_told_oldest_first(any_bench: Bench) -> None:
    holder_id, guard = any_bench.person(), any_bench.operator("guard")
    wishes = [{"holder_id": holder_id}, {"access_point": "lane"}, {"everybody": True}]

    numbers = [guard.post("/api/v1/forgiven", json=wish).json()["number"] for wish in wishes]

    told = rules(any_bench.node()).forgiven
    assert numbers == [1, 2, 3]
    assert [(act.number, act.holder_id, act.access_point) for act in told] == [
        (1, holder_id, None), (2, None, "lane"), (3, None, None),
    ]  # fmt: skip


def test_only_one_thing_at_a_time_is_forgiven(bench: Bench) -> None:
    wishes = [{}, {"everybody": True, "access_point": "lane"}]

    statuses = [
        bench.administrator.post("/api/v1/forgiven", json=wish).status_code for wish in wishes
    ]

    assert statuses == [422, 422]


def test_nobody_unknown_is_forgiven(bench: Bench) -> None:
    wishes = [{"holder_id": str(uuid.uuid4())}, {"access_point": "roof"}]

    codes = [bench.administrator.post("/api/v1/forgiven", json=w).json()["code"] for w in wishes]

    assert codes == ["person_not_found", "unknown_access_point"]
