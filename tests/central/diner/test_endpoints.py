"""The diner's page over HTTP: one link, one telephone, one person, half an hour."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from config.contract.diner_links import DinerLink, TerminalLink
from drivers.simulation import Simulation
from tests.central.audit.log import actions
from tests.central.bench import Bench, running_central
from tests.central.canteen.serving import dining
from tests.central.diner.acting import (
    DINER,
    DINERS,
    at,
    begin_top_up,
    came,
    dispute,
    eat,
    eats,
    link_for,
    plan_meals,
    secret_for,
    statement,
)
from tests.central.office.acting import do, wish
from tests.central.payments.acting import cashier, eventually, has, manager, provider_of


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
    path, office = f"{DINER}/charges/{charge_id}/dispute", manager(central)
    before = office.get(f"{DINERS}/waiting").json()["disputes"]
    for reason in ("not_me", "amount"):
        assert telephone.post(path, json={"reason": reason}).status_code == 204
    found = office.get(f"{DINERS}/disputes").json()["items"]
    (waiting,) = (each for each in found if each["charge_id"] == str(charge_id))
    assert office.get(f"{DINERS}/waiting").json()["disputes"] == before + 1
    answer = {"decision": "accepted", "note": "它已退回"}
    decide = f"{DINERS}/disputes/{charge_id}/decide"
    first, again = (office.post(decide, json=answer) for _ in range(2))

    assert (waiting["holder_id"], waiting["amount_fen"]) == (person, 1_200)
    assert waiting["reason"] == "not_me"
    assert (first.status_code, again.status_code) == (204, 409)
    told = statement(telephone)["charges"][0]["dispute"]
    assert (told["decision"], told["note"]) == ("accepted", "它已退回")


def test_what_somebody_said_of_a_meal_is_not_told_to_whoever_it_is_moved_to(
    tmp_path: Path,
) -> None:
    with running_central(tmp_path / "home") as central:
        wang, li = central.person(), central.person()
        charge_id, (telephone, _) = eats(central, wang), came(central, wang)
        path = f"{DINER}/charges/{charge_id}"
        telephone.post(f"{path}/dispute", json={"reason": "not_me"})
        telephone.put(f"{path}/rating", json={"stars": 1})
        wanted = wish("wrong_person", charge_id=str(charge_id), holder_id=li, reason="认错")
        assert do(manager(central), wanted, "corrections").is_success
        other, _ = came(central, li)

        (meal,) = statement(other)["charges"]
        again = other.post(f"{path}/dispute", json={"reason": "not_me"})

        assert (meal["dispute"], meal["stars"], meal["can_dispute"]) == (None, None, False)
        assert again.json()["code"] == "charge_not_disputable"
        assert statement(telephone)["charges"][0]["dispute"]["reason"] == "not_me"


def test_a_debt_is_told_by_being_shown_and_disputed_by_one_tap(central: Bench) -> None:
    person, boss, debts = central.person(), manager(central), "/api/v1/canteen/debts"
    charge_id, other = eats(central, person), eats(central, central.person())
    telephone, _ = came(central, person)
    (shown,) = statement(telephone)["debts"]
    shown_ids = {"charge_ids": [str(charge_id), str(other)]}
    assert telephone.post(f"{DINER}/debts/told", json=shown_ids).status_code == 204
    path = f"{DINER}/debts/{charge_id}/dispute"
    replies = [telephone.post(path, json={"reason": reason}) for reason in ("not_me", "amount")]
    (line,) = boss.get(debts, params={"person": person}).json()["items"]
    wish = {"decision": "stands", "note": "监控显示是本人"}
    assert boss.post(f"{debts}/{charge_id}/decision", json=wish).status_code == 204
    (after,) = statement(telephone)["debts"]

    assert (shown["left_fen"], shown["is_told"], shown["can_dispute"]) == (1_200, False, True)
    assert [reply.status_code for reply in replies] == [204, 204]
    assert (line["dispute"], line["notified_by"]) == ("not_me", "")
    assert (after["decision"], after["note"], after["can_dispute"]) == (
        "stands", "监控显示是本人", False,
    )  # fmt: skip
    (others,) = boss.get(debts, params={"state": "open"}).json()["items"][:1]
    assert others["notified_at"] is None, "nobody is told of another's debt"


def test_a_debt_of_another_is_not_there(central: Bench) -> None:
    charge_id = eats(central, central.person())
    telephone, _ = came(central, central.person())
    wish = {"reason": "not_me"}
    reply = telephone.post(f"{DINER}/debts/{charge_id}/dispute", json=wish)

    assert (reply.status_code, reply.json()["code"]) == (404, "debt_not_found")
    assert statement(telephone)["debts"] == []


def test_whoever_made_a_link_sees_it_used(central: Bench) -> None:
    seller, telephone = cashier(central), central.client()
    made = link_for(central, central.person()).json()
    path = f"{DINERS}/links/{made['link_id']}"
    states = [seller.get(path).json()["state"]]
    telephone.post(f"{DINER}/session", json={"secret": made["link"].partition("#")[2]})
    states.append(seller.get(path).json()["state"])
    unused = link_for(central, central.person()).json()["link_id"]
    central.clock.advance(minutes=10)
    states.append(seller.get(f"{DINERS}/links/{unused}").json()["state"])
    another = central.planted("cashier").client.get(path)

    assert states == ["waiting", "opened", "over"]
    assert (another.status_code, another.json()["code"]) == (404, "diner_link_not_found")


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
    purpose = {"Menshen-Purpose": "compliance"}
    table = manager(central).get(f"{DINERS}/ratings.csv", headers=purpose)
    assert table.text.splitlines()[1] == f"{after['day']},canteen,1,4.00"


def test_meals_of_tomorrow_are_registered_until_the_deadline(tmp_path: Path) -> None:
    with running_central(tmp_path / "home") as bench:
        plan_meals(bench)
        at(bench, hour=19)
        telephone, _ = came(bench, bench.person())
        path = f"{DINER}/meals/canteen/lunch"
        twice = [telephone.put(path).status_code for _ in range(2)]
        told = telephone.get(f"{DINER}/meals").json()
        counted = manager(bench).get(f"{DINERS}/meals").json()
        unknown = telephone.put(f"{DINER}/meals/canteen/supper").status_code
        at(bench, hour=20)
        telephone, _ = came(bench, bench.person())
        late = telephone.put(path)
        final = manager(bench).get(f"{DINERS}/meals").json()

        assert (twice, unknown) == ([204, 204], 404)
        assert [(m["period"], m["is_registered"]) for m in told["meals"]] == [("lunch", True)]
        assert counted["items"] == [{"merchant": "canteen", "period": "lunch", "count": 1}]
        assert (counted["is_open"], final["is_open"]) == (True, False)
        assert final["closes_at"] == told["closes_at"]
        assert (late.status_code, late.json()["code"]) == (409, "meals_closed")


def test_a_terminal_makes_links_for_its_own_tills_alone(central: Bench) -> None:
    node = central.node()
    wish = f'{{"holder_id": "{central.person()}", "till": "till-9"}}'.encode()
    reply = node.request("POST", f"{DINERS}/terminal-links", wish)

    assert (reply.status_code, reply.json()["code"]) == (404, "till_not_found")


def test_a_terminals_link_is_good_for_who_stands_at_its_till(tmp_path: Path) -> None:
    with dining(tmp_path / "home") as canteen:
        person = canteen.person()
        wish = TerminalLink(holder_id=UUID(person), till="till-1")
        reply = canteen.node().request(
            "POST", f"{DINERS}/terminal-links", wish.model_dump_json().encode()
        )
        link = DinerLink.model_validate(reply.json())
        telephone = canteen.client()
        secret = link.link.partition("#")[2]
        opened = telephone.post(f"{DINER}/session", json={"secret": secret})

        assert (reply.status_code, opened.status_code) == (201, 204)
        assert telephone.get(f"{DINER}/statement").json()["name"] == "王**"
        assert 'xmlns="http://www.w3.org/2000/svg"' in link.code_svg
