"""What meals left owing: told to the diner, perhaps disputed by them, and decided by a person.

How much somebody owes now is the balance of their account of debt; a line here is one meal that
made it grow. The money moves in the ledger alone: a line that is waived is paid by a fund.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row, func, select, update

from central.canteen.repository import TOPIC, chunks
from central.canteen.tables import canteen_charges, canteen_debts
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.ledger.transfers import MOVING
from config.contract.money import MoneyUnit, Wallet

Decision = Literal["stands", "waived"]
State = Literal["open", "disputed", "decided"]
WAIVED: Final = "debt_waived"
"""Reason of transfers."""
FUND: Final = "waived-debts"
"""Who pays for what is waived."""
_DEBTS: Final = canteen_debts.c


async def page(
    transaction: Transaction, *, state: State | None, holder_id: str = "", limit: int
) -> Sequence[Row[Any]]:
    """Return lines with their charges, the newest first."""
    charge = canteen_charges.c
    query = (
        select(
            canteen_debts,
            charge.merchant,
            charge.till,
            charge.charged_at,
            charge.amount_fen.label("meal_fen"),
            charge.reversed_at,
        )
        .join(canteen_charges, charge.charge_id == _DEBTS.charge_id)
        .order_by(_DEBTS.made_at.desc(), _DEBTS.charge_id)
        .limit(limit)
    )
    if holder_id:
        query = query.where(_DEBTS.holder_id == holder_id)
    if state == "decided":
        query = query.where(_DEBTS.decided_at.is_not(None))
    elif state is not None:
        query = query.where(_DEBTS.decided_at.is_(None), charge.reversed_at.is_(None))
        is_disputed = _DEBTS.disputed_at.is_not(None)
        query = query.where(is_disputed if state == "disputed" else ~is_disputed)
    return (await transaction.execute(query)).all()


async def find(transaction: Transaction, charge_id: UUID) -> Row[Any] | None:
    """Return one line."""
    query = select(canteen_debts).where(_DEBTS.charge_id == str(charge_id))
    return (await transaction.execute(query)).first()


async def is_waived(transaction: Transaction, charge_id: str) -> bool:
    """Return whether a fund has paid for it."""
    query = select(_DEBTS.decision).where(_DEBTS.charge_id == charge_id)
    return (await transaction.execute(query)).scalar_one_or_none() == "waived"


async def owed_fen(transaction: Transaction, holder_ids: Iterable[str]) -> dict[str, int]:
    """Return what people owe now; 0 where they owe nothing."""
    names = {accounts.wallet(holder, Wallet.DEBT): holder for holder in holder_ids}
    found = await ledger.balances(transaction, names)
    return {names[name]: max(0, -balance.posted_fen) for name, balance in found.items()}


async def owed_in_all(transaction: Transaction) -> tuple[int, int]:
    """Return how many lines nobody has decided, and what they came to."""
    query = (
        select(
            func.count().label("lines"),
            func.coalesce(func.sum(_DEBTS.amount_fen), 0).label("fen"),
        )
        .join(canteen_charges, canteen_charges.c.charge_id == _DEBTS.charge_id)
        .where(_DEBTS.decided_at.is_(None), canteen_charges.c.reversed_at.is_(None))
    )
    row = (await transaction.execute(query)).one()
    return int(row.lines), int(row.fen)


async def note_notified(
    transaction: Transaction, charge_ids: Iterable[UUID], *, by: str, now: datetime
) -> None:
    """Note that the diner has been told, the first time; ``by`` is empty where a page told them."""
    for some in chunks(str(charge_id) for charge_id in charge_ids):
        await transaction.execute(
            update(canteen_debts)
            .where(_DEBTS.charge_id.in_(some), _DEBTS.notified_at.is_(None))
            .values(notified_at=now, notified_by=by)
        )
    transaction.announce(TOPIC)


async def dispute(transaction: Transaction, charge_id: UUID, *, words: str, now: datetime) -> bool:
    """Note that the diner disputes it; returns whether that is still possible."""
    noted = await transaction.execute(
        update(canteen_debts)
        .where(_DEBTS.charge_id == str(charge_id), _DEBTS.decided_at.is_(None))
        .values(disputed_at=now, dispute=words)
        .returning(_DEBTS.charge_id)
    )
    transaction.announce(TOPIC)
    return noted.first() is not None


async def decide(
    transaction: Transaction,
    charge_id: UUID,
    decision: Decision,
    *,
    by: str,
    note: str,
    now: datetime,
) -> int | None:
    """Let a debt stand, or let a fund pay what is left of it.

    Returns:
        What the fund paid; None where somebody has decided before.

    Raises:
        LookupError: There is no such debt.
    """
    await ledger.take_turn(transaction)
    line = await find(transaction, charge_id)
    if line is None:
        raise LookupError(str(charge_id))
    if line.decided_at is not None:
        return None
    paid_fen = 0
    if decision == "waived":
        paid_fen = await _waive(transaction, line, now=now)
    await transaction.execute(
        update(canteen_debts)
        .where(_DEBTS.charge_id == str(charge_id))
        .values(decided_at=now, decided_by=by, decision=decision, note=note)
    )
    transaction.announce(TOPIC)
    return paid_fen


async def _waive(transaction: Transaction, line: Row[Any], *, now: datetime) -> int:
    charge_id = UUID(line.charge_id)
    account = accounts.wallet(line.holder_id, Wallet.DEBT)
    moved = [t for t in await ledger.of_group(transaction, charge_id) if t.kind in MOVING]
    left_fen = sum(-each.change_fen(account) for each in moved)
    # What they have paid since is not paid again.
    left_fen = min(left_fen, (await owed_fen(transaction, [line.holder_id]))[line.holder_id])
    if left_fen <= 0:
        return 0
    order = ledger.Order(
        transfer_id=accounts.part_id(charge_id, "waived"),
        debit=accounts.fund(FUND),
        credit=account,
        amount_fen=left_fen,
        unit=MoneyUnit.CNY,
        reason=WAIVED,
        happened_at=now,
        group=charge_id,
    )
    await ledger.post(transaction, [order], now=now)
    return left_fen
