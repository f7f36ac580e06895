"""How nodes join, are seen, and are shut out."""

import asyncio
import hashlib

from sqlalchemy import delete

from central.database import EVERYTHING, Transaction
from central.nodes.endpoints import frames
from central.nodes.signed import SignedRequest
from central.tables import nodes
from config.contract.nodes import AccessRecord, NodeWelcome, ReplicaPage
from config.contract.trust import public_text, unseal
from tests.central.audit.log import in_transaction
from tests.central.bench import Bench, Node


def test_a_node_joins_once_with_its_token(any_bench: Bench) -> None:
    token = any_bench.token()
    node = Node(any_bench.client(), "gate-1", any_bench.clock)

    first, again = node.enrol(token), node.enrol(token)

    welcome = NodeWelcome.model_validate_json(first.content)
    assert (welcome.site, welcome.node, welcome.ca_certificate) == ("test", "gate-1", None)
    assert len(unseal(node.sealing_key, welcome.sealed_card_key)) == 32
    assert (again.status_code, again.json()["code"]) == (410, "token_not_good")


def test_a_token_is_for_one_node(bench: Bench) -> None:
    other = Node(bench.client(), "gate-2", bench.clock)

    assert other.enrol(bench.token("gate-1")).status_code == 410


def test_a_token_is_good_for_fifteen_minutes(bench: Bench) -> None:
    token = bench.token()
    bench.clock.advance(minutes=15, seconds=1)

    assert Node(bench.client(), "gate-1", bench.clock).enrol(token).status_code == 410


def test_a_token_needs_a_node_of_the_site_file(bench: Bench) -> None:
    reply = bench.administrator.post("/api/v1/nodes/tokens", json={"node": "gate-9"})

    assert (reply.status_code, reply.json()["code"]) == (404, "node_not_installed")


def test_a_new_terminal_of_the_same_name_replaces_the_old(bench: Bench) -> None:
    old, new = bench.node(), bench.node()

    assert old.request("GET", "/api/v1/replica?after=0").status_code == 401
    assert new.request("GET", "/api/v1/replica?after=0").status_code == 200


def test_only_who_takes_another_s_place_ends_the_streams_of_that_node(bench: Bench) -> None:
    announced = list[str]()
    bench.app.state.services.database.listen(announced.append)

    bench.node()
    first = "node-keys:gate-1" in announced
    bench.node()

    assert (first, "node-keys:gate-1" in announced) == (False, True)


def test_a_node_that_is_shut_out_loses_its_stream_though_nobody_heard_of_it(bench: Bench) -> None:
    node = bench.node()
    target = "/api/v1/nodes/current/stream"

    async def forget(transaction: Transaction) -> None:
        # As after a connection to the database that was lost: only that something was missed.
        await transaction.execute(delete(nodes))
        transaction.announce(EVERYTHING)

    with node.http.stream("GET", target, headers=node.headers("GET", target)) as stream:
        lines = stream.iter_lines()
        assert next(lines) == "event: replica"

        in_transaction(bench, forget)

        assert list(lines)[-1] == ""
    assert node.request("GET", "/api/v1/replica?after=0").status_code == 401


def test_a_stream_that_was_asked_for_before_and_begins_after_is_empty(bench: Bench) -> None:
    old = bench.node()
    bench.node()
    services = bench.app.state.services
    signed = SignedRequest("gate-1", b"", old.sealing_key.public_key())

    async def read() -> list[bytes]:
        return [frame async for frame in frames(services, signed)]

    assert asyncio.run_coroutine_threadsafe(read(), services.loop).result(60) == []


def test_a_node_that_is_removed_is_shut_out(any_bench: Bench) -> None:
    node = any_bench.node()

    assert node.request("GET", "/api/v1/replica?after=0").status_code == 200

    assert any_bench.administrator.delete("/api/v1/nodes/gate-1").status_code == 204

    assert node.request("GET", "/api/v1/replica?after=0").status_code == 401


def test_a_terminal_that_is_shut_out_is_an_alarm_on_the_list(any_bench: Bench) -> None:
    any_bench.node("gate-2")
    administrator = any_bench.administrator

    assert administrator.delete("/api/v1/nodes/gate-2").status_code == 204
    assert administrator.delete("/api/v1/nodes/gate-2").status_code == 404

    events = [item["event"] for item in administrator.get("/api/v1/events").json()["items"]]
    revoked = [event for event in events if event["type"] == "menshen.node.revoked.v1"]
    assert [(event["class"], event["data"]["node"]) for event in revoked] == [("alarm", "gate-2")]


def rules_of(node: Node, after: int = 0) -> tuple[int, AccessRecord]:
    """Return the version that a node has then, and the access rules that it is told."""
    reply = node.request("GET", f"/api/v1/replica?after={after}&access=0")
    page = ReplicaPage.model_validate_json(reply.content)
    assert page.access is not None
    return page.version, page.access


def test_every_node_is_told_the_keys_of_all(any_bench: Bench) -> None:
    one = any_bench.node("gate-1")
    before, alone = rules_of(one)

    two = any_bench.node("gate-2")

    after, both = rules_of(one)
    own = {node.name: public_text(node.signing_key.public_key()) for node in (one, two)}
    assert alone.node_keys == {"gate-1": own["gate-1"]}
    assert both.node_keys == own
    assert after > before


def test_the_others_hear_that_a_node_was_shut_out(bench: Bench) -> None:
    one, _ = bench.node("gate-1"), bench.node("gate-2")
    before, _ = rules_of(one)

    bench.administrator.delete("/api/v1/nodes/gate-2")

    after, rules = rules_of(one)
    assert list(rules.node_keys) == ["gate-1"]
    assert after > before


def test_a_node_is_online_while_it_reports(any_bench: Bench) -> None:
    any_bench.node().report()
    views = "/api/v1/nodes"

    before = any_bench.administrator.get(views).json()
    any_bench.clock.advance(seconds=20)
    after = any_bench.administrator.get(views).json()

    assert [(view["node"], view["is_online"]) for view in before] == [
        ("gate-1", True),
        ("gate-2", False),
    ]
    assert [view["is_online"] for view in after] == [False, False]
    assert after[0]["status"]["pipeline"] == "builtin"


def test_a_gap_is_shown(bench: Bench) -> None:
    node = bench.node()
    node.send(node.event(3))

    view = bench.administrator.get("/api/v1/nodes").json()[0]

    assert view["gaps"] == [{"epoch": str(node.epoch), "class": "access", "first": 1, "last": 2}]


def test_an_old_request_is_refused_and_says_the_time(bench: Bench) -> None:
    node = bench.node()
    headers = node.headers("GET", "/api/v1/replica?after=0")
    bench.clock.advance(minutes=2)

    reply = node.http.get("/api/v1/replica?after=0", headers=headers)

    assert (reply.status_code, reply.json()["code"]) == (401, "bad_signature")
    assert "Date" in reply.headers


def test_a_body_that_is_too_large_is_refused(bench: Bench) -> None:
    body = b"\xff\xd8\xff" + bytes(200_000)

    reply = bench.node().request("PUT", f"/api/v1/blobs/{hashlib.sha256(body).hexdigest()}", body)

    assert reply.status_code == 413


def test_without_tls_there_is_no_authority(bench: Bench) -> None:
    assert bench.client().get("/api/v1/site/ca.pem").status_code == 404
