"""What happened in a shift, read together from what each part of central keeps of it."""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row, select

from central.alarms.tables import alarm_history, alarms, handovers
from central.database import Transaction
from central.duty.schemas import ShiftEntry
from central.duty.tables import duty_changes
from central.tables import commands, lockdowns

ENTRY_COUNT_MAX: Final = 2_000
URGENT: Final = 2
"""Alarms of this priority and above stand in the log by themselves; of others what people did."""


async def entries(
    transaction: Transaction, *, since: datetime, until: datetime
) -> tuple[list[ShiftEntry], bool]:
    """Return what happened, oldest first, and whether some of it had to be left out."""
    found = [
        *await _read(transaction, duty_changes, "at", since, until, _duty),
        *await _read(transaction, commands, "issued_at", since, until, _command),
        *await _read(transaction, lockdowns, "since", since, until, _lockdown_on),
        *await _read(transaction, lockdowns, "ended_at", since, until, _lockdown_off),
        *await _read(transaction, handovers, "written_at", since, until, _handed_over),
        *await _read(transaction, handovers, "taken_at", since, until, _taken_over),
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


def _command(row: Row[Any]) -> ShiftEntry:
    what = _kind_of(row.what)
    return ShiftEntry(
        at=row.issued_at, kind="command", what=what.get("kind", ""), who=row.username,
        about=what.get("access_point") or what.get("device") or row.node, words=row.reason,
        outcome=row.outcome or "",
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
