"""Which sequences of journals central holds, or knows to be lost; what lies between is a gap."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import delete, select

from central.bulk import upsert_rows
from central.database import Transaction
from central.events import ranges
from central.events.drafts import Draft
from central.tables import event_ranges
from config.contract.events import JournalDropped

SEQUENCE_MAX: Final = 2**31 - 1
Stream = tuple[str, str, str]
"""Node, epoch and class."""
_TABLE: Final = event_ranges.c


async def read(
    transaction: Transaction, streams: Iterable[Stream]
) -> dict[Stream, list[ranges.Range]]:
    """Return what is held of streams, merged and ascending; streams beside them, perhaps, too."""
    held = dict[Stream, list[ranges.Range]]()
    nodes, epochs = set[str](), set[str]()
    for stream in streams:
        held[stream] = []
        nodes.add(stream[0])
        epochs.add(stream[1])
    if not held:
        return held
    query = select(event_ranges).where(_TABLE.node.in_(nodes), _TABLE.epoch.in_(epochs))
    for row in await transaction.execute(query.order_by(_TABLE.first)):
        held.setdefault((row.node, row.epoch, row.event_class), []).append((row.first, row.last))
    return held


async def add(
    transaction: Transaction,
    kept: Iterable[tuple[str, Draft]],
    held: Mapping[Stream, Sequence[ranges.Range]],
) -> None:
    """Note which sequences are held from now on, and announce gaps that changed.

    Args:
        transaction: A writing one.
        kept: Events that are new, with their nodes.
        held: What ``read`` returned of all their streams.
    """
    sequences, lost = dict[Stream, list[int]](), dict[Stream, list[ranges.Range]]()
    for node, draft in kept:
        sequences.setdefault((node, draft.epoch, draft.event_class), []).append(draft.sequence)
        if draft.event.type == JournalDropped.type_name:
            _note_loss(lost, node, draft)
    unread = {stream for stream in (*sequences, *lost) if stream not in held}
    known = {**held, **await read(transaction, unread)}
    rows = list[tuple[str, str, str, int, int]]()
    for stream in dict.fromkeys((*sequences, *lost)):
        before = known[stream]
        more = [*ranges.covering(sequences.get(stream, ())), *lost.get(stream, ())]
        after = ranges.merged([*before, *more])
        await _remove(transaction, stream, {f for f, _ in before} - {f for f, _ in after})
        there = set(before)
        rows += [(*stream, *each) for each in after if each not in there]
        if ranges.gaps(before) != ranges.gaps(after):
            transaction.announce(f"node:{stream[0]}")
    await upsert_rows(transaction, event_ranges, rows)


def _note_loss(lost: dict[Stream, list[ranges.Range]], node: str, draft: Draft) -> None:
    dropped = draft.event.parsed()
    if isinstance(dropped, JournalDropped):
        first, last = max(1, dropped.first_sequence), min(dropped.last_sequence, SEQUENCE_MAX)
        if first <= last:
            # The journal has counted this loss itself: it is no gap that could still be filled.
            stream = node, draft.epoch, dropped.dropped_class.value
            lost.setdefault(stream, []).append((first, last))


async def _remove(transaction: Transaction, stream: Stream, firsts: set[int]) -> None:
    if firsts:
        node, epoch, event_class = stream
        await transaction.execute(
            delete(event_ranges).where(
                _TABLE.node == node,
                _TABLE.epoch == epoch,
                _TABLE.event_class == event_class,
                _TABLE.first.in_(firsts),
            )
        )
