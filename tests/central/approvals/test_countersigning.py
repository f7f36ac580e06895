"""One guard opens in an emergency, at once; somebody else signs within a day."""

import itertools
from typing import Any

import httpx

from central.approvals import countersigning
from tests.central.access.models import STAFF, put
from tests.central.audit.log import entries, in_transaction
from tests.central.bench import Bench, Planted, messages

API = "/api/v1"
MODEL = {
    **STAFF,
    "lockdown_levels": [
        {"id": "shut", "priority": 10, "points": ["lane"]},
        {"id": "evacuate", "priority": 20, "points": ["lane"], "effect": "open"},
    ],
}
REASON = {"reason": "烟"}


def opened(bench: Bench) -> Planted:
    """Return a guard who has opened everything."""
    assert put(bench.administrator, MODEL).status_code == 200
    guard = bench.planted("guard")
    reply = guard.client.put(f"{API}/lockdowns/evacuate", json=REASON)
    assert reply.status_code == 200, reply.text
    return guard


def waiting(client: httpx.Client) -> list[Any]:
    items = client.get(f"{API}/countersignatures").json()["items"]
    return [item for item in items if item["signed_at"] is None]


def sign(client: httpx.Client, act: dict[str, Any], reason: str = "烟是真的") -> tuple[int, str]:
    reply = client.post(f"{API}/countersignatures/{act['act_id']}/sign", json={"reason": reason})
    return reply.status_code, "" if reply.is_success else reply.json()["code"]


def note_overdue(bench: Bench) -> None:
    in_transaction(bench, lambda t: countersigning.note_overdue(t, now=bench.clock()))


def test_a_lone_guard_opens_at_once_and_everybody_sees_the_alarm(any_bench: Bench) -> None:
    guard = opened(any_bench)

    (active,) = guard.client.get(f"{API}/lockdowns").json()["active"]
    newest = guard.client.get(f"{API}/events").json()["items"][-1]["event"]

    assert active["level"] == "evacuate"
    assert (newest["type"], newest["class"]) == ("menshen.emergency.released.v1", "alarm")
    assert newest["data"]["subject"] == "evacuate"


def test_a_shift_leader_signs_and_the_list_is_empty(any_bench: Bench) -> None:
    guard, leader = opened(any_bench), any_bench.planted("shift_leader")
    (act,) = waiting(leader.client)
    assert (act["done_by"], act["reason"], act["is_overdue"]) == (guard.username, "烟", False)

    outcomes = [sign(leader.client, act) for _ in range(2)]

    assert outcomes == [(204, ""), (404, "act_not_found")]
    assert waiting(leader.client) == []


def test_whoever_signs_says_why_and_it_is_kept(any_bench: Bench) -> None:
    opened(any_bench)
    leader = any_bench.planted("shift_leader")
    (act,) = waiting(leader.client)

    assert sign(leader.client, act, " ")[0] == 422
    assert sign(leader.client, act, " 已到现场 ") == (204, "")

    (signed,) = leader.client.get(f"{API}/countersignatures").json()["items"]
    assert (signed["signed_by"], signed["signed_reason"]) == (leader.username, "已到现场")


def test_nobody_signs_what_they_did_themselves_and_a_guard_signs_nothing(bench: Bench) -> None:
    opened(bench)
    bench.administrator.put(f"{API}/lockdowns/shut", json=REASON)
    bench.administrator.delete(f"{API}/lockdowns/shut")
    first, second = waiting(bench.administrator)

    assert sign(bench.administrator, second) == (409, "second_person_needed")
    assert sign(bench.planted("guard").client, first) == (403, "forbidden")


def test_lifting_a_level_that_shuts_is_signed_and_what_opens_nothing_is_not(bench: Bench) -> None:
    put(bench.administrator, MODEL)
    guard = bench.planted("guard").client

    guard.put(f"{API}/lockdowns/shut", json=REASON)
    assert waiting(bench.administrator) == []
    guard.delete(f"{API}/lockdowns/shut")

    assert [act["act"] for act in waiting(bench.administrator)] == ["level_lifted"]


def test_what_is_on_already_is_not_signed_twice(bench: Bench) -> None:
    guard = opened(bench)

    guard.client.put(f"{API}/lockdowns/evacuate", json=REASON)

    assert len(waiting(bench.administrator)) == 1


def test_after_a_day_it_is_overdue_recorded_once_and_can_still_be_signed(bench: Bench) -> None:
    opened(bench)
    note_overdue(bench)
    assert entries(bench, action="countersignature_overdue") == []
    bench.clock.advance(hours=24)

    note_overdue(bench)
    note_overdue(bench)

    (act,) = waiting(bench.signed_in_again())
    (entry,) = entries(bench, action="countersignature_overdue")
    assert act["is_overdue"]
    assert f"act:{act['act_id']}" in entry["objects"]
    assert sign(bench.administrator, act) == (204, "")


def test_who_may_read_it_is_told_at_once_and_a_guard_is_not(bench: Bench) -> None:
    leader, guard = bench.planted("shift_leader"), opened(bench)
    (act,) = waiting(leader.client)
    with (
        leader.client.stream("GET", f"{API}/stream") as leaders,
        guard.client.stream("GET", f"{API}/stream") as guards,
    ):
        to_leader, to_guard = messages(leaders), messages(guards)
        assert next(to_leader)[0] == next(to_guard)[0] == "hello"

        sign(bench.planted("shift_leader").client, act)
        assert "approvals" in (name for name, _ in to_leader)
        bench.person()

        told = list(itertools.takewhile(lambda name: name != "people", (n for n, _ in to_guard)))
        assert "approvals" not in told
