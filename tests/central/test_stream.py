"""The live streams: what is told to whom, and when they end."""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Any

from central.connections import NoConnectionError
from central.held import COUNT_MAX
from central.security import SESSION_LIFETIME
from central.stream import EventStream, Hub, Reader
from tests.central.bench import Bench, messages
from tests.central.users.acting import sign_in


def test_what_happens_is_told(any_bench: Bench) -> None:
    node = any_bench.node()
    with any_bench.administrator.stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        assert next(told)[0] == "hello"

        node.send(node.event(1))
        node.report()
        any_bench.person()

        wanted = {"event", "node", "people"}
        seen = dict[str, Any]()
        # A node that joins is the first change that nodes are told of.
        while not wanted <= set(seen) or seen["people"] == {"version": 1}:
            name, data = next(told)
            seen[name] = data
    assert seen["event"]["position"] == 1
    assert seen["people"] == {"version": 2}
    assert seen["node"]["node"] in ("gate-1", "gate-2")


def test_whoever_says_a_position_that_no_event_has_is_told_what_happens_from_now(
    bench: Bench,
) -> None:
    for position in ("9" * 5_000, str(2**63), "99", "never"):
        headers = {"Last-Event-ID": position}
        with bench.administrator.stream("GET", "/api/v1/stream", headers=headers) as reply:
            assert next(messages(reply))[1]["position"] == 0


def test_an_account_that_holds_all_its_streams_is_told_so_and_nobody_else_is(bench: Bench) -> None:
    one, other = bench.planted("guard"), bench.planted("guard")
    held = bench.app.state.services.held
    with contextlib.ExitStack() as open_ones:
        for _ in range(COUNT_MAX):
            open_ones.enter_context(held.by(f"user:{one.user_id}"))

        refused = one.client.get("/api/v1/stream")
        assert (refused.status_code, refused.json()["code"]) == (429, "too_many_open")
        assert int(refused.headers["Retry-After"]) > 0
        for accept in ("application/json", "text/event-stream"):
            waits = one.client.get("/api/v1/events?wait=1", headers={"Accept": accept})
            assert waits.status_code == 429
        with other.client.stream("GET", "/api/v1/stream") as reply:
            assert reply.status_code == 200


def test_what_was_missed_is_told_again(any_bench: Bench) -> None:
    node = any_bench.node()
    node.send(*(node.event(n) for n in range(1, 6)))
    headers = {"Last-Event-ID": "3"}

    with any_bench.administrator.stream("GET", "/api/v1/stream", headers=headers) as reply:
        told = messages(reply)
        hello = next(told)[1]
        positions = [next(told)[1]["position"] for _ in range(2)]

    snapshot = any_bench.administrator.get("/api/v1/snapshot").json()
    assert hello == {"epoch": snapshot["epoch"], "position": 5}
    assert positions == [4, 5]


def test_a_stream_ends_with_its_session(any_bench: Bench) -> None:
    guard = any_bench.operator("guard")
    with guard.stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        assert next(told)[0] == "hello"

        other = any_bench.client()
        other.cookies.update(guard.cookies)
        other.delete("/api/v1/sessions/current")

        assert [name for name, _ in told if name == "event"] == []


def test_a_deleted_operator_is_out_at_once_and_hears_no_more_of_the_stream(
    any_bench: Bench,
) -> None:
    guard = any_bench.planted("guard")
    with guard.client.stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        assert next(told)[0] == "hello"

        path = f"/api/v1/users/{guard.user_id}"
        assert any_bench.administrator.delete(path).status_code == 204
        node = any_bench.node()
        node.send(node.event(1))

        assert next((name for name, _ in told if name == "event"), "over") == "over"
    assert guard.client.get("/api/v1/stream").status_code == 401
    assert sign_in(guard.client, guard.username).status_code == 401


def test_a_stream_ends_when_its_session_has_run_out(bench: Bench) -> None:
    guard = bench.planted("guard").client
    with guard.stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        assert next(told)[0] == "hello"

        bench.clock.advance(seconds=SESSION_LIFETIME.total_seconds())

        assert [name for name, _ in told if name == "event"] == []


def test_names_are_masked_in_the_stream(bench: Bench) -> None:
    holder_id, node = bench.person("王小明"), bench.node()
    with bench.operator("guard").stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        assert next(told)[0] == "hello"
        event = node.event(1)
        node.send(event.model_copy(update={"data": {**event.data, "holder_id": holder_id}}))

        stored = next(data for name, data in told if name == "event")

    assert stored["holder_name"] == "王**"


def test_personnel_are_told_no_events(bench: Bench) -> None:
    node = bench.node()
    with bench.operator("personnel").stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        assert next(told)[0] == "hello"
        node.send(node.event(1))
        bench.person()

        names = [next(told)[0]]
        while names[-1] != "people":
            names.append(next(told)[0])

    assert "event" not in names


def test_a_node_is_told_when_people_change(any_bench: Bench) -> None:
    node = any_bench.node()
    target = "/api/v1/nodes/current/stream"
    with node.http.stream("GET", target, headers=node.headers("GET", target)) as reply:
        # Joining itself may be told, and that a node should look for itself what waits.
        versions = (data["version"] for name, data in messages(reply) if name == "replica")
        first = next(versions)
        any_bench.person()

        assert next(version for version in versions if version > first)


def test_a_reader_that_is_too_slow_is_cut_off() -> None:
    hub = Hub()
    with hub.subscribe(Reader("session")) as subscription:
        for position in range(300):
            hub.publish("event", lambda _: "{}", position=position)

        assert subscription.is_over


def test_readers_with_the_same_rights_share_one_encoding() -> None:
    hub, encoded = Hub(), list[frozenset[str]]()

    def view(permissions: frozenset[str]) -> str:
        encoded.append(permissions)
        return json.dumps(sorted(permissions))

    with hub.subscribe(Reader("a")), hub.subscribe(Reader("b")):
        hub.publish("event", view)

    assert encoded == [frozenset()]


def test_what_waits_together_is_one_piece_in_its_order() -> None:
    hub = Hub()

    async def first_piece() -> bytes:
        with hub.subscribe(Reader("session")) as subscription:
            for position in (4, 5, 6):
                hub.publish("event", lambda _: "{}", position=position)
            hub.publish("node", lambda _: "{}")
            return await anext(subscription.frames(after=4))

    told = asyncio.run(first_piece())

    assert told.split(b"\n\n") == [
        b"id: 5\nevent: event\ndata: {}", b"id: 6\nevent: event\ndata: {}",
        b"event: node\ndata: {}", b"",
    ]  # fmt: skip


def test_a_stream_that_meets_a_busy_database_ends_in_order_and_is_closed() -> None:
    closed = list[bool]()

    async def frames() -> AsyncGenerator[bytes, None]:
        try:
            yield b"event: hello\ndata: {}\n\n"
            raise NoConnectionError("the site's share of connections is in use")
        finally:
            closed.append(True)

    async def told() -> list[str | bytes | memoryview]:
        return [piece async for piece in EventStream(frames()).body_iterator]

    assert asyncio.run(told()) == [b"event: hello\ndata: {}\n\n"]
    assert closed == [True]
