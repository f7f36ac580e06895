"""Consent comes before a face: texts in versions, purposes apart, a guardian for a child."""

import numpy as np
import pytest

from central.people.templates import encrypted, replace
from tests.central.bench import Bench
from tests.central.people.enrolling import consent, enrol, send_pictures, templates_of
from tests.central.people.seen_faces import SeenFaces, photograph
from tests.central.recognition.galleries import on_loop

ANNA = photograph(1)
GUARDIAN = {"guardian_name": "王芳", "guardian_relation": "母亲"}


def test_a_face_without_consent_is_refused_in_one_line(any_bench: Bench) -> None:
    holder_id = any_bench.person()

    reply = send_pictures(any_bench.administrator, holder_id, ANNA)

    assert (reply.status_code, reply.json()["code"]) == (409, "consent_needed")
    assert "record this person's consent" in reply.json()["detail"]
    assert any_bench.administrator.get(f"/api/v1/people/{holder_id}").json()["has_face"] is False


def test_consent_to_the_canteen_is_none_to_the_gates(bench: Bench) -> None:
    holder_id = bench.person()
    consent(bench.administrator, holder_id, purpose="canteen")

    assert send_pictures(bench.administrator, holder_id, ANNA).status_code == 409


def test_a_consent_says_who_took_it_on_which_text_and_where_the_face_lies(bench: Bench) -> None:
    holder_id = bench.person()
    consent(bench.administrator, holder_id, method="screen")

    (kept,) = bench.administrator.get(f"/api/v1/people/{holder_id}/consents").json()["items"]

    said = {name: kept[name] for name in ("purpose", "text_version", "place", "method", "taken_by")}
    assert said == {"purpose": "gate", "text_version": 1, "place": "central", "method": "screen",
                    "taken_by": "admin"}  # fmt: skip
    assert kept["ended_at"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        {"is_under_14": True},
        {"is_under_14": True, "guardian_name": "王芳"},
        GUARDIAN,
        {"place": "terminal"},
        {"nodes": ["gate-1"]},
        {"text_version": 2},
        {"place": "terminal", "nodes": ["gate-9"]},
        {"given_at": "2999-01-01T00:00:00Z"},
    ],
)
def test_a_consent_that_is_not_whole_is_refused(bench: Bench, wrong: dict[str, object]) -> None:
    holder_id = bench.person()

    assert consent(bench.administrator, holder_id, **wrong).status_code == 422
    assert bench.administrator.get(f"/api/v1/people/{holder_id}/consents").json()["items"] == []


def test_a_guardian_consents_for_a_child_and_guards_see_no_name_of_theirs(bench: Bench) -> None:
    holder_id = bench.person()

    reply = consent(bench.administrator, holder_id, is_under_14=True, **GUARDIAN)

    (seen,) = bench.operator("guard").get(f"/api/v1/people/{holder_id}/consents").json()["items"]
    assert (reply.status_code, reply.json()["guardian_name"]) == (201, "王芳")
    assert (seen["is_under_14"], seen["guardian_name"]) == (True, None)


def test_a_text_gets_a_next_version_and_is_never_changed(any_bench: Bench) -> None:
    admin = any_bench.administrator
    before = {t["purpose"]: t for t in admin.get("/api/v1/consent-texts").json()["items"]}
    wish = {"purpose": "gate", "zh_cn": "新的告知" * 40, "en": "Another notice. " * 20}

    admin.post("/api/v1/consent-texts", json=wish)

    texts = admin.get("/api/v1/consent-texts").json()["items"]
    gate = [t for t in texts if t["purpose"] == "gate"]
    assert [t["version"] for t in gate] == [2, 1]
    assert gate[1] == before["gate"]
    assert any_bench.operator("personnel").post("/api/v1/consent-texts", json=wish).is_error


@pytest.mark.parametrize("purpose", ["gate", "canteen"])
def test_the_shipped_text_says_what_the_law_wants_said(bench: Bench, purpose: str) -> None:
    texts = bench.administrator.get("/api/v1/consent-texts").json()["items"]
    (shipped,) = [t for t in texts if t["purpose"] == purpose]

    for word in (
        "目的",
        "保存的内容",
        "存放位置",
        "保存期限",
        "撤回",
        "刷卡、密码、二维码",
        "监护人",
    ):
        assert word in shipped["zh_cn"]
    for word in ("Purpose", "What is kept", "Where", "How long", "withdraw", "a PIN", "guardian"):
        assert word in shipped["en"]


def test_a_face_from_before_consents_were_kept_is_in_no_replica(any_bench: Bench) -> None:
    holder_id, services = any_bench.person(), any_bench.app.state.services
    face = np.linspace(-1, 1, SeenFaces.dimension, dtype=np.float32)

    async def store() -> None:
        sealed = encrypted(
            services.kek, face, holder_id=holder_id, network=SeenFaces.network, picture_count=1
        )
        async with services.database.write() as transaction:
            await replace(transaction, holder_id, sealed, now=any_bench.clock())

    on_loop(any_bench, store())
    node = any_bench.node()
    before = templates_of(node)[holder_id]

    consent(any_bench.administrator, holder_id)

    assert before == ()
    assert len(templates_of(node)[holder_id]) == 1


def test_a_new_consent_to_the_same_place_keeps_the_face(bench: Bench) -> None:
    holder_id, node = bench.person(), bench.node()
    enrol(bench.administrator, holder_id, ANNA)

    consent(bench.administrator, holder_id)

    reasons = [
        c["end_reason"]
        for c in bench.administrator.get(f"/api/v1/people/{holder_id}/consents").json()["items"]
    ]
    assert reasons == [None, "replaced"]
    assert len(templates_of(node)[holder_id]) == 1


def test_a_new_consent_to_another_place_deletes_the_face(bench: Bench) -> None:
    holder_id, node = bench.person(), bench.node()
    enrol(bench.administrator, holder_id, ANNA)

    consent(bench.administrator, holder_id, place="terminal", nodes=["gate-1"])

    assert templates_of(node)[holder_id] == ()
    (order,) = bench.administrator.get("/api/v1/face-deletions").json()["items"]
    assert (order["holder_id"], order["reason"]) == (holder_id, "moved")
