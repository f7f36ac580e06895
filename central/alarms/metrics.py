"""How the list is doing, of a day, a week or a month; ``bounds`` says how much is too much."""

import statistics
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select

from central.alarms import bounds, repository
from central.alarms.book import SLOT, pace, slot_of
from central.alarms.bounds import BOUNDS, PRIORITY_SHARES, Figures
from central.alarms.schemas import AlarmMetrics, BoundedFigure, RatePoint, TopSource
from central.alarms.tables import alarm_counts, alarm_floods, alarm_history, alarms
from central.database import Transaction

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
TOP_COUNT: Final = 10
MEASURED_MAX: Final = 2_000
POINTS_MAX: Final = 200
"""Of a chart: longer times are counted in longer pieces."""
STEPS: Final = (SLOT, HOUR, 6 * HOUR)


async def measured(transaction: Transaction, *, now: datetime, days: int = 1) -> AlarmMetrics:
    """Return the figures of the last days and of now."""
    begin = slot_of(now - days * DAY) + SLOT
    columns = alarm_counts.c
    raised = func.sum(columns.raised).label("many")
    slots = select(columns.slot, raised).where(columns.slot >= begin).group_by(columns.slot)
    by_slot = Counter({row.slot: row.many for row in await transaction.execute(slots)})
    sources = (
        select(columns.source, raised)
        .where(columns.slot >= begin)
        .group_by(columns.source)
        .order_by(raised.desc(), columns.source)
        .limit(TOP_COUNT)
    )
    top = [
        TopSource(source=row.source, kind=row.source.partition(":")[0], count=row.many)
        for row in await transaction.execute(sources)
    ]
    fine = _added_up(by_slot, begin, now, step=SLOT)
    totals = await repository.totals(transaction)
    counted = select(
        func.count().filter(alarms.c.is_chattering).label("chattering"),
        func.count().filter(alarms.c.raised_at < now - DAY).label("standing_long"),
    ).select_from(alarms)
    row = (await transaction.execute(counted.where(alarms.c.closed_at.is_(None)))).one()
    priorities = (
        select(alarms.c.priority, func.count().label("many"))
        .where(alarms.c.heard_at > now - days * DAY)
        .group_by(alarms.c.priority)
    )
    flood_share = await _flood_share(transaction, now=now, days=days)
    peak = max((point.count for point in fine), default=0)
    positions = (await pace(transaction)).positions
    figures = Figures(
        hours=tuple(sum(p.count for p in fine[i : i + 6]) for i in range(0, len(fine), 6)),
        peak=peak,
        flood_share=flood_share,
        top=sum(each.count for each in top),
        chattering=row.chattering,
        standing_long=row.standing_long,
        positions=positions,
    )
    step = next(step for step in STEPS if days * DAY / step <= POINTS_MAX)
    return AlarmMetrics(
        days=days,
        positions=positions,
        rate_10_min=fine[-1].count if fine else 0,
        rate_hour=sum(point.count for point in fine[-6:]),
        raised=sum(point.count for point in fine),
        peak_10_min=peak,
        flood_share=flood_share,
        standing=totals.standing,
        standing_long=row.standing_long,
        stale=totals.stale,
        chattering=row.chattering,
        shelved=totals.shelved,
        suppressed=totals.suppressed,
        out_of_service=totals.out_of_service,
        acknowledged_s_median=await _answer_s(transaction, now=now, days=days),
        priorities={each.priority: each.many for each in await transaction.execute(priorities)},
        priority_shares=PRIORITY_SHARES,
        bounded=_bounded(figures),
        top=top,
        step_s=int(step.total_seconds()),
        rates=fine if step == SLOT else _added_up(by_slot, begin, now, step=step),
    )


def _bounded(figures: Figures) -> list[BoundedFigure]:
    found = list[BoundedFigure]()
    for name, value in bounds.measured(figures).items():
        bound = BOUNDS[name]
        verdict = None if value is None else bound.verdict(value)
        found.append(
            BoundedFigure(name=name, value=value, good=bound.good, most=bound.most, verdict=verdict)
        )
    return found


def _added_up(
    by_slot: Counter[datetime], begin: datetime, now: datetime, *, step: timedelta
) -> list[RatePoint]:
    """Return the counts in pieces, oldest first."""
    points = list[RatePoint]()
    at = begin
    while at <= now:
        slots = (at + n * SLOT for n in range(step // SLOT))
        points.append(RatePoint(at=at, count=sum(by_slot[slot] for slot in slots)))
        at += step
    return points


async def _flood_share(transaction: Transaction, *, now: datetime, days: int) -> float:
    columns = alarm_floods.c
    begin = now - days * DAY
    query = select(columns.began_at, columns.ended_at).where(
        or_(columns.ended_at.is_(None), columns.ended_at > begin)
    )
    flooded = timedelta()
    for row in await transaction.execute(query):
        flooded += (row.ended_at or now) - max(row.began_at, begin)
    return min(1.0, flooded / (days * DAY))


async def _answer_s(transaction: Transaction, *, now: datetime, days: int) -> float | None:
    query = (
        select(alarm_history.c.at, alarms.c.heard_at)
        .join(alarms, alarms.c.alarm_id == alarm_history.c.alarm_id)
        .where(alarm_history.c.act == "acknowledged", alarm_history.c.at > now - days * DAY)
        .order_by(alarm_history.c.at.desc())
        .limit(MEASURED_MAX)
    )
    waits = [(row.at - row.heard_at).total_seconds() for row in await transaction.execute(query)]
    return statistics.median(waits) if waits else None
