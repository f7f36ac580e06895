"""What tills are told: people and orders that changed after a version, in one sequence."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime

from central.canteen import accounts, orders
from central.canteen.orders import Tills
from central.database import Transaction
from config.contract.money import TillAccount, TillOrder


@dataclasses.dataclass(frozen=True, slots=True)
class Changed:
    """Attributes: version: to ask after next time; with ``has_more`` at once."""

    accounts: Sequence[TillAccount]
    orders: Sequence[TillOrder]
    version: int
    has_more: bool


async def changed(transaction: Transaction, *, after: int, tills: Tills, now: datetime) -> Changed:
    """Return what changed after a version.

    A till that is ahead knows another history, as after a restored backup: from the beginning.

    Args:
        transaction: Any.
        after: 0 is a till that begins.
        tills: Of whom asks.
        now: Aware UTC.
    """
    newest = await accounts.newest(transaction)
    after = after if after <= newest else 0
    people, people_until, has_more_people = await accounts.page(transaction, after=after, now=now)
    told, told_until, has_more_orders = await orders.page(
        transaction, after=after, tills=tills, now=now
    )
    ends = [
        until
        for until, has_more in ((people_until, has_more_people), (told_until, has_more_orders))
        if has_more
    ]
    until = min(ends, default=newest)
    return Changed(
        [each for each in people if each.version <= until],
        [each for each in told if each.version <= until],
        until,
        has_more=bool(ends),
    )
