"""Money kept for a charge that a till is about to make: asked again, it is kept once."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from central.canteen import accounts as till_accounts
from central.canteen import plans, repository
from central.canteen.state import split
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.problems import RefusedError
from config.contract.money import (
    MoneyUnit,
    ReservationAnswer,
    ReservationPart,
    ReservationWish,
    Wallet,
)

RESERVE: Final = "reserve"
"""Reason of transfers."""
WALLETS: Final = (Wallet.SUBSIDY, Wallet.CASH)


async def reserve(
    transaction: Transaction, wish: ReservationWish, *, node: str, zone: ZoneInfo, now: datetime
) -> ReservationAnswer:
    """Keep money for a charge, or say why not.

    Args:
        transaction: A writing one.
        wish: Of a till of ``node``.
        node: Who asks.
        zone: Of the site, for the limit of a day.
        now: Aware UTC.

    Raises:
        RefusedError: Another charge has this key.
    """
    await ledger.take_turn(transaction)
    key, holder_id = str(wish.charge_id), wish.holder_id
    charge = (await repository.charges(transaction, [key])).get(key)
    if charge is not None and (charge.content_hash or charge.released_at or charge.is_void):
        left = await _left(transaction, holder_id)
        return ReservationAnswer(outcome="settled", spendable_fen=left)
    kept = await repository.reservation(transaction, key)
    if kept is not None:
        asked = (wish.till, holder_id, wish.amount_fen)
        if (kept.till, kept.holder_id, kept.amount_fen) != asked:
            raise RefusedError(409, "reservation_differs", "another wish has this charge_id")
        if kept.expires_at > now and await _is_held(transaction, kept):
            return await _answer(transaction, kept)
        await ledger.release(transaction, wish.charge_id, now=now)
    if await till_accounts.barred_of(transaction, [holder_id], now=now):
        return ReservationAnswer(outcome="closed")
    return await _keep(transaction, wish, kept, node=node, zone=zone, now=now)


async def _keep(
    transaction: Transaction,
    wish: ReservationWish,
    before: Row[tuple[object, ...]] | None,
    *,
    node: str,
    zone: ZoneInfo,
    now: datetime,
) -> ReservationAnswer:
    names = {accounts.wallet(wish.holder_id, which): which for which in WALLETS}
    found = await ledger.balances(transaction, names)
    left = {names[name]: balance.available_fen for name, balance in found.items()}
    spendable = await _within_day(transaction, wish, sum(left.values()), zone=zone, now=now)
    if spendable < wish.amount_fen:
        return ReservationAnswer(outcome="short", spendable_fen=spendable)
    part = split(wish.amount_fen, subsidy_fen=left[Wallet.SUBSIDY], cash_fen=left[Wallet.CASH])
    merchant = await repository.merchant_of(transaction, wish.till)
    attempt = 1 if before is None else before.attempt + 1
    expires_at = now + timedelta(seconds=wish.expires_s)
    values = {
        "charge_id": str(wish.charge_id),
        "node": node,
        "till": wish.till,
        "merchant": merchant,
        "holder_id": wish.holder_id,
        "amount_fen": wish.amount_fen,
        "subsidy_fen": part.subsidy_fen,
        "cash_fen": part.cash_fen,
        "attempt": attempt,
        "made_at": now,
        "expires_at": expires_at,
    }
    orders = [
        ledger.Order(
            transfer_id=_hold_id(wish.charge_id, attempt, which),
            debit=accounts.wallet(wish.holder_id, which),
            credit=accounts.merchant(merchant),
            amount_fen=amount_fen,
            unit=MoneyUnit.CNY,
            reason=RESERVE,
            happened_at=wish.at,
            group=wish.charge_id,
            detail={"till": wish.till},
        )
        for which, amount_fen in zip(WALLETS, (part.subsidy_fen, part.cash_fen), strict=True)
        if amount_fen
    ]
    await ledger.hold(transaction, orders, expires_at=expires_at, now=now)
    await repository.keep_reservation(transaction, values)
    return ReservationAnswer(
        outcome="reserved",
        parts=_parts(part.subsidy_fen, part.cash_fen),
        spendable_fen=spendable - wish.amount_fen,
    )


async def _within_day(
    transaction: Transaction, wish: ReservationWish, left_fen: int, *, zone: ZoneInfo, now: datetime
) -> int:
    """Return what can be spent with the limit of a day in mind."""
    per_day = (await plans.current(transaction)).draft.limits.per_day_fen
    if per_day is None:
        return left_fen
    today = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
    spent = await repository.spent_fen(
        transaction, wish.holder_id, since=today, besides=str(wish.charge_id)
    )
    return max(0, min(left_fen, per_day - spent))


async def _is_held(transaction: Transaction, kept: Row[tuple[object, ...]]) -> bool:
    group = UUID(kept.charge_id)
    transfers = await ledger.of_group(transaction, group)
    resolved = {each.pending_id for each in transfers}
    held = {_hold_id(group, kept.attempt, which) for which in WALLETS}
    return any(each.transfer_id in held - resolved for each in transfers)


async def _answer(transaction: Transaction, kept: Row[tuple[object, ...]]) -> ReservationAnswer:
    return ReservationAnswer(
        outcome="reserved",
        parts=_parts(kept.subsidy_fen, kept.cash_fen),
        spendable_fen=await _left(transaction, kept.holder_id),
    )


async def _left(transaction: Transaction, holder_id: str) -> int:
    return (await till_accounts.spendable_fen(transaction, [holder_id]))[holder_id]


def _parts(subsidy_fen: int, cash_fen: int) -> tuple[ReservationPart, ...]:
    amounts = zip(WALLETS, (subsidy_fen, cash_fen), strict=True)
    return tuple(ReservationPart(wallet=w, amount_fen=fen) for w, fen in amounts if fen)


def _hold_id(charge_id: UUID, attempt: int, which: Wallet) -> UUID:
    return accounts.part_id(charge_id, "hold", str(attempt), which.value)
