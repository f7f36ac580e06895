"""Debts: who paid them gets what goes back of them, and no account of debts is above zero."""

from pathlib import Path
from typing import Any
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from central.canteen import debts
from central.canteen.returns import give_back, split_debt
from central.database import Transaction
from central.ledger import accounts
from central.ledger.repository import Order, balances, post
from config.contract.money import MoneyUnit, Wallet
from tests.central.canteen.dining import NOW, Money, charge, come, hear, in_canteen, money, void

DECIDED: dict[str, Any] = {"by": "li", "note": "终端故障", "now": NOW}


async def pay_in(transaction: Transaction, amount_fen: int) -> None:
    """Pay what anna owes at the counter."""
    order = Order(
        transfer_id=uuid4(),
        debit=accounts.source("counter"),
        credit=accounts.wallet("anna", Wallet.DEBT),
        amount_fen=amount_fen,
        unit=MoneyUnit.CNY,
        reason="top_up",
        happened_at=NOW,
    )
    await post(transaction, [order], now=NOW)


def test_a_void_gives_the_fund_and_the_diner_what_each_has_paid_of_a_debt(tmp_path: Path) -> None:
    async def act(transaction: Transaction) -> tuple[Money, Money, int]:
        await come(transaction)
        meal, other = charge(), charge(amount_fen=500)
        await hear(transaction, meal)
        await pay_in(transaction, 300)
        assert await debts.decide(transaction, meal.charge_id, "waived", **DECIDED) == 900
        await hear(transaction, other)
        before = await money(transaction)
        await hear(transaction, void(meal))
        fund = accounts.fund(debts.FUND)
        left = (await balances(transaction, [fund]))[fund].posted_fen
        return before, await money(transaction), left

    before, after, of_fund = in_canteen(f"sqlite:///{tmp_path / 'c'}", act)

    assert (before, of_fund) == (Money(0, 0, 500, 1_700), 0)
    assert after == Money(0, 0, 200, 500)


def test_what_went_back_is_not_waived(tmp_path: Path) -> None:
    async def act(transaction: Transaction) -> tuple[int | None, Money]:
        await come(transaction)
        meal, other = charge(), charge(amount_fen=500)
        await hear(transaction, meal)
        await pay_in(transaction, 1_200)
        of = meal.charge_id
        await give_back(transaction, of, 1_200, key=uuid4(), reason="refund", now=NOW)
        await hear(transaction, other, charge(amount_fen=1_000))
        paid = await debts.decide(transaction, of, "waived", **DECIDED)
        return paid, await money(transaction)

    paid, after = in_canteen(f"sqlite:///{tmp_path / 'c'}", act)

    assert (paid, after) == (0, Money(0, 0, 300, 1_500))


def test_what_is_paid_pays_the_oldest_first_and_what_no_meal_explains_is_left() -> None:
    newest_first = (("third", 500), ("gone", 0), ("first", 1_200))

    assert debts.spread(newest_first, 900).of_meals == {"third": 500, "gone": 0, "first": 400}
    assert debts.spread(newest_first, 300).of_meals == {"third": 300, "gone": 0, "first": 0}
    assert debts.spread(newest_first, 2_000).rest_fen == 300


@given(st.tuples(*[st.integers(0, 2_000)] * 3))
def test_a_debt_ends_at_nothing_and_never_above(amounts: tuple[int, int, int]) -> None:
    back_fen, waived_fen, owed_fen = amounts

    parts = split_debt(back_fen, waived_fen=waived_fen, owed_fen=owed_fen)

    assert sum(parts) == back_fen
    assert min(parts) >= 0
    assert parts[0] <= waived_fen
    assert parts[1] <= owed_fen
