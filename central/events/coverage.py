"""Which sequences of journals central holds, or knows to be lost; what lies between is a gap.

What a node counted as lost may be held all the same, or come later: its tombstone goes ahead of a
batch that is under way. So a loss is what of the tombstone central does not hold, for as long.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from sqlalchemy import Table, delete, select

from central.bulk import upsert_rows
from central.database import Transaction
from central.events import ranges
from central.events.drafts import Draft
from central.tables import event_losses, event_ranges
from config.contract.events import JournalDropped

SEQUENCE_MAX: Final = 2**31 - 1
AT_ONCE_MAX: Final = 500
"""Rows of one statement."""
Stream = tuple[str, str, str]
"""Node, epoch and class."""


async def read(
    transaction: Transaction, streams: Iterable[Stream]
) -> dict[Stream, list[ranges.Range]]:
    """Return what is held of streams or known to be lost, merged and ascending.

    Streams beside them, perhaps, too.
    """
    return await _read(transaction, event_ranges, streams)


async def losses(
    transaction: Transaction, streams: Iterable[Stream]
) -> dict[Stream, list[ranges.Range]]:
    """Return what of it is lost, as ``read``."""
    return await _read(transaction, event_losses, streams)


async def _read(
    transaction: Transaction, table: Table, streams: Iterable[Stream]
) -> dict[Stream, list[ranges.Range]]:
    found = dict[Stream, list[ranges.Range]]()
    nodes, epochs = set[str](), set[str]()
    for stream in streams:
        found[stream] = []
        nodes.add(stream[0])
        epochs.add(stream[1])
    if not found:
        return found
    query = select(table).where(table.c.node.in_(nodes), table.c.epoch.in_(epochs))
    for row in await transaction.execute(query.order_by(table.c.first)):
        found.setdefault((row.node, row.epoch, row.event_class), []).append((row.first, row.last))
    return found


async def add(
    transaction: Transaction,
    kept: Iterable[tuple[str, Draft]],
    held: Mapping[Stream, Sequence[ranges.Range]],
) -> None:
    """Note which sequences are held from now on, and announce gaps and losses that changed.

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
    came = {stream: ranges.covering(each) for stream, each in sequences.items()}
    late = {s for s, each in came.items() if ranges.without(each, known[s]) != each}
    if lost or late:
        await _change_losses(transaction, {*lost, *late}, came, lost, known)
    rows = list[tuple[str, str, str, int, int]]()
    for stream in dict.fromkeys((*sequences, *lost)):
        before = known[stream]
        after = ranges.merged([*before, *came.get(stream, ()), *lost.get(stream, ())])
        rows += await _replace(transaction, event_ranges, stream, before, after)
        if ranges.gaps(before) != ranges.gaps(after):
            transaction.announce(f"node:{stream[0]}")
    await upsert_rows(transaction, event_ranges, rows)


async def _change_losses(
    transaction: Transaction,
    streams: Iterable[Stream],
    came: Mapping[Stream, Sequence[ranges.Range]],
    lost: Mapping[Stream, Sequence[ranges.Range]],
    known: Mapping[Stream, Sequence[ranges.Range]],
) -> None:
    """Add what is lost anew and is not held, and take away what came after all."""
    lost_before = await losses(transaction, streams)
    rows = list[tuple[str, str, str, int, int]]()
    for stream in streams:
        before = lost_before[stream]
        fresh = ranges.without(ranges.merged(lost.get(stream, ())), known[stream])
        after = ranges.without(ranges.merged([*before, *fresh]), came.get(stream, ()))
        rows += await _replace(transaction, event_losses, stream, before, after)
        if before != after:
            transaction.announce(f"node:{stream[0]}")
    await upsert_rows(transaction, event_losses, rows)


async def _replace(
    transaction: Transaction,
    table: Table,
    stream: Stream,
    before: Sequence[ranges.Range],
    after: Sequence[ranges.Range],
) -> list[tuple[str, str, str, int, int]]:
    """Remove the rows of ranges that begin elsewhere now; return the rows to write."""
    gone = sorted({first for first, _ in before} - {first for first, _ in after})
    node, epoch, event_class = stream
    for begin in range(0, len(gone), AT_ONCE_MAX):
        await transaction.execute(
            delete(table).where(
                table.c.node == node,
                table.c.epoch == epoch,
                table.c.event_class == event_class,
                table.c.first.in_(gone[begin : begin + AT_ONCE_MAX]),
            )
        )
    there = set(before)
    return [(*stream, *each) for each in after if each not in there]


def _note_loss(lost: dict[Stream, list[ranges.Range]], node: str, draft: Draft) -> None:
    dropped = draft.event.parsed()
    if isinstance(dropped, JournalDropped):
        first, last = max(1, dropped.first_sequence), min(dropped.last_sequence, SEQUENCE_MAX)
        if first <= last:
            # The journal has counted this loss itself: it is no gap that could still be filled.
            stream = node, draft.epoch, dropped.dropped_class.value
            lost.setdefault(stream, []).append((first, last))
