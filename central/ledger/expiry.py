"""Lets go of money that is held longer than it should be.

With several central processes whoever comes first does it. A charge that comes later is posted all
the same (``central.canteen``): what expires is the keeping, not the meal.
"""

from datetime import datetime
from typing import Final

from central.due import Due
from central.ledger import repository
from central.services import Services

LEAST_S: Final = 1.0
"""A canteen's rush is looked at no more often."""
BATCH_LENGTH: Final = 200


class Expiries:
    """The expiry of pending transfers, of one central process."""

    def __init__(self, services: Services) -> None:
        """Look after the ledger of a central process."""
        self._database, self._now = services.database, services.now
        topics = (repository.POSTED,)
        self._due = Due(services.database.listen, topics, now=services.now, least_s=LEAST_S)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            await self._due.wait(await self.run_due())

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
