"""What the ledger is owed of charges, which follows from their rows: posted, or let go.

Charges that nothing is kept for are posted together; where the ledger refuses, one by one, so that
one does not hold up the others.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from central.canteen import plans, repository
from central.canteen.repository import Payer
from central.canteen.returns import WALLETS, reverse
from central.canteen.state import Charge, Problem, Split, split
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.ledger.errors import LedgerError, OrderError
from config.contract.money import MoneyUnit, Wallet

CHARGE: Final = "charge"
"""Reason of transfers."""
OFFLINE: Final = timedelta(hours=24)
"""Two tills without central that took the same money did so within this."""
LONG_AGO: Final = timedelta(days=3_650)


async def settle_up(
    transaction: Transaction, heard: Sequence[Charge], *, now: datetime
) -> dict[str, Problem]:
    """Do what is due of charges, which have rows; returns what cannot be done, by charge."""
    problems = dict[str, Problem]()
    due = [each for each in heard if each.must_post]
    kept = await repository.reservations(transaction, [each.charge_id for each in heard])
    over = [UUID(c.charge_id) for c in heard if c.must_release and c.charge_id in kept]
    await ledger.release_all(transaction, over, now=now)
    known = await repository.merchants(transaction)
    posting = list[Charge]()
    for charge in due:
        if charge.merchant not in known:
            problems[charge.charge_id] = Problem.MERCHANT_UNKNOWN
        elif not _is_usable(charge):
            problems[charge.charge_id] = Problem.HOLDER_UNUSABLE
        else:
            posting.append(charge)
    if posting:
        problems |= await _post(transaction, posting, kept, now=now)
    for charge in heard:
        if charge.must_reverse:
            try:
                await reverse(transaction, charge, now=now)
            except LedgerError:
                problems[charge.charge_id] = Problem.LEDGER_REFUSES
    return problems


def _is_usable(charge: Charge) -> bool:
    try:
        accounts.rules_of(accounts.wallet(charge.holder_id or "", Wallet.DEBT))
    except OrderError:
        return False
    return True


async def _post(
    transaction: Transaction,
    posting: Sequence[Charge],
    kept: Mapping[str, Row[Any]],
    *,
    now: datetime,
) -> dict[str, Problem]:
    payers = await repository.payers(transaction, [str(c.holder_id) for c in posting], now=now)
    groups = (await plans.current(transaction)).plan.groups
    for charge in posting:
        payer = payers.get(str(charge.holder_id))
        profiles = () if payer is None else payer.profiles
        charge.payer_group = next((group for profile, group in groups if profile in profiles), "")
    taken = await _take_kept(transaction, posting, kept, now=now)
    rest = [charge for charge in posting if charge.charge_id not in taken]
    return await _post_fresh(transaction, rest, payers, now=now)


async def _take_kept(
    transaction: Transaction,
    posting: Sequence[Charge],
    kept: Mapping[str, Row[Any]],
    *,
    now: datetime,
) -> frozenset[str]:
    """Take what was kept for charges; returns those for which it was the same and still there."""
    same, differing = dict[UUID, datetime](), list[UUID]()
    for charge in posting:
        row = kept.get(charge.charge_id)
        if row is None:
            continue
        asked = (charge.holder_id, charge.merchant, charge.amount_fen)
        if (row.holder_id, row.merchant, row.amount_fen) == asked:
            same[UUID(charge.charge_id)] = charge.charged_at or now
        else:
            differing.append(UUID(charge.charge_id))
    await ledger.release_all(transaction, differing, now=now)
    resolved = await ledger.settle_all(transaction, same, now=now)
    taken = {str(group) for group, each in resolved.items() if each.state == "settled"}
    for charge in posting:
        if charge.charge_id in taken:
            row = kept[charge.charge_id]
            charge.subsidy_fen, charge.cash_fen, charge.posted_at = (
                row.subsidy_fen, row.cash_fen, now,
            )  # fmt: skip
    return frozenset(taken)


async def _post_fresh(
    transaction: Transaction,
    posting: Sequence[Charge],
    payers: Mapping[str, Payer],
    *,
    now: datetime,
) -> dict[str, Problem]:
    """Post charges that nothing is kept for: all at once, one by one where the ledger refuses."""
    left = await _available(transaction, posting)
    parts = dict[str, Split]()
    for charge in posting:
        parts[charge.charge_id] = _part(charge, payers.get(str(charge.holder_id)), left)
    problems = dict[str, Problem]()
    try:
        orders = [order for each in posting for order in _orders(each, parts[each.charge_id])]
        await ledger.post(transaction, orders, now=now)
    except LedgerError:
        for charge in posting:
            try:
                await ledger.post(transaction, _orders(charge, parts[charge.charge_id]), now=now)
            except LedgerError:
                problems[charge.charge_id] = Problem.LEDGER_REFUSES
    posted = [each for each in posting if each.charge_id not in problems]
    for charge in posted:
        part = parts[charge.charge_id]
        charge.subsidy_fen, charge.cash_fen, charge.debt_fen = dataclasses.astuple(part)
        charge.posted_at = now
    await _note_debts(transaction, posted, payers, now=now)
    return problems


async def _available(
    transaction: Transaction, posting: Sequence[Charge]
) -> dict[tuple[str | None, Wallet], int]:
    names = {
        accounts.wallet(str(charge.holder_id), which): (charge.holder_id, which)
        for charge in posting
        for which in (Wallet.SUBSIDY, Wallet.CASH)
    }
    found = await ledger.balances(transaction, names)
    return {names[name]: balance.available_fen for name, balance in found.items()}


def _part(charge: Charge, payer: Payer | None, left: dict[tuple[str | None, Wallet], int]) -> Split:
    """Return who gives what, and take it from what is left.

    The wallets of somebody who had left by then are for their refund: what they ate is owed.
    """
    amount_fen, at = charge.amount_fen or 0, charge.charged_at
    if payer is None or (payer.left_at is not None and at is not None and payer.left_at <= at):
        return Split(0, 0, amount_fen)
    of_subsidy, of_cash = ((charge.holder_id, w) for w in (Wallet.SUBSIDY, Wallet.CASH))
    part = split(amount_fen, subsidy_fen=left[of_subsidy], cash_fen=left[of_cash])
    left[of_subsidy] -= part.subsidy_fen
    left[of_cash] -= part.cash_fen
    return part


def _orders(charge: Charge, part: Split) -> list[ledger.Order]:
    group, at = UUID(charge.charge_id), charge.charged_at or charge.received_at
    if at is None:
        raise ValueError("a charge is posted once its content is there")
    return [
        ledger.Order(
            transfer_id=accounts.part_id(group, which.value),
            debit=accounts.wallet(str(charge.holder_id), which),
            credit=accounts.merchant(str(charge.merchant)),
            amount_fen=amount_fen,
            unit=MoneyUnit.CNY,
            reason=CHARGE,
            happened_at=at,
            group=group,
            detail={"till": charge.till, "period": charge.period},
        )
        for which, amount_fen in zip(WALLETS, dataclasses.astuple(part), strict=True)
        if amount_fen
    ]


async def _note_debts(
    transaction: Transaction,
    posted: Sequence[Charge],
    payers: Mapping[str, Payer],
    *,
    now: datetime,
) -> None:
    rows = [
        {
            "charge_id": charge.charge_id,
            "holder_id": charge.holder_id,
            "amount_fen": charge.debt_fen,
            "cause": await _cause(transaction, charge, payers.get(str(charge.holder_id)), now=now),
            "made_at": now,
        }
        for charge in posted
        if charge.debt_fen
    ]
    await repository.add_debts(transaction, rows)


async def _cause(
    transaction: Transaction, charge: Charge, payer: Payer | None, *, now: datetime
) -> str:
    at = charge.charged_at
    if payer is None or at is None:
        return "unknown"
    if payer.left_at is not None and payer.left_at <= at:
        return "left"
    # A clock that is far off must not lead out of what a date can be.
    at = max(min(at, now), now - LONG_AGO)
    since, until = at - OFFLINE, at + OFFLINE
    has_others = await repository.paid_elsewhere(transaction, charge, since=since, until=until)
    return "two_tills" if has_others and not charge.is_reserved else "short"
