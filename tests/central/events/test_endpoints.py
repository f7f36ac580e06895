"""Events from a node's request to an operator's page."""

import pytest

from config.contract.events import AccessDenied
from tests.central.bench import Bench


def named_event(bench: Bench, sequence: int) -> str:
    """Send an event about somebody; returns the holder's id."""
    holder_id, node = bench.person("王小明"), bench.node()
    event = node.event(sequence)
    node.send(event.model_copy(update={"data": {**event.data, "holder_id": holder_id}}))
    return holder_id


def test_an_event_is_shown_with_its_position_and_name(any_bench: Bench) -> None:
    named_event(any_bench, 1)

    item = any_bench.administrator.get("/api/v1/events").json()["items"][0]

    assert (item["position"], item["node"], item["holder_name"]) == (1, "gate-1", "王小明")
    assert item["event"]["class"] == "access"
    assert item["event"]["type"] == AccessDenied.type_name


def test_names_are_hidden_without_the_right(bench: Bench) -> None:
    named_event(bench, 1)
    guard = bench.operator("guard")

    answers = [guard.get(f"/api/v1/{path}").text for path in ("events", "snapshot", "people")]

    assert all("王小明" not in answer for answer in answers)
    assert "王**" in answers[0]


def test_pages_follow_each_other(bench: Bench) -> None:
    node = bench.node()
    node.send(*(node.event(n) for n in range(1, 6)))

    first = bench.administrator.get("/api/v1/events?limit=3").json()
    second = bench.administrator.get(f"/api/v1/events?limit=3&after={first['next']}").json()

    assert [item["position"] for item in first["items"] + second["items"]] == [1, 2, 3, 4, 5]
    assert (second["next"], second["has_more"]) == (5, False)


@pytest.mark.parametrize("source", ["/test/gate-2/lane", "/other/gate-1", "/test/gate-10", "x"])
def test_a_node_speaks_for_itself_only(bench: Bench, source: str) -> None:
    node = bench.node()
    body = f"[{node.event(1, source=source).model_dump_json(by_alias=True)}]".encode()

    reply = node.request("POST", "/api/v1/events", body)

    assert (reply.status_code, reply.json()["code"]) == (422, "foreign_source")


def test_a_batch_that_is_none_is_refused_without_quoting_it(bench: Bench) -> None:
    reply = bench.node().request("POST", "/api/v1/events", b'[{"secret": "value"}]')

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_request")
    assert "value" not in reply.text


def test_a_number_that_json_does_not_have_is_refused(bench: Bench) -> None:
    node = bench.node()
    body = node.event(1, data={}).model_dump_json(by_alias=True).replace("{}", '{"a": NaN}')

    assert node.request("POST", "/api/v1/events", f"[{body}]".encode()).status_code == 422


def test_a_signature_is_for_one_body(bench: Bench) -> None:
    node = bench.node()
    headers = node.headers("POST", "/api/v1/events", b"[]")

    reply = node.http.post("/api/v1/events", content=b"[ ]", headers=headers)

    assert reply.status_code == 401
    assert "Date" in reply.headers


def test_conflicts_can_be_looked_at(bench: Bench) -> None:
    node = bench.node()
    node.send(node.event(1))
    other = node.event(1)
    node.send(other)

    items = bench.administrator.get("/api/v1/events/conflicts").json()["items"]

    assert [item["event"]["id"] for item in items] == [str(other.id)]
