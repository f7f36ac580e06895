"""What goes on at the canteen by itself: tills hear of changes, and of a fund that runs low."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from central.alarms.service import raise_alarm, return_alarm
from central.alarms.tables import alarm_sources
from central.canteen import accounts, plans
from central.canteen.debts import FUND
from central.canteen.repository import TOPIC
from central.database import Database, Transaction
from central.due import Due
from central.ledger.accounts import fund
from central.ledger.repository import POSTED
from central.ledger.tables import ledger_accounts
from config.site import Site

FLOAT: Final = "wallet_float"
INTERVAL_S: Final = 1.0
"""No more often are tills told."""
_WAKING: Final = (POSTED, TOPIC, "people")


class Canteen:
    """The one task of the canteen; belongs to the event loop's thread."""

    def __init__(self, database: Database, site: Site, *, now: Callable[[], datetime]) -> None:
        """Listen to what changes money, people and the plan."""
        self._database, self._now = database, now
        self.zone = ZoneInfo(site.site.time_zone)
        self._has_tills = bool(site.till or site.merchant)
        # What happens within a moment is told together.
        self._due = Due(database.listen, _WAKING, now=now, least_s=INTERVAL_S)

    async def run(self) -> None:
        """Go on for ever; a site without tills costs nothing."""
        while self._has_tills:
            await self.work()
            async with self._database.read() as transaction:
                next_at = await accounts.next_check(transaction)
            await self._due.wait(next_at)
        await asyncio.Event().wait()

    async def _is_due(self) -> bool:
        async with self._database.read() as transaction:
            return await accounts.is_behind(transaction, now=self._now())

    async def work(self) -> None:
        """Do everything that is due now."""
        while await self._is_due():
            async with self._database.write() as transaction:
                await accounts.catch_up(transaction, now=self._now())
        async with self._database.read() as transaction:
            is_low, is_raised = await _float(transaction)
        if is_low != is_raised:
            async with self._database.write() as transaction:
                await self._follow_float(transaction)

    async def _follow_float(self, transaction: Transaction) -> None:
        is_low, _ = await _float(transaction)
        change = raise_alarm if is_low else return_alarm
        await change(transaction, kind=FLOAT, now=self._now())


async def _float(transaction: Transaction) -> tuple[bool, bool]:
    """Return whether a fund is low, and whether the alarm says so."""
    low_fen = (await plans.current(transaction)).draft.float_low_fen
    source = alarm_sources.c
    raised = select(source.source).where(source.source == FLOAT, source.is_active)
    is_raised = (await transaction.execute(raised)).first() is not None
    if low_fen is None:
        return False, is_raised
    account = ledger_accounts.c
    low = select(account.account).where(
        account.account.like("fund/%"),
        account.account != fund(FUND),
        account.credits_posted_fen - account.debits_posted_fen < low_fen,
    )
    return (await transaction.execute(low.limit(1))).first() is not None, is_raised
