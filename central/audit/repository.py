"""The audit log in the database: entries are added, and none is ever changed."""

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, delete, func, insert, select, text, update

from central.audit.chain import Entry, Mark, Verdict, Verifier, canonical, start_of, suite_named
from central.audit.notes import ACTING, CENTRAL, Note
from central.database import Transaction
from central.patterns import like_pattern
from central.tables import audit_anchors, audit_log, site_values
from config.contract.trust import TrustError, from_text, verify
from config.crypto.keys import VerifyingKey

HEAD: Final = "audit_head"
ANCHOR_CONTEXT: Final = "menshen audit anchor v1"
KEPT_DAYS_MIN: Final = 180
"""The law's; the database itself refuses to forget anything younger."""
PAGE_LENGTH: Final = 1_000
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Entry))


def recorder(now: Callable[[], datetime]) -> Callable[[Transaction], Awaitable[None]]:
    """Return what records a transaction just before it is committed.

    Last of all, so that writers wait for the chain's end for the shortest time, and always in the
    same order.
    """

    async def record(transaction: Transaction) -> None:
        acting, notes = ACTING.get(), transaction.notes
        if acting is not None:
            notes = [acting.note(transaction.objects, transaction.detail), *notes]
        if notes:
            await append(transaction, notes, now=now())

    return record


async def append(transaction: Transaction, notes: Sequence[Note], *, now: datetime) -> None:
    """Add entries at the end of the chain; another writer waits until this one is done."""
    query = select(site_values.c.value).where(site_values.c.name == HEAD).with_for_update()
    head = Mark.parse((await transaction.execute(query)).scalar_one())
    rows = list[dict[str, Any]]()
    for note in notes:
        entry = Entry(
            sequence=head.sequence + 1,
            at=now,
            actor=note.actor,
            address=note.address,
            action=note.action,
            objects=" ".join(note.objects),
            purpose=note.purpose,
            detail=canonical(dict(note.detail)),
            previous=head.hash,
        )
        head = entry.mark
        rows.append({**dataclasses.asdict(entry), "hash": head.hash})
    await transaction.execute_many(insert(audit_log), rows)
    await transaction.execute(
        update(site_values).where(site_values.c.name == HEAD).values(value=str(head))
    )


async def head_of(transaction: Transaction) -> Mark | None:
    """Return where the chain ends, as it is kept apart from it."""
    query = select(site_values.c.value).where(site_values.c.name == HEAD)
    text = (await transaction.execute(query)).scalar_one_or_none()
    try:
        return None if text is None else Mark.parse(text)
    except ValueError:
        return None


async def verified(
    transaction: Transaction, *, known: Mark | None = None, key: VerifyingKey | None = None
) -> Verdict:
    """Follow the whole chain.

    Args:
        transaction: A reading one.
        known: A mark that was kept elsewhere.
        key: Central's; with it, what takes the place of retired entries must be signed by it.
    """
    if transaction.is_postgresql:
        # Entries are added meanwhile: the chain and its end must be of one moment.
        await transaction.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
    newest = select(audit_anchors).order_by(audit_anchors.c.sequence.desc()).limit(1)
    anchor = (await transaction.execute(newest)).first()
    head = await head_of(transaction)
    begin = (
        start_of(suite_named("" if head is None else str(head)))
        if anchor is None
        else Mark(anchor.sequence, anchor.hash)
    )
    if key is not None and (forged := await _forged_anchor(transaction, key)) is not None:
        return Verdict(ok=False, entries=0, first=None, last=None, broken_at=forged)
    verifier = Verifier(begin, known=known)
    async for row in _all(transaction):
        verifier.take(entry_of(row), row.hash)
    return verifier.verdict(head)


def entry_of(row: Row[Any]) -> Entry:
    """Return a row of the log as what its hash is of."""
    return Entry(**{name: getattr(row, name) for name in _FIELDS})


async def _forged_anchor(transaction: Transaction, key: VerifyingKey) -> int | None:
    """Return the sequence of the first anchor that central did not sign; None where all are."""
    anchors = await transaction.execute(select(audit_anchors).order_by(audit_anchors.c.sequence))
    for anchor in anchors:
        mark = str(Mark(anchor.sequence, anchor.hash)).encode()
        try:
            verify(key, from_text(anchor.signature), mark, context=ANCHOR_CONTEXT)
        except TrustError:
            return int(anchor.sequence)
    return None


async def _all(transaction: Transaction) -> AsyncIterator[Row[Any]]:
    after: int | None = None
    while True:
        query = select(audit_log).order_by(audit_log.c.sequence).limit(PAGE_LENGTH)
        if after is not None:
            query = query.where(audit_log.c.sequence > after)
        rows = (await transaction.execute(query)).all()
        for row in rows:
            yield row
        if len(rows) < PAGE_LENGTH:
            return
        after = rows[-1].sequence


async def page(
    transaction: Transaction,
    *,
    before: int | None,
    limit: int,
    actor: str = "",
    action: str = "",
    about: str = "",
) -> Sequence[Row[Any]]:
    """Return entries, newest first.

    Args:
        transaction: Any.
        before: Only older ones than this sequence.
        limit: At most so many.
        actor: Exactly this one.
        action: Exactly this one.
        about: Part of what it was about.
    """
    query = select(audit_log).order_by(audit_log.c.sequence.desc()).limit(limit)
    if before is not None:
        query = query.where(audit_log.c.sequence < before)
    if actor:
        query = query.where(audit_log.c.actor == actor)
    if action:
        query = query.where(audit_log.c.action == action)
    if about:
        query = query.where(audit_log.c.objects.like(like_pattern(about), escape="\\"))
    return (await transaction.execute(query)).all()


async def oldest(transaction: Transaction) -> datetime | None:
    """Return when the oldest entry was made; the newest one never retires, so it does not count."""
    newest = select(func.max(audit_log.c.sequence)).scalar_subquery()
    query = select(func.min(audit_log.c.at)).where(audit_log.c.sequence < newest)
    at: datetime | None = (await transaction.execute(query)).scalar_one()
    return at


async def retire(
    transaction: Transaction,
    *,
    kept_days: int,
    now: datetime,
    sign: Callable[[str], str],
) -> int:
    """Forget entries older than so many days, from the oldest on; returns how many.

    A signed anchor takes their place, from which the rest still verifies.

    Raises:
        ValueError: ``kept_days`` is less than the law's.
    """
    if kept_days < KEPT_DAYS_MIN:
        raise ValueError(f"the audit log is kept for at least {KEPT_DAYS_MIN} days")
    young = select(func.min(audit_log.c.sequence)).where(
        audit_log.c.at > now - timedelta(days=kept_days)
    )
    first_young = (await transaction.execute(young)).scalar_one()
    # The newest entry stays, so that the chain never looks as if it had been emptied.
    newest = (await transaction.execute(select(func.max(audit_log.c.sequence)))).scalar_one()
    if newest is None:
        return 0
    through = min(first_young if first_young is not None else newest, newest) - 1
    query = select(audit_log.c.hash).where(audit_log.c.sequence == through)
    last_hash = (await transaction.execute(query)).scalar_one_or_none()
    if last_hash is None:
        return 0
    mark = Mark(through, last_hash)
    await transaction.execute(
        insert(audit_anchors).values(
            sequence=through, hash=last_hash, at=now, signature=sign(str(mark))
        )
    )
    removed = await transaction.execute(
        delete(audit_log).where(audit_log.c.sequence <= through).returning(audit_log.c.sequence)
    )
    count = len(removed.all())
    transaction.note(
        Note(actor=CENTRAL, action="audit_retired", detail={"through": str(mark), "count": count})
    )
    return count
