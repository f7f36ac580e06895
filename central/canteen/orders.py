"""Orders in the database: charges that are not collected yet, and what became of them.

What becomes of an order follows from its charge, like everything else of it: ``follow``. Who may
order what is ``central.orders``.
"""

import dataclasses
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final, Literal
from uuid import UUID

from pydantic import TypeAdapter
from sqlalchemy import Row, func, insert, select, update

from central.canteen.accounts import PAGE_LENGTH, TILL, newest
from central.canteen.repository import TOPIC, chunks
from central.canteen.state import UNCLAIMED, Charge
from central.canteen.tables import canteen_charges, canteen_orders
from central.database import Transaction
from central.ledger import repository as ledger
from config.contract.money import ChargeLine, OrderState, TillOrder

TOLD_FOR: Final = timedelta(days=7)
"""So long after its window a till is told what became of an order."""
LINES: Final = TypeAdapter(tuple[ChargeLine, ...])
Language = Literal["zh-CN", "en"]
NAMES: Final = TypeAdapter(dict[str, dict[Language, str]])
STANDING: Final = (OrderState.WAITING, OrderState.COLLECTED, OrderState.UNCLAIMED)
"""States of orders that were cooked for."""
_ORDERS, _CHARGES = canteen_orders.c, canteen_charges.c


@dataclasses.dataclass(frozen=True, slots=True)
class Tills:
    """Who asks. Attributes: merchants: whose orders are wanted. names: of all tills of the site."""

    merchants: Collection[str]
    names: Mapping[str, dict[Language, str]] = dataclasses.field(default_factory=dict)


async def of(transaction: Transaction, charge_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return which of these charges are orders."""
    found = dict[str, Row[Any]]()
    for some in chunks(charge_ids):
        query = select(canteen_orders).where(_ORDERS.charge_id.in_(some))
        found |= {row.charge_id: row for row in await transaction.execute(query)}
    return found


async def add(transaction: Transaction, values: dict[str, Any]) -> None:
    """Write a new order; who calls has the ledger's turn. Tills hear of it."""
    version = await newest(transaction) + 1
    await transaction.execute(insert(canteen_orders).values(**values, version=version))
    transaction.announce(TILL)
    transaction.announce(TOPIC)


async def put(
    transaction: Transaction,
    states: Mapping[str, OrderState],
    *,
    by: str = "",
    note: str = "",
    now: datetime,
) -> None:
    """Note what became of orders, and let tills hear of it; takes the ledger's turn.

    Args:
        transaction: A writing one.
        states: By charge.
        by: The operator's name, where one did it.
        note: Of the operator.
        now: Aware UTC.
    """
    if not states:
        return
    await ledger.take_turn(transaction)
    version = await newest(transaction)
    for number, (charge_id, state) in enumerate(states.items(), start=version + 1):
        await transaction.execute(
            update(canteen_orders)
            .where(_ORDERS.charge_id == charge_id)
            .values(
                state=state.value, version=number, changed_at=now, ended_by=by, note=note or None
            )
        )
    transaction.announce(TILL)
    transaction.announce(TOPIC)


async def follow(transaction: Transaction, charges: Sequence[Charge], *, now: datetime) -> None:
    """Let orders be what their charges say; ``charges`` are in the database as they are here."""
    known = await of(transaction, [each.charge_id for each in charges])
    states = dict[str, OrderState]()
    for charge in charges:
        row = known.get(charge.charge_id)
        state = None if row is None else _state_of(charge)
        if row is not None and state is not None and state.value != row.state:
            states[charge.charge_id] = state
    await put(transaction, states, now=now)


def _state_of(charge: Charge) -> OrderState | None:
    if charge.content_hash is None:
        return None
    if charge.is_void:
        return OrderState.CANCELLED
    return OrderState.UNCLAIMED if charge.is_unclaimed else OrderState.COLLECTED


async def waiting_fen(
    transaction: Transaction, holder_id: str, day: date, *, besides: str = ""
) -> int:
    """Return what somebody's open orders of a day come to, one left out."""
    query = select(func.coalesce(func.sum(_ORDERS.amount_fen), 0)).where(
        _ORDERS.holder_id == holder_id,
        _ORDERS.day == day,
        _ORDERS.state == OrderState.WAITING.value,
        _ORDERS.charge_id != besides,
    )
    return int((await transaction.execute(query)).scalar_one())


async def unclaimed(
    transaction: Transaction, merchant: str, since: datetime, until: datetime
) -> tuple[int, int]:
    """Return how many orders of a span were charged without being collected, and their fen."""
    fen = func.coalesce(func.sum(_CHARGES.amount_fen), 0)
    query = select(func.count().label("charge_count"), fen.label("fen")).where(
        _CHARGES.content_hash == UNCLAIMED,
        _CHARGES.void_id.is_(None),
        _CHARGES.merchant == merchant,
        _CHARGES.charged_at >= since,
        _CHARGES.charged_at < until,
    )
    found = (await transaction.execute(query)).one()
    return int(found.charge_count), int(found.fen)


async def page(
    transaction: Transaction, *, after: int, tills: Tills, now: datetime
) -> tuple[list[TillOrder], int, bool]:
    """Return orders that changed after a version, the version of the last, whether more did."""
    query = (
        select(canteen_orders, _CHARGES.charged_at, _CHARGES.till)
        .select_from(
            canteen_orders.outerjoin(canteen_charges, _CHARGES.charge_id == _ORDERS.charge_id)
        )
        .where(
            _ORDERS.version > after,
            _ORDERS.merchant.in_(tills.merchants),
            _ORDERS.ends_at > now - TOLD_FOR,
        )
        .order_by(_ORDERS.version)
        .limit(PAGE_LENGTH + 1)
    )
    rows = (await transaction.execute(query)).all()
    has_more, rows = len(rows) > PAGE_LENGTH, rows[:PAGE_LENGTH]
    return [_told(row, tills) for row in rows], rows[-1].version if rows else after, has_more


def dishes_of(row: Row[Any]) -> dict[str, dict[str, str]]:
    """Return what the dishes of an order were called, by language."""
    names = NAMES.validate_json(row.names)
    return {dish: {str(key): word for key, word in words.items()} for dish, words in names.items()}


def _told(row: Row[Any], tills: Tills) -> TillOrder:
    is_collected = row.state == OrderState.COLLECTED.value
    return TillOrder(
        charge_id=UUID(row.charge_id),
        number=row.number,
        holder_id=row.holder_id,
        merchant=row.merchant,
        day=row.day,
        period=row.period,
        begins=row.begins_at,
        ends=row.ends_at,
        due=row.due_at,
        unclaimed=row.unclaimed,
        lines=LINES.validate_json(row.lines),
        names=NAMES.validate_json(row.names),
        amount_fen=row.amount_fen,
        code_hash=row.code_hash,
        state=OrderState(row.state),
        collected_at=row.charged_at if is_collected else None,
        till=(row.till or "") if is_collected else "",
        till_name=tills.names.get(row.till, {}) if is_collected else {},
        version=row.version,
    )
