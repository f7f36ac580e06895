"""A node changes its keys: what central takes, from whom, and how long the old ones are good."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from central.nodes.key_change import SLOT_S, is_wanted
from central.nodes.repository import KeyRow
from config.contract.events import ClockQuality
from config.contract.headers import CHANGE_KEY
from config.contract.nodes import NodeStatus, ReplicaPage
from config.contract.trust import public_text, unseal
from config.crypto.keys import SigningKey
from tests.central.audit.log import actions
from tests.central.bench import Bench, Node
from tests.central.nodes.changing import Changing

REPLICA = "/api/v1/replica?after=0&access=0"
STATUS = "/api/v1/nodes/current/status"
DAY = timedelta(days=1)
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


def speaks(node: Node, key: SigningKey) -> bool:
    """Return whether central believes a request of this key."""
    before, node.signing_key = node.signing_key, key
    reply = node.request("GET", REPLICA)
    node.signing_key = before
    assert reply.status_code in (200, 401)
    return reply.status_code == 200


def told_to_change(node: Node) -> str | None:
    """Return which key a node is told to change, with its next report."""
    status = NodeStatus(
        at=node.clock(), version="1", epoch=node.epoch, replica_version=0, last_sequences={},
        unsent_count=0, is_journal_writable=True, pipeline="builtin",
        clockquality=ClockQuality.SYNCHRONISED,
    )  # fmt: skip
    body = status.model_dump_json(by_alias=True).encode()
    key: str | None = node.request("PUT", STATUS, body).headers.get(CHANGE_KEY)
    return key


def test_both_keys_are_good_for_an_hour_and_then_the_new_one_alone(any_bench: Bench) -> None:
    node = any_bench.node()
    change = Changing(node)

    taken = change.taken()

    assert taken.old_key_until == any_bench.clock() + timedelta(hours=1)
    assert (speaks(node, change.old_key), speaks(node, change.signing_key)) == (True, True)
    any_bench.clock.advance(hours=1)
    assert (speaks(node, change.old_key), speaks(node, change.signing_key)) == (False, True)


def test_what_is_sealed_for_a_node_is_sealed_for_its_next_key(bench: Bench) -> None:
    node = bench.node()
    change = Changing(node)

    taken = change.taken()

    assert len(unseal(change.sealing_key, taken.sealed_card_key)) == 32


def test_other_nodes_are_told_of_the_next_key(any_bench: Bench) -> None:
    node, other = any_bench.node(), any_bench.node("gate-2")
    before = ReplicaPage.model_validate_json(other.request("GET", REPLICA).content)

    change = Changing(node)
    change.taken()

    after = ReplicaPage.model_validate_json(other.request("GET", REPLICA).content)
    assert after.version > before.version
    assert after.access is not None
    assert after.access.node_keys["gate-1"] == public_text(change.signing_key.public_key())


def test_a_change_whose_answer_was_lost_is_answered_again(any_bench: Bench) -> None:
    node = any_bench.node()
    change = Changing(node)

    first = change.taken()
    any_bench.clock.advance(days=9)
    again = change.taken()

    assert again.old_key_until == first.old_key_until
    assert unseal(change.sealing_key, again.sealed_card_key)


def test_a_recorded_change_is_refused_once_there_was_another(bench: Bench) -> None:
    node = bench.node()
    first = Changing(node)
    first.taken()
    Changing(node).taken()

    reply = first.send()

    assert (reply.status_code, reply.json()["code"]) == (409, "other_key")


def test_a_key_that_was_changed_signs_for_no_next_one(bench: Bench) -> None:
    node = bench.node()
    stolen = node.signing_key
    Changing(node).taken()

    during = Changing(node, old_key=stolen).send()
    bench.clock.advance(hours=2)
    after = Changing(node, old_key=stolen).send()

    assert [(r.status_code, r.json()["code"]) for r in (during, after)] == [(409, "other_key")] * 2


def test_a_node_that_is_shut_out_changes_nothing(any_bench: Bench) -> None:
    node = any_bench.node()
    change = Changing(node)
    assert any_bench.administrator.delete("/api/v1/nodes/gate-1").status_code == 204

    reply = change.send()

    assert (reply.status_code, reply.json()["code"]) == (401, "bad_signature")
    assert "not joined" in reply.json()["detail"]


def test_who_has_the_old_key_alone_cannot_name_a_next_one_of_somebody_else(bench: Bench) -> None:
    node = bench.node()

    reply = Changing(node).send(by=node.signing_key)

    assert (reply.status_code, reply.json()["code"]) == (401, "bad_signature")


@pytest.mark.parametrize("part", ["document", "by_old", "by_new"])
def test_no_part_of_a_change_is_of_another(bench: Bench, part: str) -> None:
    node = bench.node()
    one, other = Changing(node), Changing(node)
    mixed = one.signed.model_copy(update={part: getattr(other.signed, part)})

    assert one.send(signed=mixed).status_code == 401


def test_a_change_is_for_the_node_that_it_names(bench: Bench) -> None:
    one, other = Changing(bench.node()), Changing(bench.node("gate-2"))

    assert one.send(signed=other.signed, by=other.signing_key).status_code == 401


def test_an_operator_asks_for_a_change_until_it_has_happened(any_bench: Bench) -> None:
    node = any_bench.node()
    assert told_to_change(node) is None

    assert any_bench.administrator.post("/api/v1/nodes/gate-1/keys").status_code == 204

    assert told_to_change(node) == public_text(node.signing_key.public_key())
    [view, _] = any_bench.administrator.get("/api/v1/nodes").json()
    assert view["keys_wanted_at"] is not None
    Changing(node).taken()
    assert told_to_change(node) is None
    [view, _] = any_bench.administrator.get("/api/v1/nodes").json()
    assert (view["keys_wanted_at"], view["old_key_until"] is not None) == (None, True)
    assert actions(any_bench)[-2:] == ["nodes_keys_post", "nodes_current_keys_post"]


def test_nobody_asks_a_node_that_is_not_there(bench: Bench) -> None:
    assert bench.administrator.post("/api/v1/nodes/gate-1/keys").status_code == 404
    assert bench.operator("guard").post("/api/v1/nodes/gate-1/keys").status_code == 403


def test_a_stream_goes_on_while_keys_change(bench: Bench) -> None:
    node = bench.node()
    target = "/api/v1/nodes/current/stream"

    with node.http.stream("GET", target, headers=node.headers("GET", target)) as stream:
        told = (line for line in stream.iter_lines() if line.startswith("data:"))
        first = next(told)
        Changing(node).taken()

        assert next(line for line in told if line != first)


def aged(age: timedelta, *, wanted_at: datetime | None = None) -> KeyRow:
    return KeyRow("signing", "sealing", NOON - age, None, None, wanted_at)


@settings(max_examples=10)
@given(name=st.from_regex(r"[a-z0-9]{1,20}", fullmatch=True), days=st.integers(1, 3650))
def test_keys_that_are_too_old_are_changed_in_five_minutes_of_each_day(
    name: str, days: int
) -> None:
    keys, midnight = aged(days * DAY), NOON + DAY / 2

    slots = [
        is_wanted(name, keys, days=days, now=midnight + timedelta(seconds=s))
        for s in range(0, 86_400, SLOT_S)
    ]

    assert slots.count(True) == 1


def test_a_terminal_that_is_on_at_noon_alone_has_its_turn_in_some_weeks() -> None:
    keys = aged(400 * DAY)

    def turns(name: str) -> int:
        return sum(
            is_wanted(name, keys, days=180, now=NOON + day * DAY + hours * timedelta(hours=1))
            for day in range(800)
            for hours in range(4)
        )

    assert all(turns(f"gate-{n}") for n in range(10))


def test_younger_keys_are_changed_by_an_operator_alone() -> None:
    day = [NOON + timedelta(seconds=s) for s in range(0, 86_399, SLOT_S)]

    assert not any(is_wanted("gate", aged(DAY), days=2, now=now) for now in day[:144])
    assert not any(is_wanted("gate", aged(900 * DAY), days=0, now=now) for now in day)
    assert all(is_wanted("gate", aged(DAY, wanted_at=NOON), days=0, now=now) for now in day)


def test_a_city_of_one_age_spreads_over_the_day() -> None:
    keys = aged(400 * DAY)

    at_once = sum(is_wanted(f"gate-{n}", keys, days=180, now=NOON) for n in range(3_000))

    assert at_once < 30
