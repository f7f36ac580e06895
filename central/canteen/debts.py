"""What meals left owing: told to the diner, perhaps disputed by them, and decided by a person.

How much somebody owes now is the balance of their account of debt; a line here is one meal that
made it grow. The money moves in the ledger alone: a line that is waived is paid by a fund.
"""

import dataclasses
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import ColumnElement, Row, func, select, update

from central.canteen.repository import TOPIC, chunks
from central.canteen.tables import canteen_charges, canteen_debts
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.ledger.tables import ledger_accounts
from central.ledger.transfers import MOVING, Transfer
from config.contract.money import MoneyUnit, Wallet

Decision = Literal["stands", "waived"]
State = Literal["waiting", "open", "disputed", "decided"]
"""``waiting`` is open or disputed."""
WAIVED: Final = "debt_waived"
"""Reason of transfers."""
FUND: Final = "waived-debts"
"""Who pays for what is waived."""
_DEBTS: Final = canteen_debts.c
_BALANCE: Final = ledger_accounts.c.credits_posted_fen - ledger_accounts.c.debits_posted_fen
_OWES: Final = (ledger_accounts.c.account.like(f"person/%/{Wallet.DEBT}"), _BALANCE < 0)


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
            charge.period,
            _gone().label("is_gone"),
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
        query = query.where(*_waits())
        if state != "waiting":
            is_disputed = _DEBTS.disputed_at.is_not(None)
            query = query.where(is_disputed if state == "disputed" else ~is_disputed)
    return (await transaction.execute(query)).all()


def _gone() -> ColumnElement[bool]:
    """Say of a line that its meal has gone back, or was moved to whoever ate."""
    charge = canteen_charges.c
    is_back = charge.reversed_at.is_not(None) | (charge.returned_fen >= charge.amount_fen)
    return is_back | charge.moved_to.is_not(None)


def _waits() -> tuple[ColumnElement[bool], ...]:
    """Say of a line that a person may have to decide it: it is somebody's meal still."""
    return (_DEBTS.decided_at.is_(None), ~_gone())


@dataclasses.dataclass(frozen=True, slots=True)
class Owing:
    """What somebody owes now.

    Attributes:
        fen: In all.
        of_meals: What is left of each meal's debt, by charge.
    """

    fen: int
    of_meals: dict[str, int]

    @property
    def rest_fen(self) -> int:
        """What no meal of theirs has left, as of a charge that was moved to them."""
        return self.fen - sum(self.of_meals.values())


def spread(newest_first: Iterable[tuple[str, int]], owed_fen: int) -> Owing:
    """Return what is left of meals' debts: the oldest are paid first. Pure.

    Args:
        newest_first: Charges, and at most how much of each can be owed.
        owed_fen: In all.
    """
    left, rest = dict[str, int](), owed_fen
    for charge_id, most_fen in newest_first:
        left[charge_id] = min(rest, most_fen)
        rest -= left[charge_id]
    return Owing(owed_fen, left)


async def owing(transaction: Transaction, holder_ids: Iterable[str]) -> dict[str, Owing]:
    """Return what people owe now, and of which meals."""
    wanted = sorted(set(holder_ids))
    owed, charge = await owed_fen(transaction, wanted), canteen_charges.c
    lines = dict[str, list[tuple[str, int]]]()
    for some in chunks(wanted):
        query = (
            select(canteen_debts, charge.returned_fen, _gone().label("is_gone"))
            .join(canteen_charges, charge.charge_id == _DEBTS.charge_id)
            .where(_DEBTS.holder_id.in_(some))
            .order_by(_DEBTS.made_at.desc(), _DEBTS.charge_id)
        )
        for row in await transaction.execute(query):
            is_over = row.decision == "waived" or row.is_gone
            # What goes back of a meal pays its debt first.
            most_fen = 0 if is_over else max(0, row.amount_fen - max(0, row.returned_fen))
            lines.setdefault(row.holder_id, []).append((row.charge_id, most_fen))
    return {holder: spread(lines.get(holder, ()), owed[holder]) for holder in wanted}


async def debtors(transaction: Transaction, *, limit: int) -> Collection[str]:
    """Return who owes something now, those first who owe most."""
    account = ledger_accounts.c.account
    query = select(account).where(*_OWES).order_by(_BALANCE, account).limit(limit)
    found = (await transaction.execute(query)).scalars()
    return [who for name in found if (who := accounts.holder_of(name)) is not None]


async def owed_by_all(transaction: Transaction) -> int:
    """Return what everybody owes now, together."""
    query = select(func.coalesce(func.sum(-_BALANCE), 0)).where(*_OWES)
    return int((await transaction.execute(query)).scalar_one())


async def find(transaction: Transaction, charge_id: UUID) -> Row[Any] | None:
    """Return one line."""
    query = select(canteen_debts).where(_DEBTS.charge_id == str(charge_id))
    return (await transaction.execute(query)).first()


def waived_fen(transfers: Iterable[Transfer]) -> int:
    """Return what the fund has paid for a charge and did not get back. Pure."""
    payer = accounts.fund(FUND)
    return max(0, -sum(each.change_fen(payer) for each in transfers))


def left_fen(transfers: Iterable[Transfer]) -> int:
    """Return what of a charge was owed, did not go back and no fund has paid. Pure.

    What people pay for their debts is paid for all of them together, and is not left out here.
    """
    moved = [each for each in transfers if each.kind in MOVING]
    ending = f"/{Wallet.DEBT}"
    owed = {
        each.transfer_id: each.amount_fen
        for each in moved
        if each.reverses is None and each.debit.endswith(ending)
    }
    back = sum(each.amount_fen for each in moved if each.reverses in owed)
    return sum(owed.values()) - back - waived_fen(moved)


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
        .where(*_waits())
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
    left = left_fen(await ledger.of_group(transaction, charge_id))
    # What they have paid since is not paid again.
    left = min(left, (await owed_fen(transaction, [line.holder_id]))[line.holder_id])
    if left <= 0:
        return 0
    order = ledger.Order(
        transfer_id=accounts.part_id(charge_id, "waived"),
        debit=accounts.fund(FUND),
        credit=account,
        amount_fen=left,
        unit=MoneyUnit.CNY,
        reason=WAIVED,
        happened_at=now,
        group=charge_id,
    )
    await ledger.post(transaction, [order], now=now)
    return left
