"""What is recorded, and who may read it."""

import json
from typing import get_args

from central.audit.notes import KINDS, Purpose
from config.web import STATIC
from tests.central.audit.log import actions, entries
from tests.central.bench import PASSWORD, Bench


def test_an_entry_says_who_what_on_what_and_from_where(any_bench: Bench) -> None:
    holder_id = any_bench.person("王小明", number="1001")

    any_bench.administrator.patch(f"/api/v1/people/{holder_id}", json={"name": "王大明"})

    newest = entries(any_bench)[0]
    assert (newest["actor_name"], newest["address"]) == ("admin", "127.0.0.1")
    assert (newest["action"], newest["objects"]) == ("people_patch", [f"person:{holder_id}"])
    assert newest["detail"] == {"fields": ["name"]}


def test_signing_in_failing_and_signing_out_are_recorded(bench: Bench) -> None:
    assert bench.administrator
    client = bench.client()
    wish = {"username": "admin", "password": "wrong"}
    client.post("/api/v1/sessions", json=wish)
    client.post("/api/v1/sessions", json={"username": "my-secret", "password": "x"})
    client.post("/api/v1/sessions", json={**wish, "password": PASSWORD})
    client.delete("/api/v1/sessions/current")

    signed_out, signed_in, unknown, refused = entries(bench)[:4]
    assert (refused["action"], refused["actor"]) == ("sessions_refused", "anybody")
    assert refused["objects"] == [signed_in["actor"]]
    assert (unknown["action"], unknown["objects"]) == ("sessions_refused", [])
    assert signed_in["action"] == "sessions_post"
    assert (signed_out["action"], signed_out["actor_name"]) == ("sessions_current_delete", "admin")


def test_names_numbers_cards_and_passwords_are_in_no_entry(bench: Bench) -> None:
    holder_id = bench.person("王小明", number="K-1001")
    bench.administrator.post(f"/api/v1/people/{holder_id}/cards", json={"number": "0006547886"})
    bench.administrator.put("/api/v1/people/by-number/K-1001", json={"name": "王大明"})
    bench.client().post("/api/v1/sessions", json={"username": "oops", "password": "my-secret"})

    text = json.dumps([{**e, "actor_name": ""} for e in entries(bench)], ensure_ascii=False)

    secrets = ("王", "K-1001", "6547886", "my-secret", "oops", PASSWORD)
    assert [secret for secret in secrets if secret in text] == []


def test_who_looks_at_a_passage_is_recorded_once_with_the_purpose(bench: Bench) -> None:
    for _ in range(3):
        bench.administrator.get("/api/v1/events?purpose=incident")
    bench.administrator.get("/api/v1/events?purpose=subject_request")

    looks = [e["purpose"] for e in entries(bench, action="events_get")]

    assert looks == ["subject_request", "incident"]


def test_entries_are_filtered_and_come_in_pages(bench: Bench) -> None:
    holder_ids = [bench.person(name) for name in "ABC"]

    first = bench.auditor.get("/api/v1/audit?action=people_post&limit=2").json()
    rest = bench.auditor.get(
        f"/api/v1/audit?action=people_post&limit=2&before={first['next']}"
    ).json()

    found = [item["objects"][0] for item in first["items"] + rest["items"]]
    assert found == [f"person:{holder_id}" for holder_id in reversed(holder_ids)]
    assert rest["next"] is None
    assert len(entries(bench, about=holder_ids[0])) == 1
    assert {e["actor_name"] for e in entries(bench, actor="admin")} == {"admin"}
    assert entries(bench, actor="nobody") == []


def test_auditors_read_the_log_and_nobody_else_does(bench: Bench) -> None:
    roles = ("auditor", "administrator", "security_administrator", "guard", "personnel")

    statuses = [bench.operator(role).get("/api/v1/audit").status_code for role in roles]

    assert statuses == [200, 403, 403, 403, 403]


def test_the_first_link_and_a_terminal_that_joins_are_recorded(bench: Bench) -> None:
    bench.node("gate-2")

    found = actions(bench)
    assert found[0] == "first_invitation"
    assert found[-2:] == ["nodes_tokens_post", "nodes_enrol_post"]
    assert entries(bench)[0]["actor"] == "node:gate-2"


def test_every_kind_of_object_and_purpose_has_words() -> None:
    english = (STATIC / "en.json").read_text("utf-8")

    kinds = {*KINDS.values(), "role", "node"}
    assert {kind for kind in kinds if f'"audit_object.{kind}"' not in english} == set()
    purposes = [p for p in get_args(Purpose) if p]
    assert [p for p in purposes if f'"audit_purpose.{p}"' not in english] == []
