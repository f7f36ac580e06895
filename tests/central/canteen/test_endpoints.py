"""What the canteen's manager and cashiers see and decide."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from central.canteen.endpoints import LIST_MAX
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from config.contract.events import TillClosed, TillOpened
from config.contract.money import Wallet
from config.contract.money_events import charges_digest
from tests.central.bench import Bench
from tests.central.canteen.dining import SESSION, Money, charge, money, void
from tests.central.canteen.serving import (
    LUNCH,
    PATH,
    dining,
    give,
    in_central,
    manager,
    tell,
    top_up,
    work,
)
from tests.central.ledger.ledgering import CANTEEN, order

OPENED = TillOpened(session_id=SESSION, till="till-1", merchant="canteen", by="li")


@pytest.fixture
def canteen(tmp_path: Path) -> Iterator[Bench]:
    with dining(tmp_path / "home") as bench:
        yield bench


def closed(*charges: Any, **more: Any) -> TillClosed:  # noqa: ANN401 - fields of any type
    """Return what a till says when it closes."""
    values: dict[str, Any] = {
        "charge_count": len(charges),
        "charge_fen": sum(each.amount_fen for each in charges),
        "void_count": 0,
        "void_fen": 0,
        "charge_ids_sha256": charges_digest(each.charge_id for each in charges),
    }
    return TillClosed(session_id=SESSION, till="till-1", merchant="canteen", **{**values, **more})


def of_day(bench: Bench) -> list[tuple[str, int | None, int | None]]:
    """Return what does not fit in the only session of today."""
    (session,) = manager(bench).get(f"{PATH}/sessions").json()["items"]
    return [(each["code"], each["till"], each["centre"]) for each in session["differences"]]


def alarms(bench: Bench) -> list[str]:
    items = bench.administrator.get("/api/v1/alarms", params={"state": "standing"}).json()["items"]
    return [each["kind"] for each in items if each["condition"] == "active"]


def money_of(bench: Bench, holder_id: str) -> Money:
    async def act(transaction: Transaction) -> Money:
        return await money(transaction, holder_id)

    found: Money = in_central(bench, act)
    return found


def test_a_day_balances_once_the_late_charge_has_come(tmp_path: Path, database_url: str) -> None:
    with dining(tmp_path / "home", database=database_url) as canteen:
        node, anna = canteen.node(), canteen.person("安娜")
        top_up(canteen, anna, 9_000)
        one, late, gone = charge(anna, 1_000), charge(anna, 700), charge(anna, 300)
        close = closed(one, late, void_count=1, void_fen=300, counted_charges=2)

        tell(node, OPENED, one, gone, void(gone), close)
        before = of_day(canteen)
        tell(node, late, first=10)

        assert before == [("charges_missing", 3, 2), ("amount", 1_700, 1_000)]
        assert of_day(canteen) == []


def test_a_charge_without_a_session_is_shown_by_itself(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    tell(node, charge(anna, 900, session_id=uuid4()))

    day = manager(canteen).get(f"{PATH}/sessions").json()

    assert day["without_session"] == [{"merchant": "canteen", "charge_count": 1, "charge_fen": 900}]


def test_a_session_that_closes_twice_and_differently_waits_for_a_person(canteen: Bench) -> None:
    node, one = canteen.node(), charge(canteen.person("安娜"))

    tell(node, OPENED, one, closed(one), closed())

    assert of_day(canteen) == [("exceptions", None, 1)]


def test_charges_are_listed_page_by_page_with_what_was_on_the_tray(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("司徒明月")
    tell(node, *(charge(anna, fen) for fen in (100, 200, 300)))
    boss, cashier = manager(canteen), canteen.planted("cashier").client

    first = boss.get(f"{PATH}/charges", params={"limit": 2}).json()
    second = boss.get(f"{PATH}/charges", params={"limit": 2, "before": first["next"]}).json()

    amounts = [each["amount_fen"] for each in (*first["items"], *second["items"])]
    assert (sorted(amounts), second["next"]) == ([100, 200, 300], None)
    assert first["items"][0]["lines"][0]["item"] == "rice"
    assert first["items"][0]["name"] == "司徒明月"
    one = f"{PATH}/charges/{first['items'][0]['charge_id']}"
    assert boss.get(one).json() == first["items"][0]
    assert boss.get(f"{PATH}/charges/{uuid4()}").json()["code"] == "charge_not_found"
    assert cashier.get(f"{PATH}/charges").json()["items"][0]["name"] != "司徒明月"
    assert canteen.planted("guard").client.get(f"{PATH}/charges").status_code == 403


def test_a_void_of_another_amount_alarms_until_a_person_posts_it(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    top_up(canteen, anna, 5_000)
    meal = charge(anna)
    boss = manager(canteen)

    tell(node, meal, void(meal, amount_fen=1))
    before, standing = money_of(canteen, anna), alarms(canteen)
    (line,) = boss.get(f"{PATH}/exceptions").json()["items"]
    path, wish = f"{PATH}/exceptions/{line['exception_id']}/decision", {"note": "小票核对过"}
    done = boss.post(path, json={"decision": "post", **wish})
    again = boss.post(path, json={"decision": "leave", **wish})

    assert (line["kind"], line["can_post"], before.cash_fen) == ("void_differs", True, 3_800)
    assert "holder_id" not in line["said"]
    assert standing == ["canteen_exception"]
    assert (done.status_code, again.json()["code"]) == (204, "decided_already")
    assert money_of(canteen, anna).cash_fen == 5_000
    assert alarms(canteen) == []


def test_another_content_under_a_key_can_only_be_left(canteen: Bench) -> None:
    node, meal = canteen.node(), charge(canteen.person("安娜"))
    tell(node, meal, meal.model_copy(update={"amount_fen": 1}))
    boss = manager(canteen)
    (line,) = boss.get(f"{PATH}/exceptions").json()["items"]

    path, wish = f"{PATH}/exceptions/{line['exception_id']}/decision", {"note": "两条记录"}
    refused = boss.post(path, json={"decision": "post", **wish})
    left = boss.post(path, json={"decision": "leave", **wish})

    assert (refused.json()["code"], left.status_code) == ("cannot_be_posted", 204)
    assert boss.get(f"{PATH}/exceptions").json()["items"] == []


def test_a_debt_is_told_disputed_and_waived_and_a_late_void_pays_nobody_twice(
    canteen: Bench,
) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    top_up(canteen, anna, 500)
    meal = charge(anna)
    boss = manager(canteen)
    tell(node, meal)
    path = f"{PATH}/debts/{meal.charge_id}"

    told = boss.post(f"{path}/notified")
    disputed = boss.post(f"{path}/dispute", json={"words": "没有在食堂吃过"})
    (line,) = boss.get(f"{PATH}/debts", params={"state": "disputed"}).json()["items"]
    waived = boss.post(f"{path}/decision", json={"decision": "waived", "note": "终端故障"})
    again = boss.post(f"{path}/decision", json={"decision": "stands", "note": "再来一次"})
    after_waiver = money_of(canteen, anna)
    tell(node, void(meal), first=5)

    assert [r.status_code for r in (told, disputed, waived, again)] == [204, 204, 204, 409]
    assert (line["amount_fen"], line["owed_fen"], line["cause"]) == (700, 700, "short")
    assert line["dispute"] == "没有在食堂吃过"
    assert after_waiver == Money(0, 0, 0, 1_200)
    assert money_of(canteen, anna) == Money(0, 500, 0, 0)
    assert boss.get(f"{PATH}/debts").json()["open_count"] == 0


def test_debts_say_what_is_left_of_each_meal_and_who_else_owes(canteen: Bench) -> None:
    node, anna, bert = canteen.node(), canteen.person("安娜"), canteen.person("贝特")
    first, second, back = charge(anna, 700), charge(anna, 500), charge(anna, 300)
    canteen.clock.advance(minutes=-2)
    tell(node, first)
    canteen.clock.advance(minutes=2)
    tell(node, second, back, first=2)
    give(canteen, accounts.source("counter"), accounts.wallet(anna, Wallet.DEBT), 400)
    tell(node, void(back), first=9)
    moved = accounts.wallet(bert, Wallet.DEBT)
    give(canteen, moved, accounts.merchant("canteen"), 250)

    told = manager(canteen).get(f"{PATH}/debts", params={"state": "waiting"}).json()

    assert {row["charge_id"]: row["left_fen"] for row in told["items"]} == {
        str(first.charge_id): 300,
        str(second.charge_id): 500,
    }
    assert told["owed_fen"] == 1_050
    assert [(each["name"], each["rest_fen"]) for each in told["others"]] == [("贝特", 250)]


def test_who_is_let_pay_again_is_remembered_with_the_reason(canteen: Bench) -> None:
    boss, anna = manager(canteen), canteen.person("安娜")
    boss.put(f"{PATH}/blocks/{anna}", json={"reason": "lost", "note": "卡丢了"})
    account = boss.get(f"{PATH}/office/people/{anna}").json()
    boss.delete(f"{PATH}/blocks/{anna}", params={"note": "已补卡"})
    told = boss.get(f"{PATH}/blocks").json()

    assert (account["blocked"]["reason"], account["blocked"]["note"]) == ("lost", "卡丢了")
    (lifted,) = told["lifted"]
    assert (told["items"], lifted["name"]) == ([], "安娜")
    assert (lifted["note"], lifted["lifted_note"]) == ("卡丢了", "已补卡")


def test_a_debt_that_was_paid_goes_back_to_the_wallet(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    meal = charge(anna)
    tell(node, meal)

    debt = accounts.wallet(anna, Wallet.DEBT)
    give(canteen, accounts.source("counter"), debt, 1_200)
    tell(node, void(meal), first=5)

    assert money_of(canteen, anna) == Money(0, 1_200, 0, 0)


def test_a_plan_is_looked_at_put_and_remembered(canteen: Bench) -> None:
    boss = manager(canteen)
    wrong = {"merchants": [{"merchant": "nowhere"}]}

    preview = boss.post(f"{PATH}/plan/preview", json={"made_from": 0, "plan": LUNCH}).json()
    refused = boss.put(f"{PATH}/plan", json={"made_from": 0, "plan": wrong})
    done = boss.put(f"{PATH}/plan", json={"made_from": 0, "plan": LUNCH})
    late = boss.put(f"{PATH}/plan", json={"made_from": 0, "plan": LUNCH})
    (version,) = boss.get(f"{PATH}/plan/versions").json()["items"]

    assert [change["item"] for change in preview["changes"]] == ["lunch", "rice"]
    assert refused.json()["problems"][0]["code"] == "merchant_unknown"
    assert (done.json()["version"], late.json()["code"]) == (1, "plan_changed_meanwhile")
    assert version["changes"] == preview["changes"]
    assert canteen.planted("cashier").client.put(f"{PATH}/plan", json={}).status_code == 403


def test_what_is_in_the_plan_no_longer_keeps_its_name(canteen: Bench) -> None:
    boss = manager(canteen)
    gone = {"merchants": [{**LUNCH["merchants"][0], "dishes": []}]}
    boss.put(f"{PATH}/plan", json={"made_from": 0, "plan": LUNCH})

    assert boss.put(f"{PATH}/plan", json={"made_from": 1, "plan": gone}).is_success

    dishes = boss.get(f"{PATH}/office/setting").json()["dishes"]
    assert dishes == [{"id": "rice", "name": {"en": "Rice"}}]
    assert boss.get(f"{PATH}/plan/versions").json()["names"] == {"dish/rice": {"en": "Rice"}}


def test_a_fund_that_runs_low_alarms_until_it_is_filled(canteen: Bench) -> None:
    boss = manager(canteen)
    boss.put(f"{PATH}/plan", json={"made_from": 0, "plan": {"float_low_fen": 0}})
    give(canteen, accounts.fund("staff"), accounts.merchant("canteen"), 100)
    work(canteen)
    low = alarms(canteen)

    give(canteen, accounts.source("counter"), accounts.fund("staff"), 100)
    work(canteen)

    assert (low, alarms(canteen)) == (["wallet_float"], [])


def test_who_asks_for_their_record_gets_their_meals_and_their_money(canteen: Bench) -> None:
    node, anna = canteen.node(), canteen.person("安娜")
    top_up(canteen, anna, 500)
    tell(node, charge(anna))
    path = f"/api/v1/people/{anna}/record"

    record = canteen.planted("administrator").client.get(path).json()

    assert [(meal["amount_fen"], meal["debt_cause"]) for meal in record["meals"]] == [
        (1_200, "short")
    ]
    moves = sorted((move["wallet"], move["change_fen"]) for move in record["money"])
    assert moves == [("cash", -500), ("cash", 500), ("debt", -700)]


def test_what_everybody_owes_is_told_of_all_and_not_of_those_who_are_listed(
    canteen: Bench,
) -> None:
    async def owe(transaction: Transaction) -> None:
        meals = [
            order(accounts.wallet(str(uuid4()), Wallet.DEBT), CANTEEN, 300)
            for _ in range(LIST_MAX + 1)
        ]
        await ledger.post(transaction, meals, now=canteen.clock())

    in_central(canteen, owe)
    told = manager(canteen).get(f"{PATH}/debts").json()

    assert (len(told["others"]), told["owed_fen"]) == (LIST_MAX, (LIST_MAX + 1) * 300)
