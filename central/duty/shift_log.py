"""What happened in a shift, read together from what each part of central keeps of it."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select

from central.alarms.tables import alarm_history, alarms, handovers
from central.commands.repository import state_of
from central.database import Transaction
from central.duty.schemas import ShiftEntry
from central.duty.tables import duty_changes, shift_notes
from central.patrol.evaluation import SCANNED, RoundResult
from central.patrol.rounds import PlannedRound
from central.patrol.tables import patrol_rounds
from central.tables import commands, lockdowns

ENTRY_COUNT_MAX: Final = 2_000
URGENT: Final = 2
"""Alarms of this priority and above stand in the log by themselves; of others what people did."""
NOT_LISTED: Final = ("watch_camera", "call_preset", "report_status", "signal")
"""Commands that are no deed of a shift: looking, and what central does by itself."""


async def entries(
    transaction: Transaction, *, since: datetime, until: datetime, now: datetime
) -> tuple[list[ShiftEntry], bool]:
    """Return what happened, oldest first, and whether some of it had to be left out."""
    found = [
        *await _read(transaction, duty_changes, "at", since, until, _duty),
        *await _commands(transaction, since, until, now),
        *await _read(transaction, lockdowns, "since", since, until, _lockdown_on),
        *await _read(transaction, lockdowns, "ended_at", since, until, _lockdown_off),
        *await _read(transaction, handovers, "written_at", since, until, _handed_over),
        *await _read(transaction, handovers, "taken_at", since, until, _taken_over),
        *await _read(transaction, shift_notes, "at", since, until, _note),
        *await _rounds(transaction, since, until, now),
        *await _alarms(transaction, since, until),
        *await _acts(transaction, since, until),
    ]
    found.sort(key=lambda entry: entry.at)
    return found[:ENTRY_COUNT_MAX], len(found) > ENTRY_COUNT_MAX


async def _read(
    transaction: Transaction,
    table: Any,  # noqa: ANN401 - any table, and its columns by name
    column: str,
    since: datetime,
    until: datetime,
    entry: Callable[[Row[Any]], ShiftEntry],
) -> Iterable[ShiftEntry]:
    at = table.c[column]
    query = select(table).where(at >= since, at < until).order_by(at).limit(ENTRY_COUNT_MAX + 1)
    return [entry(row) for row in await transaction.execute(query)]


async def _commands(
    transaction: Transaction, since: datetime, until: datetime, now: datetime
) -> Iterable[ShiftEntry]:
    at = commands.c.issued_at
    query = select(commands).where(at >= since, at < until)
    # A live view is asked for anew every minute: it is left out before the rows are counted.
    for kind in NOT_LISTED:
        query = query.where(commands.c.what.not_like(f'{{"kind":"{kind}"%'))
    rows = await transaction.execute(query.order_by(at).limit(ENTRY_COUNT_MAX + 1))
    return [_command(row, now=now) for row in rows]


async def _rounds(
    transaction: Transaction, since: datetime, until: datetime, now: datetime
) -> Iterable[ShiftEntry]:
    """Return the rounds that began, and how many of their stops somebody was at by now."""
    at = patrol_rounds.c.starts_at
    query = select(patrol_rounds).where(at >= since, at < min(until, now))
    rows = await transaction.execute(query.order_by(at).limit(ENTRY_COUNT_MAX + 1))
    return [_round(row, now=now) for row in rows]


def _round(row: Row[Any], *, now: datetime) -> ShiftEntry:
    planned = PlannedRound.model_validate_json(row.body)
    stops = RoundResult.model_validate_json(row.result).stops
    done = sum(stop.status in SCANNED for stop in stops)
    is_over = now >= row.closes_at
    is_whole = done == len(planned.stops)
    what = "complete" if is_whole else "incomplete" if is_over else "walking"
    return ShiftEntry(
        at=row.starts_at, kind="round", what=what, about=row.route, done=done,
        count=len(planned.stops),
    )  # fmt: skip


async def _alarms(
    transaction: Transaction, since: datetime, until: datetime
) -> Iterable[ShiftEntry]:
    at = alarms.c.heard_at
    query = select(alarms).where(at >= since, at < until, alarms.c.priority <= URGENT)
    rows = await transaction.execute(query.order_by(at).limit(ENTRY_COUNT_MAX + 1))
    return [
        ShiftEntry(
            at=row.raised_at, kind="alarm", what=row.kind, about=row.subject_id or row.node or "",
            alarm_id=row.alarm_id,
        )
        for row in rows
    ]  # fmt: skip


async def _acts(transaction: Transaction, since: datetime, until: datetime) -> Iterable[ShiftEntry]:
    """Return what people did about alarms: acknowledged, shelved, noted."""
    at = alarm_history.c.at
    query = (
        select(alarm_history, alarms.c.kind, alarms.c.subject_id, alarms.c.node)
        .join(alarms, alarms.c.alarm_id == alarm_history.c.alarm_id)
        .where(at >= since, at < until, alarm_history.c.by != "")
        .order_by(at)
        .limit(ENTRY_COUNT_MAX + 1)
    )
    return [
        ShiftEntry(
            at=row.at, kind="alarm_act", what=row.act, who=row.by, words=row.note,
            about=row.subject_id or row.node or "", alarm_kind=row.kind, alarm_id=row.alarm_id,
        )
        for row in await transaction.execute(query)
    ]  # fmt: skip


def _duty(row: Row[Any]) -> ShiftEntry:
    return ShiftEntry(at=row.at, kind="duty", what=row.change, who=row.username, about=row.before)


def _note(row: Row[Any]) -> ShiftEntry:
    return ShiftEntry(at=row.at, kind="note", what="", who=row.written_by, words=row.text)


def _command(row: Row[Any], *, now: datetime) -> ShiftEntry:
    what = _kind_of(row.what)
    return ShiftEntry(
        at=row.issued_at, kind="command", what=what.get("kind", ""), who=row.username,
        about=what.get("access_point") or what.get("device") or row.node, words=row.reason,
        outcome=state_of(row, now=now), action_id=row.action_id,
    )  # fmt: skip


def _kind_of(body: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(body)
    return found


def _lockdown_on(row: Row[Any]) -> ShiftEntry:
    return ShiftEntry(
        at=row.since, kind="lockdown", what="on", who=row.set_by, about=row.level, words=row.reason
    )


def _lockdown_off(row: Row[Any]) -> ShiftEntry:
    return ShiftEntry(
        at=row.ended_at, kind="lockdown", what="off", who=row.ended_by or "", about=row.level
    )


def _handed_over(row: Row[Any]) -> ShiftEntry:
    return ShiftEntry(
        at=row.written_at, kind="handover", what="written", who=row.written_by, words=row.text
    )


def _taken_over(row: Row[Any]) -> ShiftEntry:
    return ShiftEntry(
        at=row.taken_at, kind="handover", what="taken", who=row.taken_by or "",
        words=row.taken_note,
    )  # fmt: skip
