"""A diner orders, and takes an order back: each once, whatever is pressed twice or answered never.

Everything is decided under the ledger's turn, so that two who order at once see each other: no
window has more orders than it may, and no wallet gives more than it holds.
"""

import dataclasses
import hashlib
import hmac
import json
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from central.canteen import accounts as till_accounts
from central.canteen import orders, plans
from central.canteen import repository as canteen
from central.canteen.reservations import WALLETS, Keeping, keep, within_day
from central.canteen.state import split
from central.database import Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.orders import repository
from central.orders.windows import NotOnSaleError, Window, find, priced
from central.problems import RefusedError
from config.contract.identifiers import new_id
from config.contract.money import (
    CanteenPlan,
    ChargeLine,
    OrderState,
    SpendingLimits,
    Wallet,
)
from config.contract.order_code import SECRET_SIZE_BYTES, code_hash, encode_order_code

HELD_AFTER: Final = timedelta(days=7)
"""So long after an order was due its money is kept, should central be away for days."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants, as their page shows it.

    Attributes:
        wish_id: The page's key: the same wish again is the same order.
        before: How many orders of this window they had made when the page looked: another page of
            theirs may have ordered since.
        pieces: Dish and count, each dish once.
        amount_fen: What the page has shown. The price is central's; it refuses another.
    """

    wish_id: UUID
    holder_id: str
    merchant: str
    day: date
    period: str
    before: int
    pieces: Sequence[tuple[str, int]]
    amount_fen: int


def code_of(key: bytes, charge_id: str) -> str:
    """Return the text of an order's QR code; it is not kept, and can be told again from the key."""
    digest = hmac.new(key, UUID(charge_id).bytes, hashlib.sha256).digest()
    return encode_order_code(digest[:SECRET_SIZE_BYTES])


async def place(
    transaction: Transaction, wish: Wish, *, key: bytes, zone: ZoneInfo, now: datetime
) -> str:
    """Take an order and keep its money; returns its ``charge_id``, also of one that was taken.

    Args:
        transaction: A writing one.
        wish: Of a person.
        key: Central's, for the codes of orders.
        zone: Of the site.
        now: Aware UTC.

    Raises:
        RefusedError: It cannot be; the code says why.
    """
    await ledger.take_turn(transaction)
    known = await repository.of_wish(transaction, wish.holder_id, str(wish.wish_id))
    if known is not None:
        return _again(known, wish)
    plan = (await plans.current(transaction)).plan
    window = find(
        plan, merchant=wish.merchant, day=wish.day, period=wish.period, now=now, zone=zone
    )
    if window is None:
        raise RefusedError(409, "order_no_window", "nothing can be ordered for this window")
    if not window.is_open(now):
        raise RefusedError(409, "order_too_late", "the kitchen cooks what was ordered by now")
    lines = _priced(window, wish)
    await _check_person(transaction, wish, window, plan, zone=zone, now=now)
    most = window.rule.orders_max
    if most is not None and await repository.standing_count(transaction, window) >= most:
        raise RefusedError(409, "order_full", "this window takes no more orders")
    charge_id = new_id()
    await _keep(transaction, wish, window, charge_id, now=now)
    code = code_of(key, str(charge_id))
    names = {dish.id: dish.name for dish in window.dishes}
    await orders.add(
        transaction,
        {
            "charge_id": str(charge_id),
            "wish_id": str(wish.wish_id),
            "holder_id": wish.holder_id,
            "merchant": wish.merchant,
            "day": wish.day,
            "period": wish.period,
            "number": await repository.next_number(transaction, window),
            "begins_at": window.begins,
            "ends_at": window.ends,
            "until_at": window.until,
            "due_at": window.due,
            "unclaimed": window.rules.unclaimed,
            "lines": orders.LINES.dump_json(lines).decode(),
            "names": json.dumps(
                {line.item: names[line.item] for line in lines}, ensure_ascii=False
            ),
            "amount_fen": wish.amount_fen,
            "code_hash": code_hash(code),
            "state": OrderState.WAITING.value,
            "ordered_at": now,
            "changed_at": now,
        },
    )
    return str(charge_id)


def _again(known: Row[Any], wish: Wish) -> str:
    """Return an order that this wish has become already."""
    pieces = [(line.item, line.count) for line in orders.LINES.validate_json(known.lines)]
    asked = (wish.merchant, wish.day, wish.period, wish.amount_fen, list(wish.pieces))
    if (known.merchant, known.day, known.period, known.amount_fen, pieces) != asked:
        raise RefusedError(409, "order_differs", "this key has ordered something else")
    return str(known.charge_id)


def _priced(window: Window, wish: Wish) -> tuple[ChargeLine, ...]:
    try:
        lines = priced(window, wish.pieces)
    except NotOnSaleError as error:
        raise RefusedError(409, "order_dish_gone", str(error), dish=error.dish) from error
    amount_fen = sum(line.amount_fen for line in lines)
    if amount_fen != wish.amount_fen:
        line = "the price is another one by now: look again"
        raise RefusedError(409, "order_price_changed", line, amount_fen=amount_fen)
    return lines


async def _check_person(
    transaction: Transaction,
    wish: Wish,
    window: Window,
    plan: CanteenPlan,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> None:
    """Refuse who may not, has ordered elsewhere meanwhile, or is at a limit."""
    holder_id, limits = wish.holder_id, plan.limits
    if await till_accounts.barred_of(transaction, [holder_id], now=now):
        raise RefusedError(409, "order_barred", "paying is blocked for this person")
    made, standing = await repository.counts_of(transaction, holder_id, window)
    if made != wish.before:
        line = "there is another order for this window by now: look at it"
        raise RefusedError(409, "order_meanwhile", line, made=made)
    payer = (await canteen.payers(transaction, [holder_id], now=now)).get(holder_id)
    profiles = () if payer is None else payer.profiles
    group = next((group for profile, group in plan.groups if profile in profiles), "")
    most = window.period.count_max.get(group, window.period.count_max.get(""))
    if most is not None and standing >= most:
        raise RefusedError(409, "order_meals_max", "no more meals of this period", most=most)
    await _check_money(transaction, wish, limits, zone=zone)


async def _check_money(
    transaction: Transaction, wish: Wish, limits: SpendingLimits, *, zone: ZoneInfo
) -> None:
    if wish.amount_fen > limits.per_charge_fen:
        raise RefusedError(
            409, "order_above_limit", "more than one charge may be", most_fen=limits.per_charge_fen
        )
    left = await till_accounts.spendable_fen(transaction, [wish.holder_id])
    spendable = left[wish.holder_id]
    if spendable < wish.amount_fen:
        raise RefusedError(409, "order_short", "too little money", spendable_fen=spendable)
    of_day = await within_day(
        transaction, holder_id=wish.holder_id, day=wish.day, left_fen=spendable, zone=zone
    )
    if of_day < wish.amount_fen:
        raise RefusedError(409, "order_day_limit", "the limit of a day", spendable_fen=of_day)


async def _keep(
    transaction: Transaction, wish: Wish, window: Window, charge_id: UUID, *, now: datetime
) -> None:
    names = {which: accounts.wallet(wish.holder_id, which) for which in WALLETS}
    found = await ledger.balances(transaction, names.values())
    part = split(
        wish.amount_fen,
        subsidy_fen=found[names[Wallet.SUBSIDY]].available_fen,
        cash_fen=found[names[Wallet.CASH]].available_fen,
    )
    keeping = Keeping(
        charge_id=charge_id,
        merchant=wish.merchant,
        holder_id=wish.holder_id,
        part=part,
        at=now,
        expires_at=window.due + HELD_AFTER,
    )
    await keep(transaction, keeping, now=now)


async def cancel(
    transaction: Transaction,
    charge_id: str,
    *,
    holder_id: str,
    now: datetime,
) -> None:
    """Take one's own order back; its money is free at once. Again is harmless.

    Raises:
        RefusedError: 404: not theirs, or not there. 409: too late, or not waiting any more.
    """
    await ledger.take_turn(transaction)
    row = (await orders.of(transaction, [charge_id])).get(charge_id)
    if row is None or row.holder_id != holder_id:
        raise not_found()
    if row.state == OrderState.CANCELLED.value:
        return
    check_waiting(row)
    if now >= row.until_at:
        raise RefusedError(409, "order_too_late", "the kitchen cooks what was ordered by now")
    await let_go(transaction, [charge_id], now=now)


async def let_go(
    transaction: Transaction,
    charge_ids: Sequence[str],
    *,
    by: str = "",
    note: str = "",
    now: datetime,
) -> None:
    """Cancel orders that wait; who calls has the ledger's turn and has looked."""
    for charge_id in charge_ids:
        await ledger.release(transaction, UUID(charge_id), now=now)
    cancelled = dict.fromkeys(charge_ids, OrderState.CANCELLED)
    await orders.put(transaction, cancelled, by=by, note=note, now=now)


def check_waiting(row: Row[Any]) -> None:
    """Refuse what is not waiting any more."""
    if row.state != OrderState.WAITING.value:
        raise RefusedError(409, "order_not_waiting", "it is not waiting any more", state=row.state)


def not_found() -> RefusedError:
    """Return the refusal of an order that is not there, or is another's."""
    return RefusedError(404, "order_not_found", "there is no such order")
