"""Sees to it that partitions of events are there before they are wanted, and tells if not."""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Final

from sqlalchemy.exc import SQLAlchemyError

from central.alarms.repository import is_active
from central.alarms.service import raise_alarm, return_alarm
from central.database import Database
from central.events import partitions

_log = logging.getLogger("central.events")
CHECK_INTERVAL_S: Final = 30.0
ALARM: Final = "partition"


class PartitionWatch:
    """The partitions of one site, on PostgreSQL."""

    def __init__(self, database: Database, *, now: Callable[[], datetime]) -> None:
        """Watch them in a database; ``now`` is aware UTC."""
        self._database, self._now = database, now

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
            except (SQLAlchemyError, OSError) as error:
                _log.warning("partitions are looked at later: %s", type(error).__name__)
            await asyncio.sleep(CHECK_INTERVAL_S)

    async def look(self) -> None:
        """Make the next partition if it is time, and raise an alarm where it is late."""
        try:
            await partitions.make_ahead(self._database, now=self._now())
        except (SQLAlchemyError, OSError) as error:
            # A reader that takes long is in the way, most often; until then the rest takes them.
            _log.warning("the next partition of events is not made: %s", type(error).__name__)
        async with self._database.read() as transaction:
            room = await partitions.room_ahead(transaction)
            # Another process may have raised it, and be gone.
            is_raised = await is_active(transaction, ALARM)
        is_late = partitions.is_late(room)
        if is_late == is_raised:
            return
        async with self._database.write() as transaction:
            if is_late:
                detail = {"room": max(0, room)}
                await raise_alarm(transaction, kind=ALARM, now=self._now(), detail=detail)
            else:
                await return_alarm(transaction, kind=ALARM, now=self._now())
