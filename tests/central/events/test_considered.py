"""Who was considered in a decision is for auditors: on every way out of central."""

from uuid import uuid4

import httpx
import pytest

from central.events.considered import candidates_of, without_candidates
from config.contract.access import CredentialKind, DenialReason, Direction
from config.contract.events import AccessDenied, ConsideredCandidate, FaceEvidence
from tests.central.bench import Bench, make_event, messages

OTHER = "holder-who-was-only-considered"


def refusal(*holder_ids: str) -> AccessDenied:
    """Return a refusal in which some people were considered, 0.4 alike and less."""
    similarities = (0.4, 0.3, 0.2)
    candidates = tuple(
        ConsideredCandidate(holder_id=holder_id, similarity=similarity)
        for holder_id, similarity in zip(holder_ids, similarities, strict=False)
    )
    face = FaceEvidence(
        similarity=0.4, threshold=0.6, margin=None, gallery_size=2, frame_count=3,
        network="0" * 64, frame_to_decision_ms=50, candidates=candidates,
    )  # fmt: skip
    return AccessDenied(
        decision_id=uuid4(), access_point="lane", direction=Direction.IN, face=face,
        reason=DenialReason.UNKNOWN_FACE, credential=CredentialKind.FACE,
    )  # fmt: skip


@pytest.fixture
def considered(bench: Bench) -> Bench:
    """Central that holds one decision, and one that came under the same key."""
    node = bench.node()
    node.send(node.event(1, fact=refusal(OTHER)))
    node.send(node.event(1, fact=refusal(OTHER)))
    return bench


def seen_by(client: httpx.Client, path: str) -> str:
    reply = client.get(f"/api/v1/{path}")
    assert reply.status_code == 200
    return reply.text


@pytest.mark.parametrize("path", ["events", "events?limit=1", "events/conflicts", "snapshot"])
def test_a_guard_is_not_told_who_was_considered(considered: Bench, path: str) -> None:
    seen = seen_by(considered.operator("guard"), path)

    assert DenialReason.UNKNOWN_FACE.value in seen
    assert OTHER not in seen


@pytest.mark.parametrize("path", ["events", "events/conflicts"])
@pytest.mark.parametrize("role", ["auditor", "administrator"])
def test_who_reads_events_to_audit_them_is_told(considered: Bench, path: str, role: str) -> None:
    assert OTHER in seen_by(considered.operator(role), path)


@pytest.mark.parametrize("role", ["auditor", "guard"])
def test_no_stream_names_who_was_considered(bench: Bench, role: str) -> None:
    node, reader = bench.node(), bench.operator(role)
    with reader.stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        assert next(told)[0] == "hello"
        node.send(node.event(1, fact=refusal(OTHER)))

        stored = next(data for name, data in told if name == "event")

    assert stored["event"]["data"]["face"]["similarity"] == 0.4
    assert OTHER not in str(stored)


def test_what_was_missed_is_told_again_without_who_was_considered(considered: Bench) -> None:
    headers = {"Last-Event-ID": "0"}
    with considered.administrator.stream("GET", "/api/v1/stream", headers=headers) as reply:
        told = messages(reply)
        stored = next(data for name, data in told if name == "event")

    assert stored["position"] == 1
    assert OTHER not in str(stored)


def test_the_snapshot_names_nobody_who_was_considered(considered: Bench) -> None:
    assert OTHER not in seen_by(considered.operator("auditor"), "snapshot")


def test_an_auditor_is_told_their_names_best_first(any_bench: Bench) -> None:
    people, node = [any_bench.person(name) for name in ("王小明", "李梅")], any_bench.node()
    node.send(node.event(1, fact=refusal(*people, OTHER)))

    items = any_bench.operator("auditor").get("/api/v1/events/1/candidates").json()["items"]

    assert [(i["name"], i["similarity"]) for i in items] == [
        ("王小明", 0.4), ("李梅", 0.3), (None, 0.2),
    ]  # fmt: skip


def test_somebody_who_was_removed_has_no_name_any_more(bench: Bench) -> None:
    holder_id, node = bench.person("王小明"), bench.node()
    node.send(node.event(1, fact=refusal(holder_id)))
    bench.administrator.delete(f"/api/v1/people/{holder_id}")

    [item] = bench.operator("auditor").get("/api/v1/events/1/candidates").json()["items"]

    assert item == {"holder_id": holder_id, "name": None, "similarity": 0.4}


@pytest.mark.parametrize("role", ["guard", "personnel"])
def test_others_may_not_ask(considered: Bench, role: str) -> None:
    assert considered.operator(role).get("/api/v1/events/1/candidates").status_code == 403


def test_a_position_that_is_none_is_said(bench: Bench) -> None:
    reply = bench.operator("auditor").get("/api/v1/events/9/candidates")

    assert (reply.status_code, reply.json()["code"]) == (404, "event_not_found")


def test_a_decision_without_a_face_considered_nobody(bench: Bench) -> None:
    node = bench.node()
    node.send(node.event(1))

    assert bench.administrator.get("/api/v1/events/1/candidates").json() == {"items": []}


def test_an_event_of_an_unknown_type_is_treated_alike() -> None:
    data = {"looks": [{"candidates": [OTHER], "count": 2}]}
    event = make_event(1, type="menshen.access.pondered.v2", data=data)

    assert without_candidates(event).data == {"looks": [{"count": 2}]}
    assert candidates_of(event) == ()
