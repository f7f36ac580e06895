"""Charges that are given back, moved to whoever ate, or sold at another price."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from central.canteen.repository import spent_fen
from config.contract.money import ChargeLine
from tests.central.access.models import STAFF
from tests.central.access.models import put as put_model
from tests.central.bench import Bench
from tests.central.office.acting import (
    API,
    OFFICE,
    Till,
    approved,
    balance,
    canteen,
    do,
    held,
    manager,
    topped_up,
    wish,
    within,
)

WHY = {"reason": "按错"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central of a site with a canteen, the same for all of these."""
    with canteen(tmp_path_factory.mktemp("site")) as bench:
        yield bench


@pytest.fixture(scope="module")
def till(site: Bench) -> Till:
    """A till that sells."""
    return Till(site.node())


def refund(charge_id: object, **more: object) -> dict[str, object]:
    return wish("refund", charge_id=str(charge_id), **(WHY | more))


def test_corrections_are_the_same_on_both_databases(tmp_path: Path, database_url: str) -> None:
    with canteen(tmp_path, database=database_url) as bench:
        wang, li, till = bench.person("王"), bench.person("李"), Till(bench.node())
        one, other = manager(bench), manager(bench)
        topped_up(bench, wang, 5000)
        lines = ChargeLine(item="rice", count=2, amount_fen=600)
        first = till.sell(wang, 600, lines)
        span = {"since": bench.clock() - timedelta(hours=1), "until": bench.clock() + timedelta(1)}
        price = wish(
            "wrong_price", merchant="canteen", item="rice", wrong_fen=300, right_fen=200,
            **WHY, **{name: at.isoformat() for name, at in span.items()},
        )  # fmt: skip
        assert approved(one, other, price).json()["amount_fen"] == 200
        moved = do(one, wish("wrong_person", charge_id=str(first), holder_id=li, **WHY),
                   "corrections")  # fmt: skip

        assert moved.json()["amount_fen"] == 400
        assert (held(bench, wang), held(bench, li)) == ((0, 5000, 0), (0, 0, 400))
        assert balance(bench, "merchant/canteen") == 400


def test_a_cashier_asks_for_a_refund_and_the_manager_approves_it(site: Bench, till: Till) -> None:
    wang = site.person()
    topped_up(site, wang, 5000)
    charge_id = till.sell(wang, 1250)

    cashier = site.planted("cashier").client
    done = approved(cashier, manager(site), refund(charge_id, amount_fen=250), "refunds")

    assert (done.json()["amount_fen"], held(site, wang)) == (250, (0, 4000, 0))
    assert done.json()["approved_by"].startswith("canteen_manager-")


def test_nobody_gets_back_more_than_was_paid(site: Bench, till: Till) -> None:
    wang, one, other = site.person(), manager(site), manager(site)
    charge_id = till.sell(wang, 1000)
    more = do(one, refund(charge_id, amount_fen=1001), "corrections")
    done = approved(one, other, refund(charge_id))
    again = do(one, refund(charge_id), "corrections")
    nothing = do(one, refund(uuid4()), "corrections")

    assert done.json()["amount_fen"] == 1000
    assert [reply.json()["code"] for reply in (more, again, nothing)] == [
        "more_than_paid",
        "given_back_already",
        "charge_not_found",
    ]
    assert held(site, wang) == (0, 0, 0)


def test_a_debt_that_is_paid_since_comes_back_as_cash(site: Bench, till: Till) -> None:
    wang, one, other = site.person(), manager(site), manager(site)
    charge_id = till.sell(wang, 1000)
    topped_up(site, wang, 1000)

    approved(one, other, refund(charge_id))

    assert held(site, wang) == (0, 1000, 0)


def test_what_a_fund_has_waived_goes_back_to_the_fund(site: Bench, till: Till) -> None:
    wang, one, other = site.person(), manager(site), manager(site)
    charge_id = till.sell(wang, 1000)
    topped_up(site, wang, 300)
    waive = {"decision": "waived", "note": "终端故障"}
    before = balance(site, "fund/waived-debts")
    assert one.post(f"{API}/canteen/debts/{charge_id}/decision", json=waive).is_success
    paid = balance(site, "fund/waived-debts") - before
    till.sell(wang, 500)

    approved(one, other, refund(charge_id))

    assert paid == -700
    assert balance(site, "fund/waived-debts") == before
    assert held(site, wang) == (0, 0, 200), "the 300 that they paid pay for the next meal"


def test_a_void_after_a_refund_brings_back_the_rest_alone(site: Bench, till: Till) -> None:
    wang, one, other = site.person(), manager(site), manager(site)
    topped_up(site, wang, 5000)
    charge_id = till.sell(wang, 1000)
    approved(one, other, refund(charge_id, amount_fen=300))

    till.void(charge_id, 1000)

    assert held(site, wang) == (0, 5000, 0)
    assert do(one, refund(charge_id), "corrections").json()["code"] == "given_back_already"


def test_a_wrong_person_is_put_right_in_one_step_and_counted(site: Bench, till: Till) -> None:
    wang, li, one = site.person(), site.person(), manager(site)
    for holder_id in (wang, li):
        topped_up(site, holder_id, 2000)
    charge_id = till.sell(wang, 1250)
    wanted = wish("wrong_person", charge_id=str(charge_id), holder_id=li, **WHY)

    done = do(one, wanted, "corrections")

    assert (held(site, wang), held(site, li)) == ((0, 2000, 0), (0, 750, 0))
    listed = one.get(f"{OFFICE}/deeds", params={"kind": "wrong_person", "holder_id": li}).json()
    assert [each["deed_id"] for each in listed["items"]] == [done.json()["deed_id"]]
    # The moved charge has a key of its own and can be given back like any other.
    back = approved(one, manager(site), refund(done.json()["deed_id"]))
    assert (back.json()["amount_fen"], held(site, li)) == (1250, (0, 2000, 0))


def test_a_price_that_was_too_low_makes_nobodys_debt(site: Bench, till: Till) -> None:
    rich, poor, one = site.person(), site.person(), manager(site)
    topped_up(site, rich, 2000)
    topped_up(site, poor, 510)
    begin = site.clock()
    for holder_id in (rich, poor):
        till.sell(holder_id, 500, ChargeLine(item="fish", amount_fen=500))
    wanted = wish(
        "wrong_price", merchant="canteen", item="fish", wrong_fen=500, right_fen=800, **WHY,
        since=begin.isoformat(), until=(begin + timedelta(hours=1)).isoformat(),
    )  # fmt: skip
    seen, refunded = do(one, wanted, "corrections/check").json(), refunded_today(site)

    done = approved(one, manager(site), wanted)
    again = do(one, {**wanted, "key": str(uuid4())}, "corrections")

    assert (seen["warning"], seen["needs_second_person"]) == ("some_short", True)
    assert sorted(line["code"] for line in seen["lines"]) == ["", "wallet_short"]
    assert done.json()["amount_fen"] == 310
    assert (held(site, rich), held(site, poor)) == ((0, 1200, 0), (0, 0, 0))
    assert refunded_today(site) - refunded == -310
    assert again.json()["code"] == "nothing_to_move"


def test_a_refused_correction_is_not_done(site: Bench, till: Till) -> None:
    wang, one, other = site.person(), manager(site), manager(site)
    charge_id = till.sell(wang, 1000)
    wanted = refund(charge_id)
    asked = do(one, wanted, "corrections").json()["approval_id"]

    other.post(f"{API}/approvals/{asked}/refuse")

    assert do(one, wanted, "corrections").json()["code"] == "approval_needed"
    assert held(site, wang) == (0, 0, 1000)


def test_reports_limits_and_voids_follow_a_charge_to_whoever_ate(tmp_path: Path) -> None:
    with canteen(tmp_path) as bench:
        wang, li, one = bench.person(), bench.person(), manager(bench)
        plan = {"groups": [["staff", "crew"]]}
        assert put_model(bench.administrator, STAFF).is_success
        bench.administrator.patch(f"{API}/people/{li}", json={"profiles": ["staff"]})
        put = one.put(f"{API}/canteen/plan", json={"made_from": 0, "plan": plan})
        assert put.is_success, put.text
        for holder_id in (wang, li):
            topped_up(bench, holder_id, 2000)
        till = Till(bench.node())
        till.open()
        fish = ChargeLine(item="fish", amount_fen=1250)
        moved, voided = till.sell(wang, 1250, fish), till.sell(wang, 300)
        first = do(
            one, wish("wrong_person", charge_id=str(moved), holder_id=li, **WHY), "corrections"
        )
        do(one, wish("wrong_person", charge_id=str(voided), holder_id=li, **WHY), "corrections")
        spent = [spent_today(bench, each) for each in (wang, li)]
        till.void(voided, 300)
        approved(one, manager(bench), refund(first.json()["deed_id"], amount_fen=250))

        found = report_of(bench)

        assert spent == [0, 1550]
        assert (held(bench, wang), held(bench, li)) == ((0, 2000, 0), (0, 1000, 0))
        assert [(row["key"], row["amount_fen"]) for row in found["groups"]] == [("crew", 1000)]
        assert [(row["key"], row["amount_fen"]) for row in found["dishes"]] == [("fish", 1000)]
        assert (found["amount_fen"], found["returned_fen"], found["void_count"]) == (1000, 250, 1)


def test_what_somebody_owed_for_a_meal_that_another_ate_waits_for_nobody(
    site: Bench, till: Till
) -> None:
    wang, li, one = site.person(), site.person(), manager(site)
    older, moved = till.sell(wang, 500), till.sell(wang, 1250)
    do(one, wish("wrong_person", charge_id=str(moved), holder_id=li, **WHY), "corrections")

    waiting = one.get(f"{API}/canteen/debts", params={"state": "waiting", "person": wang}).json()
    lines = one.get(f"{API}/canteen/debts", params={"person": wang}).json()["items"]

    assert [each["charge_id"] for each in waiting["items"]] == [str(older)]
    assert {each["charge_id"]: (each["left_fen"], each["is_void"]) for each in lines} == {
        str(older): (500, False),
        str(moved): (0, True),
    }


def refunded_today(bench: Bench) -> int:
    client = manager(bench)
    today = client.get(f"{OFFICE}/setting").json()["today"]
    return int(client.get(f"{OFFICE}/days/canteen/{today}").json()["refunded_fen"])


def spent_today(bench: Bench, holder_id: str) -> int:
    since = bench.clock() - timedelta(hours=1)
    return int(within(bench, lambda work: spent_fen(work, holder_id, since=since, besides="")))


def report_of(bench: Bench) -> dict[str, Any]:
    client = manager(bench)
    today = client.get(f"{OFFICE}/setting").json()["today"]
    reply = client.get(f"{OFFICE}/report", params={"first": today, "last": today})
    found: dict[str, Any] = reply.json()
    return found
