"""People with money, and a ledger to move it in."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from central.database import Database, Transaction
from central.ledger import accounts
from central.ledger.repository import Order, balances, hold, post
from config.contract.money import MoneyUnit, Wallet

NOW = datetime(2026, 11, 30, 4, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
CASH = accounts.wallet("anna", Wallet.CASH)
SUBSIDY = accounts.wallet("anna", Wallet.SUBSIDY)
DEBT = accounts.wallet("anna", Wallet.DEBT)
CANTEEN = accounts.merchant("canteen")
COUNTER = accounts.source("counter")
Result = TypeVar("Result")


def order(debit: str, credit: str, amount_fen: int, **more: Any) -> Order:  # noqa: ANN401 - fields of any type
    """Return an order with a key of its own."""
    values: dict[str, Any] = {
        "transfer_id": uuid4(),
        "unit": MoneyUnit.CNY,
        "reason": "test",
        "happened_at": NOW,
    }
    return Order(**{**values, "debit": debit, "credit": credit, "amount_fen": amount_fen, **more})


def top_up(amount_fen: int, account: str = CASH) -> Order:
    """Return an order that puts money into a wallet."""
    return order(COUNTER, account, amount_fen, reason="top-up")


def meal(amount_fen: int, **more: Any) -> Order:  # noqa: ANN401 - fields of any type
    """Return an order that pays a meal from Anna's cash."""
    return order(CASH, CANTEEN, amount_fen, reason="meal", **more)


@contextlib.asynccontextmanager
async def opened(url: str) -> AsyncIterator[Database]:
    """Have a database open, as one central process has it."""
    database = Database(url)
    await database.open()
    try:
        yield database
    finally:
        await database.close()


class Ledger:
    """A ledger in which everything is undone."""

    def __init__(self, url: str, runner: asyncio.Runner) -> None:
        self._runner, self._database = runner, Database(url)
        runner.run(self._database.open())

    def close(self) -> None:
        self._runner.run(self._database.close())

    def undone(self, act: Callable[[Transaction], Awaitable[Result]]) -> Result:
        """Return what comes of something that is done in one transaction, and is undone then."""

        async def run() -> Result:
            done = list[Result]()
            with contextlib.suppress(_UndoneError):
                async with self._database.write() as transaction:
                    done.append(await act(transaction))
                    raise _UndoneError
            return done[0]

        return self._runner.run(run())


class _UndoneError(Exception):
    pass


async def with_cash(transaction: Transaction, amount_fen: int = 1_000) -> UUID:
    """Put money into Anna's cash wallet; returns the transfer."""
    put = top_up(amount_fen)
    await post(transaction, [put], now=NOW)
    return put.transfer_id


async def lunch(transaction: Transaction) -> None:
    """Four transfers and one that stands open: a top-up, a meal, a part of it back, a hold."""
    await with_cash(transaction, 1_000)
    paid = meal(300)
    back = order(CANTEEN, CASH, 100, reason="refund", reverses=paid.transfer_id)
    await post(transaction, [paid, back], now=NOW)
    await hold(transaction, [meal(200, group=uuid4())], expires_at=LATER, now=NOW)


async def of(transaction: Transaction, account: str) -> tuple[int, int, int]:
    """Return what an account has, holds, and can give."""
    found = (await balances(transaction, [account]))[account]
    return found.posted_fen, found.held_fen, found.available_fen
