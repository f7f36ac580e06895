"""What central does about a fire by itself, after terminals have told of it: it looks, and asks.

All of it is bookkeeping: what fails here is said in the log and tried again, and no gate waits.
Several central processes may run it: whoever is first has the turn, the others find nothing to do.
"""

import logging
from datetime import datetime, timedelta
from random import SystemRandom
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from central.alarms.service import raise_alarm
from central.database import EVENTS_LOCK, DatabaseError, Transaction
from central.due import Due, earliest
from central.fire import duty, orders
from central.fire.duty_plan import next_check
from central.fire.gates import expected, node_of_device, panels_of
from central.fire.repository import TOPIC
from central.fire.tables import fire_panels, fire_people, fires
from central.muster import service as muster
from central.security import Operator
from central.services import Services
from config.contract.commands import CheckDuty

_log = logging.getLogger("central.fire")
RETRY: Final = timedelta(seconds=1)
RECENT: Final = timedelta(minutes=5)
"""A fire that began longer ago is history when it is heard of: nobody is called for it."""


class FireWatch:
    """One of one process."""

    def __init__(self, services: Services) -> None:
        self._services, self._dice = services, SystemRandom()
        self._zone = ZoneInfo(services.settings.site.site.time_zone)
        self._due = Due(services.database.listen, (TOPIC,), now=services.now)

    async def run(self) -> None:
        """Look for ever."""
        while True:
            try:
                await self.look()
                next_at = await self.next_at()
            except (SQLAlchemyError, DatabaseError, OSError) as error:
                _log.warning("a fire's record waits: %s", type(error).__name__)
                next_at = self._services.now() + RETRY
            await self._due.wait(next_at)

    async def next_at(self) -> datetime | None:
        """Return when time alone makes something due; of a fire itself it is told."""
        async with self._services.database.read() as transaction:
            plan, next_at = await duty.plan(transaction)
            return earliest(await duty.next_due(transaction), next_at if plan.is_on else None)

    async def look(self) -> None:
        """Do what is due now."""
        now = self._services.now()
        async with self._services.database.read() as transaction:
            fresh = await _unseen(transaction)
            missed = await duty.overdue(transaction, now=now)
            plan, next_at = await duty.plan(transaction)
        if fresh:
            await self._note_fires(now)
        if missed:
            await self._alarm_missed(now)
        if plan.is_on and (next_at is None or next_at <= now):
            await self._ask_by_plan(now)

    async def _note_fires(self, now: datetime) -> None:
        async with self._services.database.write() as transaction:
            await transaction.take_turn(EVENTS_LOCK)
            for row in await _unseen(transaction):
                await self._note_fire(transaction, row, now=now)
            transaction.announce(TOPIC)

    async def _note_fire(self, transaction: Transaction, row: Row[Any], *, now: datetime) -> None:
        site = self._services.settings.site
        gates = expected(site, row.zone, only=tuple(row.access_points))
        seen = await transaction.execute(
            select(fire_panels).where(fire_panels.c.device.in_(panels_of(site, row.zone)))
        )
        values: dict[str, Any] = {
            "expected": [gate.model_dump(mode="json") for gate in gates],
            "panels": [_panel(each) for each in seen],
        }
        if row.inside_at is None:
            values |= await self._note_inside(transaction, row.fire_id, now=now)
        is_now = row.ended_at is None and now - row.began_at <= RECENT
        if site.policy.fire_begins_roll_call and is_now and row.roll_call_id is None:
            roll_call_id, _ = await muster.begin_roll_call(
                transaction, self._services, cause="fire", reason=row.zone
            )
            values["roll_call_id"] = str(roll_call_id)
        await transaction.execute(
            update(fires).where(fires.c.fire_id == row.fire_id).values(values)
        )

    async def _note_inside(
        self, transaction: Transaction, fire_id: str, *, now: datetime
    ) -> dict[str, Any]:
        state, areas = await muster.inside(transaction)
        people = [fact for area in areas for fact in state.people(area.id)]
        await transaction.execute_many(
            insert(fire_people),
            [
                {
                    "fire_id": fire_id,
                    "number": number,
                    "holder_id": fact.holder_id,
                    "area": fact.area,
                    "since": fact.at,
                    "node": fact.node,
                }
                for number, fact in enumerate(people, start=1)
            ],
        )
        unnamed = sum(state.unnamed_count(area.id) for area in areas)
        return {"inside_at": now, "unnamed_count": unnamed}

    async def _alarm_missed(self, now: datetime) -> None:
        async with self._services.database.write() as transaction:
            await transaction.take_turn(EVENTS_LOCK)
            for row in await duty.overdue(transaction, now=now):
                await duty.note_missed(transaction, row.check_id, now=now)
                detail = {"check_id": row.check_id, "asked_at": row.asked_at.isoformat()}
                await raise_alarm(transaction, kind="duty", now=now, detail=detail)
            transaction.announce(TOPIC)

    async def _ask_by_plan(self, now: datetime) -> None:
        async with self._services.database.write() as transaction:
            await transaction.take_turn(EVENTS_LOCK)
            plan, next_at = await duty.plan(transaction)
            if next_at is not None and next_at > now:
                return
            # A check that was due while central was down is left out: it would ask the wrong watch.
            if next_at is not None and now - next_at <= timedelta(minutes=1):
                await ask_duty(transaction, self._services, minutes=plan.minutes,
                               asks_panels=plan.asks_panels, operator=None, now=now)  # fmt: skip
            following = next_check(plan, self._zone, now=now, dice=self._dice)
            await duty.put_plan(transaction, plan, next_at=following)


async def ask_duty(
    transaction: Transaction,
    services: Services,
    *,
    minutes: int,
    asks_panels: bool,
    operator: Operator | None,
    now: datetime,
) -> str:
    """Ask at every console, and at the panels where wished; returns the check's identifier."""
    site = services.settings.site
    panels = list(panels_of(site)) if asks_panels else []
    check_id = await duty.ask(
        transaction,
        minutes=minutes,
        panels=panels,
        asked_by="" if operator is None else operator.username,
        now=now,
    )
    for device in panels:
        if (node := node_of_device(site, device)) is not None:
            what = CheckDuty(device=device, minutes=minutes)
            await orders.send(
                transaction, node, what, operator=operator, reason="duty check", now=now
            )
    transaction.announce(TOPIC)
    return str(check_id)


async def _unseen(transaction: Transaction) -> list[Row[Any]]:
    query = select(fires).where(fires.c.inside_at.is_(None) | fires.c.panels.is_(None))
    return list((await transaction.execute(query.order_by(fires.c.began_at))).all())


def _panel(row: Row[Any]) -> dict[str, Any]:
    at: datetime | None = row.last_frame_at
    return {
        "device": row.device,
        "mode": row.mode,
        "conditions": row.conditions,
        "disabled": row.disabled,
        "faulty": row.faulty,
        "last_frame_at": None if at is None else at.isoformat(),
    }
