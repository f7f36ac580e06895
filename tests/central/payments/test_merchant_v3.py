"""Central's connection to a provider over HTTP; the provider is the simulator, which signs itself.

Bytes that anybody may send are in ``tests/fuzz/targets/merchant_notices.py`` and ``merchant_bill``.
"""

import asyncio
from collections.abc import Iterator
from datetime import date, timedelta, timezone
from pathlib import Path

import pytest

from central.keys import KeysError
from central.payments.keys import load_keys
from central.payments.merchant_bill import fen
from central.payments.provider import (
    DeclinedError,
    ForgedError,
    RefundStanding,
    SilentError,
    Standing,
    WantedRefund,
    Way,
)
from drivers.simulation import Simulation
from tests.central.payments.connecting import ORDER_NO, ask, connected, now, simulated, wanted

CHINA = timezone(timedelta(hours=8))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("central")


@pytest.fixture
def provider(home: Path) -> Iterator[Simulation]:
    """A provider that knows no order yet; its keys are made once."""
    with simulated(home) as running:
        yield running


def today() -> date:
    return now().astimezone(CHINA).date()


def test_an_order_is_placed_once_paid_and_seen(provider: Simulation, home: Path) -> None:
    first, again = (ask(home, lambda p: p.place(wanted())) for _ in range(2))
    waiting = ask(home, lambda p: p.look(ORDER_NO))
    paid = provider.act("pay", {})
    seen = ask(home, lambda p: p.look(ORDER_NO))

    assert first == again
    assert len(provider.state()["trades"]) == 1
    assert waiting.standing is Standing.WAITING
    assert (seen.standing, seen.amount_fen) == (Standing.PAID, 5_000)
    assert seen.provider_no == paid["transaction_id"]


def test_a_telephone_gets_a_link_of_its_own(provider: Simulation, home: Path) -> None:
    link = ask(home, lambda p: p.place(wanted(way=Way.PHONE)))

    assert link.endswith(f"/pay/{ORDER_NO}")


def test_another_amount_for_one_number_is_declined(provider: Simulation, home: Path) -> None:
    ask(home, lambda p: p.place(wanted()))

    with pytest.raises(DeclinedError, match="INVALID_REQUEST"):
        ask(home, lambda p: p.place(wanted(fen=4_999)))


def test_what_is_closed_is_not_paid_and_what_is_paid_is_not_closed(
    provider: Simulation, home: Path
) -> None:
    ask(home, lambda p: p.place(wanted()))
    ask(home, lambda p: p.close_order(ORDER_NO))
    ask(home, lambda p: p.place(wanted("another-order")))
    provider.act("pay", {"order_no": "another-order"})

    assert ask(home, lambda p: p.look(ORDER_NO)).standing is Standing.CLOSED
    with pytest.raises(DeclinedError, match="ORDERPAID"):
        ask(home, lambda p: p.close_order("another-order"))


def test_a_number_that_it_does_not_know_is_absent(provider: Simulation, home: Path) -> None:
    refund = ask(home, lambda p: p.look_at_refund(ORDER_NO, "none"))

    assert ask(home, lambda p: p.look(ORDER_NO)).standing is Standing.ABSENT
    assert refund.standing is RefundStanding.ABSENT


def test_a_refund_asked_for_twice_is_one(provider: Simulation, home: Path) -> None:
    ask(home, lambda p: p.place(wanted()))
    provider.act("pay", {})
    back = WantedRefund(order_no=ORDER_NO, refund_no="R1", amount_fen=1_000, total_fen=5_000)
    for _ in range(2):
        ask(home, lambda p: p.refund(back))

    seen = ask(home, lambda p: p.look_at_refund(ORDER_NO, "R1"))
    assert (seen.standing, seen.amount_fen) == (RefundStanding.DONE, 1_000)
    assert provider.state()["refunds"] == {"R1": ["SUCCESS", 1_000]}


def test_the_bill_names_payments_and_refunds_to_the_fen(provider: Simulation, home: Path) -> None:
    began = today()
    assert ask(home, lambda p: p.bill(began)) == []
    ask(home, lambda p: p.place(wanted(fen=101)))
    provider.act("pay", {})
    back = WantedRefund(order_no=ORDER_NO, refund_no="R1", amount_fen=1, total_fen=101)
    ask(home, lambda p: p.refund(back))

    days = sorted({began, today()})  # two where it was done around midnight
    bill = [line for day in days for line in ask(home, lambda p, day=day: p.bill(day))]  # type: ignore[misc]
    told = [(line.kind, line.order_no, line.refund_no, line.amount_fen) for line in bill]
    assert told == [("payment", ORDER_NO, "", 101), ("refund", ORDER_NO, "R1", 1)]


def test_no_answer_and_an_answer_with_other_bytes_are_silence(
    provider: Simulation, home: Path
) -> None:
    provider.set_fault({"kind": "unplug"})
    with pytest.raises(SilentError):
        ask(home, lambda p: p.place(wanted()))
    provider.set_fault({"kind": "unplug", "on": False})
    provider.act("set_clock", {"error_s": 400.0})
    with pytest.raises(SilentError, match="did not sign"):
        ask(home, lambda p: p.place(wanted()))


def test_what_another_key_signed_is_no_notice(provider: Simulation, home: Path) -> None:
    async def read() -> None:
        async with connected(home) as merchant:
            merchant.read_notice({"wechatpay-serial": "SIMULATED01"}, b"{}", now=now())

    with pytest.raises(ForgedError):
        asyncio.run(read())


def test_keys_that_others_may_read_are_refused(provider: Simulation, home: Path) -> None:
    (home / "payments/sealing.key").chmod(0o644)
    try:
        with pytest.raises(KeysError, match="chmod 600"):
            load_keys(home)
    finally:
        (home / "payments/sealing.key").chmod(0o600)


def test_without_a_folder_there_is_no_provider(tmp_path: Path) -> None:
    assert load_keys(tmp_path) is None


@pytest.mark.parametrize(("yuan", "amount"), [("0.01", 1), ("12", 1_200), ("3.5", 350)])
def test_yuan_become_fen_exactly(yuan: str, amount: int) -> None:
    assert fen(yuan) == amount


@pytest.mark.parametrize("yuan", ["", "-1.00", "1.001", "1e3", "１.00", "99999999.00"])
def test_what_is_no_amount_is_not_guessed(yuan: str) -> None:
    with pytest.raises(SilentError):
        fen(yuan)
