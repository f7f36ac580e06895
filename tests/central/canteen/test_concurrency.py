"""Fifty tills at once take one person's money: what is not there is owed, and never taken."""

import asyncio
import contextlib
from collections.abc import Sequence

from central.canteen.reservations import reserve
from central.database import Database, Transaction
from central.ledger import accounts
from central.ledger.repository import balances, of_group
from central.ledger.verify import verified
from config.contract.events import ChargeRecorded
from config.contract.money import Wallet
from tests.central.canteen.dining import (
    NODE,
    NOW,
    Money,
    charge,
    come,
    hear,
    money,
    problems,
    settle_in,
    void,
)
from tests.central.canteen.test_charges import ZONE, wish
from tests.central.ledger.ledgering import opened
from tests.central.postgresql import together

MEAL_FEN, SUBSIDY_FEN, CASH_FEN = 300, 2_000, 3_000
KINDS = ("asks", "asks and takes back", "late", "late and taken back", "late", "asks")


async def is_kept(database: Database, meal: ChargeRecorded) -> bool:
    async with database.write() as transaction:
        answer = await reserve(transaction, wish(meal), node=NODE, zone=ZONE, now=NOW)
    return answer.outcome == "reserved"


async def eat(database: Database, kind: str) -> int:
    """Be one till; returns what the merchant is to have of it."""
    meal = charge(amount_fen=MEAL_FEN)
    if kind.startswith("asks") and not await is_kept(database, meal):
        return 0
    async with database.write() as transaction:
        await hear(transaction, meal)
        if kind.startswith("asks"):
            moved = await of_group(transaction, meal.charge_id)
            owed = [each.change_fen("person/anna/debt") for each in moved]
            assert not any(owed), "what was kept for a meal is there for it"
    if not kind.endswith("back"):
        return MEAL_FEN
    async with database.write() as transaction:
        await hear(transaction, void(meal))
    return 0


async def lunch(replicas: Sequence[Database]) -> int:
    """Have fifty tills at once; returns what the merchant is to have."""
    tills = (eat(replicas[n % len(replicas)], KINDS[n % len(KINDS)]) for n in range(50))
    return sum(await together(tills))


async def kept_of(transaction: Transaction) -> list[int]:
    """Return what is still kept of the person's wallets, for meals that are over."""
    found = await balances(transaction, [accounts.wallet("anna", which) for which in Wallet])
    return [each.posted_fen - each.available_fen for each in found.values()]


def test_no_wallet_goes_below_its_limit_and_every_meal_is_paid_or_owed(database_url: str) -> None:
    async def act() -> tuple[int, Money]:
        count = 1 if database_url.startswith("sqlite") else 2
        async with contextlib.AsyncExitStack() as stack:
            replicas = [await stack.enter_async_context(opened(database_url)) for _ in range(count)]
            async with replicas[0].write() as transaction:
                await settle_in(transaction)
                await come(transaction, subsidy_fen=SUBSIDY_FEN, cash_fen=CASH_FEN)
            eaten_fen = await lunch(replicas)
            async with replicas[0].read() as transaction:
                report = await verified(transaction)
                assert report.ok, report.broken
                assert await problems(transaction) == []
                assert set(await kept_of(transaction)) == {0}
                return eaten_fen, await money(transaction)

    eaten_fen, left = asyncio.run(act())

    spent_fen = SUBSIDY_FEN + CASH_FEN - left.subsidy_fen - left.cash_fen
    assert left.merchant_fen == eaten_fen == spent_fen + left.debt_fen
    assert min(left.subsidy_fen, left.cash_fen, left.debt_fen) >= 0
    assert eaten_fen >= 50 // len(KINDS) * 2 * MEAL_FEN
