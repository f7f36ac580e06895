"""Alarms in the database as they are shown: lists, one alarm, procedures, handovers."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Row, Select, and_, func, insert, or_, select, tuple_, update

from central.alarms.kinds import KINDS
from central.alarms.schemas import (
    AlarmTotals,
    AlarmView,
    FloodView,
    HandoverView,
    HistoryLine,
    OutOfService,
    Shelf,
    Subject,
)
from central.alarms.tables import (
    alarm_floods,
    alarm_history,
    alarm_sources,
    alarms,
    handovers,
)
from central.database import Transaction
from config.contract.identifiers import new_id

State = Literal["standing", "shelved", "closed"]
_LATCHED: Final = [name for name, kind in KINDS.items() if kind.is_latched]
_IS_OPEN: Final = alarms.c.closed_at.is_(None)
_IS_HIDDEN: Final = and_(
    alarms.c.kind.not_in(_LATCHED),
    or_(
        alarms.c.is_suppressed,
        alarm_sources.c.shelved_until.is_not(None),
        alarm_sources.c.out_of_service_since.is_not(None),
    ),
)
_STATES: Final[dict[State, ColumnElement[bool]]] = {
    "standing": and_(_IS_OPEN, ~_IS_HIDDEN),
    "shelved": and_(_IS_OPEN, _IS_HIDDEN),
    "closed": ~_IS_OPEN,
}
_SHELVES: Final = (
    "shelved_until", "shelved_by", "shelved_reason",
    "out_of_service_since", "out_of_service_by", "out_of_service_reason",
)  # fmt: skip


def _query() -> Select[Any]:
    shelves = [alarm_sources.c[name] for name in _SHELVES]
    return select(alarms, *shelves).join(alarm_sources, alarm_sources.c.source == alarms.c.source)


async def views(
    transaction: Transaction,
    state: State,
    *,
    limit: int,
    before: tuple[datetime, str] | None = None,
    with_gathered: bool = False,
) -> list[AlarmView]:
    """Return alarms, the most pressing first; closed ones by when they closed, newest first.

    Args:
        transaction: Any.
        state: ``shelved`` are all that live behind the list, for whatever reason.
        limit: Of alarms.
        before: Closed ones behind the one that closed then and has this identifier; of an empty
            one, those that closed before then.
        with_gathered: Those that a flood gathered, too.
    """
    query = _query().where(_STATES[state])
    if state == "standing" and not with_gathered:
        query = query.where(~alarms.c.is_gathered)
    if state == "closed":
        query = query.order_by(alarms.c.closed_at.desc(), alarms.c.alarm_id.desc())
        if before is not None:
            # Many close in one moment, as when the line of a device is cut.
            query = query.where(tuple_(alarms.c.closed_at, alarms.c.alarm_id) < before)
    else:
        query = query.order_by(
            alarms.c.acknowledged_at.is_not(None),
            alarms.c.priority,
            alarms.c.last_raised_at.desc(),
            alarms.c.alarm_id.desc(),
        )
    return [view_of(row) for row in await transaction.execute(query.limit(limit))]


async def find(transaction: Transaction, alarm_id: str) -> AlarmView | None:
    """Return one alarm, a closed one, too."""
    row = (await transaction.execute(_query().where(alarms.c.alarm_id == alarm_id))).first()
    return None if row is None else view_of(row)


async def is_active(transaction: Transaction, kind: str) -> bool:
    """Return whether the cause of an alarm of a kind stands, at whichever process it was seen."""
    sources = alarm_sources.c
    query = select(sources.source).where(sources.kind == kind, sources.is_active).limit(1)
    return (await transaction.execute(query)).first() is not None


async def found(transaction: Transaction, alarm_ids: Iterable[str]) -> list[AlarmView]:
    """Return those of some alarms that are there."""
    query = _query().where(alarms.c.alarm_id.in_(list(alarm_ids)))
    return [view_of(row) for row in await transaction.execute(query)]


async def sources_of(transaction: Transaction, alarm_ids: Iterable[str]) -> dict[str, str]:
    """Return the sources whose newest line is one of some alarms, by the alarm."""
    query = select(alarm_sources.c.alarm_id, alarm_sources.c.source).where(
        alarm_sources.c.alarm_id.in_(list(alarm_ids))
    )
    return {row.alarm_id: row.source for row in await transaction.execute(query)}


async def gathered(transaction: Transaction) -> list[str]:
    """Return the alarms that a flood gathered and that are still open."""
    query = select(alarms.c.alarm_id).where(_IS_OPEN, alarms.c.is_gathered)
    return list((await transaction.execute(query)).scalars())


async def totals(transaction: Transaction) -> AlarmTotals:
    """Return how many there are."""
    hidden = {
        "suppressed": alarms.c.is_suppressed,
        "shelved": alarm_sources.c.shelved_until.is_not(None),
        "out_of_service": alarm_sources.c.out_of_service_since.is_not(None),
    }
    counted = {
        "standing": _STATES["standing"],
        "unacknowledged": and_(_STATES["standing"], alarms.c.acknowledged_at.is_(None)),
        "stale": and_(_STATES["standing"], alarms.c.is_stale),
        **{name: and_(_STATES["shelved"], condition) for name, condition in hidden.items()},
    }
    query = (
        select(*(func.count().filter(each).label(name) for name, each in counted.items()))
        .select_from(alarms)
        .join(alarm_sources, alarm_sources.c.source == alarms.c.source)
        .where(_IS_OPEN)
    )
    row = (await transaction.execute(query)).one()
    return AlarmTotals.model_validate(row, from_attributes=True)


async def standing_by_priority(transaction: Transaction) -> dict[int, tuple[int, int]]:
    """Return how many stand, and how many of those nobody acknowledged, by priority."""
    unseen = func.count().filter(alarms.c.acknowledged_at.is_(None))
    query = (
        select(alarms.c.priority, func.count().label("many"), unseen.label("unseen"))
        .select_from(alarms)
        .join(alarm_sources, alarm_sources.c.source == alarms.c.source)
        .where(_STATES["standing"])
        .group_by(alarms.c.priority)
    )
    return {row.priority: (row.many, row.unseen) for row in await transaction.execute(query)}


async def flood(transaction: Transaction) -> FloodView:
    """Return whether there is a flood, and what it gathered."""
    query = select(alarm_floods.c.began_at).where(alarm_floods.c.ended_at.is_(None))
    since = (await transaction.execute(query)).scalar_one_or_none()
    counts = (
        select(alarms.c.kind, func.count().label("many"))
        .where(_IS_OPEN, alarms.c.is_gathered)
        .group_by(alarms.c.kind)
        .order_by(alarms.c.kind)
    )
    many = {row.kind: row.many for row in await transaction.execute(counts)}
    return FloodView(is_on=since is not None, since=since, gathered=many)


async def newest_version(transaction: Transaction) -> int:
    """Return the version of the newest change, or 0."""
    return int((await transaction.execute(select(func.max(alarms.c.version)))).scalar_one() or 0)


async def history(transaction: Transaction, alarm_id: str) -> list[HistoryLine]:
    """Return what became of an alarm, oldest first."""
    columns = alarm_history.c
    query = select(columns.at, columns.act, columns.by, columns.note).where(
        columns.alarm_id == alarm_id
    )
    rows = await transaction.execute(query.order_by(columns.number))
    return [HistoryLine(at=row.at, act=row.act, by=row.by, note=row.note) for row in rows]


async def add_handover(
    transaction: Transaction, *, by: str, text: str, standing: list[AlarmView], now: datetime
) -> str:
    """Keep what a shift tells the next, with what stands now; returns its identifier."""
    handover_id = str(new_id())
    await transaction.execute(
        insert(handovers).values(
            handover_id=handover_id,
            written_at=now,
            written_by=by,
            text=text,
            alarms=[view.model_dump(mode="json") for view in standing],
            taken_note="",
        )
    )
    return handover_id


async def take_over(
    transaction: Transaction, handover_id: str, *, by: str, note: str, now: datetime
) -> bool:
    """Note who takes over; returns False where somebody has, or whoever wrote it would."""
    changed = await transaction.execute(
        update(handovers)
        .where(
            handovers.c.handover_id == handover_id,
            handovers.c.taken_at.is_(None),
            handovers.c.written_by != by,
        )
        .values(taken_at=now, taken_by=by, taken_note=note)
        .returning(handovers.c.handover_id)
    )
    return changed.first() is not None


async def handover(transaction: Transaction, handover_id: str) -> HandoverView | None:
    """Return one handover."""
    query = select(handovers).where(handovers.c.handover_id == handover_id)
    row = (await transaction.execute(query)).first()
    return None if row is None else _handover(row)


async def newest_handovers(transaction: Transaction, *, limit: int) -> list[HandoverView]:
    """Return handovers, newest first."""
    query = select(handovers).order_by(handovers.c.written_at.desc()).limit(limit)
    return [_handover(row) for row in await transaction.execute(query)]


def _handover(row: Row[Any]) -> HandoverView:
    return HandoverView(
        id=row.handover_id,
        written_at=row.written_at,
        written_by=row.written_by,
        text=row.text,
        alarms=[AlarmView.model_validate(view) for view in row.alarms],
        taken_at=row.taken_at,
        taken_by=row.taken_by,
        taken_note=row.taken_note,
    )


def _condition(row: Row[Any]) -> Literal["active", "returned", "unknown"]:
    if row.is_stale:
        return "unknown"
    return "active" if row.is_active else "returned"


def view_of(row: Row[Any]) -> AlarmView:
    """Return an alarm as it is shown."""
    kind = KINDS[row.kind]
    subject = {row.subject_kind: row.subject_id} if row.subject_kind else {}
    is_open = row.closed_at is None
    shelf, out = None, None
    if is_open and not kind.is_latched:
        if row.shelved_until is not None:
            shelf = Shelf(until=row.shelved_until, by=row.shelved_by, reason=row.shelved_reason)
        if row.out_of_service_since is not None:
            out = OutOfService(
                since=row.out_of_service_since,
                by=row.out_of_service_by,
                reason=row.out_of_service_reason,
            )
    return AlarmView(
        id=row.alarm_id,
        kind=row.kind,
        priority=row.priority,
        source=row.source,
        node=row.node,
        subject=Subject(**subject),
        condition=_condition(row),
        raised_at=row.raised_at,
        last_raised_at=row.last_raised_at,
        returned_at=row.returned_at,
        is_active=row.is_active,
        acknowledged_at=row.acknowledged_at,
        acknowledged_by=row.acknowledged_by,
        is_latched=kind.is_latched,
        shelved=shelf,
        is_suppressed=row.is_suppressed,
        out_of_service=out,
        is_out_of_service=out is not None,
        count=row.raise_count,
        is_chattering=row.is_chattering,
        is_first_up=row.is_first_up,
        is_stale=row.is_stale,
        is_gathered=row.is_gathered,
        is_history=row.is_history,
        escalation=row.escalation,
        event_position=row.event_position,
        detail=row.detail,
        media=row.media,
        closed_at=row.closed_at,
        version=row.version,
    )
