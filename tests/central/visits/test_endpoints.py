"""Visits: a signed one-time code, told to nodes, cancelled, arrived, forgotten when long over."""

import asyncio
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from central.visits import repository
from config.contract.access_events import VisitorArrived
from config.contract.nodes import HolderRecord
from config.contract.visitor_code import decode_visitor_code
from tests.central.bench import Bench, Node, messages
from tests.central.muster.test_endpoints import inside, moved, tell
from tests.central.people.test_endpoints import replica


def wish(bench: Bench, **more: object) -> dict[str, Any]:
    now = bench.clock.now.replace(microsecond=0)
    return {
        "visitor": "周一平",
        "valid_from": now.isoformat(),
        "valid_until": (now + timedelta(hours=8)).isoformat(),
        "points": ["lane"],
        **more,
    }


def invite(bench: Bench, **more: object) -> dict[str, Any]:
    host_id = more.pop("host_id", None) or bench.person("Host")
    body = wish(bench, host_id=host_id, **more)
    reply = bench.administrator.post("/api/v1/visits", json=body)
    assert reply.status_code == 201, reply.text
    visit: dict[str, Any] = reply.json()
    return visit


def listed(client: httpx.Client) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = client.get("/api/v1/visits").json()["items"]
    return items


def told(node: Node, visit_id: str) -> HolderRecord:
    return next(h for h in replica(node).holders if h.holder_id == visit_id)


def test_the_code_of_a_visit_is_signed_for_its_time_and_points(any_bench: Bench) -> None:
    visit = invite(any_bench, needs_escort=True)

    key = any_bench.app.state.services.central_key.public_key()
    code = decode_visitor_code(visit["code"], key=key, site="test")
    assert (str(code.holder_id), code.points, code.needs_escort) == (
        visit["visit_id"], ("lane",), True,
    )  # fmt: skip
    assert (code.is_one_time, code.stands_alone) == (True, True)
    assert code.valid_from == any_bench.clock.now.replace(microsecond=0)


def test_the_code_is_drawn_as_a_picture(bench: Bench) -> None:
    visit = invite(bench)

    reply = bench.administrator.get(f"/api/v1/visits/{visit['visit_id']}/code.svg")

    assert (reply.status_code, reply.headers["content-type"]) == (200, "image/svg+xml")
    assert re.search(r"<svg[^>]*>.*<path", reply.text, re.DOTALL)


def test_nodes_know_a_visitor_by_a_masked_name(any_bench: Bench) -> None:
    visit = invite(any_bench, needs_escort=True)

    record = told(any_bench.node(), visit["visit_id"])

    assert (record.masked_name, record.access_points) == ("周**", ("lane",))
    assert (record.is_active, record.needs_escort, record.cards) == (True, True, ())
    assert record.valid_until == any_bench.clock.now.replace(microsecond=0) + timedelta(hours=8)


def test_a_cancelled_visitor_is_told_to_be_inactive(any_bench: Bench) -> None:
    visit, node = invite(any_bench), any_bench.node()
    path = f"/api/v1/visits/{visit['visit_id']}"

    assert any_bench.administrator.delete(path).status_code == 204

    assert told(node, visit["visit_id"]).is_active is False
    assert [item["state"] for item in listed(any_bench.administrator)] == ["cancelled"]
    assert any_bench.administrator.get(f"{path}/code.svg").json()["code"] == "visit_is_over"


def test_an_arrival_is_noted_once_and_told_to_pages(any_bench: Bench) -> None:
    visit, node = invite(any_bench), any_bench.node()
    arrived = VisitorArrived(holder_id=visit["visit_id"], access_point="lane")

    with any_bench.administrator.stream("GET", "/api/v1/stream") as reply:
        stream = messages(reply)
        next(stream)
        node.send(node.event(1, fact=arrived))
        assert next(data for name, data in stream if name == "visits") == {}
    node.send(node.event(2, fact=arrived, time=any_bench.clock.now))

    (item,) = listed(any_bench.operator("guard"))
    assert (item["state"], item["arrived_point"]) == ("arrived", "lane")
    assert item["arrived_at"] == "2026-11-23T08:00:00Z"


def test_a_visitor_is_inside_by_name_and_can_be_forgiven(any_bench: Bench) -> None:
    visit, node = invite(any_bench), any_bench.node()
    tell(node, moved(visit["visit_id"], "hall", minute=1))

    reply = any_bench.administrator.post("/api/v1/forgiven", json={"holder_id": visit["visit_id"]})

    assert inside(any_bench.administrator) == {"hall": ["周一平"]}
    assert inside(any_bench.operator("guard")) == {"hall": ["周**"]}
    assert reply.status_code == 201


def test_a_visit_expires_by_itself(bench: Bench) -> None:
    invite(bench)
    bench.clock.advance(hours=9)

    assert [item["state"] for item in listed(bench.administrator)] == ["over"]


def test_the_name_of_a_visitor_is_erased_when_the_visit_is_long_over(any_bench: Bench) -> None:
    visit, node = invite(any_bench), any_bench.node()
    known = replica(node).version
    services, end = any_bench.app.state.services, any_bench.clock.now + timedelta(days=1)

    async def forget() -> None:
        async with services.database.write() as transaction:
            await repository.forget_over(transaction, until=end, limit=10)

    asyncio.run_coroutine_threadsafe(forget(), services.loop).result(60)

    (record,) = replica(node, after=known).holders
    assert (record.holder_id, record.is_removed) == (visit["visit_id"], True)
    assert listed(any_bench.administrator) == []
    assert any_bench.row("SELECT visitor FROM visits") == ("",)


def test_people_and_visitors_come_in_pages_that_miss_nobody(bench: Bench) -> None:
    host = bench.person("Host")
    for n in range(110):
        bench.person(f"P{n}")
        invite(bench, host_id=host, visitor=f"V{n}")
    node = bench.node()

    first = replica(node)
    second = replica(node, after=first.version)

    assert (len(first.holders), first.has_more, len(second.holders), second.has_more) == (
        200, True, 21, False,
    )  # fmt: skip
    assert len({h.holder_id for h in first.holders + second.holders}) == 221


def test_a_guard_sees_masked_names_and_invites_nobody(bench: Bench) -> None:
    invite(bench)
    guard = bench.operator("guard")

    (item,) = listed(guard)

    assert (item["visitor"], item["host"]) == ("周**", "H***")
    assert guard.post("/api/v1/visits", json={}).status_code == 403


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"points": ["roof"]}, "not_an_entrance"),
        ({"points": []}, "invalid_request"),
        ({"valid_until": "2020-01-01T00:00:00Z"}, "invalid_request"),
        (
            {"valid_from": "2020-01-01T00:00:00Z", "valid_until": "2020-01-02T00:00:00Z"},
            "visit_is_over",
        ),
        ({"valid_until": "2099-01-01T00:00:00Z"}, "invalid_request"),
    ],
    ids=["no entrance", "no point", "over before it begins", "over already", "too long"],
)
def test_a_visit_that_cannot_be_is_refused(
    bench: Bench, more: dict[str, object], code: str
) -> None:
    body = wish(bench, host_id=bench.person("Host"), **more)

    reply = bench.administrator.post("/api/v1/visits", json=body)

    assert (reply.status_code, reply.json()["code"]) == (422, code)


def test_nobody_unknown_is_a_host(bench: Bench) -> None:
    reply = bench.administrator.post("/api/v1/visits", json=wish(bench, host_id=str(uuid4())))

    assert (reply.status_code, reply.json()["code"]) == (404, "person_not_found")


def test_a_visit_that_is_not_there_is_not_found(bench: Bench) -> None:
    path = f"/api/v1/visits/{uuid4()}"

    statuses = [
        bench.administrator.delete(path).status_code,
        bench.administrator.get(f"{path}/code.svg").status_code,
    ]

    assert statuses == [404, 404]
