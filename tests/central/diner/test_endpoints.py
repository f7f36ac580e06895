"""The diner's page over HTTP: one link, one telephone, one person, half an hour."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from drivers.simulation import Simulation
from tests.central.audit.log import actions
from tests.central.bench import Bench, running_central
from tests.central.diner.acting import (
    DINER,
    DINERS,
    at,
    begin_top_up,
    came,
    dispute,
    eat,
    eats,
    plan_meals,
    secret_for,
    statement,
)
from tests.central.payments.acting import eventually, has, manager, provider_of


@pytest.fixture(scope="module")
def central(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_central(tmp_path_factory.mktemp("diner") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def provider(central: Bench) -> Iterator[Simulation]:
    """A provider, the same for all tests of this file: central reads where it is once."""
    with provider_of(central) as running:
        yield running


def test_a_link_is_opened_by_one_telephone_alone(central: Bench) -> None:
    secret = secret_for(central, central.person())
    first, second = (
        central.client().post(f"{DINER}/session", json={"secret": secret}) for _ in range(2)
    )

    assert first.status_code == 204
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert f"Path={DINER}" in cookie
    assert (second.status_code, second.json()["code"]) == (401, "diner_link_over")


def test_a_link_that_nobody_opened_is_over_after_ten_minutes(central: Bench) -> None:
    secret = secret_for(central, central.person())
    central.clock.advance(minutes=10)
    reply = central.client().post(f"{DINER}/session", json={"secret": secret})

    assert reply.status_code == 401


def test_a_page_is_over_after_half_an_hour_and_when_its_diner_leaves(central: Bench) -> None:
    person = central.person()
    (telephone, _), (other, _) = came(central, person), came(central, person)
    other.delete(f"{DINER}/session")
    left = other.get(f"{DINER}/statement").status_code
    central.clock.advance(minutes=29)
    before = telephone.get(f"{DINER}/statement").status_code
    central.clock.advance(minutes=1)

    assert (left, before) == (401, 200)
    assert telephone.get(f"{DINER}/statement").status_code == 401


def test_the_statement_has_what_is_there_and_each_meal_with_its_receipt(central: Bench) -> None:
    person = central.person("王小明")
    charge_id = str(eats(central, person))
    telephone, _ = came(central, person)
    told = statement(telephone)
    (meal,) = told["charges"]

    assert told["name"] == "王**"
    assert (told["subsidy_fen"], told["cash_fen"], told["debt_fen"]) == (0, 0, 1_200)
    assert (meal["charge_id"], meal["amount_fen"], meal["debt_fen"]) == (charge_id, 1_200, 1_200)
    assert [(line["item"], line["amount_fen"]) for line in meal["lines"]] == [
        ("rice", 100),
        ("pork", 1_100),
    ]
    assert (meal["can_dispute"], meal["can_rate"], told["has_more"]) == (True, True, False)


def test_what_is_anothers_is_not_there(central: Bench) -> None:
    charge_id = eats(central, central.person())
    telephone, _ = came(central, central.person())
    wish = {"reason": "not_me"}
    theirs = telephone.post(f"{DINER}/charges/{charge_id}/dispute", json=wish)
    nobodys = telephone.post(f"{DINER}/charges/{uuid4()}/dispute", json=wish)

    assert statement(telephone)["charges"] == []
    assert theirs.json() == nobodys.json()
    assert theirs.status_code == 404


def test_a_charge_is_disputed_once_and_the_answer_is_read_on_the_page(central: Bench) -> None:
    person = central.person()
    charge_id, (telephone, _) = eats(central, person), came(central, person)
    path = f"{DINER}/charges/{charge_id}/dispute"
    for reason in ("not_me", "amount"):
        assert telephone.post(path, json={"reason": reason}).status_code == 204
    office = manager(central)
    waiting = office.get(f"{DINERS}/disputes").json()["items"][0]
    answer = {"decision": "accepted", "note": "它已退回"}
    decide = f"{DINERS}/disputes/{charge_id}/decide"
    first, again = (office.post(decide, json=answer) for _ in range(2))

    assert (waiting["charge_id"], waiting["reason"]) == (str(charge_id), "not_me")
    assert (waiting["holder_id"], waiting["amount_fen"]) == (person, 1_200)
    assert (first.status_code, again.status_code) == (204, 409)
    told = statement(telephone)["charges"][0]["dispute"]
    assert (told["decision"], told["note"]) == ("accepted", "它已退回")


def test_what_is_long_ago_is_neither_disputed_nor_rated(central: Bench) -> None:
    person = central.person()
    charge_id = eats(central, person, minutes_ago=31 * 24 * 60)
    telephone, _ = came(central, person)
    path = f"{DINER}/charges/{charge_id}"
    late = telephone.post(f"{path}/dispute", json={"reason": "amount"})
    rated = telephone.put(f"{path}/rating", json={"stars": 5})

    assert (late.status_code, late.json()["code"]) == (409, "charge_not_disputable")
    assert (rated.status_code, rated.json()["code"]) == (409, "charge_not_ratable")


def test_what_a_diner_does_is_recorded_by_the_link_and_the_person(central: Bench) -> None:
    dispute(central)
    entries = central.auditor.get("/api/v1/audit", params={"limit": 1}).json()["items"]

    assert actions(central)[-1] == "diner_charges_dispute_post"
    assert entries[0]["actor"].startswith("diner:")


def test_older_meals_come_page_by_page(central: Bench) -> None:
    person = central.person()
    made = {str(charge_id) for charge_id in eat(central, person, times=31)}
    telephone, _ = came(central, person)
    first = statement(telephone)
    second = statement(telephone, before=first["charges"][-1]["charge_id"])

    assert first["has_more"]
    assert not second["has_more"]
    assert (len(first["charges"]), len(second["charges"])) == (30, 1)
    assert {meal["charge_id"] for meal in first["charges"] + second["charges"]} == made


def test_a_top_up_on_the_telephone_is_in_the_wallet(central: Bench, provider: Simulation) -> None:
    person = central.person()
    telephone, _ = came(central, person)
    begun = begin_top_up(telephone).json()
    provider.act("pay", {})
    eventually(lambda: has(central, person) == 2_000)

    assert begun["state"] == "waiting"
    assert begun["pay_url"].startswith("http")
    told = statement(telephone)
    assert (told["top_ups"][0]["state"], told["cash_fen"]) == ("paid", 2_000)


def test_a_top_up_pays_first_what_is_owed(central: Bench, provider: Simulation) -> None:
    person = central.person()
    eats(central, person)
    telephone, _ = came(central, person)
    begin_top_up(telephone)
    provider.act("pay", {})
    eventually(lambda: has(central, person) == 2_000 - 1_200)

    assert statement(telephone)["debt_fen"] == 0


def test_a_rating_is_summed_without_a_name(central: Bench) -> None:
    person = central.person()
    charge_id, (telephone, _) = eats(central, person), came(central, person)
    before = manager(central).get(f"{DINERS}/ratings").json()["items"]
    for stars in (2, 4):
        telephone.put(f"{DINER}/charges/{charge_id}/rating", json={"stars": stars})
    (after,) = manager(central).get(f"{DINERS}/ratings").json()["items"]

    assert (before, after["count"], after["stars"]) == ([], 1, 4)
    assert set(after) == {"day", "merchant", "count", "stars"}


def test_meals_of_tomorrow_are_registered_until_the_deadline(tmp_path: Path) -> None:
    with running_central(tmp_path / "home") as bench:
        plan_meals(bench)
        at(bench, hour=19)
        telephone, _ = came(bench, bench.person())
        path = f"{DINER}/meals/canteen/lunch"
        twice = [telephone.put(path).status_code for _ in range(2)]
        told = telephone.get(f"{DINER}/meals").json()
        counted = manager(bench).get(f"{DINERS}/meals").json()["items"]
        unknown = telephone.put(f"{DINER}/meals/canteen/supper").status_code
        at(bench, hour=20)
        telephone, _ = came(bench, bench.person())
        late = telephone.put(path)

        assert (twice, unknown) == ([204, 204], 404)
        assert [(m["period"], m["is_registered"]) for m in told["meals"]] == [("lunch", True)]
        assert counted == [{"merchant": "canteen", "period": "lunch", "count": 1}]
        assert (late.status_code, late.json()["code"]) == (409, "meals_closed")


def test_a_terminal_makes_links_for_its_own_tills_alone(central: Bench) -> None:
    node = central.node()
    wish = f'{{"holder_id": "{central.person()}", "till": "till-9"}}'.encode()
    reply = node.request("POST", f"{DINERS}/terminal-links", wish)

    assert (reply.status_code, reply.json()["code"]) == (404, "till_not_found")
