"""The access model: put whole, looked at first, kept for ever, told to nodes that ask."""

from datetime import date

import pytest

from config.calendars import shipped_calendar
from config.contract.nodes import AccessRecord, ReplicaPage
from tests.central.access.models import STAFF, check, put
from tests.central.bench import Bench, Node, messages


def told(node: Node, query: str = "access=0") -> ReplicaPage:
    reply = node.request("GET", f"/api/v1/replica?after=0&{query}")
    assert reply.status_code == 200, reply.text
    return ReplicaPage.model_validate_json(reply.content)


def rules(node: Node, query: str = "access=0") -> AccessRecord:
    record = told(node, query).access
    assert record is not None
    return record


def test_a_model_is_put_in_force_and_told_to_nodes(any_bench: Bench) -> None:
    reply = put(any_bench.administrator, STAFF)

    record = rules(any_bench.node())
    assert (reply.status_code, reply.json()["version"], reply.json()["changed_by"]) == (
        200, 1, "admin",
    )  # fmt: skip
    assert record.model is not None
    assert (record.version, record.model.version) == (1, 1)
    assert [profile.id for profile in record.model.profiles] == ["staff"]


def test_a_node_that_has_the_version_is_not_sent_the_model(bench: Bench) -> None:
    put(bench.administrator, STAFF)
    bench.person()

    reply = bench.node().request("GET", "/api/v1/replica?after=1&access=1")

    access = ReplicaPage.model_validate_json(reply.content).access
    assert access is not None
    assert (access.version, access.model) == (1, None)


def test_a_node_that_begins_anew_is_sent_the_model_whatever_it_says(bench: Bench) -> None:
    put(bench.administrator, STAFF)

    assert rules(bench.node(), "access=1").model is not None


def test_a_node_that_does_not_ask_is_told_no_field_it_may_not_know(bench: Bench) -> None:
    put(bench.administrator, STAFF)
    bench.person()

    page = bench.node().request("GET", "/api/v1/replica?after=0").json()

    assert "access" not in page
    assert "profiles" not in page["holders"][0]


def test_a_site_without_a_model_tells_the_empty_one(bench: Bench) -> None:
    record = rules(bench.node())

    assert record.model is not None
    assert (record.version, record.model.profiles, record.model.calendar) == (0, (), None)


def test_a_first_model_starts_from_the_calendar_that_is_shipped(bench: Bench) -> None:
    view = bench.administrator.get("/api/v1/access-model").json()

    assert (view["version"], view["model"]["calendar"]["id"]) == (0, "cn")
    assert view["shipped_calendar"] is None


def test_the_calendar_of_a_model_is_replaced_by_a_newer_one(bench: Bench) -> None:
    put(bench.administrator, {**STAFF, "calendar": {"id": "cn", "years": []}})
    view = bench.administrator.get("/api/v1/access-model").json()

    renewed = {**view["model"], "calendar": view["shipped_calendar"]}
    reply = put(bench.administrator, renewed, made_from=1)

    assert view["shipped_calendar"]["id"] == "cn"
    assert reply.json()["shipped_calendar"] is None


def test_a_zone_without_a_calendar_has_none() -> None:
    assert shipped_calendar("Europe/Berlin") is None


def test_a_year_that_the_calendar_lacks_is_warned_about(bench: Bench) -> None:
    lacking = {**STAFF, "calendar": {"id": "cn", "years": []}}

    lines = put(bench.administrator, lacking).json()["warnings"]

    assert f"lacks the year {date.today().year}" in lines[0]  # noqa: DTZ011 - the bench's own day


def test_a_change_on_an_overtaken_version_is_refused(any_bench: Bench) -> None:
    put(any_bench.administrator, STAFF)

    reply = put(any_bench.administrator, {}, made_from=0)

    assert (reply.status_code, reply.json()["code"]) == (409, "changed_meanwhile")
    assert any_bench.administrator.get("/api/v1/access-model").json()["version"] == 1


@pytest.mark.parametrize(
    ("model", "line"),
    [
        (
            {"profiles": [{"id": "staff", "permissions": [{"points": ["roof"]}]}]},
            "profile 'staff' names no access point of the site: 'roof'",
        ),
        (
            {"points": [{"id": "lane", "is_egress": True, "two_person": {}}]},
            "access point 'lane' is an exit: nobody waits for a second person on the way out;"
            " remove 'two_person'",
        ),
        ({"refusals_max": 9}, "refusals_max: Input should be less than or equal to 5"),
        (
            {
                "temporary_rules": [
                    {
                        "id": "out", "effect": "refuse", "points": ["lane"], "holders": ["nobody"],
                        "valid_from": "2026-11-28T00:00Z", "valid_until": "2026-11-29T00:00Z",
                    }
                ]
            },
            "temporary rule 'out' names nobody of this site: 'nobody'",
        ),
    ],
    ids=["an unknown point", "an exit held up", "out of range", "an unknown holder"],
)  # fmt: skip
def test_a_mistake_is_a_line_of_the_refusal(
    bench: Bench, model: dict[str, object], line: str
) -> None:
    reply = put(bench.administrator, model)

    assert (reply.status_code, reply.json()["code"]) == (422, "invalid_access_model")
    assert line in reply.json()["lines"]


def test_every_version_is_kept_with_who_and_when(any_bench: Bench) -> None:
    put(any_bench.administrator, STAFF)
    any_bench.clock.advance(hours=1)
    put(any_bench.administrator, {}, made_from=1)

    items = any_bench.administrator.get("/api/v1/access-model/versions").json()["items"]
    first = any_bench.administrator.get("/api/v1/access-model/versions/1").json()

    assert [(item["version"], item["changed_by"]) for item in items] == [(2, "admin"), (1, "admin")]
    assert items[0]["changed_at"] > items[1]["changed_at"]
    assert first["model"]["profiles"][0]["id"] == "staff"
    assert any_bench.administrator.get("/api/v1/access-model/versions/3").status_code == 404


def test_a_check_says_who_would_lose_which_point_and_changes_nothing(any_bench: Bench) -> None:
    put(any_bench.administrator, STAFF)
    holder_id = any_bench.person("王小明", profiles=["staff"])
    any_bench.person("李梅")

    checked = check(any_bench.administrator, {"profiles": [{"id": "staff"}]}, made_from=1)

    assert checked["people"] == [
        {
            "holder_id": holder_id, "name": "王小明", "gains": [], "loses": ["lane"],
            "at_other_times": [],
        }
    ]  # fmt: skip
    assert checked["people_count"] == 1
    assert {"table": "profiles", "id": "staff", "change": "changed"} in checked["changes"]
    assert any_bench.administrator.get("/api/v1/access-model").json()["version"] == 1


def test_a_check_lists_mistakes_and_says_that_it_was_overtaken(bench: Bench) -> None:
    put(bench.administrator, STAFF)

    checked = check(bench.administrator, {"refusals_max": 0}, made_from=0)

    assert checked["is_outdated"] is True
    assert checked["problems"] == ["refusals_max: Input should be greater than or equal to 1"]


def test_a_profile_that_people_have_and_the_model_loses_is_warned_about(bench: Bench) -> None:
    put(bench.administrator, STAFF)
    bench.person(profiles=["staff"])

    checked = check(bench.administrator, {}, made_from=1)

    assert "1 people have the profile 'staff', which the model lacks" in checked["warnings"][-1]


def test_a_changed_model_is_told_to_nodes_and_pages_at_once(any_bench: Bench) -> None:
    node, page = any_bench.node(), any_bench.administrator
    headers = node.headers("GET", "/api/v1/nodes/current/stream")

    with (
        node.http.stream("GET", "/api/v1/nodes/current/stream", headers=headers) as terminal,
        page.stream("GET", "/api/v1/stream") as console,
    ):
        from_terminal, from_console = messages(terminal), messages(console)
        (_, before), _ = next(from_terminal), next(from_console)
        put(any_bench.operator("administrator"), STAFF)
        told = next(
            data
            for kind, data in from_terminal
            if kind == "replica" and data["version"] > before["version"]
        )
        seen = next(data for kind, data in from_console if kind == "access")

    assert told["version"] > before["version"]
    assert seen == {"version": 1}


def test_a_guard_reads_the_model_and_does_not_write_it(bench: Bench) -> None:
    guard = bench.operator("guard")

    assert guard.get("/api/v1/access-model").status_code == 200
    assert put(guard, STAFF).status_code == 403
