"""Operators' cards and PINs for terminals: who gives them, and what terminals are told."""

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from config.contract.nodes import ReplicaPage
from config.contract.operators import OperatorRecord
from config.contract.trust import card_verifier, pin_verifier
from tests.central.bench import PASSWORD, Bench, Node, Planted
from tests.central.users.acting import API, CARD, give, put_own


def page(node: Node, *, after: int = 0, asks: str = "&operators=true") -> ReplicaPage:
    reply = node.request("GET", f"/api/v1/replica?after={after}{asks}")
    assert reply.status_code == 200, reply.text
    return ReplicaPage.model_validate_json(reply.content)


def told(node: Node) -> tuple[OperatorRecord, ...]:
    return page(node).operators or ()


def outcome(reply: httpx.Response) -> tuple[int, str]:
    return reply.status_code, "" if reply.is_success else reply.json()["code"]


def test_a_terminal_is_told_verifiers_and_what_the_role_may_there(any_bench: Bench) -> None:
    guard, node = any_bench.planted("guard"), any_bench.node()

    assert outcome(put_own(any_bench, guard)) == (204, "")

    key = any_bench.app.state.services.card_key
    assert told(node) == (
        OperatorRecord(
            operator_id=guard.user_id,
            name=guard.username,
            card=card_verifier(key, CARD["number"]),
            pin=pin_verifier(key, guard.user_id, CARD["pin"]),
            permissions=("commands.send", "status.read"),
        ),
    )


def test_a_terminal_that_does_not_ask_reads_what_it_read_before(bench: Bench) -> None:
    node = bench.node()
    put_own(bench, bench.planted("guard"))

    assert page(node, asks="").operators is None


@pytest.mark.parametrize(
    "end",
    [
        lambda b, o: b.administrator.patch(f"{API}/users/{o.user_id}", json={"is_active": False}),
        lambda b, o: b.administrator.patch(
            f"{API}/users/{o.user_id}", json={"role": "canteen_manager"}
        ),
        lambda b, o: b.administrator.delete(f"{API}/users/{o.user_id}"),
        lambda b, o: b.administrator.delete(f"{API}/users/{o.user_id}/terminal-card"),
        lambda b, o: o.client.delete(f"{API}/account/terminal-card"),
    ],
)
def test_whoever_loses_their_rights_is_struck_off_at_once(
    bench: Bench, end: Callable[[Bench, Planted], httpx.Response]
) -> None:
    guard, node = bench.planted("guard"), bench.node()
    put_own(bench, guard)
    before = page(node)

    assert end(bench, guard).status_code == 204

    after = page(node, after=before.version)
    assert (len(before.operators or ()), after.operators) == (1, ())
    assert after.version > before.version


def test_a_change_that_concerns_no_terminal_wakes_none(bench: Bench) -> None:
    guard, node = bench.planted("guard"), bench.node()
    before = page(node).version

    bench.administrator.patch(f"{API}/users/{guard.user_id}", json={"role": "canteen_manager"})

    assert page(node).version == before


@pytest.mark.parametrize(
    ("wish", "refusal"),
    [
        ({"pin": "1234"}, (422, "pin_trivial")),
        ({"pin": "4747"}, (422, "pin_trivial")),
        ({"pin": "258"}, (422, "invalid_request")),
        ({"password": "another good long password"}, (422, "wrong_password")),
    ],
)
def test_a_weak_pin_and_a_strangers_hand_are_refused(
    bench: Bench, wish: dict[str, str], refusal: tuple[int, str]
) -> None:
    assert outcome(put_own(bench, bench.planted("guard"), **wish)) == refusal


def test_a_card_is_one_operators(bench: Bench) -> None:
    put_own(bench, bench.planted("guard"))

    assert outcome(put_own(bench, bench.planted("guard"))) == (409, "card_taken")


def test_a_role_without_rights_there_gets_no_card(bench: Bench) -> None:
    assert outcome(put_own(bench, bench.planted("canteen_manager"))) == (
        409,
        "nothing_at_terminals",
    )


def test_nobody_gives_an_administrator_of_another_duty_a_pin(bench: Bench) -> None:
    security = bench.planted("security_administrator")
    other = bench.planted("system_administrator")
    path = f"{API}/users/{other.user_id}/terminal-card"

    assert outcome(security.client.put(path, json=CARD)) == (409, "other_duty")
    assert outcome(bench.planted("guard").client.put(path, json=CARD)) == (403, "forbidden")


def test_an_end_that_was_set_stays_whatever_its_holder_does(bench: Bench) -> None:
    guard, node = bench.planted("guard"), bench.node()
    until = (bench.clock() + timedelta(days=1)).replace(microsecond=0)
    assert outcome(give(bench, guard, valid_until=until.isoformat())) == (204, "")

    guard.client.delete(f"{API}/account/terminal-card")
    put_own(bench, guard, pin="8520")

    assert [each.valid_until for each in told(node)] == [until]
    assert guard.client.get(f"{API}/account").json()["has_terminal_card"] is True
    over = (bench.clock() - timedelta(days=1)).isoformat()
    assert outcome(give(bench, guard, valid_until=over)) == (422, "card_is_over")


def test_neither_number_nor_pin_is_kept_or_shown(bench: Bench) -> None:
    guard = bench.planted("guard")
    put_own(bench, guard)

    shown = bench.administrator.get(f"{API}/users").text + guard.client.get(f"{API}/account").text
    kept = str(bench.row(f"SELECT * FROM users WHERE user_id = '{guard.user_id}'"))  # noqa: S608
    entries = bench.auditor.get(f"{API}/audit").text

    for secret in (CARD["number"], CARD["pin"], PASSWORD):
        assert secret not in shown + kept + entries
