"""What tills are told and ask for, signed by their node."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from tests.central.bench import Bench, messages
from tests.central.canteen.dining import charge, void
from tests.central.canteen.serving import (
    LUNCH,
    PATH,
    ask,
    dining,
    manager,
    reserved,
    tell,
    till_page,
    top_up,
    work,
)
from tests.central.people.enrolling import consent


@pytest.fixture
def canteen(tmp_path: Path) -> Iterator[Bench]:
    with dining(tmp_path / "home") as bench:
        yield bench


def test_a_till_hears_of_money_blocks_consent_and_the_plan_and_of_nothing_twice(
    tmp_path: Path, database_url: str
) -> None:
    with dining(tmp_path / "home", database=database_url) as canteen:
        node, anna, boss = canteen.node(), canteen.person("安娜"), manager(canteen)
        top_up(canteen, anna, 5_000)
        work(canteen)

        first = till_page(node)
        boss.put(f"{PATH}/plan", json={"made_from": 0, "plan": LUNCH})
        boss.put(f"{PATH}/blocks/{anna}", json={"reason": "lost"})
        second = till_page(node, first.version, plan=0)
        boss.delete(f"{PATH}/blocks/{anna}")
        consent(canteen.administrator, anna, purpose="canteen")
        third = till_page(node, second.version, plan=1)

        (heard,) = first.accounts
        assert (heard.holder_id, heard.spendable_fen, heard.is_blocked) == (anna, 5_000, False)
        assert first.plan is not None
        assert first.plan.version == 0
        assert [account.is_blocked for account in second.accounts] == [True]
        assert second.plan is not None
        assert second.plan.merchants[0].dishes[0].price_fen == 200
        assert [(a.is_blocked, a.pays_by_face) for a in third.accounts] == [(False, True)]
        assert third.plan is None
        assert list(till_page(node, third.version, plan=1).accounts) == []


def test_who_leaves_is_blocked_at_tills(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    top_up(canteen, anna, 5_000)
    work(canteen)
    known = till_page(node).version

    until = (canteen.clock() + timedelta(hours=1)).isoformat()
    path = f"/api/v1/people/{anna}"
    person = canteen.administrator.get(path).json()
    wish = {"name": person["name"], "valid_until": until}
    assert canteen.administrator.patch(path, json=wish).is_success
    work(canteen)
    still_here = till_page(node, known)
    canteen.clock.advance(hours=2)
    work(canteen)
    gone = till_page(node, still_here.version)

    assert [a.is_blocked for a in still_here.accounts] == [False]
    assert [a.is_blocked for a in gone.accounts] == [True], "nobody did anything: time passed"


def test_a_till_that_is_ahead_begins_anew(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    top_up(canteen, anna, 5_000)
    work(canteen)

    assert [each.holder_id for each in till_page(node, after=900).accounts] == [anna]


def test_money_is_kept_once_and_let_go_in_time(canteen: Bench) -> None:
    node, anna, key = canteen.node(), canteen.person("安娜"), uuid4()
    top_up(canteen, anna, 2_000)

    first, again = (reserved(node, anna, key, 1_200) for _ in range(2))
    other = ask(node, anna, 1_300, charge_id=str(key))
    short = reserved(node, anna, uuid4(), 900)
    canteen.clock.advance(minutes=10)
    after = reserved(node, anna, key, 1_200)

    assert (first.outcome, first.spendable_fen) == ("reserved", 800)
    assert again == first
    assert (other.status_code, other.json()["code"]) == (409, "reservation_differs")
    assert (short.outcome, short.spendable_fen) == ("short", 800)
    assert after == first, "the same key keeps it again"


def test_who_is_blocked_or_nobody_keeps_nothing(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    top_up(canteen, anna, 2_000)
    manager(canteen).put(f"{PATH}/blocks/{anna}", json={"reason": "decision", "note": "见面谈"})

    assert reserved(node, anna, uuid4(), 100).outcome == "closed"
    assert reserved(node, "nobody", uuid4(), 100).outcome == "closed"
    assert reserved(node, "a\0b", uuid4(), 100).outcome == "closed"


def test_a_day_has_a_limit_over_all_tills(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    top_up(canteen, anna, 9_000)
    limits = {"per_day_fen": 2_000, "per_charge_fen": 2_000}
    plan = {"made_from": 0, "plan": {**LUNCH, "limits": limits}}
    assert manager(canteen).put(f"{PATH}/plan", json=plan).status_code == 200
    tell(node, charge(anna, 1_500))

    answer = reserved(node, anna, uuid4(), 600)

    assert (answer.outcome, answer.spendable_fen) == ("short", 500)


def test_a_node_asks_for_its_own_tills_alone(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")

    reply = ask(node, anna, till="till-2")

    assert (reply.status_code, reply.json()["code"]) == (404, "till_not_found")
    assert canteen.client().get(f"{PATH}/till").status_code == 401


def test_what_people_eat_is_shown_to_those_of_the_canteen_alone(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    meal = charge(anna)
    guard, auditor = canteen.planted("guard").client, canteen.auditor

    with guard.stream("GET", "/api/v1/stream") as stream:
        told = messages(stream)
        next(told)
        tell(node, meal, void(meal))
        node.send(node.event(1))
        heard = next(data for name, data in told if name == "event")

    assert heard["event"]["type"] == "menshen.access.denied.v1"
    for path in ("events", "events/search", "events/export.jsonl", "snapshot"):
        assert str(meal.charge_id) not in guard.get(f"/api/v1/{path}").text
    assert str(meal.charge_id) in auditor.get("/api/v1/events").text
    assert str(meal.charge_id) in auditor.get("/api/v1/events/export.jsonl").text


def test_two_events_under_one_key_are_kept_from_others_too(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    tell(node, charge(anna))
    tell(node, charge(anna))

    guard = canteen.planted("guard").client
    assert guard.get("/api/v1/events/conflicts").json()["items"] == []
    assert len(canteen.auditor.get("/api/v1/events/conflicts").json()["items"]) == 1
