"""Top-ups from the order to the wallet, over HTTP on both sides, with what goes wrong."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from central.ledger import repository as ledger
from config.contract.money import MoneyUnit
from drivers.simulation import Simulation
from tests.central.bench import Bench, running_central
from tests.central.payments.acting import (
    PAYMENTS,
    TOP_UPS,
    agree_on_time,
    alarms,
    answered,
    becomes,
    begun,
    cash,
    cashier,
    eventually,
    has,
    in_loop,
    late_in_the_day,
    manager,
    moves,
    paid,
    past_midnight,
    provider_of,
    top_up,
    view,
)


@pytest.fixture(scope="module")
def central(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_central(tmp_path_factory.mktemp("payments") / "home") as running:
        yield running


@pytest.fixture(scope="module")
def connected(central: Bench) -> Iterator[Simulation]:
    """A provider, the same for all tests of this file."""
    with provider_of(central) as running:
        yield running


@pytest.fixture
def provider(connected: Simulation) -> Iterator[Simulation]:
    """The provider, without a fault at the end of each test."""
    yield connected
    for kind in connected.state()["faults"]:
        connected.act("fault", {"kind": kind, "on": False})
    connected.set_fault({"kind": "unplug", "on": False})


def look(bench: Bench) -> None:
    """Let central ask about every order that it asks about at some time."""
    services = bench.app.state.services

    async def ask() -> None:
        async with services.database.write() as transaction:
            await transaction.execute(
                text("UPDATE payment_orders SET check_at = created_at WHERE check_at IS NOT NULL")
            )
        while await services.payments.check_due():
            pass

    in_loop(bench, ask())


def leave_unasked(bench: Bench) -> None:
    """Let central ask about no order by itself: its bill is the first that tells of it."""
    services = bench.app.state.services

    async def leave() -> None:
        async with services.database.write() as transaction:
            await transaction.execute(text("UPDATE payment_orders SET check_at = NULL"))

    in_loop(bench, leave())


def match_nothing_yet(bench: Bench) -> None:
    """Let central's own look at bills be over, while there is no order: the next is minutes off."""
    in_loop(bench, bench.app.state.services.payments.match_due())


def test_what_is_paid_is_in_the_wallet_once_however_often_it_is_told(
    central: Bench, provider: Simulation
) -> None:
    person = central.person()
    provider.act("fault", {"kind": "repeated", "on": True})
    path = paid(central, provider, person)
    provider.act("tell", {})
    before = provider.state()["taken"]
    eventually(lambda: provider.state()["taken"] > before)
    look(central)

    assert (has(central, person), moves(central, person)) == (5_000, 1)
    assert view(central, path)["state"] == "paid"


def test_on_both_databases_what_comes_at_once_is_credited_once(any_bench: Bench) -> None:
    with provider_of(any_bench) as provider:
        person = any_bench.person()
        provider.act("fault", {"kind": "repeated", "on": True})
        begun(any_bench, person)
        provider.act("pay", {})
        for _ in range(4):
            provider.act("tell", {})
        eventually(lambda: provider.state()["taken"] >= 10)

    assert (has(any_bench, person), moves(any_bench, person)) == (5_000, 1)


def test_the_same_key_is_the_same_order_and_another_amount_is_refused(
    central: Bench, provider: Simulation
) -> None:
    person, key = central.person(), uuid4()
    first, again = (top_up(central, person, top_up_id=key) for _ in range(2))
    other = top_up(central, person, top_up_id=key, fen=1)

    assert first.json() == again.json()
    assert first.json()["state"] == "waiting"
    assert (other.status_code, other.json()["code"]) == (422, "top_up_amount")
    other = top_up(central, person, top_up_id=key, fen=4_999)
    assert (other.status_code, other.json()["code"]) == (409, "key_in_use")


def test_a_lost_notice_is_made_good_by_asking(central: Bench, provider: Simulation) -> None:
    person = central.person()
    provider.act("fault", {"kind": "lost", "on": True})
    path = begun(central, person)
    provider.act("pay", {})
    look(central)

    assert view(central, path)["state"] == "paid"
    assert has(central, person) == 5_000


def test_a_notice_that_another_signed_changes_nothing(central: Bench, provider: Simulation) -> None:
    person, before = central.person(), provider.state()
    provider.act("fault", {"kind": "forged", "on": True})
    path = begun(central, person)
    provider.act("pay", {})
    eventually(lambda: provider.state()["told"] > before["told"])

    assert view(central, path)["state"] == "waiting"
    assert (has(central, person), provider.state()["taken"]) == (0, before["taken"])


def test_a_notice_with_another_amount_credits_nothing_until_asking_says_better(
    central: Bench, provider: Simulation
) -> None:
    person = central.person()
    provider.act("fault", {"kind": "wrong_amount", "on": True})
    path = begun(central, person)
    provider.act("pay", {})
    asked = becomes(central, path, "unknown")["question"]
    before = has(central, person)
    look(central)

    assert (asked, before) == ("amount", 0)
    becomes(central, path, "paid")  # whoever asked, and central asks by itself as well
    assert has(central, person) == 5_000


def test_who_really_paid_another_amount_stays_a_question(
    central: Bench, provider: Simulation
) -> None:
    person = central.person()
    path = begun(central, person)
    provider.act("pay", {"amount_fen": 4_000})
    becomes(central, path, "unknown")
    asked = manager(central).post(f"{path}/ask").json()

    assert (asked["state"], asked["question"]) == ("unknown", "amount")
    listed = manager(central).get(TOP_UPS, params={"asking": True}).json()
    assert f"{TOP_UPS}/{listed['items'][0]['top_up_id']}" == path
    assert listed["people"].keys() == {person}
    assert has(central, person) == 0


def test_a_question_is_an_alarm_until_somebody_answers_and_the_answer_moves_nothing(
    tmp_path: Path, database_url: str
) -> None:
    with (
        running_central(tmp_path / "home", database=database_url) as bench,
        provider_of(bench) as provider,
    ):
        person, office = bench.person(), manager(bench)
        path = begun(bench, person)
        provider.act("pay", {"amount_fen": 4_000})
        becomes(bench, path, "unknown")
        asking, other = alarms(bench), answered(office, path, "absent")
        done, again = (answered(office, path, "amount") for _ in range(2))
        quiet, silent = alarms(bench), view(bench, path)
        office.post(f"{path}/ask")

        assert (asking, quiet) == (["top_up_question"], [])
        assert other.json()["code"] == again.json()["code"] == "question_changed"
        assert done.json()["answers"][0]["words"] == "已与平台核实"
        assert (silent["check_at"], silent["state"], has(bench, person)) == (None, "unknown", 0)
        assert alarms(bench) == ["top_up_question"]


def test_late_money_of_a_closed_order_is_credited_once(
    central: Bench, provider: Simulation
) -> None:
    person = central.person()
    path = begun(central, person)
    provider.act("close_order", {})
    look(central)
    closed = view(central, path)["state"]
    provider.act("fault", {"kind": "repeated", "on": True})
    provider.act("pay", {"late": True})
    becomes(central, path, "paid")

    assert closed == "closed"
    assert (has(central, person), moves(central, person)) == (5_000, 1)


def test_late_money_of_somebody_who_has_left_goes_back(
    central: Bench, provider: Simulation
) -> None:
    person = central.person()
    path = begun(central, person)
    central.administrator.patch(f"/api/v1/people/{person}", json={"is_active": False})
    provider.act("pay", {})
    becomes(central, path, "refunding")
    look(central)

    assert becomes(central, path, "refunded")["refund_fen"] == 5_000
    assert (has(central, person), moves(central, person)) == (0, 0)


def test_an_order_is_placed_again_after_silence(central: Bench, provider: Simulation) -> None:
    person = central.person()
    provider.set_fault({"kind": "unplug"})
    path = begun(central, person)
    silent = view(central, path)["state"]
    provider.set_fault({"kind": "unplug", "on": False})
    look(central)

    assert (silent, view(central, path)["state"]) == ("created", "waiting")


def test_the_code_is_shown_while_the_order_can_be_paid(
    central: Bench, provider: Simulation
) -> None:
    path = begun(central, central.person())
    code = cashier(central).get(f"{path}/code.svg")
    provider.act("pay", {})
    becomes(central, path, "paid")
    after = cashier(central).get(f"{path}/code.svg")

    assert code.headers["content-type"] == "image/svg+xml"
    assert (after.status_code, after.json()["code"]) == (409, "top_up_not_payable")


def test_a_refund_comes_from_the_wallet_and_is_told(central: Bench, provider: Simulation) -> None:
    person = central.person()
    path = paid(central, provider, person)
    wish = {"amount_fen": 1_000, "reason": "too much"}
    reply = manager(central).post(f"{path}/refund", json=wish)
    again = manager(central).post(f"{path}/refund", json=wish)
    becomes(central, path, "refunded")

    assert reply.status_code == 200
    assert (again.status_code, again.json()["code"]) == (409, "top_up_not_refundable")
    assert (has(central, person), moves(central, person)) == (4_000, 2)


def test_a_refund_that_is_declined_is_in_the_wallet_again(
    central: Bench, provider: Simulation
) -> None:
    person = central.person()
    path = paid(central, provider, person)
    provider.act("fault", {"kind": "refund_declined", "on": True})
    manager(central).post(f"{path}/refund", json={"reason": "a test"})
    becomes(central, path, "paid")
    first = has(central, person), moves(central, person)
    provider.act("fault", {"kind": "refund_declined", "on": False})
    manager(central).post(f"{path}/refund", json={"reason": "again"})
    becomes(central, path, "refunded")

    assert (first, has(central, person)) == ((5_000, 3), 0)


def test_what_is_spent_does_not_go_back(central: Bench, provider: Simulation) -> None:
    person = central.person()
    first, second = (paid(central, provider, person) for _ in range(2))
    manager(central).post(f"{first}/refund", json={"reason": "a test"})
    becomes(central, first, "refunded")
    spend(central, person, 1)
    reply = manager(central).post(f"{second}/refund", json={"reason": "a test"})

    assert (reply.status_code, reply.json()["code"]) == (409, "wallet_short")
    assert reply.json()["available_fen"] == 4_999
    assert view(central, second)["state"] == "paid"


def spend(bench: Bench, holder_id: str, fen: int) -> None:
    services = bench.app.state.services

    async def do() -> None:
        async with services.database.write() as transaction:
            meal = ledger.Order(
                transfer_id=uuid4(),
                debit=cash(holder_id),
                credit="merchant/canteen",
                amount_fen=fen,
                unit=MoneyUnit.CNY,
                reason="test",
                happened_at=bench.clock(),
            )
            await ledger.post(transaction, [meal], now=bench.clock())

    in_loop(bench, do())


def test_a_notice_without_a_signature_is_refused_and_a_long_one_not_read(central: Bench) -> None:
    unsigned = httpx.post(f"{central.url}{PAYMENTS}/notices", content=b"{}")
    long = httpx.post(f"{central.url}{PAYMENTS}/notices", content=bytes(70_000))

    assert unsigned.status_code in {401, 409}
    assert long.status_code == 413


def test_without_a_provider_a_site_says_so(tmp_path: Path) -> None:
    with running_central(tmp_path / "home") as bench:
        reply = top_up(bench, bench.person())

        assert (reply.status_code, reply.json()["code"]) == (409, "no_payment_provider")


def test_the_bill_of_a_day_fits_to_the_fen_and_each_difference_is_named(tmp_path: Path) -> None:
    with running_central(tmp_path / "home") as bench, provider_of(bench) as provider:
        day, person = late_in_the_day(bench), bench.person()
        agree_on_time(bench, provider)
        match_nothing_yet(bench)
        path = paid(bench, provider, person, fen=1_234)
        refund = {"amount_fen": 34, "reason": "a test"}
        manager(bench).post(f"{path}/refund", json=refund)
        becomes(bench, path, "refunded")
        provider.act("fault", {"kind": "lost", "on": True})
        late = begun(bench, person, fen=777)
        provider.act("pay", {})
        number = late.rpartition("/")[2].replace("-", "")
        leave_unasked(bench)
        past_midnight(bench)
        office = manager(bench)

        first = office.post(day).json()
        again = office.post(day).json()
        provider.act("fault", {"kind": "bill_extra", "on": True})
        provider.act("fault", {"kind": "bill_missing", "on": True})
        wrong = office.post(day).json()

        assert [(d["difference"], d["order_no"]) for d in first["differences"]] == [
            ("late", number)
        ]
        assert has(bench, person) == 1_200 + 777
        assert (again["differences"], again["bill_fen"], again["own_fen"]) == ([], 1_977, 1_977)
        named = {d["difference"]: (d["bill_fen"], d["own_fen"]) for d in wrong["differences"]}
        assert named == {"extra": (1_234, 0), "missing": (0, 1_234)}
        assert office.get(f"{PAYMENTS}/bills").json()["items"][0] == wrong

        quiet, asking = first["question"], alarms(bench)
        provider.act("fault", {"kind": "bill_extra", "on": False})
        missing = office.post(day).json()["question"]
        done = answered(office, day, missing).json()
        matched, none = office.post(day).json(), alarms(bench)
        provider.act("fault", {"kind": "bill_extra", "on": True})
        others = office.post(day).json()

        assert (quiet, asking, none) == ("", ["bill_difference"], [])
        assert (done["question"], matched["question"]) == ("", "")
        assert missing not in ("", wrong["question"], others["question"])
        assert alarms(bench) == ["bill_difference"]


def test_a_bill_is_not_there_before_the_day_is_over(central: Bench) -> None:
    day = (central.clock() + timedelta(days=1)).date()
    reply = manager(central).post(f"{PAYMENTS}/bills/{day}")

    assert (reply.status_code, reply.json()["code"]) == (422, "day_not_over")
