"""What becomes of orders by itself: nobody came, or whoever ordered is here no more.

With several central processes whoever comes first does it: each order is looked at again in the
transaction that ends it. After a restart what is due is done then.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from central.canteen import orders
from central.canteen import repository as canteen
from central.canteen.posting import settle_up
from central.canteen.repository import TOPIC as CANTEEN
from central.canteen.state import UNCLAIMED, Charge
from central.database import Database, Transaction
from central.due import Due, earliest
from central.ledger import repository as ledger
from central.ledger.errors import LedgerError
from central.orders import repository
from central.orders.placing import let_go
from config.contract.money import ChargeMode, OrderState

_log = logging.getLogger("central.orders")
LEAST_S: Final = 0.2
BATCH_LENGTH: Final = 200
AGAIN: Final = timedelta(hours=1)
"""An order whose money cannot be moved is tried again after this."""


class Orders:
    """The one task of orders; belongs to the event loop's thread."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        """Listen to what changes orders and people."""
        self._database, self._now = database, now
        self._due = Due(database.listen, ("people", CANTEEN), now=now, least_s=LEAST_S)
        self._stuck = dict[str, datetime]()

    async def run(self) -> None:
        """Work for ever."""
        while True:
            began_at = self._now()
            await self.work()
            async with self._database.read() as transaction:
                next_at = await repository.next_due(transaction, now=began_at)
            await self._due.wait(earliest(next_at, *self._stuck.values()))

    async def work(self) -> None:
        """Do everything that is due now."""
        async with self._database.read() as transaction:
            limit = BATCH_LENGTH + len(self._stuck)  # which are found once more
            due = await repository.due(transaction, now=self._now(), limit=limit)
            left = await repository.who_left(transaction, now=self._now())
        self._stuck = {order: at for order, at in self._stuck.items() if at > self._now()}
        for charge_id in due:
            if charge_id in self._stuck:
                continue
            try:
                async with self._database.write() as transaction:
                    await nobody_came(transaction, charge_id, now=self._now())
            except LedgerError as error:
                _log.error("order %s cannot be charged: %s", charge_id, error)
                self._stuck[charge_id] = self._now() + AGAIN
        for holder_id in left:
            async with self._database.write() as transaction:
                await left_here(transaction, holder_id, now=self._now())


async def nobody_came(transaction: Transaction, charge_id: str, *, now: datetime) -> None:
    """End an order whose window is over: charged or let go, as it was said when it was ordered.

    Raises:
        LedgerError: The ledger holds something else under its key.
    """
    await ledger.take_turn(transaction)
    row = (await orders.of(transaction, [charge_id])).get(charge_id)
    if row is None or row.state != OrderState.WAITING.value or row.due_at > now:
        return
    known = (await canteen.charges(transaction, [charge_id])).get(charge_id)
    if row.unclaimed == "release" or row.merchant not in await canteen.merchants(transaction):
        # Whoever is not in the site file any more cannot be paid.
        await ledger.release(transaction, UUID(charge_id), now=now)
        await orders.put(transaction, {charge_id: OrderState.UNCLAIMED}, now=now)
        return
    charge = known or Charge(charge_id, node="")
    charge.content_hash, charge.mode, charge.period = UNCLAIMED, ChargeMode.ORDERS.value, row.period
    charge.merchant, charge.holder_id, charge.amount_fen = (
        row.merchant,
        row.holder_id,
        row.amount_fen,
    )
    charge.charged_at, charge.received_at = row.begins_at, now
    await canteen.keep_charges(transaction, [] if known else [charge], [charge] if known else [])
    await canteen.keep_lines(transaction, [(charge_id, orders.LINES.validate_json(row.lines))])
    problems = await settle_up(transaction, [charge], now=now)
    if problems:
        raise LedgerError(", ".join(problems.values()))
    await canteen.keep_charges(transaction, [], [charge])
    await orders.follow(transaction, [charge], now=now)


async def left_here(transaction: Transaction, holder_id: str, *, now: datetime) -> None:
    """Cancel what somebody ordered who is here no more; their money is free at once."""
    await ledger.take_turn(transaction)
    if await repository.who_left(transaction, holder_id=holder_id, now=now):
        await let_go(transaction, await repository.waiting_of(transaction, holder_id), now=now)
