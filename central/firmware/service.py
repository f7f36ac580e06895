"""Roll-outs in time: the task that tells nodes, waits, goes on to the next boards, and halts.

All that it does follows from the database, in one transaction that has the turn: so a restart goes
on where it was, and of several central processes exactly one tells a node.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from central.commands import repository as commands
from central.database import EVERYTHING, Database, DatabaseError
from central.firmware import repository, rollout_rows
from central.firmware.drive import Drive
from central.nodes import repository as nodes
from config.site import Site

_log = logging.getLogger("central.firmware")
LOOK_S_MAX: Final = 2.0
"""While a roll-out goes on; what happens is heard at once, this is for time alone."""
IDLE_S_MAX: Final = 30.0
RETRY_S: Final = 1.0
_WAKES: Final = frozenset({rollout_rows.TOPIC, commands.TOPIC, EVERYTHING})


class Rollouts:
    """The roll-outs of one central process."""

    def __init__(self, database: Database, site: Site, *, now: Callable[[], datetime]) -> None:
        """Drive the roll-outs of a site.

        Args:
            database: Central's.
            site: Its lines and rules of boards.
            now: The wall clock, aware UTC.
        """
        self._database, self._now = database, now
        self._update_s_max = site.boards.update_s_max
        self._lines = {device.id: device.bus for device in site.device}
        self._wake = asyncio.Event()
        database.listen(self._heard)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            self._wake.clear()
            try:
                wait_s = LOOK_S_MAX if await self.look() else IDLE_S_MAX
            except (SQLAlchemyError, DatabaseError, OSError) as error:
                _log.warning("roll-outs wait: %s", type(error).__name__)
                wait_s = RETRY_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._wake.wait()

    def _heard(self, topic: str) -> None:
        if topic in _WAKES:
            self._wake.set()

    async def look(self) -> bool:
        """Do what is due now; returns whether a roll-out goes on."""
        async with self._database.read() as transaction:
            if not await rollout_rows.under_way(transaction):
                return False
        async with self._database.write() as transaction:
            await repository.take_turn(transaction)
            now = self._now()
            rows = await rollout_rows.under_way(transaction)
            members = await rollout_rows.members_of(transaction, [row.rollout_id for row in rows])
            online = await nodes.online(transaction, now=now)
            for row in rows:
                drive = Drive(transaction, row, now, online, self._lines, self._update_s_max)
                await drive.go_on(members[row.rollout_id])
        return bool(rows)
