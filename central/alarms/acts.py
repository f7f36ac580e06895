"""What operators do to alarms, each in one transaction."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from central.alarms import life, repository
from central.alarms.book import Book
from central.alarms.life import Step
from central.alarms.lines import Act, LatchedError
from central.alarms.rows import Kept
from central.alarms.schemas import AlarmView
from central.database import Transaction
from central.problems import RefusedError

Deed = Callable[[Kept], Step]


async def acknowledge(
    transaction: Transaction, alarm_ids: Iterable[str], *, by: str, now: datetime
) -> list[UUID]:
    """Say that somebody has seen these; returns those that nobody had before.

    An alarm whose source has a newer one is closed: acknowledging it does nothing.
    """
    wanted = await repository.sources_of(transaction, alarm_ids)
    book = await Book.open(transaction, now=now)
    await book.read_sources(wanted.values())
    done = list[UUID]()
    for alarm_id, source in wanted.items():
        kept = book.of(source)
        if kept is None or kept.alarm_id != alarm_id:
            continue
        step = life.acknowledged(kept.source, by=by, now=now)
        if step[1]:
            done.append(UUID(alarm_id))
        book.take(kept, step, by=by)
    await book.save()
    return done


async def shelve(
    transaction: Transaction, alarm_id: UUID, *, minutes: int, by: str, reason: str, now: datetime
) -> AlarmView:
    """Put the source of an alarm aside for some minutes."""
    until = now + timedelta(minutes=minutes)

    def deed(kept: Kept) -> Step:
        return life.shelved(kept.source, until=until, by=by, reason=reason, now=now)

    return await _act(transaction, alarm_id, deed, by=by, note=reason, now=now)


async def unshelve(
    transaction: Transaction, alarm_id: UUID, *, by: str, now: datetime
) -> AlarmView:
    """Take the source of an alarm from the shelf; harmless where it is not there."""

    def deed(kept: Kept) -> Step:
        return life.unshelved(kept.source, now=now)

    return await _act(transaction, alarm_id, deed, by=by, now=now)


async def take_out_of_service(
    transaction: Transaction, alarm_id: UUID, *, by: str, reason: str, now: datetime
) -> AlarmView:
    """Take the source of an alarm out of service."""

    def deed(kept: Kept) -> Step:
        return life.taken_out_of_service(kept.source, by=by, reason=reason, now=now)

    return await _act(transaction, alarm_id, deed, by=by, note=reason, now=now)


async def return_to_service(
    transaction: Transaction, alarm_id: UUID, *, by: str, now: datetime
) -> AlarmView:
    """Return the source of an alarm to service; harmless where it is in service."""

    def deed(kept: Kept) -> Step:
        return life.returned_to_service(kept.source, now=now)

    return await _act(transaction, alarm_id, deed, by=by, now=now)


async def note(
    transaction: Transaction, alarm_id: UUID, *, text: str, by: str, now: datetime
) -> AlarmView:
    """Write something into the history of an alarm."""

    def deed(kept: Kept) -> Step:
        return kept.source, (Act.NOTED,)

    return await _act(transaction, alarm_id, deed, by=by, note=text, now=now)


async def _act(
    transaction: Transaction,
    alarm_id: UUID,
    deed: Deed,
    *,
    by: str,
    note: str = "",
    now: datetime,
) -> AlarmView:
    book = await Book.open(transaction, now=now)
    sources = await repository.sources_of(transaction, [str(alarm_id)])
    await book.read_sources(sources.values())
    kept = book.of(sources.get(str(alarm_id), ""))
    if kept is None:
        is_there = await repository.find(transaction, str(alarm_id)) is not None
        if is_there:
            raise RefusedError(409, "alarm_replaced", "its source was raised anew: act on that one")
        raise RefusedError(404, "alarm_not_found", "there is no such alarm")
    try:
        step = deed(kept)
    except LatchedError as error:
        raise RefusedError(
            409, "alarm_is_latched", "life is at stake: this alarm cannot be put aside"
        ) from error
    book.take(kept, step, by=by, note=note)
    kept.is_line_changed = True
    await book.save()
    view = await repository.find(transaction, str(alarm_id))
    if view is None:
        raise LookupError(alarm_id)
    return view
