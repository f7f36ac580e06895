"""One act for a whole area: a signed command to each way in, each answered by itself."""

from datetime import timedelta

from config.contract.command_events import CommandAnswered, CommandOutcome
from tests.central.access.models import put
from tests.central.audit.log import entries
from tests.central.bench import Bench
from tests.central.commands.areas import API, MODEL, free, make_area
from tests.central.commands.test_endpoints import fetched


def test_an_area_is_freed_by_a_command_to_each_of_its_points(any_bench: Bench) -> None:
    node = any_bench.node()
    until = any_bench.clock() + timedelta(minutes=15)

    act = free(any_bench, deed="hold_open", until=until.isoformat()).json()
    (command,) = fetched(any_bench, node)
    fact = CommandAnswered(command_id=command.id, outcome=CommandOutcome.DONE)
    node.send(node.event(1, fact=fact))

    assert command.what.model_dump(mode="json")["access_point"] == "lane"
    assert act["missing"] == []
    answer = any_bench.administrator.get(f"{API}/commands", params={"action": act["action_id"]})
    assert [item["state"] for item in answer.json()["items"]] == ["done"]


def test_other_commands_are_no_part_of_the_act(bench: Bench) -> None:
    first, second = free(bench).json(), None
    wish = {"deed": "secure", "reason": "over"}
    second = bench.administrator.post(f"{API}/areas/house/commands", json=wish).json()

    assert first["action_id"] != second["action_id"]
    assert [item["what"]["kind"] for item in second["items"]] == ["secure"]


def test_an_act_may_be_for_some_points_of_the_area_alone(bench: Bench) -> None:
    put(bench.administrator, {**MODEL, "areas": [{"id": "house"}, {"id": "yard"}]})
    wish = {"deed": "secure", "reason": "again", "points": ["lane"]}

    replies = [
        bench.administrator.post(f"{API}/areas/{area}/commands", json=wish)
        for area in ("house", "yard")
    ]

    assert [item["what"]["access_point"] for item in replies[0].json()["items"]] == ["lane"]
    assert (replies[1].status_code, replies[1].json()["code"]) == (422, "unknown_access_point")


def test_an_area_that_is_none_and_one_without_ways_in_are_refused(bench: Bench) -> None:
    make_area(bench)
    wish = {"deed": "secure", "reason": "over"}

    reply = bench.administrator.post(f"{API}/areas/garden/commands", json=wish)

    assert (reply.status_code, reply.json()["code"]) == (404, "area_not_found")


def test_a_hold_needs_an_end_and_not_one_of_next_week(bench: Bench) -> None:
    far = (bench.clock() + timedelta(days=8)).isoformat()

    replies = [free(bench, deed="hold_open")]
    wish = {"deed": "hold_open", "until": far, "reason": "a drill"}
    replies.append(bench.administrator.post(f"{API}/areas/house/commands", json=wish))

    assert [reply.status_code for reply in replies] == [422, 422]
    assert replies[1].json()["code"] == "hold_too_long"


def test_the_act_is_one_entry_of_the_audit_log(bench: Bench) -> None:
    free(bench)

    (entry,) = [e for e in entries(bench) if e["action"] == "areas_commands_post"]

    assert (entry["objects"], entry["detail"]) == (
        ["area:house"],
        {"deed": "open_once", "count": 1},
    )
