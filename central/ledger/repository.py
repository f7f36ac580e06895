"""The ledger in the database: what other features call, inside a writing transaction of theirs.

Everything here refuses before it writes: after an exception of ``central.ledger.errors`` nothing of
that call is written, and the transaction may go on. What the database itself refuses (nobody should
come so far) is an ``IntegrityError`` and ends the transaction.

Who decides by a balance takes the ledger's turn first (``take_turn``), reads ``balances``, then
posts: until the commit nobody else moves money. In a transaction that also takes the turns of
events or alarms, the order is events, ledger, alarms.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import func, insert, or_, select

from central.audit.chain import GENESIS
from central.database import LEDGER_LOCK, Transaction
from central.ledger.book import Account, move
from central.ledger.errors import ConflictError, OrderError, ReversalError
from central.ledger.orders import (
    Balance,
    Order,
    Outcome,
    Resolved,
    Status,
    draft_of,
    is_same,
    resolution_of,
)
from central.ledger.reading import (
    accounts_of,
    balances,
    entries,
    of_group,
    of_groups,
    resolutions_of,
    slices,
    to_transfer,
    touched,
    transfers_of,
)
from central.ledger.rows import account_row, insert_transfers, row_of
from central.ledger.tables import ledger_accounts, ledger_pendings, ledger_transfers
from central.ledger.transfers import MOVING, Kind, Transfer

__all__ = [
    "POSTED",
    "Balance",
    "Order",
    "Outcome",
    "Resolved",
    "Status",
    "balances",
    "entries",
    "hold",
    "next_expiry",
    "of_group",
    "post",
    "release",
    "release_all",
    "release_expired",
    "settle",
    "settle_all",
    "take_turn",
    "to_transfer",
    "touched",
]
POSTED: Final = "ledger"
"""Announced with every commit that changed the ledger."""


async def take_turn(transaction: Transaction) -> None:
    """Wait until nobody else moves money, until the end of the transaction."""
    await transaction.take_turn(LEDGER_LOCK)


async def post(
    transaction: Transaction, orders: Sequence[Order], *, now: datetime
) -> list[Outcome]:
    """Move money: all orders or, after an exception, none.

    Accounts are opened on first use. Repeating a call is harmless.

    Args:
        transaction: A writing one.
        orders: Done in this order; each may use what one before has brought.
        now: Aware UTC.

    Returns:
        An outcome for each order: ``posted`` or ``already``.

    Raises:
        ConflictError: A transfer of this identifier has another content.
        ShortError: An account would go below its floor.
        ReversalError: ``reverses`` names no move to ``debit``, or less of it is left.
        OrderError: No such order can be.
    """
    drafts = [draft_of(Kind.POSTED, order, now=now) for order in orders]
    return await _take_in(transaction, drafts, now=now)


async def hold(
    transaction: Transaction, orders: Sequence[Order], *, expires_at: datetime, now: datetime
) -> list[Outcome]:
    """Keep money for something that may come: all orders or, after an exception, none.

    Args:
        transaction: A writing one.
        orders: ``group`` is what ``settle`` and ``release`` name; it is needed.
        expires_at: Aware UTC; let go by itself soon after it. Repeating a call does not change it.
        now: Aware UTC.

    Returns:
        An outcome for each order: ``held``, ``already`` (and open still), ``settled`` or
        ``released``.

    Raises:
        ConflictError: A transfer of this identifier has another content.
        ShortError: An account would go below its floor.
        OrderError: No such order can be, or one without a group.
    """
    for order in orders:
        if order.group is None or order.reverses is not None:
            raise OrderError("what is held has a group, and reverses nothing")
    drafts = [draft_of(Kind.PENDING, order, now=now, expires_at=expires_at) for order in orders]
    return await _take_in(transaction, drafts, now=now)


async def settle(
    transaction: Transaction,
    group: UUID,
    *,
    now: datetime,
    happened_at: datetime | None = None,
) -> Resolved:
    """Post all that a group holds, also after its expiry as long as nobody let it go.

    Args:
        transaction: A writing one.
        group: As the orders had it.
        now: Aware UTC.
        happened_at: When it was done, aware UTC; None is now.
    """
    done = await settle_all(transaction, {group: happened_at or now}, now=now)
    return done[group]


async def settle_all(
    transaction: Transaction, groups: Mapping[UUID, datetime], *, now: datetime
) -> dict[UUID, Resolved]:
    """Post all that groups hold, in a few statements; see ``settle``.

    Args:
        transaction: A writing one.
        groups: With when each was done, aware UTC; posted in this order.
        now: Aware UTC.
    """
    return await _resolve(transaction, groups, Kind.POST, now=now)


async def release(transaction: Transaction, group: UUID, *, now: datetime) -> Resolved:
    """Let go all that a group holds; what is settled stays so."""
    return (await release_all(transaction, [group], now=now))[group]


async def release_all(
    transaction: Transaction, groups: Iterable[UUID], *, now: datetime
) -> dict[UUID, Resolved]:
    """Let go all that groups hold, in a few statements; see ``release``."""
    return await _resolve(transaction, dict.fromkeys(groups, now), Kind.VOID, now=now)


async def release_expired(transaction: Transaction, *, now: datetime, limit: int = 200) -> int:
    """Let go what is held longer than it should be, the oldest first; returns how many transfers.

    Args:
        transaction: A writing one.
        now: Aware UTC.
        limit: At most so many at once.
    """
    await take_turn(transaction)
    due = (
        select(ledger_transfers)
        .join(ledger_pendings, ledger_pendings.c.transfer_id == ledger_transfers.c.transfer_id)
        .where(ledger_pendings.c.expires_at <= now)
        .order_by(ledger_pendings.c.expires_at)
        .limit(limit)
    )
    held = [to_transfer(row) for row in await transaction.execute(due)]
    drafts = [resolution_of(each, Kind.VOID, now=now, happened_at=now) for each in held]
    await _write(transaction, drafts, await accounts_of(transaction, drafts), now=now)
    return len(drafts)


async def next_expiry(transaction: Transaction) -> datetime | None:
    """Return when the next pending transfer expires; None where nothing is held."""
    at: datetime | None = (
        await transaction.execute(select(func.min(ledger_pendings.c.expires_at)))
    ).scalar_one()
    return at


async def _take_in(
    transaction: Transaction, drafts: Sequence[Transfer], *, now: datetime
) -> list[Outcome]:
    await take_turn(transaction)
    kept = await transfers_of(transaction, {draft.transfer_id for draft in drafts})
    held = [each.transfer_id for each in kept.values() if each.kind is Kind.PENDING]
    resolutions = await resolutions_of(transaction, held)
    fresh = dict[UUID, Transfer]()
    for draft in drafts:
        first = kept.get(draft.transfer_id) or fresh.setdefault(draft.transfer_id, draft)
        if first is not draft and not is_same(draft, first):
            raise ConflictError(draft.transfer_id)
    news = list(fresh.values())
    accounts = await accounts_of(transaction, news)
    await _check_reversals(transaction, news)
    placed = await _write(transaction, news, accounts, now=now)
    outcomes, told = list[Outcome](), set[UUID]()
    for draft in drafts:
        known, status = kept.get(draft.transfer_id), Status.ALREADY
        if known is None:
            if draft.transfer_id not in told:
                status = Status.POSTED if draft.kind is Kind.POSTED else Status.HELD
            told.add(draft.transfer_id)
        elif (resolved := resolutions.get(draft.transfer_id)) is not None:
            status = Status.SETTLED if resolved is Kind.POST else Status.RELEASED
        sequence = placed[draft.transfer_id] if known is None else known.sequence
        outcomes.append(Outcome(draft.transfer_id, sequence, status))
    return outcomes


async def _resolve(
    transaction: Transaction, groups: Mapping[UUID, datetime], kind: Kind, *, now: datetime
) -> dict[UUID, Resolved]:
    if not groups:
        return {}
    await take_turn(transaction)
    drafts, resolved = list[Transfer](), dict[UUID, Resolved]()
    for group, before in (await of_groups(transaction, groups)).items():
        done = {each.pending_id: each.kind for each in before if each.pending_id is not None}
        fresh = [
            resolution_of(each, kind, now=now, happened_at=groups[group])
            for each in before
            if each.kind is Kind.PENDING and each.transfer_id not in done
        ]
        drafts += fresh
        kinds = {*done.values(), *(draft.kind for draft in fresh)}
        state: Literal["settled", "released"] = "settled" if Kind.POST in kinds else "released"
        resolved[group] = Resolved(state if kinds else "nothing", is_new=bool(fresh))
    await _write(transaction, drafts, await accounts_of(transaction, drafts), now=now)
    return resolved


async def _write(
    transaction: Transaction,
    drafts: Sequence[Transfer],
    accounts: dict[str, Account],
    *,
    now: datetime,
) -> dict[UUID, int]:
    """Put transfers at the end of the chain; returns their places.

    Raises:
        ShortError: An account would go below its floor; nothing is written.
    """
    if not drafts:
        return {}
    used = dict[str, Account]()
    for draft in drafts:
        for name in (draft.debit, draft.credit):
            used[name] = accounts.get(name) or used.get(name) or Account.opened(name)
        move(draft.kind, used[draft.debit], used[draft.credit], draft.amount_fen)
    opened = [account_row(name, now=now) for name in used if name not in accounts]
    await transaction.execute_many(insert(ledger_accounts), opened)
    columns = ledger_transfers.c
    newest = select(columns.sequence, columns.hash).order_by(columns.sequence.desc()).limit(1)
    last = (await transaction.execute(newest)).first()
    sequence, previous = (0, GENESIS) if last is None else (last.sequence, last.hash)
    rows, placed = list[dict[str, Any]](), dict[UUID, int]()
    for draft in drafts:
        sequence += 1
        transfer = dataclasses.replace(draft, sequence=sequence, previous=previous)
        previous = transfer.hash
        rows.append(row_of(transfer, previous))
        placed[transfer.transfer_id] = sequence
    await insert_transfers(transaction, rows)
    transaction.announce(POSTED)
    return placed


async def _check_reversals(transaction: Transaction, drafts: Sequence[Transfer]) -> None:
    """Raise ReversalError where more would be moved back than was moved."""
    back = [draft for draft in drafts if draft.reverses is not None]
    if not back:
        return
    wanted = list(dict.fromkeys(str(draft.reverses) for draft in back))
    columns = ledger_transfers.c
    moved, returned = dict[UUID, Transfer](), dict[UUID, int]()
    for some in slices(wanted):
        query = select(ledger_transfers).where(
            or_(columns.transfer_id.in_(some), columns.reverses.in_(some))
        )
        for row in await transaction.execute(query):
            transfer = to_transfer(row)
            if str(transfer.transfer_id) in some:
                moved[transfer.transfer_id] = transfer
            if transfer.reverses is not None and transfer.kind in MOVING:
                before = returned.get(transfer.reverses, 0)
                returned[transfer.reverses] = before + transfer.amount_fen
    for draft in drafts:
        moved[draft.transfer_id] = draft
        if draft.reverses is None:
            continue
        original = moved.get(draft.reverses)
        if original is None or original.kind not in MOVING:
            raise ReversalError(draft.reverses, "it moved nothing")
        if original.credit != draft.debit:
            raise ReversalError(draft.reverses, f"it did not move to {draft.debit}")
        total = returned.get(draft.reverses, 0) + draft.amount_fen
        if total > original.amount_fen:
            raise ReversalError(draft.reverses, "more than was moved")
        returned[draft.reverses] = total
