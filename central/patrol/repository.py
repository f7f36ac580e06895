"""Patrols in the database. Who changes plans, rounds or duties has taken its turn first."""

from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, insert, select, update

from central.database import PATROL_LOCK, Transaction
from central.patrol.assignment import Scan
from central.patrol.evaluation import RoundResult, next_look
from central.patrol.plan import PatrolPlan
from central.patrol.rounds import Duties, PlannedRound
from central.patrol.schemas import KeptPlan
from central.patrol.tables import patrol_duties, patrol_plans, patrol_rounds, patrol_scans
from config.contract.events import CheckpointScanned, ClockQuality, Event

TOPIC: Final = "patrol"
SCANNED: Final = "patrol-scanned"
"""Announced when there is something to work out."""
AHEAD_MAX: Final = timedelta(minutes=1)
"""A terminal's clock that is further ahead of central is wrong, whatever it says of itself."""
ROUND_LENGTH_MAX: Final = timedelta(hours=32)
"""From a round's start until whatever is not done is missed: a day, and both tolerances."""
_ROUNDS, _SCANS = patrol_rounds.c, patrol_scans.c


class KeptRound:
    """A round as it stands in the database. Attributes: planned, result: what it is."""

    __slots__ = ("planned", "result")

    def __init__(self, row: Row[Any]) -> None:
        """Read a row."""
        self.planned = PlannedRound.model_validate_json(row.body)
        self.result = RoundResult.model_validate_json(row.result)


async def take_turn(transaction: Transaction) -> None:
    """Wait until nobody else changes patrols."""
    await transaction.take_turn(PATROL_LOCK)


# ---- the plan


async def current_version(transaction: Transaction) -> int:
    """Return the version in force; 0 where there is no plan."""
    query = select(func.max(patrol_plans.c.version))
    return int((await transaction.execute(query)).scalar_one() or 0)


async def current_plan(transaction: Transaction) -> KeptPlan:
    """Return the plan in force, an empty one where there is none."""
    query = select(patrol_plans).order_by(patrol_plans.c.version.desc()).limit(1)
    row = (await transaction.execute(query)).first()
    if row is None:
        return KeptPlan(version=0, plan=PatrolPlan())
    return KeptPlan(
        version=row.version,
        plan=PatrolPlan.model_validate_json(row.body),
        changed_by=row.changed_by,
        changed_at=row.changed_at,
    )


async def put_plan(
    transaction: Transaction, plan: PatrolPlan, *, version: int, changed_by: str, now: datetime
) -> None:
    """Put a plan in force; rounds that have not begun are made anew of it."""
    await transaction.execute(
        insert(patrol_plans).values(
            version=version, body=plan.model_dump_json(), changed_by=changed_by, changed_at=now
        )
    )
    await forget_coming(transaction, now=now)


async def forget_coming(transaction: Transaction, *, now: datetime) -> None:
    """Delete the rounds that have not begun, so that they are made anew."""
    await transaction.execute(delete(patrol_rounds).where(_ROUNDS.starts_at > now))
    announce(transaction)
    transaction.announce(SCANNED)


# ---- duties


async def duties(transaction: Transaction, first: date, last: date) -> Duties:
    """Return who is on duty instead of the usual guards, by day and shift."""
    query = select(patrol_duties).where(patrol_duties.c.day.between(first, last))
    rows = await transaction.execute(query)
    return {(row.day, row.shift): tuple(row.guards) for row in rows}


async def set_duty(
    transaction: Transaction,
    day: date,
    shift: str,
    guards: Collection[str] | None,
    *,
    set_by: str,
    now: datetime,
) -> None:
    """Say who is on duty; None: who usually is."""
    here = (patrol_duties.c.day == day, patrol_duties.c.shift == shift)
    await transaction.execute(delete(patrol_duties).where(*here))
    if guards is not None:
        await transaction.execute(
            insert(patrol_duties).values(
                day=day, shift=shift, guards=list(guards), set_by=set_by, set_at=now
            )
        )
    await forget_coming(transaction, now=now)


# ---- scans


async def note_scans(
    transaction: Transaction, node: str, events: Iterable[Event], *, now: datetime
) -> None:
    """Keep what terminals say was scanned, and have the rounds that it may belong to looked at."""
    for event in events:
        if event.type != CheckpointScanned.type_name:
            continue
        told = event.parsed()
        if isinstance(told, CheckpointScanned):
            await _note_scan(transaction, node, event, told, now=now)


async def _note_scan(
    transaction: Transaction, node: str, event: Event, told: CheckpointScanned, *, now: datetime
) -> None:
    scan_id = str(told.scan_id)
    # Two events with one scan are a terminal's mistake, and must not hold its queue up.
    known = select(_SCANS.scan_id).where(_SCANS.scan_id == scan_id)
    if (await transaction.execute(known)).first() is not None:
        return
    holder_id = told.holder_id
    is_usable = holder_id is not None and len(holder_id) <= 64 and "\0" not in holder_id
    is_unsure = told.is_time_unsure or event.clockquality is ClockQuality.UNSURE
    # Nothing was scanned after central heard of it.
    scanned_at = min(event.time, now)
    await transaction.execute(
        insert(patrol_scans).values(
            scan_id=scan_id,
            node=node,
            reader=told.reader,
            checkpoint=told.checkpoint,
            holder_id=holder_id if is_usable else None,
            by=told.by,
            is_fallback=told.is_fallback,
            is_time_unsure=is_unsure or event.time > now + AHEAD_MAX,
            scanned_at=scanned_at,
            received_at=now,
        )
    )
    await transaction.execute(
        update(patrol_rounds)
        # A tolerance is two hours at the most.
        .where(*_overlapping(scanned_at, scanned_at + timedelta(hours=2)))
        .values(check_at=now)
    )
    transaction.announce(SCANNED)


async def scans_between(transaction: Transaction, first: datetime, last: datetime) -> list[Scan]:
    """Return the scans of a span of time, oldest first; both ends included."""
    query = select(patrol_scans).where(_SCANS.scanned_at.between(first, last))
    rows = await transaction.execute(query.order_by(_SCANS.scanned_at, _SCANS.scan_id))
    return [Scan(**row) for row in rows.mappings()]


# ---- rounds


async def add_rounds(transaction: Transaction, rounds: Collection[PlannedRound]) -> int:
    """Add rounds that are not there yet; returns how many."""
    wanted = {str(each.round_id): each for each in rounds}
    query = select(_ROUNDS.round_id).where(_ROUNDS.round_id.in_(list(wanted)))
    there = set((await transaction.execute(query)).scalars())
    rows = [
        {
            "round_id": name,
            "route": each.route,
            "day": each.day,
            "starts_at": each.starts_at,
            "closes_at": each.closes_at,
            "check_at": each.opens_at,
            "body": each.model_dump_json(),
            "result": RoundResult().model_dump_json(),
        }
        for name, each in wanted.items()
        if name not in there
    ]
    await transaction.execute_many(insert(patrol_rounds), rows)
    if rows:
        announce(transaction)
    return len(rows)


async def due(transaction: Transaction, *, now: datetime, limit: int) -> list[KeptRound]:
    """Return rounds of which time or a scan may have made something else."""
    query = select(patrol_rounds).where(_ROUNDS.check_at <= now)
    rows = await transaction.execute(query.order_by(_ROUNDS.check_at).limit(limit))
    return [KeptRound(row) for row in rows]


async def next_due_at(transaction: Transaction) -> datetime | None:
    """Return when the next round is to be looked at."""
    at: datetime | None = (await transaction.execute(select(func.min(_ROUNDS.check_at)))).scalar()
    return at


async def overlapping(transaction: Transaction, first: datetime, last: datetime) -> list[KeptRound]:
    """Return rounds that go on at some time of a span, by their start."""
    query = select(patrol_rounds).where(*_overlapping(first, last))
    rows = await transaction.execute(query.order_by(_ROUNDS.starts_at, _ROUNDS.route))
    return [KeptRound(row) for row in rows]


def _overlapping(first: datetime, last: datetime) -> list[ColumnElement[bool]]:
    # Bounded at both ends, so that an index leaves all other rounds of the year alone.
    return [
        _ROUNDS.starts_at.between(first - ROUND_LENGTH_MAX, last),
        _ROUNDS.closes_at >= first,
    ]


async def of_days(transaction: Transaction, first: date, last: date) -> list[KeptRound]:
    """Return the rounds of shifts that began on some days, by their start."""
    query = select(patrol_rounds).where(_ROUNDS.day.between(first, last))
    rows = await transaction.execute(query.order_by(_ROUNDS.starts_at, _ROUNDS.route))
    return [KeptRound(row) for row in rows]


async def find(transaction: Transaction, round_id: UUID) -> KeptRound | None:
    """Return one round."""
    query = select(patrol_rounds).where(_ROUNDS.round_id == str(round_id))
    row = (await transaction.execute(query)).first()
    return None if row is None else KeptRound(row)


async def keep_result(
    transaction: Transaction, planned: PlannedRound, result: RoundResult, *, now: datetime
) -> None:
    """Keep what a round has come to."""
    await transaction.execute(
        update(patrol_rounds)
        .where(_ROUNDS.round_id == str(planned.round_id))
        .values(result=result.model_dump_json(), check_at=next_look(planned, result, now=now))
    )


def announce(transaction: Transaction) -> None:
    """Say that the board is another one."""
    transaction.announce(TOPIC)


async def look_at(transaction: Transaction, round_id: UUID, *, at: datetime) -> None:
    """Have a round looked at, at the latest at a moment."""
    here = _ROUNDS.round_id == str(round_id)
    later = _ROUNDS.check_at.is_(None) | (_ROUNDS.check_at > at)
    await transaction.execute(update(patrol_rounds).where(here, later).values(check_at=at))
