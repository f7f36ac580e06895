"""Tells pages which alarms changed: one view each, the most urgent first, no faster than they read.

A reader whose queue is full is cut off, so a flood is told in portions: an alarm that changes again
meanwhile is told once, as it is then. What a flood gathered is told as a number (``alarm_flood``).
An alarm of the first priority does not wait for the next portion.
"""

import asyncio
import contextlib
import logging
import time
from typing import Final

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from central.alarms import repository
from central.alarms.book import TOPIC as CHANGED
from central.alarms.book import URGENT_TOPIC
from central.alarms.schemas import AlarmView, FloodView
from central.alarms.tables import alarms
from central.database import EVERYTHING, DatabaseError
from central.due import FAR_S
from central.services import Services

_log = logging.getLogger("central.alarms")
TOPIC: Final = "alarm"
FLOOD_TOPIC: Final = "alarm_flood"
PERMISSION: Final = "alarms.read"
PORTION_LENGTH: Final = 60
PAUSE_S: Final = 0.25
"""So a page is told at most 240 alarms a second, and as many of the first priority again."""
RETRY_S: Final = 1.0
_Wait = tuple[int, int, str]
"""Priority, version, identifier."""


class AlarmNews:
    """The one task of a central process that tells its pages of alarms."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._version = 0
        self._waiting: dict[str, _Wait] = {}
        self._flood: FloodView | None = None
        self._is_due, self._is_urgent = asyncio.Event(), asyncio.Event()
        services.database.listen(self._heard)

    async def start(self) -> None:
        """Begin with what there is now: pages ask for the list first."""
        async with self._services.database.read() as transaction:
            self._version = await repository.newest_version(transaction)
            self._flood = await repository.flood(transaction)

    async def run(self) -> None:
        """Tell for ever."""
        while True:
            if not self._waiting:
                await _set_within(self._is_due, FAR_S)
            self._is_due.clear()
            self._is_urgent.clear()
            try:
                if await self._tell():
                    await self._pause()
            except (SQLAlchemyError, DatabaseError, OSError) as error:
                _log.warning("the database does not answer: %s", type(error).__name__)
                await asyncio.sleep(RETRY_S)

    async def _pause(self) -> None:
        """Let pages read, but tell in between, once, what is urgent."""
        ends_at_s = time.monotonic() + PAUSE_S
        if await _set_within(self._is_urgent, PAUSE_S):
            await self._tell(up_to=1)
            await asyncio.sleep(max(0.0, ends_at_s - time.monotonic()))

    def _heard(self, topic: str) -> None:
        if topic in (URGENT_TOPIC, EVERYTHING):
            self._is_urgent.set()
        if topic in (CHANGED, EVERYTHING):
            self._is_due.set()

    async def _tell(self, *, up_to: int = 9) -> bool:
        """Tell a portion of priorities up to one; returns whether more waits."""
        async with self._services.database.read() as transaction:
            columns = alarms.c
            query = select(
                columns.alarm_id, columns.version, columns.priority, columns.is_gathered
            ).where(columns.version > self._version)
            rows = (await transaction.execute(query)).all()
            for row in rows:
                self._version = max(self._version, row.version)
                self._waiting.pop(row.alarm_id, None)
                if not row.is_gathered:
                    self._waiting[row.alarm_id] = (row.priority, row.version, row.alarm_id)
            portion = sorted(self._waiting.values())[:PORTION_LENGTH]
            ids = [alarm_id for priority, _, alarm_id in portion if priority <= up_to]
            views = await repository.found(transaction, ids) if ids else []
            flood = await repository.flood(transaction)
        for alarm_id in ids:
            del self._waiting[alarm_id]
        by_id = {str(view.id): view for view in views}
        for alarm_id in ids:
            if (view := by_id.get(alarm_id)) is not None:
                self._publish(TOPIC, view)
        if flood != self._flood:
            self._flood = flood
            self._publish(FLOOD_TOPIC, flood)
        return bool(self._waiting)

    def _publish(self, name: str, view: AlarmView | FloodView) -> None:
        data = view.model_dump_json()
        self._services.hub.publish(
            name, lambda permissions: data if PERMISSION in permissions else None
        )


async def _set_within(event: asyncio.Event, timeout_s: float) -> bool:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    return event.is_set()
