"""Roll-calls over HTTP: begun once, ticked by several, ended, kept under pseudonyms."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from central.retention.classes import data_class
from config.contract.access import CredentialKind, Direction
from config.contract.events import AccessGranted
from tests.central.access.models import put
from tests.central.bench import SITE, Bench, Node, messages
from tests.central.muster.test_endpoints import counted, moved, tell
from tests.central.retention.timers import run_timers

MODEL = {
    "areas": [{"id": "hall", "name": {"en": "Hall"}}, {"id": "lab"}],
    "points": [{"id": "lane", "from_area": "hall", "is_assembly_point": True}],
}
PATH = "/api/v1/roll-calls"
Hall = tuple[Bench, Node, dict[str, str]]
"""Central, a terminal, and who is in the hall by name."""


def begin(client: httpx.Client, reason: str = "drill") -> dict[str, Any]:
    reply = client.post(PATH, json={"reason": reason})
    assert reply.is_success, reply.text
    answer: dict[str, Any] = reply.json()
    return answer


def seen(client: httpx.Client, call: dict[str, Any]) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"{PATH}/{call['roll_call_id']}").json()
    return answer


def states(client: httpx.Client, call: dict[str, Any]) -> dict[str, bool]:
    return {person["name"]: person["is_safe"] for person in seen(client, call)["people"]}


def safe_path(call: dict[str, Any], name: str) -> str:
    (number,) = [person["number"] for person in call["people"] if person["name"] == name]
    return f"{PATH}/{call['roll_call_id']}/people/{number}/safe"


def shows(holder_id: str) -> AccessGranted:
    return AccessGranted(
        decision_id=uuid4(),
        access_point="lane",
        direction=Direction.IN,
        holder_id=holder_id,
        credential=CredentialKind.CARD,
    )


def show(bench: Bench, node: Node, sequence: int, holder_id: str) -> None:
    """Have somebody show a card at the assembly point now."""
    node.send(node.event(sequence, fact=shows(holder_id), time=bench.clock()))


def filled(bench: Bench) -> Hall:
    """Return a hall with two people, and two without a name."""
    assert put(bench.administrator, MODEL).status_code == 200
    node, people = bench.node(), {name: bench.person(name) for name in ("Anna", "Bert")}
    node.report()
    tell(node, moved(people["Anna"], "hall", minute=1), moved(people["Bert"], "hall", minute=2))
    tell(node, counted("hall", 2, minute=3), first=3)
    return bench, node, people


@pytest.fixture
def hall(bench: Bench) -> Hall:
    """On SQLite."""
    return filled(bench)


@pytest.fixture
def any_hall(any_bench: Bench) -> Hall:
    """On each database."""
    return filled(any_bench)


def test_beginning_fixes_who_is_inside_and_what_is_not_known(
    any_hall: Hall,
) -> None:
    bench, node, people = any_hall

    call = begin(bench.administrator)
    tell(node, moved(people["Anna"], None, minute=9), first=4)

    (area, lab) = seen(bench.administrator, call)["areas"]
    assert (area["count"], area["missing_count"], area["unnamed_count"]) == (2, 2, 2)
    assert (lab["count"], lab["name"]) == (0, {})
    assert [silent["node"] for silent in call["silent_nodes"]] == ["gate-2"]
    assert states(bench.administrator, call) == {"Anna": False, "Bert": False}
    assert (call["cause"], call["reason"], call["started_by"]) == ("operator", "drill", "admin")


def test_a_mark_is_kept_with_who_and_when_and_can_be_undone(
    any_hall: Hall,
) -> None:
    bench, _, _ = any_hall
    client = bench.administrator
    call = begin(client)
    path = safe_path(call, "Bert")

    assert client.put(path).status_code == 204
    marked = seen(client, call)
    assert client.delete(path).status_code == 204

    bert = marked["people"][-1]
    assert (bert["name"], bert["is_safe"], bert["marked_by"]) == ("Bert", True, "admin")
    assert marked["areas"][0]["missing_count"] == 1
    assert states(client, call) == {"Anna": False, "Bert": False}
    assert bench.row("SELECT count(*) FROM roll_call_marks") == (2,)


def test_two_guards_at_once_tick_everybody_once(
    any_hall: Hall,
) -> None:
    bench, _, _ = any_hall
    guards = [bench.planted("guard").client for _ in range(2)]
    call = begin(bench.administrator)
    paths = [safe_path(call, name) for name in ("Anna", "Bert")] * 4

    with ThreadPoolExecutor(2) as pool:
        done = [pool.map(guard.put, paths) for guard in guards]
        answers = {reply.status_code for replies in done for reply in replies}

    assert answers == {204}
    assert states(bench.administrator, call) == {"Anna": True, "Bert": True}
    assert bench.row("SELECT count(*) FROM roll_call_marks") == (2,)


def test_two_guards_who_begin_at_once_are_in_one_roll_call(
    any_hall: Hall,
) -> None:
    bench, _, _ = any_hall
    guards = [bench.planted("guard").client for _ in range(2)]

    with ThreadPoolExecutor(2) as pool:
        replies = list(pool.map(lambda guard: guard.post(PATH, json={"reason": "fire"}), guards))

    assert sorted(reply.status_code for reply in replies) == [200, 201]
    assert len({reply.json()["roll_call_id"] for reply in replies}) == 1


def test_pages_are_told_of_every_mark(hall: Hall) -> None:
    bench, _, _ = hall
    call = begin(bench.administrator)

    with bench.administrator.stream("GET", "/api/v1/stream") as reply:
        told = messages(reply)
        next(told)
        bench.planted("guard").client.put(safe_path(call, "Anna"))

        assert next(data for name, data in told if name == "muster") == {}


def test_a_card_at_an_assembly_point_says_that_somebody_is_safe(
    any_hall: Hall,
) -> None:
    bench, node, people = any_hall
    call = begin(bench.administrator)

    show(bench, node, 4, people["Anna"])
    show(bench, node, 5, people["Anna"])

    anna = seen(bench.administrator, call)["people"][-1]
    assert (anna["is_safe"], anna["access_point"], anna["marked_by"]) == (True, "lane", "")
    assert bench.row("SELECT count(*) FROM roll_call_marks") == (1,)


def test_a_card_shown_before_the_roll_call_and_heard_late_says_nothing(
    hall: Hall,
) -> None:
    bench, node, people = hall
    before = bench.clock()
    bench.clock.advance(minutes=1)
    call = begin(bench.administrator)

    node.send(node.event(4, fact=shows(people["Anna"]), time=before))

    assert states(bench.administrator, call) == {"Anna": False, "Bert": False}


def test_a_card_of_somebody_not_listed_adds_them(
    any_hall: Hall,
) -> None:
    bench, node, _ = any_hall
    call = begin(bench.administrator)
    cleo = bench.person("Cleo")

    show(bench, node, 4, cleo)

    last = seen(bench.administrator, call)["people"][-1]
    assert (last["name"], last["is_found"], last["is_safe"]) == ("Cleo", True, True)


def test_somebody_found_is_added_by_name_and_masked_for_a_guard(
    hall: Hall,
) -> None:
    bench, _, _ = hall
    guard = bench.planted("guard").client
    call = begin(guard)

    reply = guard.post(f"{PATH}/{call['roll_call_id']}/people", json={"name": " 李梅 "})

    assert reply.status_code == 201
    assert {person["name"] for person in reply.json()["people"]} == {"A***", "B***", "李*"}
    assert states(bench.administrator, call)["李梅"]


def test_what_is_ended_is_kept_with_its_counts_and_changed_by_nobody(
    any_hall: Hall,
) -> None:
    bench, node, people = any_hall
    client = bench.administrator
    call = begin(client)
    client.put(safe_path(call, "Anna"))

    ended = client.post(f"{PATH}/{call['roll_call_id']}/end").json()
    show(bench, node, 4, people["Bert"])

    refused = client.put(safe_path(call, "Bert"))
    assert (refused.status_code, refused.json()["code"]) == (409, "roll_call_over")
    assert seen(client, call) == ended
    (line,) = client.get(PATH).json()["items"]
    assert (line["count"], line["missing_count"], line["ended_by"]) == (2, 1, "admin")


def test_one_that_goes_on_is_the_first_of_the_list(
    any_hall: Hall,
) -> None:
    bench, _, _ = any_hall
    client = bench.administrator
    first = begin(client, "one")
    client.post(f"{PATH}/{first['roll_call_id']}/end")
    bench.clock.advance(minutes=-5)

    begin(client, "another")

    listed = [(line["reason"], line["count"]) for line in client.get(PATH).json()["items"]]
    assert listed == [("another", None), ("one", 2)]


def test_somebody_erased_stays_on_the_list_under_the_pseudonym(
    hall: Hall,
) -> None:
    bench, _, people = hall
    call = begin(bench.administrator)

    bench.administrator.delete(f"/api/v1/people/{people['Anna']}")

    anna = seen(bench.administrator, call)["people"][0]
    assert (anna["holder_id"], anna["name"]) == (people["Anna"], None)


def test_what_is_held_of_a_person_names_their_roll_calls(hall: Hall) -> None:
    bench, _, people = hall
    call = begin(bench.administrator)

    record = bench.administrator.get(f"/api/v1/people/{people['Anna']}/record").json()

    (line,) = record["roll_calls"]
    assert (line["roll_call_id"], line["area"]) == (call["roll_call_id"], "hall")


def test_a_roll_call_is_forgotten_with_its_list_in_due_time(
    any_hall: Hall,
) -> None:
    bench, _, _ = any_hall
    call = begin(bench.administrator)
    bench.administrator.put(safe_path(call, "Anna"))
    kept = data_class("roll_calls").kept(SITE)
    assert kept == timedelta(days=365)

    bench.clock.advance(days=366)
    run_timers(bench)

    assert bench.row("SELECT count(*) FROM roll_calls") == (0,)
    assert bench.row("SELECT count(*) FROM roll_call_people") == (0,)
    assert bench.row("SELECT count(*) FROM roll_call_marks") == (0,)


@pytest.mark.parametrize("role", ["auditor", "personnel"])
def test_who_may_look_may_not_call(bench: Bench, role: str) -> None:
    client = bench.planted(role).client
    call = begin(bench.administrator)

    assert client.get(f"{PATH}/{call['roll_call_id']}").status_code == 200
    assert client.post(PATH, json={"reason": "drill"}).status_code == 403
    assert client.post(f"{PATH}/{call['roll_call_id']}/end").status_code == 403


def test_what_is_not_there_is_refused_in_words(bench: Bench) -> None:
    client = bench.administrator
    call = begin(client)

    nobody = client.put(f"{PATH}/{call['roll_call_id']}/people/7/safe")
    nothing = client.get(f"{PATH}/{uuid4()}")

    assert (nobody.status_code, nobody.json()["code"]) == (404, "person_not_listed")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "roll_call_not_found")


def test_a_site_that_counts_nobody_can_call_a_roll_too(bench: Bench) -> None:
    client = bench.administrator
    call = begin(client)

    client.post(f"{PATH}/{call['roll_call_id']}/people", json={"name": "Anna"})

    assert states(client, call) == {"Anna": True}
