"""Events in the database: each is taken in once; ``reading`` is how they are told."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Table, func, insert, select

from central.alarms import service as alarms
from central.bulk import insert_rows
from central.database import EVENTS_LOCK, Transaction
from central.events import coverage, partitions, ranges
from central.events.coverage import Stream
from central.events.drafts import (
    Draft,
    EventsNotJsonError,
    Key,
    canonical_hash,
    drafts_of,
    is_same,
)
from central.events.facts import JournalConflicted, Stated
from central.events.heeding import Kept, heed
from central.tables import event_conflicts, event_losses, event_ranges, events
from config.contract.events import ClockQuality, Event, EventClass
from config.contract.identifiers import new_id
from config.contract.nodes import BatchReceipt

__all__ = [
    "EventsNotJsonError",
    "append",
    "append_all",
    "gaps_of",
    "losses_of",
    "newest_position",
    "state",
    "take_in_outside",
]
CENTRAL = "central"
"""In place of a node, of what no node states; its epoch is no node's."""
PLACES = ("access_point", "checkpoint", "zone", "camera", "device")
"""What of its data says where an event was, the nearest first."""
PLACE_LENGTH_MAX = 128
LOOK_UP_MAX = 500
"""Sequences of one query."""


async def append(
    transaction: Transaction,
    *,
    site: str,
    node: str,
    batch: Iterable[Event],
    epoch: UUID,
    now: datetime,
) -> BatchReceipt:
    """Keep what is new of one batch; see ``append_all``.

    Raises:
        EventsNotJsonError: An event holds NaN or infinity.
    """
    told = {node: drafts_of(batch)}
    return (await append_all(transaction, told, site=site, epoch=epoch, now=now))[node]


async def append_all(
    transaction: Transaction,
    told: Mapping[str, Sequence[Draft]],
    *,
    site: str,
    epoch: UUID,
    now: datetime,
) -> dict[str, BatchReceipt]:
    """Keep what is new of batches of several nodes. Repeating it is harmless.

    Args:
        transaction: A writing one; the events are held once it is committed.
        told: By the node who sends, whom the caller has checked against each event's source; in
            any order, repetitions included. Positions are given in the order of nodes.
        site: Its identifier, for events that central states itself.
        epoch: Of central's own events.
        now: Aware UTC.
    """
    # From here to the commit nobody else gives out positions, so their order is that of commits.
    await transaction.take_turn(EVENTS_LOCK)
    held = await coverage.read(
        transaction, {(node, d.epoch, d.event_class) for node, batch in told.items() for d in batch}
    )
    position = await newest_position(transaction)
    group, receipts = list[Kept](), dict[str, BatchReceipt]()
    rows, covered = list[tuple[Any, ...]](), list[tuple[str, Draft]]()
    for node, batch in told.items():
        fresh, conflicts = await _sift(transaction, node, batch, held)
        facts = await _store_conflicts(transaction, site, node, conflicts, epoch=epoch, now=now)
        stored = list[tuple[Event, int]]()
        for draft in (*fresh, *facts):
            position += 1
            rows.append(_row(node, draft, position, now))
            stored.append((draft.event, position))
            covered.append((node, draft))
        group.append(Kept(node, fresh, stored))
        receipts[node] = BatchReceipt(
            stored=len(fresh),
            duplicates=len(batch) - len(fresh) - len(conflicts),
            conflicts=len(conflicts),
        )
    if rows:
        await insert_rows(transaction, events, rows)
        transaction.announce("events")
        await heed(transaction, [kept for kept in group if kept.stored], now=now)
        await coverage.add(transaction, covered, held)
    return receipts


async def state(
    transaction: Transaction, fact: Stated, *, site: str, epoch: UUID, now: datetime
) -> None:
    """Keep a fact that central itself states.

    Args:
        transaction: A writing one that does not hold the replica's version yet.
        fact: Of the alarm class.
        site: Its identifier.
        epoch: Of central's own events.
        now: Aware UTC.
    """
    await transaction.take_turn(EVENTS_LOCK)
    sequence = await _last_sequence(transaction, CENTRAL, epoch) + 1
    event = _event(fact, site, CENTRAL, epoch=epoch, sequence=sequence, now=now)
    position = await _keep_one(transaction, CENTRAL, event, now=now)
    await alarms.take_in(transaction, {CENTRAL: [(event, position)]}, now=now)


async def take_in_outside(
    transaction: Transaction,
    node: str,
    event_class: EventClass,
    event_of: Callable[[int], Event],
    *,
    epoch: UUID,
    now: datetime,
) -> int:
    """Keep an event that an outside system told; returns its position.

    Args:
        transaction: A writing one.
        node: In place of a node: no terminal of the site is called so.
        event_class: Of the event.
        event_of: Makes it with the sequence that it is given.
        epoch: Of central's own events.
        now: Aware UTC.
    """
    await transaction.take_turn(EVENTS_LOCK)
    sequence = await _last_sequence(transaction, node, epoch, event_class) + 1
    return await _keep_one(transaction, node, event_of(sequence), now=now)


async def _keep_one(transaction: Transaction, node: str, event: Event, *, now: datetime) -> int:
    (draft,) = drafts_of([event])
    position = await newest_position(transaction) + 1
    await insert_rows(transaction, events, [_row(node, draft, position, now)])
    transaction.announce("events")
    held = await coverage.read(transaction, {(node, draft.epoch, draft.event_class)})
    await coverage.add(transaction, [(node, draft)], held)
    return position


async def _sift(
    transaction: Transaction,
    node: str,
    batch: Sequence[Draft],
    held: Mapping[Stream, Sequence[ranges.Range]],
) -> tuple[list[Draft], list[Draft]]:
    """Return what of a batch is new, and what contradicts what was taken in under its key.

    Only what lies within the ranges that are held is looked for among the events: of a journal that
    goes on, nothing.
    """
    fresh, conflicts = list[Draft](), list[Draft]()
    seen, again = dict[Key, Draft](), list[Draft]()
    for draft in batch:
        stream = node, draft.epoch, draft.event_class
        if ranges.holds(held.get(stream, ()), draft.sequence):
            again.append(draft)
        elif (first := seen.setdefault(draft.key, draft)) is draft:
            fresh.append(draft)
        elif not is_same(draft, content_hash=first.content_hash, body=first.body):
            conflicts.append(draft)
    known = await _known(transaction, node, again)
    lost = await coverage.losses(
        transaction, {(node, d.epoch, d.event_class) for d in again if d.key not in known}
    )
    for draft in again:
        before = known.get(draft.key)
        if before is None:
            # It was counted as lost and comes all the same; anything else was forgotten in its
            # time, as a restored terminal sends it.
            stream = node, draft.epoch, draft.event_class
            is_lost = ranges.holds(lost[stream], draft.sequence)
            if is_lost and (first := seen.setdefault(draft.key, draft)) is draft:
                fresh.append(draft)
            elif is_lost and not is_same(draft, content_hash=first.content_hash, body=first.body):
                conflicts.append(draft)
        elif not is_same(draft, content_hash=before[0], body=before[1]):
            conflicts.append(draft)
    return fresh, conflicts


async def _known(
    transaction: Transaction, node: str, again: Iterable[Draft]
) -> dict[Key, tuple[str, str]]:
    """Return hash and body of the events that are held under the keys of drafts."""
    wanted = dict[tuple[str, str], list[int]]()
    for draft in again:
        wanted.setdefault((draft.epoch, draft.event_class), []).append(draft.sequence)
    known = dict[Key, tuple[str, str]]()
    for (epoch, event_class), sequences in wanted.items():
        for begin in range(0, len(sequences), LOOK_UP_MAX):
            query = select(events.c.sequence, events.c.content_hash, events.c.body).where(
                events.c.node == node,
                events.c.epoch == epoch,
                events.c.event_class == event_class,
                events.c.sequence.in_(sequences[begin : begin + LOOK_UP_MAX]),
            )
            for row in await transaction.execute(query):
                known[epoch, event_class, row.sequence] = row.content_hash, row.body
    return known


def _row(node: str, draft: Draft, position: int, now: datetime) -> tuple[Any, ...]:
    """Return an event's row, in the order of the table's columns."""
    event = draft.event
    data = event.data
    return (
        position,
        node,
        draft.epoch,
        draft.event_class,
        draft.sequence,
        draft.content_hash,
        event.type.replace("\0", ""),
        _holder_of(data),
        now,
        draft.body,
        event.time,
        place_of(event, node),
    )


def place_of(event: Event, node: str) -> str:
    """Return where an event was: what it names, else the node."""
    data = event.data
    for name in PLACES:
        place = data.get(name)
        if isinstance(place, str):
            return place[:PLACE_LENGTH_MAX].replace("\0", "")
    return node[:PLACE_LENGTH_MAX]


def _holder_of(data: Mapping[str, Any]) -> str | None:
    holder_id = data.get("holder_id")
    is_usable = isinstance(holder_id, str) and len(holder_id) <= 64 and "\0" not in holder_id
    return str(holder_id) if is_usable else None


async def _store_conflicts(
    transaction: Transaction,
    site: str,
    node: str,
    conflicts: Iterable[Draft],
    *,
    epoch: UUID,
    now: datetime,
) -> list[Draft]:
    """Keep conflicts that are not kept yet; returns central's statement about each."""
    stated = list[Draft]()
    for draft in conflicts:
        row = {
            "node": node,
            "epoch": draft.epoch,
            "event_class": draft.event_class,
            "sequence": draft.sequence,
            "content_hash": canonical_hash(draft),
            "received_at": now,
            "body": draft.body,
        }
        key = [event_conflicts.c[column] == row[column] for column in _CONFLICT_KEY]
        if (await transaction.execute(select(event_conflicts.c.node).where(*key))).first():
            continue
        await transaction.execute(insert(event_conflicts).values(row))
        sequence = await _last_sequence(transaction, node, epoch) + len(stated) + 1
        fact = JournalConflicted(
            epoch=draft.epoch,
            conflicting_class=draft.event.event_class,
            sequence=draft.sequence,
            content_hash=str(row["content_hash"]),
        )
        stated += drafts_of([_event(fact, site, node, epoch=epoch, sequence=sequence, now=now)])
    return stated


_CONFLICT_KEY = tuple(column.name for column in event_conflicts.primary_key)


def _event(
    fact: Stated,
    site: str,
    node: str,
    *,
    epoch: UUID,
    sequence: int,
    now: datetime,
) -> Event:
    return Event(
        id=new_id(),
        source=f"/{site}/{node}",
        type=fact.type_name,
        time=now,
        subject=node,
        epoch=epoch,
        event_class=fact.event_class,
        sequence=sequence,
        clockquality=ClockQuality.SYNCHRONISED,
        data=fact.model_dump(mode="json"),
    )


async def _last_sequence(
    transaction: Transaction,
    node: str,
    epoch: UUID,
    event_class: EventClass = JournalConflicted.event_class,
) -> int:
    # Of the ranges and not of the events: those are forgotten in due time.
    query = select(func.max(event_ranges.c.last)).where(
        event_ranges.c.node == node,
        event_ranges.c.epoch == str(epoch),
        event_ranges.c.event_class == event_class.value,
    )
    return int((await transaction.execute(query)).scalar_one() or 0)


async def gaps_of(
    transaction: Transaction, *, only: Collection[str] | None = None
) -> dict[str, list[tuple[str, str, int, int]]]:
    """Return per node, of all or ``only`` these, what is missing: epoch, class, first and last."""
    result = dict[str, list[tuple[str, str, int, int]]]()
    for (node, epoch, event_class), covered in await _ranges(transaction, event_ranges, only):
        for first, last in ranges.gaps(covered):
            result.setdefault(node, []).append((epoch, event_class, first, last))
    return result


async def losses_of(
    transaction: Transaction, *, only: Collection[str] | None = None
) -> dict[str, list[tuple[str, str, int, int]]]:
    """Return the same of what a node counted as lost and central does not hold."""
    result = dict[str, list[tuple[str, str, int, int]]]()
    for (node, epoch, event_class), lost in await _ranges(transaction, event_losses, only):
        result.setdefault(node, []).extend((epoch, event_class, *each) for each in lost)
    return result


async def _ranges(
    transaction: Transaction, table: Table, only: Collection[str] | None
) -> list[tuple[Stream, list[ranges.Range]]]:
    found = dict[Stream, list[ranges.Range]]()
    query = select(table).order_by(table.c.first)
    if only is not None:
        query = query.where(table.c.node.in_(only))
    for row in await transaction.execute(query):
        found.setdefault((row.node, row.epoch, row.event_class), []).append((row.first, row.last))
    return sorted(found.items())


async def newest_position(transaction: Transaction) -> int:
    """Return the position of the newest event, or 0."""
    if transaction.is_postgresql:
        return await partitions.newest_position(transaction)
    return int((await transaction.execute(select(func.max(events.c.position)))).scalar_one() or 0)
