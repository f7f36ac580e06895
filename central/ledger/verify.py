"""Whether the ledger is whole: everything worked out anew from the transfers, nothing believed.

``Recount`` goes through the transfers in order and knows no database; ``verified`` compares it with
the balances and open pendings that the database keeps, and looks whether its guards are in place.
"""

import collections
import dataclasses
from collections.abc import AsyncIterator, Iterator
from typing import Any, Final
from uuid import UUID

from sqlalchemy import CheckConstraint, Row, select, text

from central.audit.chain import GENESIS, Mark
from central.database import Transaction
from central.ledger import guards
from central.ledger.accounts import rules_of
from central.ledger.errors import OrderError
from central.ledger.reading import to_transfer
from central.ledger.tables import ledger_accounts, ledger_pendings, ledger_transfers
from central.ledger.transfers import MOVING, Kind, Transfer
from config.contract.money import MoneyUnit

PAGE_LENGTH: Final = 1_000
BROKEN_LENGTH_MAX: Final = 100
"""So many are told one by one; all are counted."""


@dataclasses.dataclass(frozen=True, slots=True)
class Broken:
    """Something that does not hold.

    Attributes:
        what: ``chain``, ``pending``, ``reversal``, ``unit``, ``floor``, ``balance``, ``sum`` or
            ``guard``.
        where: The transfer's sequence, the account, the unit or the guard.
    """

    what: str
    where: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found.

    Attributes:
        sum_fen: All balances of a unit together, which must be 0.
        head: The newest transfer, as ``SEQUENCE:HASH``; None where there is none.
        broken: The first hundred of ``broken_count``.
    """

    ok: bool
    transfers: int
    accounts: int
    sum_fen: dict[str, int]
    head: str | None
    broken_count: int
    broken: tuple[Broken, ...]


@dataclasses.dataclass(slots=True)
class Sums:
    """What has gone through an account."""

    debits_posted: int = 0
    debits_pending: int = 0
    credits_posted: int = 0
    credits_pending: int = 0
    last_sequence: int = 0

    @property
    def available(self) -> int:
        """What could be moved from it."""
        return self.credits_posted - self.debits_posted - self.debits_pending


class Recount:
    """Follows the transfers from the first on; give it every one in order."""

    def __init__(self, *, known: Mark | None = None) -> None:
        """Begin before the first; ``known`` is a place that was noted down elsewhere."""
        self.head = Mark(0, GENESIS)
        self.sums = collections.defaultdict[str, Sums](Sums)
        self.open = dict[UUID, Transfer]()
        self.returned = collections.Counter[UUID]()
        self._known = known

    def take(self, transfer: Transfer, stored_hash: str) -> Iterator[Broken]:
        """Follow one more transfer; yields what does not hold of it."""
        where = str(transfer.sequence)
        if (
            transfer.sequence != self.head.sequence + 1
            or transfer.previous != self.head.hash
            or transfer.hash != stored_hash
            or self._is_unknown(transfer.sequence, stored_hash)
        ):
            yield Broken("chain", where)
        self.head = Mark(transfer.sequence, stored_hash)
        for name in (transfer.debit, transfer.credit):
            if _unit_of(name) is not transfer.unit:
                yield Broken("unit", where)
        if not self._is_resolved(transfer):
            yield Broken("pending", where)
        if transfer.reverses is not None and transfer.kind in MOVING:
            self.returned[transfer.reverses] += transfer.amount_fen
        debit = self._move(transfer)
        floor = _floor_of(transfer.debit)
        if floor is not None and debit.available < floor and transfer.kind is not Kind.VOID:
            yield Broken("floor", where)

    def end(self) -> Iterator[Broken]:
        """Yield what does not hold at the end of all."""
        if self._known is not None and self._known.sequence > self.head.sequence:
            yield Broken("chain", str(self.head.sequence + 1))

    def _is_unknown(self, sequence: int, digest: str) -> bool:
        known = self._known
        return known is not None and known.sequence == sequence and known.hash != digest

    def _is_resolved(self, transfer: Transfer) -> bool:
        """Return whether what a transfer says of a pending one can be, and note it."""
        if transfer.kind is Kind.PENDING:
            self.open[transfer.transfer_id] = transfer
            return transfer.expires_at is not None and transfer.pending_id is None
        if transfer.pending_id is None:
            return transfer.kind is Kind.POSTED
        held = self.open.pop(transfer.pending_id, None)
        if held is None or transfer.kind is Kind.POSTED:
            return False
        own, theirs = (
            (each.debit, each.credit, each.amount_fen, each.unit) for each in (transfer, held)
        )
        return own == theirs

    def _move(self, transfer: Transfer) -> Sums:
        debit, credit = self.sums[transfer.debit], self.sums[transfer.credit]
        debit.last_sequence = credit.last_sequence = transfer.sequence
        if transfer.kind in MOVING:
            debit.debits_posted += transfer.amount_fen
            credit.credits_posted += transfer.amount_fen
        if transfer.kind is not Kind.POSTED:
            sign = 1 if transfer.kind is Kind.PENDING else -1
            debit.debits_pending += sign * transfer.amount_fen
            credit.credits_pending += sign * transfer.amount_fen
        return debit


def _unit_of(name: str) -> MoneyUnit | None:
    try:
        return rules_of(name).unit
    except OrderError:
        return None


def _floor_of(name: str) -> int | None:
    try:
        return rules_of(name).floor_fen
    except OrderError:
        return None


async def verified(transaction: Transaction, *, known: Mark | None = None) -> Report:
    """Work the whole ledger out anew.

    Args:
        transaction: A reading one: it sees one moment, whatever is added meanwhile.
        known: A place that was noted down elsewhere: it must still be there.
    """
    recount, broken = Recount(known=known), list[Broken]()
    async for transfer, digest in all_transfers(transaction):
        broken += recount.take(transfer, digest)
    broken += recount.end()
    broken += [each async for each in _reversals(transaction, recount)]
    totals = {unit.value: 0 for unit in MoneyUnit}
    count = 0
    async for row in _all_accounts(transaction):
        count += 1
        totals[row.unit] += row.credits_posted_fen - row.debits_posted_fen
        kept = Sums(
            row.debits_posted_fen,
            row.debits_pending_fen,
            row.credits_posted_fen,
            row.credits_pending_fen,
            row.last_sequence,
        )
        if recount.sums.pop(row.account, Sums()) != kept:
            broken.append(Broken("balance", row.account))
        if (_unit_of(row.account), _floor_of(row.account)) != (row.unit, row.floor_fen):
            broken.append(Broken("floor", row.account))
    broken += [Broken("balance", name) for name in recount.sums]
    broken += [Broken("sum", unit) for unit, total in totals.items() if total]
    pendings = await transaction.execute(select(ledger_pendings.c.transfer_id))
    stands_open = {UUID(each) for each in pendings.scalars()}
    broken += [
        Broken("pending", str(each)) for each in stands_open.symmetric_difference(recount.open)
    ]
    broken += [Broken("guard", name) for name in await missing_guards(transaction)]
    return Report(
        ok=not broken,
        transfers=recount.head.sequence,
        accounts=count,
        sum_fen=totals,
        head=str(recount.head) if recount.head.sequence else None,
        broken_count=len(broken),
        broken=tuple(broken[:BROKEN_LENGTH_MAX]),
    )


async def all_transfers(transaction: Transaction) -> AsyncIterator[tuple[Transfer, str]]:
    """Yield every transfer with its hash, the first one first."""
    after = 0
    while True:
        query = select(ledger_transfers).where(ledger_transfers.c.sequence > after)
        query = query.order_by(ledger_transfers.c.sequence).limit(PAGE_LENGTH)
        rows = (await transaction.execute(query)).all()
        for row in rows:
            yield to_transfer(row), row.hash
        if len(rows) < PAGE_LENGTH:
            return
        after = rows[-1].sequence


async def _all_accounts(transaction: Transaction) -> AsyncIterator[Row[Any]]:
    columns, after = ledger_accounts.c, ""
    while True:
        query = select(ledger_accounts).where(columns.account > after).order_by(columns.account)
        rows = (await transaction.execute(query.limit(PAGE_LENGTH))).all()
        for row in rows:
            yield row
        if len(rows) < PAGE_LENGTH:
            return
        after = rows[-1].account


async def _reversals(transaction: Transaction, recount: Recount) -> AsyncIterator[Broken]:
    """Yield what was moved back and had not been moved, or not as much of it."""
    columns, ids = ledger_transfers.c, [str(each) for each in recount.returned]
    for at in range(0, len(ids), 500):
        some = ids[at : at + 500]
        query = select(columns.transfer_id, columns.amount_fen, columns.kind).where(
            columns.transfer_id.in_(some)
        )
        found = {row.transfer_id: row for row in await transaction.execute(query)}
        for each in some:
            moved = found.get(each)
            if (
                moved is None
                or Kind(moved.kind) not in MOVING
                or recount.returned[UUID(each)] > moved.amount_fen
            ):
                yield Broken("reversal", each)


async def missing_guards(transaction: Transaction) -> list[str]:
    """Return the names of triggers, functions, checks and keys that are not as they must be."""
    kept = await (_postgresql(transaction) if transaction.is_postgresql else _sqlite(transaction))
    wanted = guards.statements(is_postgresql=transaction.is_postgresql)
    wrong = [name for name, statement in wanted.items() if kept.get(name) != _plain(statement)]
    for table in (ledger_accounts, ledger_transfers, ledger_pendings):
        checks = [str(each.name) for each in table.constraints if isinstance(each, CheckConstraint)]
        keys = [str(each.name) for each in table.indexes if each.unique]
        wrong += [name for name in checks + keys if name not in kept]
    return wrong


def _plain(statement: str) -> str:
    return " ".join(statement.split())


async def _sqlite(transaction: Transaction) -> dict[str, str]:
    query = text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    kept = {row.name: _plain(row.sql) for row in await transaction.execute(query)}
    words = {word for name in kept if name.startswith("ledger_") for word in kept[name].split()}
    return {**{word: "" for word in words if word.startswith("ck_ledger_")}, **kept}


_TRIGGERS: Final = """
    SELECT t.tgname AS name, pg_get_triggerdef(t.oid) AS made, t.tgenabled AS enabled,
        c.relnamespace::regnamespace::text AS schema
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relname LIKE 'ledger\\_%' AND pg_table_is_visible(c.oid)
"""
_FUNCTIONS: Final = """
    SELECT proname AS name, prosrc AS body FROM pg_proc
    WHERE proname LIKE 'menshen\\_ledger\\_%' AND pg_function_is_visible(oid)
"""
_CHECKS: Final = """
    SELECT conname AS name FROM pg_constraint
    WHERE contype = 'c' AND convalidated AND connamespace = current_schema()::regnamespace
    UNION SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    WHERE i.indisunique AND i.indisvalid AND c.relnamespace = current_schema()::regnamespace
"""


async def _postgresql(transaction: Transaction) -> dict[str, str]:
    kept = dict[str, str]()
    for row in await _rows(transaction, _TRIGGERS):
        if row.enabled in ("O", "A", b"O", b"A"):
            kept[row.name] = _plain(row.made.replace(f" {row.schema}.", " "))
    for row in await _rows(transaction, _FUNCTIONS):
        head = f"CREATE FUNCTION {row.name}() RETURNS trigger LANGUAGE plpgsql AS $$"
        kept[row.name] = _plain(f"{head}{row.body}$$")
    kept |= {row.name: "" for row in await _rows(transaction, _CHECKS)}
    return kept


async def _rows(transaction: Transaction, query: str) -> list[Any]:
    return list(await transaction.execute(text(query)))
