"""Money that the office puts in, grants, charges to units and pays out."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.central.bench import Bench
from tests.central.office.acting import (
    API,
    OFFICE,
    Till,
    account,
    approved,
    balance,
    canteen,
    do,
    held,
    manager,
    topped_up,
    wish,
    with_drawer,
    with_unit,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")

FUND = "fund/meals"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central of a site with a canteen, the same for all of these."""
    with canteen(tmp_path_factory.mktemp("site")) as bench:
        yield bench


def subsidy(**more: object) -> dict[str, object]:
    usual = {"grant": "meals", "month": "2026-12", "payer": FUND, "amounts": {"": 30000}}
    return wish("subsidy", **(usual | more))


def test_a_day_of_money_is_the_same_on_both_databases(tmp_path: Path, database_url: str) -> None:
    with canteen(tmp_path, database=database_url) as bench:
        wang, unit = bench.person("王小明", number="0017"), with_unit(bench)
        one, other = manager(bench), manager(bench)
        lapses_on = (bench.clock() + timedelta(days=30)).date()
        granted = do(one, subsidy(payer=unit, lapses_on=str(lapses_on)))
        assert granted.status_code == 200, granted.text
        assert do(one, wish("top_up_file", text="工号,金额\n0017,50")).status_code == 200
        Till(bench.node()).sell(wang, 31_000)
        paid = held(bench, wang)
        bench.clock.advance(days=60)
        lapse = do(manager(bench), wish("subsidy_lapse"))
        charged = approved(
            one := with_drawer(manager(bench)), other := manager(bench),
            wish("unit_charge", unit_id=unit[5:], merchant="canteen", amount_fen=8800,
                 purpose="guests", people=4), "money",
        )  # fmt: skip
        left = approved(one, other, wish("settlement", holder_id=wang), "money")

        assert paid == (0, 4000, 0)
        assert lapse.json()["code"] == "nothing_to_move"
        assert charged.json()["amount_fen"] == 8800
        assert (left.json()["amount_fen"], held(bench, wang)) == (4000, (0, 0, 0))
        assert balance(bench, unit) == -38_800
        assert balance(bench, "merchant/canteen") == 39_800


def test_a_button_that_is_pressed_twice_tops_up_once(site: Bench) -> None:
    wang, client = site.person(), with_drawer(manager(site))
    wanted = wish("top_up", holder_id=wang, amount_fen=5000)

    replies = [do(client, wanted) for _ in range(2)]

    assert [reply.json()["is_new"] for reply in replies] == [True, False]
    assert held(site, wang) == (0, 5000, 0)


def test_a_key_is_good_for_one_thing(site: Bench) -> None:
    wang, client = site.person(), with_drawer(manager(site))
    wanted = wish("top_up", holder_id=wang, amount_fen=5000)
    do(client, wanted)

    reply = do(client, {**wanted, "amount_fen": 6000})

    assert (reply.status_code, reply.json()["code"]) == (409, "key_used")
    assert held(site, wang) == (0, 5000, 0)


def test_what_somebody_owes_is_paid_first(site: Bench) -> None:
    wang = site.person()
    Till(site.node()).sell(wang, 1200)
    before = held(site, wang)

    topped_up(site, wang, 5000)

    assert (before, held(site, wang)) == ((0, 0, 1200), (0, 3800, 0))


def test_a_file_is_seen_before_and_put_in_once(site: Bench) -> None:
    site.person("李梅", number="0101")
    left = site.person("赵六", number="0102")
    site.administrator.patch(f"{API}/people/{left}", json={"is_active": False})
    client, text = manager(site), "0101,20\n0102,20\n9999,20\n0101,x\n"
    seen = do(client, wish("top_up_file", text=text), "money/check").json()

    first = do(client, wish("top_up_file", text=text, fingerprint=seen["fingerprint"]))
    again = do(client, wish("top_up_file", text=text))

    assert [line["code"] for line in seen["lines"]] == [
        "has_left", "unknown_number", "twice", "",
    ]  # fmt: skip
    assert (seen["done_count"], seen["amount_fen"]) == (1, 2000)
    assert (first.json()["amount_fen"], first.json()["line_count"]) == (2000, 4)
    assert again.json()["code"] == "file_done_before"


def test_what_changed_since_the_preview_is_not_done(site: Bench) -> None:
    wang, client = site.person(), with_drawer(manager(site))
    wanted = wish("top_up", holder_id=wang, amount_fen=5000)
    seen = do(client, wanted, "money/check").json()["fingerprint"]
    Till(site.node("gate-2")).sell(wang, 700)

    reply = do(client, {**wanted, "fingerprint": seen})

    assert (reply.status_code, reply.json()["code"]) == (409, "preview_outdated")


def test_a_grant_of_a_month_is_everybodys_once(site: Bench) -> None:
    wang, client = site.person(), with_drawer(manager(site))
    assert do(client, subsidy(grant="once")).is_success
    late = site.person("新人")

    seen = do(client, subsidy(grant="once"), "money/check").json()
    again = do(client, subsidy(grant="once"))

    assert (seen["done_count"], seen["warning"]) == (1, "granted_before")
    assert again.json()["amount_fen"] == 30000
    assert (held(site, wang)[0], held(site, late)[0]) == (30000, 30000)


def test_what_is_left_of_a_subsidy_goes_back_to_who_paid(tmp_path: Path) -> None:
    with canteen(tmp_path) as bench:
        wang = bench.person()
        tomorrow = (bench.clock() + timedelta(days=2)).date().isoformat()
        do(manager(bench), subsidy(lapses_on=tomorrow))
        do(manager(bench), subsidy(grant="ever", amounts={"": 1000}))
        Till(bench.node()).sell(wang, 10_000)
        early = do(manager(bench), wish("subsidy_lapse"), "money/check").json()
        bench.clock.advance(days=3)

        done = do(manager(bench), wish("subsidy_lapse"))

        assert early["amount_fen"] == 0
        assert done.json()["amount_fen"] == 20_000
        assert held(bench, wang) == (1000, 0, 0)
        assert balance(bench, FUND) == -11_000
        assert [lot["lapses_on"] for lot in account(bench, wang)["lots"]] == [None]


def test_a_settlement_pays_debts_then_cash_and_returns_what_is_public(site: Bench) -> None:
    wang, one, other = site.person(), with_drawer(manager(site)), manager(site)
    do(one, subsidy(grant="leaving", amounts={"": 1000}))
    topped_up(site, wang, 900)
    before = balance(site, "source/counter")

    done = approved(one, other, wish("settlement", holder_id=wang), "money")

    assert (done.json()["amount_fen"], held(site, wang)) == (900, (0, 0, 0))
    assert balance(site, "source/counter") - before == 900
    assert done.json()["approved_by"]


def test_who_approves_is_somebody_else_and_may_do_it(site: Bench) -> None:
    wang, one = site.person(), with_drawer(manager(site))
    topped_up(site, wang, 900)
    asked = do(one, wish("settlement", holder_id=wang)).json()["approval_id"]
    path = f"{API}/approvals/{asked}/approve"

    own, cashier, leader = (
        client.post(path).json()["code"]
        for client in (one, site.planted("cashier").client, site.planted("shift_leader").client)
    )

    assert (own, cashier, leader) == ("second_person_needed", "forbidden", "forbidden")
    assert held(site, wang) == (0, 900, 0)


def test_a_top_up_is_taken_back_by_another_deed(site: Bench) -> None:
    wang, one, other = site.person(), with_drawer(manager(site)), manager(site)
    deed = topped_up(site, wang, 5000).json()["deed_id"]

    done = approved(one, other, wish("reversal", deed_id=deed, reason="输错"))
    again = do(one, wish("reversal", deed_id=deed, reason="输错"), "corrections")

    assert (done.json()["reverses"], held(site, wang)) == (deed, (0, 0, 0))
    assert again.json()["code"] == "reversed_already"
    listed = one.get(f"{OFFICE}/deeds", params={"holder_id": wang}).json()["items"]
    assert [each["reversed_by"] for each in listed] == [None, done.json()["deed_id"]]


def test_only_what_is_not_spent_is_taken_back(site: Bench) -> None:
    wang, one, other = site.person(), with_drawer(manager(site)), manager(site)
    deed = topped_up(site, wang, 5000).json()["deed_id"]
    Till(site.node()).sell(wang, 1800)
    wanted = wish("reversal", deed_id=deed, reason="输错")
    seen = do(one, wanted, "corrections/check").json()

    done = approved(one, other, wanted)

    assert (seen["warning"], done.json()["amount_fen"]) == ("spent_already", 3200)
    assert held(site, wang) == (0, 0, 0)


def test_both_sides_confirm_a_month_that_is_over(tmp_path: Path) -> None:
    with canteen(tmp_path) as bench:
        unit, one, other = with_unit(bench), manager(bench), manager(bench)
        approved(
            one, other,
            wish("unit_charge", unit_id=unit[5:], merchant="canteen", amount_fen=8800,
                 purpose="guests", people=4), "money",
        )  # fmt: skip
        month = bench.clock().astimezone(SHANGHAI).strftime("%Y-%m")
        path = f"{OFFICE}/units/{unit[5:]}/statements/{month}"
        said = one.get(path).json()
        early = one.post(f"{path}/confirmations", json=side("canteen", said))
        bench.clock.advance(days=40)
        one, other = manager(bench), manager(bench)

        replies = [
            one.post(f"{path}/confirmations", json=side("canteen", said)),
            one.post(f"{path}/confirmations", json=side("unit", said)),
            other.post(f"{path}/confirmations", json=side("unit", said)),
            other.post(f"{path}/confirmations", json=side("unit", said)),
        ]

        assert (said["closing_fen"], said["lines"][0]["people"]) == (-8800, 4)
        assert early.json()["code"] == "month_not_over"
        assert [reply.status_code for reply in replies] == [204, 409, 204, 409]
        found = one.get(path).json()["confirmations"]
        assert [(each["side"], each["is_current"]) for each in found] == [
            ("canteen", True),
            ("unit", True),
        ]


def side(name: str, statement: dict[str, object]) -> dict[str, object]:
    return {"side": name, "name": "王主任", "sha256": statement["sha256"]}


def test_a_cashier_sees_masked_names_and_moves_nothing(site: Bench) -> None:
    wang, cashier = site.person("欧阳小明", number="0177"), site.planted("cashier").client

    found = cashier.get(f"{OFFICE}/people", params={"query": "0177"}).json()["items"]
    reply = do(cashier, wish("top_up", holder_id=wang, amount_fen=1))

    assert [each["name"] for each in found] == ["欧***"]
    assert reply.status_code == 403


def test_a_lost_card_leaves_the_wallet_with_the_person(site: Bench) -> None:
    wang = site.person()
    path = f"{API}/people/{wang}/cards"
    card = site.administrator.post(path, json={"number": "04A1B2C3"}).json()["card_id"]
    topped_up(site, wang, 5000)

    site.administrator.delete(f"{path}/{card}")
    site.administrator.post(path, json={"number": "04D4E5F6"})

    assert held(site, wang) == (0, 5000, 0)
