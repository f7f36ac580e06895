"""What raises and ends alarms: other parts of central, facts of nodes, heartbeats, people, time.

**Order.** Of one source only what is newer than the newest that was heard of it counts: within one
journal's class by the sequence, across journals by the node's clock.

**Replays.** A fact older than ``LATE`` when central hears of it is history. It ends what it ends.
What it raises is held back until the node has caught up (something fresh of the same class or a
less urgent one has come, or nothing more for ``CAUGHT_UP``) and then opens an alarm only where
nothing newer has ended it. What is over the moment it happens opens one for ``HAPPENING_MAX``,
what is latched always, since nobody was told of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from pydantic import JsonValue
from sqlalchemy import or_, select

from central.alarms import life, sources, suppression
from central.alarms.book import Book
from central.alarms.rows import Heard, Kept
from central.alarms.sources import LEVELS, Key, Signal, levels_of, signals_of
from central.alarms.tables import alarm_sources, alarms
from central.database import Transaction
from config.contract.events import GO_AHEAD, ClipKept, ClockQuality, Event, EventClass
from config.contract.nodes import NodeStatus

LATE: Final = timedelta(seconds=60)
CAUGHT_UP: Final = timedelta(seconds=15)
HAPPENING_MAX: Final = timedelta(minutes=15)
TYPES: Final = sources.TYPES | suppression.TYPES | {ClipKept.type_name}
"""Events that are looked at; of all others only that they came late, or not."""
_RANKS: Final = {event_class.value: rank for rank, event_class in enumerate(EventClass)}


async def raise_alarm(
    transaction: Transaction,
    *,
    kind: str,
    subject: Mapping[str, str] | None = None,
    node: str | None = None,
    now: datetime,
    detail: Mapping[str, JsonValue] | None = None,
    event_position: int | None = None,
) -> None:
    """Raise an alarm; harmless while it is raised.

    Args:
        transaction: A writing one.
        kind: Of ``kinds.KINDS``.
        subject: One of ``schemas.Subject`` with its identifier; None is the node, or the site.
        node: Where it is; None for what central finds by itself.
        now: Aware UTC.
        detail: Identifiers and figures, never a name or a picture.
        event_position: Of the event that says so.
    """
    book, kept = await _one(transaction, kind, subject, node, now=now)
    book.raise_(kept, at=now, detail=dict(detail or {}), position=event_position)
    await follow_loss(book, transaction, [kept])
    await book.save()


async def return_alarm(
    transaction: Transaction,
    *,
    kind: str,
    subject: Mapping[str, str] | None = None,
    node: str | None = None,
    now: datetime,
) -> None:
    """Say that the cause of an alarm has gone; harmless where it is not raised."""
    book, kept = await _one(transaction, kind, subject, node, now=now)
    if kept.is_new:
        return
    book.take(kept, life.returned(kept.source, at=now, now=now))
    await follow_loss(book, transaction, [kept])
    await book.save()


async def _one(
    transaction: Transaction,
    kind: str,
    subject: Mapping[str, str] | None,
    node: str | None,
    *,
    now: datetime,
) -> tuple[Book, Kept]:
    ((subject_kind, subject_id),) = (subject or {"": ""}).items()
    key = Key(kind, subject_kind, subject_id, node)
    book = await Book.open(transaction, now=now)
    await book.read([key])
    kept = book.of(key.source)
    if kept is None:
        raise LookupError(key.source)
    return book, kept


async def take_in(
    transaction: Transaction,
    told: Mapping[str, Sequence[tuple[Event, int]]],
    *,
    now: datetime,
) -> None:
    """Let facts of nodes raise and end alarms, in the transaction that keeps them.

    Args:
        transaction: A writing one.
        told: By the node: facts that are new here, with their positions, in any order.
        now: Aware UTC.
    """
    looked_at = {
        node: sorted((each for each in stored if each[0].type in TYPES), key=_order)
        for node, stored in told.items()
    }
    said = [
        (node, event, position, signal)
        for node, of_node in looked_at.items()
        for event, position in of_node
        if event.type in sources.TYPES
        for signal in signals_of(event.parsed())
    ]
    events = [event for of_node in looked_at.values() for event, _ in of_node]
    has_design_changed = await suppression.note_releases(transaction, events, now=now)
    caught_up = _CaughtUp(told, now)
    waiting = await _waiting(transaction, caught_up)
    clips = [clip for event in events if (clip := _clip_of(event)) is not None]
    if not (said or waiting or has_design_changed or clips):
        return
    book = await Book.open(transaction, now=now)
    await book.read(signal.key(node) for node, _, _, signal in said)
    await book.read_sources(waiting)
    if has_design_changed:
        await book.follow_designs()
    for node, event, position, signal in said:
        kept = book.of(signal.key(node).source)
        if kept is not None and _follows(event, kept.heard):
            _apply(book, kept, event, position, signal)
    _open_pending(book, caught_up)
    await book.add_pictures(clips)
    await follow_loss(book, transaction, book.kept)
    await book.save()


def _order(item: tuple[Event, int]) -> tuple[str, str, int]:
    event, _ = item
    return str(event.epoch), event.event_class.value, event.sequence


def _clip_of(event: Event) -> ClipKept | None:
    told = event.parsed() if event.type == ClipKept.type_name else None
    return told if isinstance(told, ClipKept) and told.about else None


def _rank(event: Event) -> int:
    return _RANKS[event.event_class.value]


def _is_late(event: Event, now: datetime) -> bool:
    """Return whether it is history; a clock that is not sure makes nothing late."""
    return event.clockquality is not ClockQuality.UNSURE and now - event.time > LATE


class _CaughtUp:
    """How far each of some nodes has told what is fresh; worked out where it is asked for."""

    def __init__(self, told: Mapping[str, Sequence[tuple[Event, int]]], now: datetime) -> None:
        self._told, self._now = told, now
        self._ranks = dict[str, int]()

    @property
    def nodes(self) -> list[str]:
        """Return the nodes."""
        return list(self._told)

    def has(self, node: str | None, rank: int) -> bool:
        """Return whether a node has told all that came before something fresh of this rank."""
        if node is None or node not in self._told:
            return False
        if node not in self._ranks:
            self._ranks[node] = _caught_up_rank(self._told[node], self._now)
        return rank <= self._ranks[node]


def _caught_up_rank(told: Iterable[tuple[Event, int]], now: datetime) -> int:
    """Return the highest rank of which a node has told what is fresh, or -1."""
    highest = -1
    for event, _ in told:
        if (rank := _rank(event)) > highest and _is_caught_up(event, now):
            highest = rank
    return highest


def _is_caught_up(event: Event, now: datetime) -> bool:
    """Return whether it says that its node has told what came before it."""
    return event.type not in GO_AHEAD and not _is_late(event, now)


def _follows(event: Event, heard: Heard | None) -> bool:
    """Return whether a fact is newer than the newest that was heard."""
    if heard is None or (heard.epoch is None and event.clockquality is ClockQuality.UNSURE):
        return True
    if (heard.epoch, heard.event_class) == (str(event.epoch), event.event_class.value):
        return event.sequence >= (heard.sequence or 0)
    return event.time >= heard.at


def _apply(book: Book, kept: Kept, event: Event, position: int, signal: Signal) -> None:
    now = book.now
    kept.heard = Heard(event.time, str(event.epoch), event.event_class.value, event.sequence)
    kept.is_changed = True
    if not signal.is_raised:
        kept.pending = kept.pending_at = None
        book.take(kept, life.returned(kept.source, at=min(event.time, now), now=now))
    elif not _is_late(event, now):
        kept.pending = kept.pending_at = None
        book.raise_(
            kept,
            at=event.time,
            detail=signal.detail,
            position=position,
            event_id=str(event.id),
        )
    elif kept.key.kind_of.is_momentary:
        if kept.key.kind_of.is_latched or now - event.time <= HAPPENING_MAX:
            book.raise_(
                kept,
                at=event.time,
                detail=signal.detail,
                position=position,
                event_id=str(event.id),
                is_history=True,
            )
    elif not kept.source.is_active and kept.key.kind not in LEVELS:
        # Every heartbeat says what is in LEVELS anew: their history opens nothing.
        kept.pending_at = now
        kept.pending = {
            "at": event.time.isoformat(),
            "position": position,
            "event_id": str(event.id),
            "detail": dict(signal.detail),
        }


async def _waiting(transaction: Transaction, caught_up: _CaughtUp) -> list[str]:
    """Return the sources of nodes that were held back and are not any more."""
    columns = alarm_sources.c
    query = select(columns.source, columns.node, columns.event_class).where(
        columns.pending_at.is_not(None), columns.node.in_(caught_up.nodes)
    )
    return [
        row.source
        for row in await transaction.execute(query)
        if row.event_class in _RANKS and caught_up.has(row.node, _RANKS[row.event_class])
    ]


def open_forgotten(book: Book) -> None:
    """Open what was held back for so long that nothing more will come of the past."""
    until = book.now - CAUGHT_UP
    _open(book, [k for k in book.kept if k.pending_at is not None and k.pending_at <= until])


def _open_pending(book: Book, caught_up: _CaughtUp) -> None:
    """Open what was held back and is still raised now that its node has caught up."""
    held_back = [kept for kept in book.kept if kept.pending is not None]
    _open(book, [kept for kept in held_back if caught_up.has(kept.key.node, _rank_of(kept))])


def _rank_of(kept: Kept) -> int:
    event_class = None if kept.heard is None else kept.heard.event_class
    return 0 if event_class is None else _RANKS[event_class]


def _open(book: Book, waiting: Iterable[Kept]) -> None:
    for kept in waiting:
        if kept.pending is not None:
            pending, kept.pending, kept.pending_at = kept.pending, None, None
            kept.is_changed = True
            book.raise_(
                kept,
                at=datetime.fromisoformat(pending["at"]),
                detail=pending["detail"],
                position=pending["position"],
                event_id=pending["event_id"],
                is_history=True,
            )


async def follow_loss(book: Book, transaction: Transaction, changed: Iterable[Kept]) -> None:
    """Let what a lost node or device last said be neither active nor normal, and current again."""
    for lost in [kept for kept in changed if kept.key.kind in ("node_lost", "device_lost")]:
        if not lost.is_line_changed:
            continue
        here = alarm_sources.c
        if lost.key.kind == "node_lost":
            theirs = here.node == lost.key.node
        else:
            theirs = or_(
                here.subject_id == lost.key.subject_id,
                here.subject_id.startswith(f"{lost.key.subject_id}/", autoescape=True),
            )
        query = (
            select(here.source)
            .join(alarms, alarms.c.alarm_id == here.alarm_id)
            .where(theirs, alarms.c.closed_at.is_(None))
        )
        names = list((await transaction.execute(query)).scalars())
        await book.read_sources(names)
        for name in names:
            kept = book.of(name)
            if kept is None or kept.key.kind in ("node_lost", lost.key.kind):
                continue
            if kept.is_stale != lost.source.is_active and not kept.key.kind_of.is_momentary:
                kept.is_stale, kept.is_line_changed = lost.source.is_active, True


async def take_status(
    transaction: Transaction, node: str, status: NodeStatus, *, now: datetime
) -> None:
    """Let a heartbeat raise and end what it knows of; one that changes nothing costs one query."""
    columns = alarm_sources.c
    query = select(columns.source, columns.kind).where(
        columns.node == node, columns.kind.in_(LEVELS), columns.is_active
    )
    active = {row.source: row.kind for row in await transaction.execute(query)}
    said = levels_of(status, is_queue_full="queue" in active.values())
    differing = [
        signal for signal in said if signal.is_raised != (signal.key(node).source in active)
    ]
    if not differing:
        return
    book = await Book.open(transaction, now=now)
    await book.read(signal.key(node) for signal in differing)
    for signal in differing:
        kept = book.of(signal.key(node).source)
        if kept is None or (kept.heard is not None and kept.heard.at > status.at):
            continue
        kept.heard, kept.is_changed = Heard(status.at), True
        at = min(status.at, now)
        if signal.is_raised:
            book.raise_(kept, at=at, detail=signal.detail, position=None)
        else:
            book.take(kept, life.returned(kept.source, at=at, now=now))
    await follow_loss(book, transaction, book.kept)
    await book.save()
