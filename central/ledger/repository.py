"""The ledger in the database: what other features call, inside a writing transaction of theirs.

Everything here refuses before it writes: after an exception of ``central.ledger.errors`` nothing of
that call is written, and the transaction may go on. What the database itself refuses (nobody should
come so far) is an ``IntegrityError`` and ends the transaction.

Who decides by a balance takes the ledger's turn first (``take_turn``), reads ``balances``, then
posts: until the commit nobody else moves money. In a transaction that also takes the turns of
events or alarms, the order is events, ledger, alarms.
"""

import dataclasses
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Row, Select, Text, cast, column, func, insert, literal, or_, select, union
from sqlalchemy.dialects.postgresql import JSONB

from central.audit.chain import GENESIS, canonical
from central.database import LEDGER_LOCK, Transaction
from central.ledger.accounts import part_id, rules_of
from central.ledger.book import Account, move
from central.ledger.errors import ConflictError, OrderError, ReversalError
from central.ledger.tables import ledger_accounts, ledger_pendings, ledger_transfers
from central.ledger.transfers import AMOUNT_FEN_MAX, MOVING, Kind, Transfer
from config.contract.money import MoneyUnit

POSTED: Final = "ledger"
"""Announced with every commit that changed the ledger."""
REASON_LENGTH_MAX: Final = 64
_IN_LENGTH: Final = 500
"""So many values a query names at once; SQLite has a limit."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One amount that is to be moved from one account to another.

    Attributes:
        transfer_id: The key: the same order twice is done once. ``accounts.part_id`` derives it.
        debit: Name of the account that gives; its balance becomes less.
        credit: Name of the account that gets.
        amount_fen: 1..10**13, also of points.
        reason: What for, a word of the caller's own, at most 64 characters.
        happened_at: Aware UTC; when what it stands for was done.
        group: What it belongs to, as a ``charge_id``.
        detail: Identifiers that explain it, never names.
        reverses: A transfer whose money goes back, all or a part: it moved to ``debit``.
    """

    transfer_id: UUID
    debit: str
    credit: str
    amount_fen: int
    unit: MoneyUnit
    reason: str
    happened_at: datetime
    group: UUID | None = None
    detail: Mapping[str, JsonValue] = dataclasses.field(default_factory=dict)
    reverses: UUID | None = None


class Status(StrEnum):
    """What became of an order."""

    POSTED = "posted"
    """Moved by this call."""
    HELD = "held"
    """Held by this call."""
    ALREADY = "already"
    """Was there: posted before, or held and open still."""
    SETTLED = "settled"
    """Was held and is posted since."""
    RELEASED = "released"
    """Was held and is let go since: it holds nothing, and this key holds nothing any more."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order."""

    transfer_id: UUID
    sequence: int
    status: Status


@dataclasses.dataclass(frozen=True, slots=True)
class Resolved:
    """What became of what a group held.

    Attributes:
        state: ``settled`` where any of it is posted, now or before; ``released`` where it is let
            go; ``nothing`` where nothing was ever held.
        is_new: It became so by this call.
    """

    state: Literal["settled", "released", "nothing"]
    is_new: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds.

    Attributes:
        posted_fen: Credits less debits.
        held_fen: Of it what pending transfers hold.
        available_fen: The rest, which can be moved; below zero only without a floor.
    """

    posted_fen: int
    held_fen: int
    available_fen: int


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
    drafts = [_draft(Kind.POSTED, order, now=now) for order in orders]
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
    drafts = [_draft(Kind.PENDING, order, now=now, expires_at=expires_at) for order in orders]
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
    return await _resolve(transaction, group, Kind.POST, now=now, happened_at=happened_at or now)


async def release(transaction: Transaction, group: UUID, *, now: datetime) -> Resolved:
    """Let go all that a group holds; what is settled stays so."""
    return await _resolve(transaction, group, Kind.VOID, now=now, happened_at=now)


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
    drafts = [_resolution(each, Kind.VOID, now=now, happened_at=now) for each in held]
    await _write(transaction, drafts, await _accounts_of(transaction, drafts), now=now)
    return len(drafts)


async def next_expiry(transaction: Transaction) -> datetime | None:
    """Return when the next pending transfer expires; None where nothing is held."""
    at: datetime | None = (
        await transaction.execute(select(func.min(ledger_pendings.c.expires_at)))
    ).scalar_one()
    return at


async def balances(transaction: Transaction, names: Iterable[str]) -> dict[str, Balance]:
    """Return what accounts hold; one that was never used holds nothing.

    Raises:
        OrderError: No kind of account has such a name.
    """
    wanted = list(dict.fromkeys(names))
    accounts = await _accounts(transaction, wanted)
    return {
        name: Balance(account.posted_fen, account.debits_pending_fen, account.available_fen)
        for name, account in ((name, accounts.get(name) or Account.opened(name)) for name in wanted)
    }


async def entries(
    transaction: Transaction,
    account: str,
    after: int = 0,
    limit: int = 200,
    *,
    before: int | None = None,
    is_newest_first: bool = False,
) -> list[Transfer]:
    """Return what changed an account's balance: ``Transfer.change_fen(account)`` says by how much.

    What only holds money, or lets it go, is left out.

    Args:
        transaction: Any.
        account: Its name.
        after: Only later ones than this sequence.
        limit: At most so many.
        before: Only earlier ones than this sequence.
        is_newest_first: Otherwise the oldest comes first.
    """
    columns = ledger_transfers.c
    order = columns.sequence.desc() if is_newest_first else columns.sequence

    def side(name: str) -> Select[Any]:
        query = select(columns.sequence).where(
            columns[name] == account,
            columns.sequence > after,
            columns.kind.in_([kind.value for kind in MOVING]),
        )
        if before is not None:
            query = query.where(columns.sequence < before)
        return select(query.order_by(order).limit(limit).subquery().c.sequence)

    # Each side by its own index: one query with "or" would read the whole table.
    both = union(side("debit"), side("credit")).subquery()
    query = select(ledger_transfers).join(both, both.c.sequence == columns.sequence)
    found = await transaction.execute(query.order_by(order).limit(limit))
    return [to_transfer(row) for row in found]


async def of_group(transaction: Transaction, group: UUID) -> list[Transfer]:
    """Return all transfers of a group, as they came."""
    columns = ledger_transfers.c
    query = select(ledger_transfers).where(columns.group_id == str(group))
    found = await transaction.execute(query.order_by(columns.sequence))
    return [to_transfer(row) for row in found]


async def touched(
    transaction: Transaction, *, after: int, limit: int = 500
) -> tuple[dict[str, int], int]:
    """Return the accounts that transfers after a sequence touched, with the newest of each.

    Args:
        transaction: Any.
        after: 0 is from the beginning.
        limit: So many transfers are looked at.

    Returns:
        The accounts; and the sequence to ask after next time, which is ``after`` at the end.
    """
    columns = ledger_transfers.c
    query = select(columns.sequence, columns.debit, columns.credit).where(columns.sequence > after)
    found, last = dict[str, int](), after
    for row in await transaction.execute(query.order_by(columns.sequence).limit(limit)):
        last = row.sequence
        found[row.debit] = found[row.credit] = last
    return found, last


def to_transfer(row: Row[Any]) -> Transfer:
    """Return a row of the table as what it is."""
    return Transfer(
        sequence=row.sequence,
        transfer_id=UUID(row.transfer_id),
        kind=Kind(row.kind),
        debit=row.debit,
        credit=row.credit,
        amount_fen=row.amount_fen,
        unit=MoneyUnit(row.unit),
        reason=row.reason,
        happened_at=row.happened_at,
        recorded_at=row.recorded_at,
        expires_at=row.expires_at,
        group=_uuid(row.group_id),
        pending_id=_uuid(row.pending_id),
        reverses=_uuid(row.reverses),
        detail=row.detail,
        previous=row.previous,
    )


def _uuid(value: str | None) -> UUID | None:
    return None if value is None else UUID(value)


def _draft(
    kind: Kind, order: Order, *, now: datetime, expires_at: datetime | None = None
) -> Transfer:
    """Return an order as a transfer that has no place yet; OrderError where it cannot be one."""
    for name in (order.debit, order.credit):
        if rules_of(name).unit is not order.unit:
            raise OrderError(f"{name} does not count {order.unit.value}")
    if order.debit == order.credit:
        raise OrderError(f"{order.debit} cannot pay itself")
    is_number = isinstance(order.amount_fen, int) and not isinstance(order.amount_fen, bool)
    if not is_number or not 1 <= order.amount_fen <= AMOUNT_FEN_MAX:
        raise OrderError(f"no amount: {order.amount_fen!r}")
    if not 1 <= len(order.reason) <= REASON_LENGTH_MAX or "\0" in order.reason:
        raise OrderError(f"no reason: {order.reason!r}")
    return Transfer(
        sequence=0,
        transfer_id=order.transfer_id,
        kind=kind,
        debit=order.debit,
        credit=order.credit,
        amount_fen=order.amount_fen,
        unit=order.unit,
        reason=order.reason,
        happened_at=order.happened_at,
        recorded_at=now,
        expires_at=expires_at,
        group=order.group,
        reverses=order.reverses,
        detail=canonical(dict(order.detail)),
    )


def _resolution(held: Transfer, kind: Kind, *, now: datetime, happened_at: datetime) -> Transfer:
    return dataclasses.replace(
        held,
        transfer_id=part_id(held.transfer_id, kind.value),
        kind=kind,
        happened_at=happened_at,
        recorded_at=now,
        expires_at=None,
        pending_id=held.transfer_id,
    )


_PLACED: Final = ("sequence", "recorded_at", "expires_at", "previous")
"""What of a transfer does not belong to what was asked for."""


def _is_same(asked: Transfer, kept: Transfer) -> bool:
    placed = {name: getattr(kept, name) for name in _PLACED}
    return dataclasses.replace(asked, **placed) == kept


async def _take_in(
    transaction: Transaction, drafts: Sequence[Transfer], *, now: datetime
) -> list[Outcome]:
    await take_turn(transaction)
    kept = await _kept(transaction, {draft.transfer_id for draft in drafts})
    held = [each.transfer_id for each in kept.values() if each.kind is Kind.PENDING]
    resolutions = await _resolutions(transaction, held)
    fresh = dict[UUID, Transfer]()
    for draft in drafts:
        first = kept.get(draft.transfer_id) or fresh.setdefault(draft.transfer_id, draft)
        if first is not draft and not _is_same(draft, first):
            raise ConflictError(draft.transfer_id)
    news = list(fresh.values())
    accounts = await _accounts_of(transaction, news)
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
    transaction: Transaction, group: UUID, kind: Kind, *, now: datetime, happened_at: datetime
) -> Resolved:
    await take_turn(transaction)
    before = await of_group(transaction, group)
    done = {each.pending_id: each.kind for each in before if each.pending_id is not None}
    held = [each for each in before if each.kind is Kind.PENDING and each.transfer_id not in done]
    drafts = [_resolution(each, kind, now=now, happened_at=happened_at) for each in held]
    await _write(transaction, drafts, await _accounts_of(transaction, drafts), now=now)
    kinds = {*done.values(), *(draft.kind for draft in drafts)}
    if not kinds:
        return Resolved("nothing", is_new=False)
    return Resolved("settled" if Kind.POST in kinds else "released", is_new=bool(drafts))


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
    opened = [_account_row(name, now=now) for name in used if name not in accounts]
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
        rows.append(_row(transfer, previous))
        placed[transfer.transfer_id] = sequence
    await _insert(transaction, rows)
    transaction.announce(POSTED)
    return placed


async def _insert(transaction: Transaction, rows: list[dict[str, Any]]) -> None:
    if not transaction.is_postgresql:
        await transaction.execute_many(insert(ledger_transfers), rows)
        return
    # One statement: its triggers act once for all rows, and a merchant's balance is written once.
    table, text = ledger_transfers, json.dumps(rows, default=datetime.isoformat)
    given = (
        func.jsonb_to_recordset(cast(literal(text, Text), JSONB))
        .table_valued(*(column(each.name, each.type) for each in table.c), name="given")
        .render_derived(with_types=True)
    )
    await transaction.execute(insert(table).from_select([*table.c.keys()], select(given)))


def _account_row(name: str, *, now: datetime) -> dict[str, Any]:
    rules = rules_of(name)
    return {
        "account": name,
        "unit": rules.unit.value,
        "floor_fen": rules.floor_fen,
        "debits_posted_fen": 0,
        "debits_pending_fen": 0,
        "credits_posted_fen": 0,
        "credits_pending_fen": 0,
        "opened_at": now,
        "last_sequence": 0,
    }


def _row(transfer: Transfer, digest: str) -> dict[str, Any]:
    return {
        "sequence": transfer.sequence,
        "transfer_id": str(transfer.transfer_id),
        "kind": transfer.kind.value,
        "debit": transfer.debit,
        "credit": transfer.credit,
        "amount_fen": transfer.amount_fen,
        "unit": transfer.unit.value,
        "reason": transfer.reason,
        "happened_at": transfer.happened_at,
        "recorded_at": transfer.recorded_at,
        "expires_at": transfer.expires_at,
        "group_id": _text(transfer.group),
        "pending_id": _text(transfer.pending_id),
        "reverses": _text(transfer.reverses),
        "detail": transfer.detail,
        "previous": transfer.previous,
        "hash": digest,
    }


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)


async def _kept(transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, Transfer]:
    found = dict[UUID, Transfer]()
    for some in _slices([str(each) for each in ids]):
        query = select(ledger_transfers).where(ledger_transfers.c.transfer_id.in_(some))
        for row in await transaction.execute(query):
            transfer = to_transfer(row)
            found[transfer.transfer_id] = transfer
    return found


async def _resolutions(transaction: Transaction, held: Iterable[UUID]) -> dict[UUID, Kind]:
    columns, found = ledger_transfers.c, dict[UUID, Kind]()
    for some in _slices([str(each) for each in held]):
        query = select(columns.pending_id, columns.kind).where(columns.pending_id.in_(some))
        for row in await transaction.execute(query):
            found[UUID(row.pending_id)] = Kind(row.kind)
    return found


async def _accounts_of(
    transaction: Transaction, transfers: Iterable[Transfer]
) -> dict[str, Account]:
    names = [name for each in transfers for name in (each.debit, each.credit)]
    return await _accounts(transaction, list(dict.fromkeys(names)))


async def _accounts(transaction: Transaction, names: Sequence[str]) -> dict[str, Account]:
    columns, found = ledger_accounts.c, dict[str, Account]()
    for some in _slices(names):
        for row in await transaction.execute(
            select(ledger_accounts).where(columns.account.in_(some))
        ):
            found[row.account] = Account(
                row.account,
                row.floor_fen,
                row.debits_posted_fen,
                row.debits_pending_fen,
                row.credits_posted_fen,
                row.credits_pending_fen,
                row.last_sequence,
            )
    return found


async def _check_reversals(transaction: Transaction, drafts: Sequence[Transfer]) -> None:
    """Raise ReversalError where more would be moved back than was moved."""
    back = [draft for draft in drafts if draft.reverses is not None]
    if not back:
        return
    wanted = list(dict.fromkeys(str(draft.reverses) for draft in back))
    columns = ledger_transfers.c
    moved, returned = dict[UUID, Transfer](), dict[UUID, int]()
    for some in _slices(wanted):
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


def _slices(values: Sequence[str]) -> Iterable[Sequence[str]]:
    return (values[at : at + _IN_LENGTH] for at in range(0, len(values), _IN_LENGTH))
