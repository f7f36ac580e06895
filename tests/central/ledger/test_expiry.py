"""Money that nobody came for can be spent again."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import uuid4

from central.database import Transaction
from central.ledger.expiry import Expiries
from central.ledger.repository import hold
from tests.central.bench import Bench
from tests.central.ledger.ledgering import CASH, LATER, NOW, meal, of, with_cash

Result = TypeVar("Result")


def acted(bench: Bench, act: Callable[[Transaction], Awaitable[Result]]) -> Result:
    services = bench.app.state.services

    async def run() -> Result:
        async with services.database.write() as transaction:
            return await act(transaction)

    return asyncio.run_coroutine_threadsafe(run(), services.loop).result(60)


def test_a_central_that_runs_lets_go_in_time(any_bench: Bench) -> None:
    any_bench.clock.now = NOW
    expiries = Expiries(any_bench.app.state.services)

    async def keep(transaction: Transaction) -> None:
        await with_cash(transaction, 1_000)
        await hold(transaction, [meal(800, group=uuid4())], expires_at=LATER, now=NOW)

    def run_due() -> object:
        loop = any_bench.app.state.services.loop
        return asyncio.run_coroutine_threadsafe(expiries.run_due(), loop).result(60)

    acted(any_bench, keep)
    assert run_due() == LATER
    any_bench.clock.now = LATER
    assert run_due() is None
    assert acted(any_bench, lambda transaction: of(transaction, CASH)) == (1_000, 0, 1_000)
