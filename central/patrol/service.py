"""The timer of patrols: makes the rounds that are coming, and works out what is due.

With several central processes whoever comes first does it. It is woken by scans and by the next
moment at which time alone changes a round, so it sleeps through a quiet day.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from central.access import repository as access
from central.alarms.service import raise_alarm
from central.database import EVERYTHING, Database, Transaction
from central.patrol import repository
from central.patrol.assignment import Assigned, assign
from central.patrol.evaluation import RoundResult, alarms_due, evaluate
from central.patrol.plan import PatrolPlan
from central.patrol.repository import KeptRound
from central.patrol.rounds import PlannedRound, rounds_between
from config.calendars import shipped_calendar
from config.contract.schedules import DayKinds
from config.site import Site

HORIZON: Final = timedelta(hours=36)
"""So far ahead rounds are made."""
CATCH_UP: Final = timedelta(hours=24)
"""Rounds that should have been made while central was away are made so far back."""
SETTLING: Final = timedelta(seconds=60)
"""So long after a start terminals may still have to say what they kept."""
LOOK_S_MAX: Final = 30.0
LOOK_S_MIN: Final = 0.05
BATCH_LENGTH: Final = 100


class Patrols:
    """The patrols of one central process."""

    def __init__(self, database: Database, site: Site, *, now: Callable[[], datetime]) -> None:
        """Look after the patrols of a site.

        Args:
            database: Central's.
            site: Its zone is the one of the plan's wall clock.
            now: The wall clock, aware UTC.
        """
        self._database, self._now = database, now
        self._zone_name, self.zone = site.site.time_zone, ZoneInfo(site.site.time_zone)
        self._began_at: datetime | None = None
        self._wake = asyncio.Event()
        database.listen(self._heard)

    async def run(self) -> None:
        """Work for ever."""
        while True:
            self._wake.clear()
            await self.run_due()
            async with self._database.read() as transaction:
                next_at = await repository.next_due_at(transaction)
            wait_s = LOOK_S_MAX
            if next_at is not None:
                wait_s = min(LOOK_S_MAX, (next_at - self._now()).total_seconds())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(LOOK_S_MIN, wait_s)):
                    await self._wake.wait()

    async def run_due(self) -> None:
        """Make the coming rounds and work out what is due, in small batches."""
        now = self._now()
        if self._began_at is None or now < self._began_at:
            # A clock that was set back begins anew: what it says of before proves nothing.
            self._began_at = now
        async with self._database.read() as transaction:
            if await repository.current_version(transaction) == 0:
                return
        async with self._database.write() as transaction:
            await repository.take_turn(transaction)
            await repository.add_rounds(transaction, await self._coming(transaction, now=now))
        while await self._batch(now):
            pass

    async def _coming(self, transaction: Transaction, *, now: datetime) -> list[PlannedRound]:
        kept = await repository.current_plan(transaction)
        after = max(now - CATCH_UP, kept.changed_at or now)
        return await self.planned(transaction, kept.plan, after, now + HORIZON)

    async def planned(
        self, transaction: Transaction, plan: PatrolPlan, after: datetime, until: datetime
    ) -> list[PlannedRound]:
        """Return the rounds of a plan that begin in a span of time."""
        first, last = after.astimezone(self.zone).date(), until.astimezone(self.zone).date()
        duties = await repository.duties(transaction, first - timedelta(days=2), last)
        model = await access.current(transaction)
        calendar = None if model is None else model.model.calendar
        kinds = DayKinds(calendar or shipped_calendar(self._zone_name))
        return rounds_between(plan, after, until, zone=self.zone, kinds=kinds, duties=duties)

    async def _batch(self, now: datetime) -> bool:
        """Work out some of what is due; returns whether there may be more."""
        async with self._database.write() as transaction:
            await repository.take_turn(transaction)
            due = await repository.due(transaction, now=now, limit=BATCH_LENGTH)
            if not due:
                return False
            first = min(each.planned.opens_at for each in due)
            last = max(each.planned.closes_at for each in due)
            beside = await repository.overlapping(transaction, first, last)
            assigned = await self._assigned(transaction, beside)
            wanted = {each.planned.round_id for each in due}
            for kept in beside:
                own = [
                    assigned.get((kept.planned.round_id, index))
                    for index in range(len(kept.planned.stops))
                ]
                result = evaluate(kept.planned, own, now=now, before=kept.result)
                if kept.planned.round_id in wanted or result != kept.result:
                    await self._conclude(transaction, kept, result, now=now)
        return len(due) == BATCH_LENGTH

    async def _assigned(self, transaction: Transaction, rounds: Sequence[KeptRound]) -> Assigned:
        """Return which scans belong to rounds, those considered that could have them instead."""
        first = min(each.planned.opens_at for each in rounds)
        last = max(each.planned.closes_at for each in rounds)
        beside = await repository.overlapping(transaction, first, last)
        scans = await repository.scans_between(transaction, first, last)
        return assign([each.planned for each in beside], scans)

    async def _conclude(
        self, transaction: Transaction, kept: KeptRound, result: RoundResult, *, now: datetime
    ) -> None:
        planned = kept.planned
        is_settling = self._began_at is not None and now - self._began_at < SETTLING
        due = alarms_due(planned, result, now=now, is_settling=is_settling)
        stops = list(result.stops)
        for kind, indices in due.items():
            first = stops[indices[0]]
            checkpoints: list[JsonValue] = [planned.stops[index].checkpoint for index in indices]
            await raise_alarm(
                transaction,
                kind=kind,
                subject={"round": str(planned.round_id)},
                now=now,
                detail={
                    "route": planned.route,
                    "checkpoint": checkpoints[0],
                    "checkpoints": checkpoints,
                    "starts_at": planned.starts_at.isoformat(),
                    "holder_id": first.holder_id,
                },
            )
            for index in indices:
                told = {**stops[index].told, kind: now}
                stops[index] = stops[index].model_copy(update={"told": told})
        concluded = RoundResult(stops=tuple(stops))
        await repository.keep_result(transaction, planned, concluded, now=now)
        if is_settling:
            await self._look_again(transaction, planned, concluded, now=now)
        if concluded != kept.result:
            repository.announce(transaction)

    async def _look_again(
        self, transaction: Transaction, planned: PlannedRound, result: RoundResult, *, now: datetime
    ) -> None:
        """See to it that what was held back while settling is said afterwards."""
        if alarms_due(planned, result, now=now):
            at = now + SETTLING
            await repository.look_at(transaction, planned.round_id, at=at)

    def _heard(self, topic: str) -> None:
        if topic in {repository.SCANNED, EVERYTHING}:
            self._wake.set()
