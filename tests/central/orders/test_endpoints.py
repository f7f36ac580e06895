"""Ordering by telephone, and what the kitchen and the tills are told of it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from config.contract.order_code import code_hash
from tests.central.bench import Bench, messages, running_central
from tests.central.canteen.serving import DINING, till_page
from tests.central.diner.acting import came, statement
from tests.central.orders.acting import (
    OFFICE,
    ORDERS,
    SORRY,
    diner,
    hand_out,
    order,
    page,
    take_orders,
    wanted,
    work,
)
from tests.central.payments.acting import manager

REASON = {"purpose": "compliance"}


@pytest.fixture
def central(tmp_path: Path) -> Iterator[Bench]:
    with running_central(tmp_path / "home", site=DINING) as bench:
        take_orders(bench)
        yield bench


def test_page_offers_windows_with_their_dishes_and_what_can_be_spent(central: Bench) -> None:
    _, telephone = diner(central)

    shown = page(telephone)

    assert shown["spendable_fen"] == 2_000
    assert shown["orders"] == []
    today, tomorrow = shown["offers"]
    assert today["dishes"] == [{"id": "buns", "price_fen": 300}, {"id": "soup", "price_fen": 250}]
    assert (today["is_open"], today["left"], today["unclaimed"]) == (True, None, "charge")
    assert today["day"] < tomorrow["day"]
    assert shown["names"]["dish/buns"] == {"en": "Buns", "zh-CN": "包子"}
    assert shown["names"]["merchant/canteen"]["zh-CN"] == "食堂"


def test_order_shows_its_number_and_code_again_to_a_later_link(central: Bench) -> None:
    holder_id, telephone = diner(central)

    made = order(telephone)
    later, _ = came(central, holder_id)
    (again,) = page(later)["orders"]

    assert (made["number"], made["state"], made["can_cancel"]) == ("A001", "waiting", True)
    assert again == made
    drawn = later.get(f"{ORDERS}/{made['charge_id']}/code.svg")
    assert drawn.headers["content-type"] == "image/svg+xml"
    assert drawn.headers["cache-control"] == "no-store"
    assert statement(telephone)["held_fen"] == 850
    (told,) = till_page(central.node()).orders
    assert told.code_hash == code_hash(made["code"])
    assert made["code"] not in told.model_dump_json()


def test_nobody_elses_order_is_seen_or_cancelled(central: Bench) -> None:
    _, anna = diner(central)
    _, bert = diner(central, "李雷")
    made = order(anna)

    theirs = bert.delete(f"{ORDERS}/{made['charge_id']}")
    nobodys = bert.delete(f"{ORDERS}/{uuid4()}")
    code = bert.get(f"{ORDERS}/{made['charge_id']}/code.svg")

    assert page(bert)["orders"] == []
    assert code.status_code == 404
    assert (theirs.status_code, theirs.json()) == (404, nobodys.json())


def test_what_is_pressed_twice_is_one_order_and_another_page_is_told_of_it(central: Bench) -> None:
    _, telephone = diner(central)
    wish, other = wanted(telephone), wanted(telephone)

    first, again = (telephone.post(ORDERS, json=wish).json() for _ in range(2))
    refused = telephone.post(ORDERS, json=other)

    assert first == again
    assert (refused.status_code, refused.json()["code"]) == (409, "order_meanwhile")
    assert len(page(telephone)["orders"]) == 1


def test_price_is_centrals_and_a_page_with_another_is_told_so(central: Bench) -> None:
    _, telephone = diner(central)

    reply = telephone.post(ORDERS, json=wanted(telephone, amount_fen=1))

    assert (reply.status_code, reply.json()["code"]) == (409, "order_price_changed")
    assert reply.json()["amount_fen"] == 850


@pytest.mark.parametrize(
    "wrong",
    [
        {"pieces": []},
        {"pieces": [{"dish": "buns", "count": 0}]},
        {"pieces": [{"dish": "buns", "count": 1}] * 2},
        {"holder_id": "somebody-else"},
    ],
)
def test_what_is_no_order_is_refused(central: Bench, wrong: dict[str, object]) -> None:
    _, telephone = diner(central)

    assert telephone.post(ORDERS, json=wanted(telephone, **wrong)).status_code == 422


def test_cancelled_order_has_no_code_and_its_money_is_there(central: Bench) -> None:
    _, telephone = diner(central)
    made = order(telephone)

    assert telephone.delete(f"{ORDERS}/{made['charge_id']}").status_code == 204

    assert telephone.get(f"{ORDERS}/{made['charge_id']}/code.svg").status_code == 409
    shown = page(telephone)
    assert [(o["state"], o["code"], o["can_cancel"]) for o in shown["orders"]] == [
        ("cancelled", "", False)
    ]
    assert shown["spendable_fen"] == 2_000
    assert shown["offers"][0]["before"] == 1


def test_nodes_are_woken_when_somebody_orders(central: Bench) -> None:
    _, telephone = diner(central)
    node, target = central.node(), "/api/v1/nodes/current/stream"

    with node.http.stream("GET", target, headers=node.headers("GET", target)) as reply:
        told = messages(reply)
        next(told)
        order(telephone)
        assert "till" in (name for name, _ in told)

    assert [each.number for each in till_page(node).orders] == ["A001"]


def test_till_of_another_merchant_hears_nothing_of_an_order(tmp_path: Path) -> None:
    shop = DINING.till[1].model_copy(update={"merchant": "shop"})
    merchants = (*DINING.merchant, DINING.merchant[0].model_copy(update={"id": "shop"}))
    site = DINING.model_copy(update={"merchant": merchants, "till": (DINING.till[0], shop)})
    with running_central(tmp_path / "home", site=site) as bench:
        take_orders(bench)
        order(diner(bench)[1])

        assert len(till_page(bench.node("gate-1")).orders) == 1
        assert list(till_page(bench.node("gate-2")).orders) == []


def test_collected_order_is_a_charge_of_the_statement(central: Bench) -> None:
    _, telephone = diner(central)
    made, node = order(telephone), central.node()

    hand_out(central, node, made["charge_id"])

    (meal,) = statement(telephone)["charges"]
    assert (meal["charge_id"], meal["amount_fen"], meal["mode"]) == (
        made["charge_id"],
        850,
        "orders",
    )
    assert page(telephone)["orders"][0]["state"] == "collected"
    assert [order.state for order in till_page(node).orders] == ["collected"]


def test_order_that_nobody_came_for_stands_in_statement_charges_and_report(
    central: Bench,
) -> None:
    holder_id, telephone = diner(central)
    made = order(telephone)
    central.clock.advance(hours=10)
    work(central)
    manager.cache_clear()
    office = manager(central)

    later, _ = came(central, holder_id)
    (meal,) = statement(later)["charges"]
    (kept,) = office.get("/api/v1/canteen/charges", params={"person": holder_id}).json()["items"]
    day = {"first": made["day"], "last": made["day"], "purpose": "compliance"}
    report = office.get("/api/v1/canteen/office/report", params=day).json()
    closed = office.get(f"/api/v1/canteen/office/days/canteen/{made['day']}").json()

    assert (meal["charge_id"], meal["till"], meal["cash_fen"]) == (made["charge_id"], "", 850)
    assert (kept["session_id"], kept["till"], kept["is_posted"]) == (None, "", True)
    assert (report["count"], report["amount_fen"]) == (1, 850)
    assert [(row["key"], row["count"]) for row in report["tills"]] == [("", 1)]
    assert (closed["unclaimed_count"], closed["unclaimed_fen"]) == (1, 850)
    assert closed["other_differences"] == []
    assert page(later)["orders"][0]["state"] == "unclaimed"


def test_kitchen_has_dishes_summed_and_each_order_with_number_and_masked_name(
    central: Bench,
) -> None:
    _, anna = diner(central, "王小明")
    _, bert = diner(central, "李雷")
    order(anna)
    gone = order(anna, before=1, pieces=[{"dish": "soup", "count": 1}], amount_fen=250)
    anna.delete(f"{ORDERS}/{gone['charge_id']}")
    last = order(bert, pieces=[{"dish": "soup", "count": 3}], amount_fen=750)
    hand_out(central, central.node(), last["charge_id"])

    day = page(anna)["offers"][0]["day"]
    found = manager(central).get(OFFICE, params={"day": day}).json()
    (window,) = found["windows"]

    assert window["counts"] == {"waiting": 1, "cancelled": 1, "collected": 1}
    assert window["dishes"] == [{"dish": "soup", "count": 4}, {"dish": "buns", "count": 2}]
    assert window["amount_fen"] == 1_600
    assert [(o["number"], o["name"], o["state"], o["till"]) for o in window["orders"]] == [
        ("A001", "王**", "waiting", ""),
        ("A002", "王**", "cancelled", ""),
        ("A003", "李*", "collected", "till-1"),
    ]


def test_kitchen_looks_at_one_merchant_and_window(central: Bench) -> None:
    _, anna = diner(central)
    day = order(anna)["day"]
    office = manager(central)

    def found(**more: str) -> int:
        return len(office.get(OFFICE, params={"day": day, **more}).json()["windows"])

    assert (found(), found(merchant="canteen", period="dinner")) == (1, 1)
    assert (found(merchant="shop"), found(period="lunch")) == (0, 0)


def test_table_of_orders_has_a_line_for_each_dish_in_the_readers_language(
    central: Bench,
) -> None:
    _, anna = diner(central, "王小明")
    day = order(anna)["day"]

    reply = manager(central).get(f"{OFFICE}.csv", params={"day": day, **REASON})

    assert reply.headers["content-type"] == "text/csv; charset=utf-8"
    head, *lines = reply.text.lstrip("\ufeff").splitlines()
    assert head == "商户,取餐时段,日期,开始,取餐号,姓名,菜品,份数,金额（元）,状态"
    assert lines == [
        f"食堂,晚餐,{day},17:00,A001,王**,包子,2,6.00,待取餐",
        f"食堂,晚餐,{day},17:00,A001,王**,汤,1,2.50,待取餐",
    ]


def test_canteen_cancels_what_it_cannot_hand_out_and_the_diner_reads_why(
    central: Bench,
) -> None:
    _, telephone = diner(central)
    made = order(telephone)
    central.clock.advance(hours=7, minutes=30)
    manager.cache_clear()
    path = f"{OFFICE}/{made['charge_id']}/cancel"

    cancelled, again = (manager(central).post(path, json=SORRY) for _ in range(2))
    unknown = manager(central).post(f"{OFFICE}/{uuid4()}/cancel", json=SORRY)

    assert (cancelled.status_code, again.json()["code"]) == (204, "order_not_waiting")
    assert unknown.status_code == 404
    later, _ = came(central, central.row("SELECT holder_id FROM canteen_orders")[0])
    assert page(later)["orders"][0]["note"] == SORRY["note"]
    assert page(later)["spendable_fen"] == 2_000


def test_cashier_sees_orders_and_cancels_none(central: Bench) -> None:
    made, cashier = order(diner(central)[1]), central.planted("cashier").client

    assert cashier.get(OFFICE, params={"day": made["day"]}).status_code == 200
    refused = cashier.post(f"{OFFICE}/{made['charge_id']}/cancel", json=SORRY)
    assert refused.status_code == 403


def test_person_who_is_switched_off_has_no_open_order(central: Bench) -> None:
    holder_id, telephone = diner(central)
    order(telephone)
    person = {"name": "王小明", "is_active": False}

    reply = central.administrator.patch(f"/api/v1/people/{holder_id}", json=person)
    assert reply.is_success, reply.text
    work(central)

    assert central.row("SELECT state FROM canteen_orders")[0] == "cancelled"
