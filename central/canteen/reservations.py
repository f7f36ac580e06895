"""Money kept for a charge that a till is about to make, or for an order: asked again, kept once."""

import dataclasses
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from central.canteen import accounts as till_accounts
from central.canteen import orders as ordered
from central.canteen import plans, repository
from central.canteen.state import Split, split
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.problems import RefusedError
from config.contract.money import (
    MoneyUnit,
    OrderState,
    ReservationAnswer,
    ReservationPart,
    ReservationWish,
    Wallet,
)

RESERVE: Final = "reserve"
"""Reason of transfers."""
WALLETS: Final = (Wallet.SUBSIDY, Wallet.CASH)


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Keeping:
    """What is to be kept, for whom it is paid.

    Attributes:
        node, till: Empty for an order, which no till has asked for.
        attempt: Grows when money of one charge is kept again.
        at: When what it stands for was done.
    """

    charge_id: UUID
    node: str = ""
    till: str = ""
    merchant: str
    holder_id: str
    part: Split
    attempt: int = 1
    at: datetime
    expires_at: datetime


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
    order = (await ordered.of(transaction, [key])).get(key)
    if order is not None and kept is not None:
        if (order.holder_id, order.amount_fen) != (holder_id, wish.amount_fen):
            raise RefusedError(409, "reservation_differs", "this charge_id is somebody's order")
        if order.state == OrderState.WAITING.value:
            return await _answer(transaction, kept)
        left = await _left(transaction, holder_id)
        return ReservationAnswer(outcome="settled", spendable_fen=left)
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
    spendable = await within_day(
        transaction,
        holder_id=wish.holder_id,
        day=now.astimezone(zone).date(),
        besides=str(wish.charge_id),
        left_fen=sum(left.values()),
        zone=zone,
    )
    if spendable < wish.amount_fen:
        return ReservationAnswer(outcome="short", spendable_fen=spendable)
    part = split(wish.amount_fen, subsidy_fen=left[Wallet.SUBSIDY], cash_fen=left[Wallet.CASH])
    keeping = Keeping(
        charge_id=wish.charge_id,
        node=node,
        till=wish.till,
        merchant=await repository.merchant_of(transaction, wish.till),
        holder_id=wish.holder_id,
        part=part,
        attempt=1 if before is None else before.attempt + 1,
        at=wish.at,
        expires_at=now + timedelta(seconds=wish.expires_s),
    )
    await keep(transaction, keeping, now=now)
    return ReservationAnswer(
        outcome="reserved",
        parts=_parts(part.subsidy_fen, part.cash_fen),
        spendable_fen=spendable - wish.amount_fen,
    )


async def keep(transaction: Transaction, keeping: Keeping, *, now: datetime) -> None:
    """Keep money under the key of a charge; who calls has the ledger's turn and has looked.

    Raises:
        LedgerError: A wallet does not hold so much.
    """
    part = keeping.part
    orders = [
        ledger.Order(
            transfer_id=_hold_id(keeping.charge_id, keeping.attempt, which),
            debit=accounts.wallet(keeping.holder_id, which),
            credit=accounts.merchant(keeping.merchant),
            amount_fen=amount_fen,
            unit=MoneyUnit.CNY,
            reason=RESERVE,
            happened_at=keeping.at,
            group=keeping.charge_id,
            detail={"till": keeping.till},
        )
        for which, amount_fen in zip(WALLETS, (part.subsidy_fen, part.cash_fen), strict=True)
        if amount_fen
    ]
    await ledger.hold(transaction, orders, expires_at=keeping.expires_at, now=now)
    values = {
        "charge_id": str(keeping.charge_id),
        "node": keeping.node,
        "till": keeping.till,
        "merchant": keeping.merchant,
        "holder_id": keeping.holder_id,
        "amount_fen": part.subsidy_fen + part.cash_fen,
        "subsidy_fen": part.subsidy_fen,
        "cash_fen": part.cash_fen,
        "attempt": keeping.attempt,
        "made_at": now,
        "expires_at": keeping.expires_at,
    }
    await repository.keep_reservation(transaction, values)


async def within_day(
    transaction: Transaction,
    *,
    holder_id: str,
    day: date,
    besides: str = "",
    left_fen: int,
    zone: ZoneInfo,
) -> int:
    """Return what somebody can spend on a day with its limit in mind: meals and orders count.

    Args:
        transaction: Any.
        holder_id: Who pays.
        day: Of the site, today or later.
        besides: A charge that does not count.
        left_fen: What their wallets hold.
        zone: Of the site.
    """
    per_day = (await plans.current(transaction)).draft.limits.per_day_fen
    if per_day is None:
        return left_fen
    first = datetime(day.year, day.month, day.day, tzinfo=zone)
    spent = await repository.spent_fen(transaction, holder_id, since=first, besides=besides)
    spent += await ordered.waiting_fen(transaction, holder_id, day, besides=besides)
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
