"""How the list is doing. The rates are those of ISA-18.2, section "Monitoring and assessment"."""

import statistics
from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, or_, select

from central.alarms import repository
from central.alarms.book import SLOT, slot_of
from central.alarms.schemas import AlarmMetrics, RatePoint, TopSource
from central.alarms.tables import alarm_counts, alarm_floods, alarm_history, alarms
from central.database import Transaction

DAY: Final = timedelta(days=1)
TOP_COUNT: Final = 10
MEASURED_MAX: Final = 2_000


async def measured(transaction: Transaction, *, now: datetime) -> AlarmMetrics:
    """Return the figures of the last 24 hours and of now."""
    begin = slot_of(now - DAY) + SLOT
    query = select(alarm_counts.c.slot, alarm_counts.c.source, alarm_counts.c.raised).where(
        alarm_counts.c.slot >= begin
    )
    by_slot, by_source = Counter[datetime](), Counter[str]()
    for row in await transaction.execute(query):
        by_slot[row.slot] += row.raised
        by_source[row.source] += row.raised
    rates = list[RatePoint]()
    at = begin
    while at <= now:
        rates.append(RatePoint(at=at, count=by_slot[at]))
        at += SLOT
    totals = await repository.totals(transaction)
    now_open = alarms.c.closed_at.is_(None)
    counted = select(
        func.count().filter(alarms.c.is_chattering).label("chattering"),
        func.count().filter(alarms.c.raised_at < now - DAY).label("standing_long"),
    ).select_from(alarms)
    row = (await transaction.execute(counted.where(now_open))).one()
    priorities = (
        select(alarms.c.priority, func.count().label("many"))
        .where(alarms.c.heard_at > now - DAY)
        .group_by(alarms.c.priority)
    )
    return AlarmMetrics(
        rate_10_min=rates[-1].count if rates else 0,
        rate_hour=sum(point.count for point in rates[-6:]),
        rate_day=sum(point.count for point in rates),
        peak_10_min=max((point.count for point in rates), default=0),
        flood_share=await _flood_share(transaction, now=now),
        standing=totals.standing,
        standing_long=row.standing_long,
        stale=totals.stale,
        chattering=row.chattering,
        shelved=totals.shelved,
        suppressed=totals.suppressed,
        out_of_service=totals.out_of_service,
        acknowledged_s_median=await _answer_s(transaction, now=now),
        priorities={each.priority: each.many for each in await transaction.execute(priorities)},
        top=[
            TopSource(source=source, kind=source.partition(":")[0], count=count)
            for source, count in by_source.most_common(TOP_COUNT)
        ],
        rates=rates,
    )


async def _flood_share(transaction: Transaction, *, now: datetime) -> float:
    columns = alarm_floods.c
    query = select(columns.began_at, columns.ended_at).where(
        or_(columns.ended_at.is_(None), columns.ended_at > now - DAY)
    )
    flooded = timedelta()
    for row in await transaction.execute(query):
        flooded += (row.ended_at or now) - max(row.began_at, now - DAY)
    return min(1.0, flooded / DAY)


async def _answer_s(transaction: Transaction, *, now: datetime) -> float | None:
    query = (
        select(alarm_history.c.at, alarms.c.heard_at)
        .join(alarms, alarms.c.alarm_id == alarm_history.c.alarm_id)
        .where(alarm_history.c.act == "acknowledged", alarm_history.c.at > now - DAY)
        .order_by(alarm_history.c.number.desc())
        .limit(MEASURED_MAX)
    )
    waits = [(row.at - row.heard_at).total_seconds() for row in await transaction.execute(query)]
    return statistics.median(waits) if waits else None
