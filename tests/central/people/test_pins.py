"""PINs: never shown again, never trivial, a duress PIN that is another."""

import uuid

import pytest

from central.people.pins import is_trivial
from config.contract.trust import pin_verifier
from tests.central.bench import Bench
from tests.central.people.test_endpoints import only_holder


@pytest.mark.parametrize("pin", ["0000", "1234", "7890", "4321", "1212", "123123", "77777777"])
def test_a_pin_that_is_guessed_first_is_trivial(pin: str) -> None:
    assert is_trivial(pin)


@pytest.mark.parametrize("pin", ["1235", "2580", "1213", "90210", "31415926"])
def test_other_pins_are_not_trivial(pin: str) -> None:
    assert not is_trivial(pin)


def test_of_a_pin_only_a_verifier_is_kept_and_told_to_nodes(any_bench: Bench) -> None:
    holder_id = any_bench.person()
    path, admin = f"/api/v1/people/{holder_id}", any_bench.administrator

    status = admin.put(f"{path}/pin", json={"pin": "2580", "duress_pin": "2581"}).status_code

    key, told = any_bench.app.state.services.card_key, only_holder(any_bench.node())
    assert status == 204
    assert told.pin == pin_verifier(key, holder_id, "2580")
    assert told.duress_pin == pin_verifier(key, holder_id, "2581")
    shown = admin.get(path)
    assert (shown.json()["has_pin"], shown.json()["has_duress_pin"]) == (True, True)
    assert told.pin not in shown.text


def test_a_guard_is_not_told_who_has_a_duress_pin(bench: Bench) -> None:
    path = f"/api/v1/people/{bench.person()}"
    bench.administrator.put(f"{path}/pin", json={"pin": "2580", "duress_pin": "2581"})

    assert bench.operator("guard").get(path).json()["has_duress_pin"] is False


def test_a_pin_without_a_duress_pin_takes_the_earlier_one_away(bench: Bench) -> None:
    path = f"/api/v1/people/{bench.person()}/pin"
    bench.administrator.put(path, json={"pin": "2580", "duress_pin": "2581"})

    bench.administrator.put(path, json={"pin": "90210"})

    assert only_holder(bench.node()).duress_pin is None


def test_a_pin_that_is_taken_away_leaves_the_replica(bench: Bench) -> None:
    path = f"/api/v1/people/{bench.person()}/pin"
    bench.administrator.put(path, json={"pin": "2580"})

    assert bench.administrator.delete(path).status_code == 204

    assert only_holder(bench.node()).pin is None


@pytest.mark.parametrize(
    ("wish", "code"),
    [
        ({"pin": "1234"}, "pin_trivial"),
        ({"pin": "2580", "duress_pin": "1111"}, "pin_trivial"),
        ({"pin": "2580", "duress_pin": "2580"}, "duress_pin_same"),
        ({"pin": "258"}, "invalid_request"),
        ({"pin": "２５８０"}, "invalid_request"),
    ],
    ids=["trivial", "a trivial duress pin", "twice the same", "too short", "no ASCII digits"],
)
def test_a_pin_is_refused_and_not_quoted(bench: Bench, wish: dict[str, str], code: str) -> None:
    reply = bench.administrator.put(f"/api/v1/people/{bench.person()}/pin", json=wish)

    assert (reply.status_code, reply.json()["code"]) == (422, code)
    assert wish["pin"] not in reply.text


def test_nobody_unknown_has_a_pin(bench: Bench) -> None:
    path = f"/api/v1/people/{uuid.uuid4()}/pin"

    statuses = [
        bench.administrator.put(path, json={"pin": "2580"}).status_code,
        bench.administrator.delete(path).status_code,
    ]

    assert statuses == [404, 404]
