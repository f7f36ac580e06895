"""What time alone does to alarms: escalation, reminders, shelves, floods, silent nodes, sirens."""

import logging
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError

from central.alarms import life, service, sirens, suppression
from central.alarms.book import SOURCES_TOPIC, TOPIC, Book, heard_since, pace
from central.alarms.sources import Key
from central.alarms.tables import alarm_floods, alarm_sources, alarm_suppressions, alarms
from central.database import DatabaseError, Transaction
from central.due import Due, earliest
from central.nodes.repository import HEARD_TOPIC, KEYS_TOPIC
from central.services import Services
from central.tables import nodes
from config.contract.headers import silence_s_max
from config.site import Site

_log = logging.getLogger("central.alarms")
LEAST_S: Final = 1.0
"""A storm of alarms is looked at no more often."""
RETRY: Final = timedelta(seconds=1)
FLOOD_LOOK: Final = timedelta(seconds=1)
"""That alarms come less often is announced by nobody."""
DUE_LENGTH_MAX: Final = 500
_lost_at: Final = func.coalesce(nodes.c.silent_at, nodes.c.last_seen_at, nodes.c.enrolled_at)


class AlarmClock:
    """The one task of a central process that lets time pass for alarms."""

    def __init__(self, services: Services) -> None:
        self._services = services
        # Nobody was lost because central itself was away.
        silence_s = silence_s_max(services.settings.site.policy.status_interval_s)
        self._watches_from = services.now() + timedelta(seconds=silence_s)
        topics = (TOPIC, SOURCES_TOPIC, HEARD_TOPIC, KEYS_TOPIC)
        self._due = Due(services.database.listen, topics, now=services.now, least_s=LEAST_S)

    async def run(self) -> None:
        """Look for ever; several central processes may."""
        while True:
            try:
                await self.look()
                next_at = await self.next_at()
            except (SQLAlchemyError, DatabaseError, OSError) as error:
                _log.warning("the database does not answer: %s", type(error).__name__)
                next_at = self._services.now() + RETRY
            await self._due.wait(next_at)

    async def next_at(self) -> datetime | None:
        """Return when time alone changes something next."""
        services = self._services
        async with services.database.read() as transaction:
            silent_at = await _next_silence(transaction)
            return earliest(
                await _next_due(transaction, now=services.now()),
                # Before it watches nobody is lost, however long they are silent.
                silent_at and max(silent_at, self._watches_from),
                await sirens.next_at(transaction, services.settings.site),
            )

    async def look(self) -> None:
        """Do what is due; where nothing is, nothing is written."""
        services, now = self._services, self._services.now()
        async with services.database.read() as transaction:
            is_due = await _is_due(transaction, now=now)
            silent, heard = await _turned(transaction, now=now)
        if now < self._watches_from:
            silent = []
        if is_due:
            async with services.database.write() as transaction:
                await pass_time(transaction, now=now)
        if silent or heard:
            async with services.database.write() as transaction:
                await _note_nodes(transaction, silent, heard, now=now)
        await self._sound(services.settings.site, now)

    async def _sound(self, site: Site, now: datetime) -> None:
        if not site.sounder:
            return
        async with self._services.database.read() as transaction:
            is_due = bool(await sirens.wishes(transaction, site, now=now))
        if is_due:
            async with self._services.database.write() as transaction:
                await sirens.send(transaction, site, now=now)


async def pass_time(transaction: Transaction, *, now: datetime) -> None:
    """Do in one transaction what is due: the most urgent first, and the rest the next time."""
    book = await Book.open(transaction, now=now)
    query = (
        select(alarm_sources.c.source)
        .outerjoin(alarms, alarms.c.alarm_id == alarm_sources.c.alarm_id)
        .where(_is_due_now(now))
        .order_by(alarms.c.priority, alarm_sources.c.source)
        .limit(DUE_LENGTH_MAX)
    )
    await book.read_sources((await transaction.execute(query)).scalars().all())
    if await suppression.forget_old(transaction, now=now):
        await book.follow_designs()
    await _end_flood(transaction, book)
    service.open_forgotten(book)
    for kept in book.kept:
        book.take(kept, life.ticked(kept.source, book.pace.plan, now=now))
        # Its time is set anew even where nothing came of it.
        kept.is_line_changed = kept.is_line_changed or kept.source.is_open
    await book.save()


def _is_due_now(now: datetime) -> ColumnElement[bool]:
    return or_(
        (alarms.c.due_at <= now) & alarms.c.closed_at.is_(None),
        alarm_sources.c.shelved_until <= now,
        alarm_sources.c.pending_at <= now - service.CAUGHT_UP,
    )


async def _is_due(transaction: Transaction, *, now: datetime) -> bool:
    query = (
        select(alarm_sources.c.source)
        .outerjoin(alarms, alarms.c.alarm_id == alarm_sources.c.alarm_id)
        .where(_is_due_now(now))
        .limit(1)
    )
    if (await transaction.execute(query)).first() is not None:
        return True
    old = alarm_suppressions.c.since <= now - suppression.LIFETIME
    if (await transaction.execute(select(func.count()).where(old))).scalar_one():
        return True
    flood = select(alarm_floods.c.began_at).where(alarm_floods.c.ended_at.is_(None))
    if (await transaction.execute(flood)).first() is None:
        return False
    here = await pace(transaction)
    return 2 * await heard_since(transaction, now - here.flood_window) <= here.flood_count


async def _next_due(transaction: Transaction, *, now: datetime) -> datetime | None:
    """Return when ``_is_due`` becomes true by time alone."""

    async def first(column: ColumnElement[Any], *where: ColumnElement[bool]) -> datetime | None:
        query = select(column).where(column.is_not(None), *where).order_by(column).limit(1)
        at: datetime | None = (await transaction.execute(query)).scalar_one_or_none()
        return at

    pending_at = await first(alarm_sources.c.pending_at)
    since = await first(alarm_suppressions.c.since)
    flood = select(alarm_floods.c.began_at).where(alarm_floods.c.ended_at.is_(None))
    has_flood = (await transaction.execute(flood)).first() is not None
    return earliest(
        await first(alarms.c.due_at, alarms.c.closed_at.is_(None)),
        await first(alarm_sources.c.shelved_until),
        pending_at and pending_at + service.CAUGHT_UP,
        since and since + suppression.LIFETIME,
        now + FLOOD_LOOK if has_flood else None,
    )


async def _end_flood(transaction: Transaction, book: Book) -> None:
    """End a flood when half as many come as make one, and show one by one what it gathered."""
    if book.flood_since is None or not book.is_calm:
        return
    book.flood_since = None
    await transaction.execute(
        update(alarm_floods).where(alarm_floods.c.ended_at.is_(None)).values(ended_at=book.now)
    )
    transaction.announce(TOPIC)
    query = (
        select(alarm_sources.c.source)
        .join(alarms, alarms.c.alarm_id == alarm_sources.c.alarm_id)
        .where(alarms.c.is_gathered, alarms.c.closed_at.is_(None))
    )
    await book.read_sources((await transaction.execute(query)).scalars().all())
    for kept in book.kept:
        book.take(kept, life.scattered(kept.source, now=book.now))


async def _next_silence(transaction: Transaction) -> datetime | None:
    """Return when a node that is not lost yet is, where it says nothing until then."""
    columns = alarm_sources.c
    lost = select(columns.node).where(columns.kind == "node_lost", columns.is_active)
    query = select(func.min(_lost_at)).where(nodes.c.node.not_in(lost))
    at: datetime | None = (await transaction.execute(query)).scalar_one()
    return at


async def _turned(transaction: Transaction, *, now: datetime) -> tuple[list[str], list[str]]:
    """Return which nodes fell silent, and which that were lost are heard again or are gone."""
    query = select(nodes.c.node).where(_lost_at < now)
    silent = set((await transaction.execute(query)).scalars())
    columns = alarm_sources.c
    lost = select(columns.node).where(columns.kind == "node_lost", columns.is_active)
    known = set((await transaction.execute(lost)).scalars())
    return sorted(silent - known), sorted(known - silent)


async def _note_nodes(
    transaction: Transaction, silent: list[str], heard: list[str], *, now: datetime
) -> None:
    book = await Book.open(transaction, now=now)
    keys = {node: Key("node_lost", node=node) for node in (*silent, *heard)}
    await book.read(keys.values())
    for node, key in keys.items():
        kept = book.of(key.source)
        if kept is None:
            continue
        if node in silent:
            book.raise_(kept, at=now, detail={}, position=None)
        else:
            book.take(kept, life.returned(kept.source, at=now, now=now))
    await service.follow_loss(book, transaction, list(book.kept))
    await book.save()
