"""Money of charges that goes back to whom it came from: voids of tills, refunds of the office."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from central.canteen import debts, repository
from central.canteen.repository import TOPIC
from central.canteen.state import Charge, Split
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.ledger.transfers import MOVING, Transfer
from config.contract.money import MoneyUnit, Wallet

VOID: Final = "void"
"""Reason of transfers."""
PAID_DEBT: Final = ("debt", "paid")
"""Name of the part of a debt that its diner had paid before it went back."""
WAIVED_DEBT: Final = ("debt", "waived")
"""The same of what a fund had paid."""
WALLETS: Final = (Wallet.SUBSIDY, Wallet.CASH, Wallet.DEBT)
"""In the order in which they give; what goes back goes the other way."""


class NothingLeftError(ValueError):
    """More is to go back than is left of a charge."""


async def reverse(transaction: Transaction, charge: Charge, *, now: datetime) -> None:
    """Move what is left of a charge back: the void of its till."""
    rest_fen = (charge.amount_fen or 0) - charge.returned_fen
    if rest_fen:
        at = charge.voided_at or now
        key = UUID(charge.void_id)
        await _move_back(transaction, charge, rest_fen, key=key, reason=VOID, at=at, now=now)
    charge.reversed_at = now


async def give_back(
    transaction: Transaction,
    charge_id: UUID,
    amount_fen: int,
    *,
    key: UUID,
    reason: str,
    now: datetime,
) -> Split:
    """Move money of a charge back to whom it came from: debt first, then cash, then the subsidy.

    What goes back by this is left out by a void that comes later. Repeating a call is harmless.

    Args:
        transaction: A writing one.
        charge_id: That is in the ledger.
        amount_fen: 1 up to what is left of it.
        key: Of this deed.
        reason: What for, a word of the caller's own.
        now: Aware UTC.

    Returns:
        What each account got.

    Raises:
        LookupError: No such charge is in the ledger.
        NothingLeftError: Not so much is left of it.
    """
    await ledger.take_turn(transaction)
    charge = (await repository.charges(transaction, [str(charge_id)])).get(str(charge_id))
    if charge is None or charge.posted_at is None:
        raise LookupError(str(charge_id))
    before = await _moved_by(transaction, UUID(charge.group_id), key)
    if before is not None:
        return before
    if amount_fen < 1 or amount_fen > (charge.amount_fen or 0) - charge.returned_fen:
        raise NothingLeftError("so much is not left of this charge")
    given = await _move_back(
        transaction, charge, amount_fen, key=key, reason=reason, at=now, now=now
    )
    await repository.keep_charges(transaction, [], [charge])
    transaction.announce(TOPIC)
    return given


async def _moved_by(transaction: Transaction, group: UUID, key: UUID) -> Split | None:
    ids = {accounts.part_id(key, which.value): which for which in WALLETS}
    ids |= {accounts.part_id(key, *name): Wallet.DEBT for name in (PAID_DEBT, WAIVED_DEBT)}
    moved = dict[Wallet, int]()
    for each in await ledger.of_group(transaction, group):
        if (which := ids.get(each.transfer_id)) is not None:
            moved[which] = moved.get(which, 0) + each.amount_fen
    return Split(*(moved.get(which, 0) for which in WALLETS)) if moved else None


async def _move_back(
    transaction: Transaction,
    charge: Charge,
    amount_fen: int,
    *,
    key: UUID,
    reason: str,
    at: datetime,
    now: datetime,
) -> Split:
    group = UUID(charge.group_id)
    transfers = await ledger.of_group(transaction, group)
    orders, given, rest_fen = list[ledger.Order](), dict.fromkeys(WALLETS, 0), amount_fen
    for which in reversed(WALLETS):
        account = accounts.wallet(charge.payer_id, which)
        for moved in transfers:
            left_fen = _left(moved, transfers)
            back_fen = min(rest_fen, left_fen)
            is_of = moved.kind in MOVING and moved.debit == account and moved.reverses is None
            if not is_of or not back_fen:
                continue
            rest_fen -= back_fen
            given[which] += back_fen
            orders += [
                ledger.Order(
                    transfer_id=accounts.part_id(key, *name),
                    debit=moved.credit,
                    credit=credit,
                    amount_fen=fen,
                    unit=MoneyUnit.CNY,
                    reason=reason,
                    happened_at=at,
                    group=group,
                    reverses=moved.transfer_id,
                )
                for name, credit, fen in await _whereto(
                    transaction, charge, which, back_fen, waived_fen=debts.waived_fen(transfers)
                )
            ]
    await ledger.post(transaction, orders, now=now)
    charge.returned_fen += amount_fen - rest_fen
    return Split(*(given[which] for which in WALLETS))


async def _whereto(
    transaction: Transaction, charge: Charge, which: Wallet, back_fen: int, *, waived_fen: int
) -> list[tuple[tuple[str, ...], str, int]]:
    """Return where money of an account goes back to: name of the part, account and amount.

    Of a debt the fund gets what it has paid. What is owed still becomes less, and no more than to
    nothing: a debt that is paid is none any more, and its diner, who paid it, gets the rest.
    """
    holder_id = charge.payer_id
    account = accounts.wallet(holder_id, which)
    if which is not Wallet.DEBT:
        return [((which.value,), account, back_fen)]
    cash = accounts.wallet(holder_id, Wallet.CASH)
    owed_fen = (await debts.owed_fen(transaction, [holder_id]))[holder_id]
    of_fund, of_debt, of_diner = split_debt(back_fen, waived_fen=waived_fen, owed_fen=owed_fen)
    parts = (
        (WAIVED_DEBT, accounts.fund(debts.FUND), of_fund),
        ((which.value,), account, of_debt),
        (PAID_DEBT, cash, of_diner),
    )
    return [each for each in parts if each[2]]


def split_debt(back_fen: int, *, waived_fen: int, owed_fen: int) -> tuple[int, int, int]:
    """Return who gets what of a debt that goes back: the fund, the debt, and its diner as cash.

    Args:
        back_fen: That goes back.
        waived_fen: What the fund has paid of this debt.
        owed_fen: What the diner owes in all; the account of debts is never above zero.
    """
    of_fund = min(back_fen, waived_fen)
    of_debt = min(back_fen - of_fund, owed_fen)
    return of_fund, of_debt, back_fen - of_fund - of_debt


def _left(moved: Transfer, transfers: Sequence[Transfer]) -> int:
    """Return what of a transfer has not gone back."""
    back = [each.amount_fen for each in transfers if each.reverses == moved.transfer_id]
    return moved.amount_fen - sum(back)
