"""Floor plans over HTTP: uploaded by few, served so that nothing in them can run, in versions."""

from typing import Any

from tests.central.audit.log import entries
from tests.central.bench import Bench, messages
from tests.central.plans.drawings import API, LANE, draw, place, placed, svg


def plans(bench: Bench) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = bench.administrator.get(API).json()["items"]
    return items


def test_a_plan_is_drawn_changed_and_restored(any_bench: Bench) -> None:
    client = any_bench.administrator

    versions = [reply.json()["version"] for reply in (draw(client), place(client, LANE))]
    (changed,) = plans(any_bench)
    restored = client.post(f"{API}/ground/restore", json={"restore": 1, "version": 2})

    assert versions == [1, 2]
    assert (changed["places"], changed["width"], changed["is_schematic"]) == ([LANE], 400, False)
    assert (restored.json()["version"], restored.json()["places"]) == (3, [])
    kept = client.get(f"{API}/ground/versions").json()["items"]
    assert [item["place_count"] for item in kept] == [0, 1, 0]


def test_a_site_without_a_plan_is_shown_a_schematic_one(bench: Bench) -> None:
    (plan,) = plans(bench)
    drawing = bench.administrator.get(f"{API}/drawings/{plan['drawing']}")

    assert plan["is_schematic"]
    assert ("access_point", "lane") in [(p["kind"], p["id"]) for p in plan["places"]]
    assert drawing.headers["content-type"] == "image/svg+xml"


def test_a_drawing_is_served_so_that_nothing_in_it_can_run(bench: Bench) -> None:
    sha256 = draw(bench.administrator).json()["drawing"]

    reply = bench.planted("guard").client.get(f"{API}/drawings/{sha256}")

    policy = reply.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert reply.headers["x-content-type-options"] == "nosniff"


def test_what_was_left_out_is_said_and_a_hostile_file_is_refused(bench: Bench) -> None:
    told = draw(bench.administrator, drawing=svg("<script>alert(1)</script>")).json()
    refused = draw(bench.administrator, "other", drawing="<!DOCTYPE a [<!ENTITY b 'c'>]><svg/>")

    assert told["left_out"] == {"script": 1}
    assert (refused.status_code, refused.json()["code"]) == (422, "drawing_declares")


def test_a_plan_that_somebody_changed_meanwhile_is_not_overwritten(bench: Bench) -> None:
    placed(bench.administrator)

    replies = [
        draw(bench.administrator),
        place(bench.administrator, LANE, version=1),
        bench.administrator.post(f"{API}/ground/restore", json={"restore": 1, "version": 1}),
    ]

    assert [reply.json()["code"] for reply in replies] == ["plan_changed"] * 3


def test_a_new_drawing_leaves_things_where_they_stand(bench: Bench) -> None:
    placed(bench.administrator)

    again = draw(bench.administrator, drawing=svg("<circle r='4'/>"), version=2).json()

    assert (again["version"], again["places"]) == (3, [LANE])


def test_what_the_site_file_does_not_have_is_not_placed(bench: Bench) -> None:
    draw(bench.administrator)

    reply = place(bench.administrator, {**LANE, "id": "nowhere"})

    assert (reply.status_code, reply.json()["code"]) == (422, "unknown_subject")


def test_a_removed_plan_is_gone_and_can_be_restored(bench: Bench) -> None:
    client = bench.administrator
    placed(client)

    assert client.delete(f"{API}/ground").status_code == 204
    (left,) = plans(bench)
    client.post(f"{API}/ground/restore", json={"restore": 2, "version": 3})

    assert left["is_schematic"]
    assert [plan["id"] for plan in plans(bench)] == ["ground"]


def test_a_guard_reads_plans_and_changes_none(bench: Bench) -> None:
    guard = bench.planted("guard").client

    assert guard.get(API).status_code == 200
    assert draw(guard).status_code == 403


def test_a_change_is_recorded_and_told_on_the_stream(bench: Bench) -> None:
    with bench.administrator.stream("GET", "/api/v1/stream") as console:
        told = messages(console)
        next(told)
        draw(bench.administrator)

        assert next(kind for kind, _ in told if kind != "people") == "plans"
    (entry,) = [e for e in entries(bench) if e["action"] == "plans_put"]
    assert entry["objects"] == ["plan:ground"]


def test_only_the_latest_versions_and_what_they_show_are_kept(bench: Bench) -> None:
    client, version = bench.administrator, draw(bench.administrator).json()["version"]
    first = plans(bench)[0]["drawing"]
    version = draw(client, drawing=svg("<g/>"), version=version).json()["version"]

    for _ in range(50):
        version = place(client, version=version).json()["version"]

    assert len(client.get(f"{API}/ground/versions").json()["items"]) == 50
    assert client.get(f"{API}/drawings/{first}").status_code == 404
