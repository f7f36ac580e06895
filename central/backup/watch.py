"""Central's eye on its backups: an alarm where a restore failed, or none was proved in time."""

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from central.alarms.service import raise_alarm, return_alarm
from central.backup.verifying import Outcome, read_outcome, trouble
from central.database import Database, Transaction
from central.events import repository as events
from central.events.facts import BackupTried
from central.site_values import read_value, write_value, write_value_once

KIND: Final = "backup"
LOOK_S: Final = 60.0
SINCE: Final = "restore_expected_since"
OUTCOME: Final = "restore_outcome"
"""Site value: the newest outcome that any central process found beside it, as JSON."""
_NONE: Final = ""


async def kept_outcome(transaction: Transaction) -> Outcome | None:
    """Return what became of the newest attempt anywhere; None where there was none."""
    try:
        text = await read_value(transaction, OUTCOME)
    except LookupError:
        return None
    return Outcome.model_validate_json(text) if text else None


async def expected_since(transaction: Transaction) -> datetime | None:
    """Return from when on a proved restore is expected; None before central looked at all."""
    try:
        return datetime.fromisoformat(await read_value(transaction, SINCE))
    except LookupError:
        return None


class BackupWatch:
    """Tells once what became of each attempt, and alarms while backups cannot be trusted."""

    def __init__(
        self,
        database: Database,
        home: Path,
        *,
        site: str,
        epoch: UUID,
        now: Callable[[], datetime],
    ) -> None:
        """Watch the backups of a central.

        Args:
            database: Central's.
            home: Its state folder, where an attempt leaves its outcome.
            site: Its identifier.
            epoch: Of the store of events.
            now: The wall clock, aware UTC.
        """
        self._database, self._home = database, home
        self._site, self._epoch, self._now = site, epoch, now
        self._told: str | None = _NONE

    async def run(self) -> None:
        """Look for ever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Tell what is new, and raise or return the alarm."""
        found, now = await asyncio.to_thread(read_outcome, self._home), self._now()
        async with self._database.read() as transaction:
            kept = await kept_outcome(transaction)
            since = await expected_since(transaction)
        is_new = found is not None and (kept is None or found.tried_at > kept.tried_at)
        outcome = found if is_new else kept
        wrong = trouble(outcome, since=since or now, now=now)
        if not is_new and since is not None and wrong == self._told:
            return
        async with self._database.write() as transaction:
            await write_value_once(transaction, SINCE, now.isoformat())
            if is_new and found is not None:
                await self._tell(transaction, found)
            if wrong is None:
                await return_alarm(transaction, kind=KIND, now=now)
            else:
                await raise_alarm(transaction, kind=KIND, now=now, detail={"trouble": wrong})
        self._told = wrong

    async def _tell(self, transaction: Transaction, outcome: Outcome) -> None:
        fact = BackupTried(
            is_proved=not outcome.problem,
            tried_at=outcome.tried_at,
            backup_made_at=outcome.backup_made_at,
        )
        await events.state(transaction, fact, site=self._site, epoch=self._epoch, now=self._now())
        await write_value_once(transaction, OUTCOME, _NONE)
        await write_value(transaction, OUTCOME, outcome.model_dump_json())
