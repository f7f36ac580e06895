"""Calls for assistance: one for each point, taken once, told to the terminal and on the stream."""

from datetime import timedelta
from typing import Any

from config.contract.assistance import WAIT_MAX, OpenCall, OpenCalls
from config.contract.events import ClockQuality
from tests.central.assistance.ringing import ring
from tests.central.audit.log import entries
from tests.central.bench import Bench, Node, messages

PATH = "/api/v1/assistance"


def calls(bench: Bench) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = bench.administrator.get(PATH).json()["items"]
    return items


def told(node: Node) -> tuple[OpenCall, ...]:
    reply = node.request("GET", "/api/v1/nodes/current/assistance")
    return OpenCalls.model_validate_json(reply.content).items


def test_a_ring_is_a_call_that_a_guard_takes_and_closes(any_bench: Bench) -> None:
    node, guard = any_bench.node(), any_bench.planted("guard").client
    username = guard.get("/api/v1/sessions/current").json()["username"]
    ring_id = ring(node)
    (call,) = calls(any_bench)
    waiting = told(node)
    any_bench.clock.advance(seconds=20)

    taken = guard.post(f"{PATH}/{call['call_id']}/take").json()
    coming = told(node)
    closed = guard.post(f"{PATH}/{call['call_id']}/close")

    assert waiting == (OpenCall(access_point="lane", ring_id=ring_id),)
    assert (taken["taken_by"], round(taken["waited_s"])) == (username, 20)
    assert coming[0].taken_at == any_bench.clock()
    assert (closed.status_code, calls(any_bench), told(node)) == (204, [], ())


def test_a_point_that_rings_again_has_one_call_until_it_is_taken(bench: Bench) -> None:
    node = bench.node()
    ring(node)
    first = calls(bench)
    second_ring = ring(node, 2)
    again = calls(bench)

    bench.administrator.post(f"{PATH}/{first[0]['call_id']}/take")
    ring(node, 3)

    assert [c["call_id"] for c in again] == [c["call_id"] for c in first]
    assert second_ring not in {call.ring_id for call in told(node)}
    assert [c["taken_by"] for c in calls(bench)] == [None], "a ring after it was taken is another"


def test_a_call_is_taken_by_one_person(bench: Bench) -> None:
    ring(bench.node())
    path = f"{PATH}/{calls(bench)[0]['call_id']}"

    first, second = (bench.administrator.post(f"{path}/take") for _ in range(2))

    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["code"] == "call_taken"


def test_a_ring_that_comes_too_late_opens_no_call_unless_its_clock_is_unsure(bench: Bench) -> None:
    node, old = bench.node(), bench.clock() - WAIT_MAX - timedelta(seconds=1)

    ring(node, 1, time=old)
    nobody = calls(bench)
    ring(node, 2, time=old, clockquality=ClockQuality.UNSURE)

    assert nobody == []
    assert len(calls(bench)) == 1


def test_a_call_that_does_not_exist_is_neither_taken_nor_closed(bench: Bench) -> None:
    path = f"{PATH}/00000000-0000-4000-8000-000000000000"

    replies = [bench.administrator.post(f"{path}/{deed}") for deed in ("take", "close")]

    assert [reply.json()["code"] for reply in replies] == ["call_not_found"] * 2


def test_the_terminal_and_the_console_are_told_at_once(bench: Bench) -> None:
    node, administrator = bench.node(), bench.administrator
    target = "/api/v1/nodes/current/stream"
    with (
        node.http.stream("GET", target, headers=node.headers("GET", target)) as terminal,
        administrator.stream("GET", "/api/v1/stream") as console,
    ):
        from_terminal, from_console = messages(terminal), messages(console)
        next(from_terminal), next(from_console)
        ring(node)

        assert next(kind for kind, _ in from_terminal if kind != "replica") == "assistance"
        assert "assistance" in [next(from_console)[0] for _ in range(2)]


def test_who_may_not_answer_sees_no_calls(bench: Bench) -> None:
    ring(bench.node())

    assert bench.planted("personnel").client.get(PATH).status_code == 403


def test_the_point_is_in_the_audit_log(bench: Bench) -> None:
    ring(bench.node())
    call_id = calls(bench)[0]["call_id"]

    bench.administrator.post(f"{PATH}/{call_id}/take")

    entry = entries(bench)[0]
    assert (entry["objects"], entry["detail"]["access_point"]) == ([f"call:{call_id}"], "lane")
