"""Lets go of money that is held longer than it should be.

With several central processes whoever comes first does it. A charge that comes later is posted all
the same (``central.canteen``): what expires is the keeping, not the meal.
"""

import asyncio
from datetime import datetime
from typing import Final

from central.ledger import repository
from central.services import Services

LOOK_S_MAX: Final = 5.0
LOOK_S_MIN: Final = 0.05
BATCH_LENGTH: Final = 200


class Expiries:
    """The expiry of pending transfers, of one central process."""

    def __init__(self, services: Services) -> None:
        """Look after the ledger of a central process."""
        self._database, self._now = services.database, services.now

    async def run(self) -> None:
        """Work for ever."""
        while True:
            next_at = await self.run_due()
            wait_s = LOOK_S_MAX
            if next_at is not None:
                wait_s = min(LOOK_S_MAX, (next_at - self._now()).total_seconds())
            await asyncio.sleep(max(LOOK_S_MIN, wait_s))

    async def run_due(self) -> datetime | None:
        """Let go what is due, in small batches; returns when the next is."""
        while True:
            now = self._now()
            async with self._database.read() as transaction:
                next_at = await repository.next_expiry(transaction)
            if next_at is None or next_at > now:
                return next_at
            async with self._database.write() as transaction:
                await repository.release_expired(transaction, now=now, limit=BATCH_LENGTH)
