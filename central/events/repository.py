"""Events in the database: each is taken in once; ``reading`` is how they are told."""

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, delete, func, insert, select

from central.alarms import service as alarms
from central.assistance import repository as assistance
from central.canteen import charges
from central.commands import repository as commands
from central.database import EVENTS_LOCK, Transaction
from central.events import ranges
from central.events.facts import JournalConflicted, Stated
from central.fire import repository as fire
from central.muster import repository as muster
from central.muster import roll_calls
from central.patrol import repository as patrols
from central.tables import event_conflicts, event_ranges, events
from central.video import repository as video
from central.visits import repository as visits
from config.contract.events import ClockQuality, Event, JournalDropped
from config.contract.identifiers import new_id
from config.contract.nodes import BatchReceipt

SEQUENCE_MAX = 2**31 - 1
CENTRAL = "central"
"""In place of a node, of what no node states; its epoch is no node's."""
PLACES = ("access_point", "checkpoint", "zone", "camera", "device")
"""What of its data says where an event was, the nearest first."""
PLACE_LENGTH_MAX = 128
_Key = tuple[str, str, int]
"""Epoch, class and sequence; the node is given."""
_Stream = tuple[str, str]
"""Epoch and class."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Draft:
    event: Event
    body: str
    content_hash: str

    @property
    def key(self) -> _Key:
        return str(self.event.epoch), self.event.event_class.value, self.event.sequence


class EventsNotJsonError(ValueError):
    """The data hold a number that JSON does not have."""


def _draft(event: Event) -> _Draft:
    try:
        body = json.dumps(
            event.model_dump(mode="json", by_alias=True),
            sort_keys=True,
            separators=(",", ":"),
            allow_nan=False,
        )
    except ValueError as error:
        raise EventsNotJsonError("not a number of JSON") from error
    return _Draft(event, body, hashlib.sha256(body.encode()).hexdigest())


async def append(
    transaction: Transaction,
    *,
    site: str,
    node: str,
    batch: Iterable[Event],
    epoch: UUID,
    now: datetime,
) -> BatchReceipt:
    """Keep what is new of a batch. Repeating it is harmless.

    Args:
        transaction: A writing one; the events are held once it is committed.
        site: Its identifier, for events that central states itself.
        node: Who sends; the caller has checked it against each event's source.
        batch: In any order, repetitions included.
        epoch: Of central's own events.
        now: Aware UTC.

    Raises:
        EventsNotJsonError: An event holds NaN or infinity.
    """
    drafts = [_draft(event) for event in batch]
    # From here to the commit nobody else gives out positions, so their order is that of commits.
    await transaction.take_turn(EVENTS_LOCK)
    held = await _held_hashes(transaction, node, drafts)
    gone = await _forgotten(transaction, node, [d for d in drafts if d.key not in held])
    fresh, conflicts, duplicate_count = list[_Draft](), list[_Draft](), 0
    for draft in drafts:
        held_hash = held.get(draft.key)
        if held_hash is None and draft.key in gone:
            duplicate_count += 1
        elif held_hash is None:
            held[draft.key] = draft.content_hash
            fresh.append(draft)
        elif held_hash == draft.content_hash:
            duplicate_count += 1
        else:
            conflicts.append(draft)
    facts = await _store_conflicts(transaction, site, node, conflicts, epoch=epoch, now=now)
    stored = await _store(transaction, node, [*fresh, *facts], now=now)
    await muster.merge(transaction, muster.facts_of(draft.event for draft in fresh))
    await roll_calls.note_shown(transaction, (draft.event for draft in fresh), now=now)
    await visits.note_arrivals(transaction, (draft.event for draft in fresh))
    await assistance.note_rings(transaction, node, (d.event for d in fresh), now=now)
    await video.note_kept(transaction, node, (draft.event for draft in fresh), now=now)
    await fire.note_events(transaction, node, (draft.event for draft in fresh), now=now)
    await commands.note_answers(transaction, node, (draft.event for draft in fresh))
    await patrols.note_scans(transaction, node, (draft.event for draft in fresh), now=now)
    await charges.take_in(transaction, node, (draft.event for draft in fresh), now=now)
    await alarms.take_in(transaction, node, stored, now=now)
    # After the alarms, which are given what was kept for them.
    await video.note_kept(transaction, node, (draft.event for draft in fresh), now=now)
    await _cover(transaction, node, [*fresh, *facts])
    return BatchReceipt(stored=len(fresh), duplicates=duplicate_count, conflicts=len(conflicts))


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
    drafts = [_draft(event)]
    stored = await _store(transaction, CENTRAL, drafts, now=now)
    await alarms.take_in(transaction, CENTRAL, stored, now=now)
    await _cover(transaction, CENTRAL, drafts)


async def _held_hashes(
    transaction: Transaction, node: str, drafts: Iterable[_Draft]
) -> dict[_Key, str]:
    held = dict[_Key, str]()
    for (epoch, event_class), wanted in _sequences(drafts).items():
        query = select(events.c.sequence, events.c.content_hash).where(
            events.c.node == node,
            events.c.epoch == epoch,
            events.c.event_class == event_class,
            events.c.sequence.in_(wanted),
        )
        for row in await transaction.execute(query):
            held[epoch, event_class, row.sequence] = row.content_hash
    return held


async def _forgotten(transaction: Transaction, node: str, drafts: Iterable[_Draft]) -> set[_Key]:
    """Return keys that central held until retention forgot them, as a restored terminal sends."""
    found, columns = set[_Key](), event_ranges.c
    for (epoch, event_class), wanted in _sequences(drafts).items():
        covering = select(columns.first, columns.last).where(
            columns.node == node,
            columns.epoch == epoch,
            columns.event_class == event_class,
            columns.first <= max(wanted),
            columns.last >= min(wanted),
        )
        for row in await transaction.execute(covering):
            found |= {(epoch, event_class, n) for n in wanted if row.first <= n <= row.last}
    return found


def _sequences(drafts: Iterable[_Draft]) -> dict[_Stream, list[int]]:
    sequences = dict[_Stream, list[int]]()
    for epoch, event_class, sequence in (draft.key for draft in drafts):
        sequences.setdefault((epoch, event_class), []).append(sequence)
    return sequences


async def _store(
    transaction: Transaction, node: str, drafts: list[_Draft], *, now: datetime
) -> list[tuple[Event, int]]:
    """Keep events; returns them with their positions."""
    position = await newest_position(transaction)
    rows = [
        {
            **_row(node, draft, now=now),
            "position": position + index,
            "type": draft.event.type.replace("\0", ""),
            "holder_id": _holder_of(draft.event),
            "occurred_at": draft.event.time,
            "place": place_of(draft.event, node),
        }
        for index, draft in enumerate(drafts, start=1)
    ]
    await transaction.execute_many(insert(events), rows)
    if rows:
        transaction.announce("events")
    return [(draft.event, row["position"]) for draft, row in zip(drafts, rows, strict=True)]


def _row(node: str, draft: _Draft, *, now: datetime) -> dict[str, Any]:
    epoch, event_class, sequence = draft.key
    return {
        "node": node,
        "epoch": epoch,
        "event_class": event_class,
        "sequence": sequence,
        "content_hash": draft.content_hash,
        "received_at": now,
        "body": draft.body,
    }


def place_of(event: Event, node: str) -> str:
    """Return where an event was: what it names, else the node."""
    said = (event.data.get(name) for name in PLACES)
    place = next((each for each in said if isinstance(each, str)), node)
    return place[:PLACE_LENGTH_MAX].replace("\0", "")


def _holder_of(event: Event) -> str | None:
    holder_id = event.data.get("holder_id")
    is_usable = isinstance(holder_id, str) and len(holder_id) <= 64 and "\0" not in holder_id
    return str(holder_id) if is_usable else None


async def _store_conflicts(
    transaction: Transaction,
    site: str,
    node: str,
    conflicts: Iterable[_Draft],
    *,
    epoch: UUID,
    now: datetime,
) -> list[_Draft]:
    """Keep conflicts that are not kept yet; returns central's statement about each."""
    stated = list[_Draft]()
    for draft in conflicts:
        row = _row(node, draft, now=now)
        key = [event_conflicts.c[column] == row[column] for column in _CONFLICT_KEY]
        if (await transaction.execute(select(event_conflicts.c.node).where(*key))).first():
            continue
        await transaction.execute(insert(event_conflicts).values(row))
        sequence = await _last_sequence(transaction, node, epoch) + len(stated) + 1
        fact = JournalConflicted(
            epoch=row["epoch"],
            conflicting_class=draft.event.event_class,
            sequence=draft.event.sequence,
            content_hash=draft.content_hash,
        )
        stated.append(_draft(_event(fact, site, node, epoch=epoch, sequence=sequence, now=now)))
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


async def _last_sequence(transaction: Transaction, node: str, epoch: UUID) -> int:
    # Of the ranges and not of the events: those are forgotten in due time.
    query = select(func.max(event_ranges.c.last)).where(
        event_ranges.c.node == node,
        event_ranges.c.epoch == str(epoch),
        event_ranges.c.event_class == JournalConflicted.event_class.value,
    )
    return int((await transaction.execute(query)).scalar_one() or 0)


async def _cover(transaction: Transaction, node: str, drafts: Iterable[_Draft]) -> None:
    """Note which sequences are held, or known to be lost, and announce changed gaps."""
    added = dict[_Stream, list[ranges.Range]]()
    for draft in drafts:
        epoch, event_class, sequence = draft.key
        added.setdefault((epoch, event_class), []).append((sequence, sequence))
        dropped = draft.event.parsed()
        if isinstance(dropped, JournalDropped):
            first, last = max(1, dropped.first_sequence), min(dropped.last_sequence, SEQUENCE_MAX)
            if first <= last:
                # The journal has counted this loss itself: it is no gap that could still be filled.
                lost = added.setdefault((epoch, dropped.dropped_class.value), [])
                lost.append((first, last))
    for (epoch, event_class), more in added.items():
        await _cover_stream(transaction, (node, epoch, event_class), more)


async def _cover_stream(
    transaction: Transaction, stream: tuple[str, str, str], more: list[ranges.Range]
) -> None:
    columns = (event_ranges.c.node, event_ranges.c.epoch, event_ranges.c.event_class)
    here = and_(*(column == value for column, value in zip(columns, stream, strict=True)))
    query = select(event_ranges.c.first, event_ranges.c.last).where(here)
    before = [(row.first, row.last) for row in await transaction.execute(query)]
    after = ranges.merged([*before, *more])
    await transaction.execute(delete(event_ranges).where(here))
    names = ("node", "epoch", "event_class")
    rows = [
        {**dict(zip(names, stream, strict=True)), "first": first, "last": last}
        for first, last in after
    ]
    await transaction.execute_many(insert(event_ranges), rows)
    if ranges.gaps(before) != ranges.gaps(after):
        transaction.announce(f"node:{stream[0]}")


async def gaps_of(transaction: Transaction) -> dict[str, list[tuple[str, str, int, int]]]:
    """Return per node what is missing: epoch, class, first and last sequence."""
    held = dict[tuple[str, str, str], list[ranges.Range]]()
    for row in await transaction.execute(select(event_ranges)):
        held.setdefault((row.node, row.epoch, row.event_class), []).append((row.first, row.last))
    result = dict[str, list[tuple[str, str, int, int]]]()
    for (node, epoch, event_class), covered in sorted(held.items()):
        for first, last in ranges.gaps(covered):
            result.setdefault(node, []).append((epoch, event_class, first, last))
    return result


async def newest_position(transaction: Transaction) -> int:
    """Return the position of the newest event, or 0."""
    return int((await transaction.execute(select(func.max(events.c.position)))).scalar_one() or 0)
