"""What the ledger holds, read from the database; ``repository`` is what others call."""

from collections.abc import Iterable, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, Select, select, union

from central.database import Transaction
from central.ledger.book import Account
from central.ledger.orders import Balance
from central.ledger.tables import ledger_accounts, ledger_transfers
from central.ledger.transfers import MOVING, Kind, Transfer
from config.contract.money import MoneyUnit

_IN_LENGTH: Final = 500
"""So many values a query names at once; SQLite has a limit."""


async def balances(transaction: Transaction, names: Iterable[str]) -> dict[str, Balance]:
    """Return what accounts hold; one that was never used holds nothing.

    Raises:
        OrderError: No kind of account has such a name.
    """
    wanted = list(dict.fromkeys(names))
    accounts = await accounts_named(transaction, wanted)
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


async def of_groups(transaction: Transaction, groups: Iterable[UUID]) -> dict[UUID, list[Transfer]]:
    """Return all transfers of groups, as they came; a group without any has an empty list."""
    found = {group: list[Transfer]() for group in groups}
    columns = ledger_transfers.c
    for some in slices([str(group) for group in found]):
        query = select(ledger_transfers).where(columns.group_id.in_(some))
        for row in await transaction.execute(query.order_by(columns.sequence)):
            found[UUID(row.group_id)].append(to_transfer(row))
    return found


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


async def transfers_of(transaction: Transaction, ids: Iterable[UUID]) -> dict[UUID, Transfer]:
    """Return those of some transfers that are there."""
    found = dict[UUID, Transfer]()
    for some in slices([str(each) for each in ids]):
        query = select(ledger_transfers).where(ledger_transfers.c.transfer_id.in_(some))
        for row in await transaction.execute(query):
            transfer = to_transfer(row)
            found[transfer.transfer_id] = transfer
    return found


async def resolutions_of(transaction: Transaction, held: Iterable[UUID]) -> dict[UUID, Kind]:
    """Return what became of pending transfers; those that stand open are left out."""
    columns, found = ledger_transfers.c, dict[UUID, Kind]()
    for some in slices([str(each) for each in held]):
        query = select(columns.pending_id, columns.kind).where(columns.pending_id.in_(some))
        for row in await transaction.execute(query):
            found[UUID(row.pending_id)] = Kind(row.kind)
    return found


async def accounts_of(
    transaction: Transaction, transfers: Iterable[Transfer]
) -> dict[str, Account]:
    """Return the accounts of transfers that are open already, by name."""
    names = [name for each in transfers for name in (each.debit, each.credit)]
    return await accounts_named(transaction, list(dict.fromkeys(names)))


async def accounts_named(transaction: Transaction, names: Sequence[str]) -> dict[str, Account]:
    """Return accounts that are open already, by name."""
    columns, found = ledger_accounts.c, dict[str, Account]()
    for some in slices(names):
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


def slices(values: Sequence[str]) -> Iterable[Sequence[str]]:
    """Yield values in portions that one query can name."""
    return (values[at : at + _IN_LENGTH] for at in range(0, len(values), _IN_LENGTH))
