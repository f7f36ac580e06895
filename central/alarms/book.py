"""Sources and their lines as one transaction reads, changes and writes them.

Whoever changes alarms takes the same turn (``ALARMS_LOCK``), so versions appear in their order, and
whoever has seen one has seen all before it.
"""

import functools
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import JsonValue
from sqlalchemy import bindparam, func, insert, or_, select, update

from central.alarms import life, outbox, suppression
from central.alarms.first import Begun, first_up
from central.alarms.kinds import KINDS, Priority
from central.alarms.lines import ACTS_OF_PEOPLE, Act, Source
from central.alarms.rooms import kept_rooms, terminal
from central.alarms.rows import Kept, joined, kept_of, line_row, source_row
from central.alarms.settings import SHIPPED, Pace
from central.alarms.sources import Key
from central.alarms.tables import (
    alarm_counts,
    alarm_floods,
    alarm_history,
    alarm_procedures,
    alarm_settings,
    alarm_sources,
    alarms,
)
from central.database import ALARMS_LOCK, Transaction
from config.contract.events import ClipKept
from config.contract.identifiers import new_id

TOPIC: Final = "alarms"
SOURCES_TOPIC: Final = "alarm-sources"
"""Announced when what time does to a source changed, and no alarm did."""
URGENT_TOPIC: Final = "alarms-urgent"
"""Announced beside ``TOPIC`` when an alarm of the first priority changed."""
SLOT: Final = timedelta(minutes=10)
"""Raises are counted in pieces of this; ISA-18.2 measures rates so."""
CHUNK_LENGTH: Final = 400
MEDIA_COUNT_MAX: Final = 8
"""Of the newest pictures and clips of one line."""


class Book:
    """What one writing transaction does to alarms; ``save`` writes it."""

    def __init__(self, transaction: Transaction, *, now: datetime) -> None:
        self._transaction, self.now = transaction, now
        self.pace, self._version, self._heard_count = SHIPPED, 0, 0
        self.flood_since: datetime | None = None
        self._priorities: dict[str, Priority] = {}
        self._kept: dict[str, Kept] = {}
        self._suppressed: set[tuple[str, str]] = set()
        self.told: list[tuple[Kept, int]] = []

    @classmethod
    async def open(cls, transaction: Transaction, *, now: datetime) -> "Book":
        """Take the turn and read what holds for all sources."""
        await transaction.take_turn(ALARMS_LOCK)
        book = cls(transaction, now=now)
        book.pace = await pace(transaction)
        newest = await transaction.execute(select(func.max(alarms.c.version)))
        book._version = int(newest.scalar_one() or 0)
        chosen = select(alarm_procedures.c.key, alarm_procedures.c.priority)
        rows = await transaction.execute(chosen.where(alarm_procedures.c.priority.is_not(None)))
        book._priorities = {row.key: row.priority for row in rows}
        began = select(alarm_floods.c.began_at).where(alarm_floods.c.ended_at.is_(None))
        book.flood_since = (await transaction.execute(began)).scalar_one_or_none()
        book._suppressed = await suppression.suppressed(transaction)
        book._heard_count = await heard_since(transaction, now - book.pace.flood_window)
        return book

    @property
    def kept(self) -> Collection[Kept]:
        """Everything that was read."""
        return self._kept.values()

    def of(self, source: str) -> Kept | None:
        """Return a source that was read."""
        return self._kept.get(source)

    async def read(self, keys: Iterable[Key]) -> None:
        """Read sources; what has never been raised begins here."""
        wanted = {key.source: key for key in keys if key.source not in self._kept}
        await self.read_sources(wanted)
        for source, key in wanted.items():
            if source not in self._kept:
                fresh = Kept(key, Source(kind=key.kind_of), is_new=True)
                self._kept[source] = fresh

    async def read_sources(self, sources: Iterable[str]) -> None:
        """Read sources by their names; those that are not there are passed over."""
        wanted = [source for source in sources if source not in self._kept]
        for start in range(0, len(wanted), CHUNK_LENGTH):
            some = wanted[start : start + CHUNK_LENGTH]
            for row in await self._transaction.execute(
                joined().where(alarm_sources.c.source.in_(some))
            ):
                self._kept[row.source] = kept_of(row)

    def raise_(
        self,
        kept: Kept,
        *,
        at: datetime,
        detail: dict[str, JsonValue],
        position: int | None,
        event_id: str | None = None,
        is_history: bool = False,
    ) -> None:
        """Raise a source; see ``life.raised``."""
        was_open = kept.source.is_open
        self.follow_design(kept)
        source, acts = life.raised(
            kept.source,
            at=min(at, self.now),
            now=self.now,
            priority=self.priority_of(kept.key),
            is_flood=self.flood_since is not None,
            is_history=is_history,
        )
        is_said_again = source is kept.source
        kept.detail = {**kept.detail, **detail} if is_said_again else detail
        if position is not None:
            kept.event_position, kept.event_id = position, event_id
        if is_said_again:
            kept.is_line_changed = kept.is_line_changed or bool(detail)
            return
        kept.raised_count += 1
        if Act.RAISED in acts:
            kept.alarm_id, kept.is_new_line = str(new_id()), True
            kept.is_first_up, kept.is_stale, kept.media = False, False, []
        if not was_open:
            self._note_new_one()
        self.take(kept, (source, acts))

    async def add_pictures(self, clips: Iterable[ClipKept]) -> None:
        """Give alarms the pictures that were kept for their events."""
        for clip in clips:
            about = [str(event_id) for event_id in clip.about]
            query = (
                select(alarm_sources.c.source)
                .join(alarms, alarms.c.alarm_id == alarm_sources.c.alarm_id)
                .where(alarms.c.event_id.in_(about))
            )
            names = (await self._transaction.execute(query)).scalars().all()
            await self.read_sources(names)
            medium = {"kind": clip.kind.value, "sha256": clip.sha256, "camera": clip.camera}
            for kept in [self._kept[name] for name in names]:
                if medium not in kept.media:
                    kept.media = [*kept.media, medium][-MEDIA_COUNT_MAX:]
                    kept.is_line_changed = True

    def follow_design(self, kept: Kept) -> None:
        """Hide what must happen just now, and show what need not any more."""
        subject = (kept.key.subject_kind, kept.key.subject_id)
        is_on = subject in self._suppressed and kept.key.kind in suppression.KINDS
        self.take(kept, life.suppressed(kept.source, is_on=is_on, now=self.now))

    async def follow_designs(self) -> None:
        """The same for every open alarm, after what must happen has changed."""
        self._suppressed = await suppression.suppressed(self._transaction)
        query = (
            select(alarm_sources.c.source)
            .join(alarms, alarms.c.alarm_id == alarm_sources.c.alarm_id)
            .where(alarms.c.closed_at.is_(None), alarms.c.kind.in_(suppression.KINDS))
        )
        await self.read_sources((await self._transaction.execute(query)).scalars().all())
        for kept in self._kept.values():
            if kept.source.is_open:
                self.follow_design(kept)

    def _note_new_one(self) -> None:
        """Count a line that people have to look at, and see whether it is one too many."""
        self._heard_count += 1
        if self.flood_since is None and self._heard_count > self.pace.flood_count:
            self.flood_since = self.now

    @property
    def is_calm(self) -> bool:
        """Whether a flood is over: half as many come as make one."""
        return 2 * self._heard_count <= self.pace.flood_count

    def priority_of(self, key: Key) -> Priority:
        """Return which priority holds: the site's for the source or its kind, or as shipped."""
        for name in (key.source, key.kind):
            if name in self._priorities:
                return self._priorities[name]
        return KINDS[key.kind].priority

    def take(self, kept: Kept, step: life.Step, *, by: str = "", note: str = "") -> None:
        """Take a step of the life cycle."""
        source, acts = step
        kept.is_changed = kept.is_changed or source is not kept.source
        kept.is_line_changed = kept.is_line_changed or source is not kept.source
        kept.source = source
        line = source.line
        if line is not None and not source.is_hidden and not line.is_gathered:
            # What is raised is told at level 0 to those who want it at once.
            levels = [line.escalation for act in acts if act in (Act.RAISED, Act.ESCALATED)]
            self.told += [(kept, level) for level in levels]
        for act in acts:
            is_ours = act in ACTS_OF_PEOPLE
            self.note(kept, act, by=by if is_ours else "", note=note if is_ours else "")

    def note(self, kept: Kept, act: Act, *, by: str = "", note: str = "") -> None:
        """Write into the history of the newest line of a source."""
        if kept.alarm_id is not None:
            line = {"alarm_id": kept.alarm_id, "at": self.now, "act": act.value}
            kept.noted.append({**line, "by": by, "note": note})

    async def save(self) -> None:
        """Write what was changed, and say so."""
        await self._save_flood()
        changed = [k for k in self._kept.values() if k.is_changed or k.is_line_changed]
        fresh = [k for k in changed if k.is_new]
        await self._transaction.execute_many(insert(alarm_sources), [source_row(k) for k in fresh])
        await self._transaction.execute_many(
            _update(alarm_sources, "source"),
            [_bound(source_row(k), "source") for k in changed if not k.is_new],
        )
        lines = [k for k in changed if k.is_line_changed and k.alarm_id is not None]
        if any(kept.is_new_line for kept in lines):
            rooms = await kept_rooms(self._transaction)
            for kept in lines:
                if kept.is_new_line:
                    kept.place = rooms.place(kept.key)
        rows = list[tuple[Kept, dict[str, Any]]]()
        # The most urgent first, so that whoever reads by version reads them first.
        for kept in sorted(lines, key=_urgency):
            self._version += 1
            rows.append((kept, line_row(kept, version=self._version, plan=self.pace.plan)))
        await self._transaction.execute_many(
            insert(alarms), [row for kept, row in rows if kept.is_new_line]
        )
        await self._transaction.execute_many(
            _update(alarms, "alarm_id"),
            [_bound(row, "alarm_id") for kept, row in rows if not kept.is_new_line],
        )
        noted = [line for kept in self._kept.values() for line in kept.noted]
        await self._transaction.execute_many(insert(alarm_history), noted)
        await self._count()
        await self._find_first(lines)
        await outbox.put(self._transaction, self.told, now=self.now)
        if rows:
            self._transaction.announce(TOPIC)
        elif any(k.source.shelf is not None or k.pending for k in changed):
            self._transaction.announce(SOURCES_TOPIC)
        if any(kept.source.line and kept.source.line.priority == 1 for kept, _ in rows):
            self._transaction.announce(URGENT_TOPIC)
        self._kept = {}

    async def _save_flood(self) -> None:
        if self.flood_since == self.now:
            query = select(alarm_floods.c.began_at).where(alarm_floods.c.began_at == self.now)
            if (await self._transaction.execute(query)).first() is None:
                await self._transaction.execute(insert(alarm_floods).values(began_at=self.now))
                self._transaction.announce(TOPIC)

    async def _count(self) -> None:
        raised = {k.key.source: k.raised_count for k in self._kept.values() if k.raised_count}
        if not raised:
            return
        slot = slot_of(self.now)
        names = list(raised)
        known = set[str]()
        for start in range(0, len(names), CHUNK_LENGTH):
            query = select(alarm_counts.c.source).where(
                alarm_counts.c.slot == slot,
                alarm_counts.c.source.in_(names[start : start + CHUNK_LENGTH]),
            )
            known |= set((await self._transaction.execute(query)).scalars())
        more = (
            update(alarm_counts)
            .where(alarm_counts.c.slot == slot, alarm_counts.c.source == bindparam("of_source"))
            .values(raised=alarm_counts.c.raised + bindparam("more"))
        )
        rows = [{"of_source": name, "more": raised[name]} for name in names if name in known]
        await self._transaction.execute_many(more, rows)
        rows = [
            {"slot": slot, "source": name, "raised": raised[name]}
            for name in names
            if name not in known
        ]
        await self._transaction.execute_many(insert(alarm_counts), rows)

    async def _find_first(self, lines: Iterable[Kept]) -> None:
        """Mark which of several that may have one cause came first."""
        fresh = [kept for kept in lines if kept.is_new_line]
        if not fresh:
            return
        columns = alarms.c
        nodes = {kept.key.node for kept in fresh}
        places = {kept.place for kept in fresh} | {terminal(node) for node in nodes}
        near = or_(columns.place.in_(places), columns.node.in_(nodes - {None}))
        query = (
            select(
                columns.alarm_id, columns.kind, columns.raised_at, columns.place, columns.node,
                columns.is_first_up,
            )
            .where(
                near,
                columns.last_raised_at >= self.now - FIRST_SEARCHED,
                columns.closed_at.is_(None),
            )
            .order_by(columns.raised_at, columns.alarm_id)
            .limit(CHUNK_LENGTH * len(nodes))
        )  # fmt: skip
        begun = [
            Begun(
                alarm_id=row.alarm_id,
                kind=row.kind,
                raised_at=row.raised_at,
                place=row.place,
                terminal=terminal(row.node),
                is_marked=row.is_first_up,
            )
            for row in await self._transaction.execute(query)
        ]
        for first in first_up(begun):
            self._version += 1
            chosen = update(alarms).where(columns.alarm_id == first)
            await self._transaction.execute(chosen.values(is_first_up=True, version=self._version))


FIRST_SEARCHED: Final = timedelta(minutes=5)
"""No further back is looked for what came first."""


def slot_of(at: datetime) -> datetime:
    """Return the begin of the ten minutes that a time belongs to."""
    return at - timedelta(minutes=at.minute % 10, seconds=at.second, microseconds=at.microsecond)


async def pace(transaction: Transaction) -> Pace:
    """Return when alarms escalate, remind and flood at this site."""
    query = select(alarm_settings.c.body).where(alarm_settings.c.name == "pace")
    body: str | None = (await transaction.execute(query)).scalar_one_or_none()
    return SHIPPED if body is None else Pace.model_validate_json(body)


async def heard_since(transaction: Transaction, since: datetime) -> int:
    """Return how many lines were raised since then."""
    query = select(func.count()).select_from(alarms).where(alarms.c.heard_at > since)
    return int((await transaction.execute(query)).scalar_one())


@functools.cache
def _update(table: Any, key: str) -> Any:  # noqa: ANN401 - tables and statements are generic
    names = [column.name for column in table.c if column.name != key]
    return (
        update(table)
        .where(table.c[key] == bindparam(f"of_{key}"))
        .values({name: bindparam(name) for name in names})
    )


def _bound(row: dict[str, Any], key: str) -> dict[str, Any]:
    return {f"of_{key}" if name == key else name: value for name, value in row.items()}


def _urgency(kept: Kept) -> tuple[int, str]:
    line = kept.source.line
    return (9 if line is None else line.priority, kept.key.source)
