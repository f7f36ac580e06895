"""Charges, sessions, exceptions and plans in the database; money lies in the ledger."""

import dataclasses
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import ColumnElement, Row, bindparam, delete, func, insert, or_, select, update

from central.canteen.state import Charge, Problem
from central.canteen.tables import (
    canteen_charges,
    canteen_debts,
    canteen_exceptions,
    canteen_lines,
    canteen_merchants,
    canteen_reservations,
    canteen_sessions,
    canteen_tills,
)
from central.database import Transaction
from central.tables import people
from config.contract.events import Event
from config.contract.money import ChargeLine
from config.site_canteen import MerchantEntry, TillEntry

TOPIC: Final = "canteen"
"""Announced when pages of the canteen show something else."""
IN_LENGTH: Final = 500
"""So many values a query names at once; SQLite has a limit."""
_CHARGES, _EXCEPTIONS = canteen_charges.c, canteen_exceptions.c
_FIELDS: Final = tuple(field.name for field in dataclasses.fields(Charge))


def chunks(values: Iterable[str]) -> Iterator[list[str]]:
    """Yield values in lists that a query may name."""
    wanted = list(dict.fromkeys(values))
    for start in range(0, len(wanted), IN_LENGTH):
        yield wanted[start : start + IN_LENGTH]


# ---- places


async def keep_places(
    transaction: Transaction, merchants: Sequence[MerchantEntry], tills: Sequence[TillEntry]
) -> None:
    """Keep who is paid and where, as the site file says."""
    await transaction.execute(delete(canteen_merchants))
    await transaction.execute(delete(canteen_tills))
    await transaction.execute_many(
        insert(canteen_merchants), [{"merchant": each.id, "kind": each.kind} for each in merchants]
    )
    await transaction.execute_many(
        insert(canteen_tills),
        [{"till": each.id, "node": each.node, "merchant": each.merchant} for each in tills],
    )


async def merchants(transaction: Transaction) -> frozenset[str]:
    """Return who can be paid."""
    found = await transaction.execute(select(canteen_merchants.c.merchant))
    return frozenset(found.scalars())


async def merchant_of(transaction: Transaction, till: str) -> str:
    """Return who is paid at a till; LookupError where the site file has no such till."""
    query = select(canteen_tills.c.merchant).where(canteen_tills.c.till == till)
    found: str | None = (await transaction.execute(query)).scalar_one_or_none()
    if found is None:
        raise LookupError(till)
    return found


# ---- charges


def charge_of(row: Row[Any]) -> Charge:
    """Return a row of the table as what it is."""
    return Charge(**{name: getattr(row, name) for name in _FIELDS})


async def charges(transaction: Transaction, charge_ids: Iterable[str]) -> dict[str, Charge]:
    """Return what is known of charges."""
    found = dict[str, Charge]()
    for some in chunks(charge_ids):
        query = select(canteen_charges).where(_CHARGES.charge_id.in_(some))
        for row in await transaction.execute(query):
            found[row.charge_id] = charge_of(row)
    return found


async def charges_of_voids(transaction: Transaction, void_ids: Iterable[str]) -> dict[str, str]:
    """Return which charge each void took back."""
    found = dict[str, str]()
    for some in chunks(void_ids):
        query = select(_CHARGES.void_id, _CHARGES.charge_id).where(_CHARGES.void_id.in_(some))
        found |= {row.void_id: row.charge_id for row in await transaction.execute(query)}
    return found


async def unposted(transaction: Transaction, at_merchants: Collection[str]) -> Sequence[Charge]:
    """Return charges that are paid at these merchants and are not in the ledger."""
    query = select(canteen_charges).where(
        _CHARGES.content_hash.is_not(None),
        _CHARGES.posted_at.is_(None),
        _CHARGES.merchant.in_(at_merchants),
    )
    return [charge_of(row) for row in await transaction.execute(query)]


async def keep_charges(
    transaction: Transaction, fresh: Sequence[Charge], changed: Sequence[Charge]
) -> None:
    """Write charges that are new, and those that have changed."""
    await transaction.execute_many(
        insert(canteen_charges),
        [{name: getattr(each, name) for name in _FIELDS} for each in fresh],
    )
    values: dict[str, Any] = {
        name: bindparam(f"new_{name}") for name in _FIELDS if name != "charge_id"
    }
    await transaction.execute_many(
        update(canteen_charges).where(_CHARGES.charge_id == bindparam("of_charge")).values(values),
        [
            {"of_charge": each.charge_id} | {f"new_{name}": getattr(each, name) for name in values}
            for each in changed
        ],
    )


async def keep_lines(
    transaction: Transaction, of_charges: Iterable[tuple[str, Sequence[ChargeLine]]]
) -> None:
    """Write what was on the trays of charges."""
    await transaction.execute_many(
        insert(canteen_lines),
        [
            {"charge_id": charge_id, "number": number, **line.model_dump()}
            for charge_id, lines in of_charges
            for number, line in enumerate(lines, start=1)
        ],
    )


async def lines_of(
    transaction: Transaction, charge_ids: Iterable[str]
) -> dict[str, list[ChargeLine]]:
    """Return what was on the trays, in order."""
    found = dict[str, list[ChargeLine]]()
    for some in chunks(charge_ids):
        query = (
            select(canteen_lines)
            .where(canteen_lines.c.charge_id.in_(some))
            .order_by(canteen_lines.c.charge_id, canteen_lines.c.number)
        )
        for row in (await transaction.execute(query)).mappings():
            line = {name: row[name] for name in ("item", "count", "weight_g", "amount_fen")}
            found.setdefault(row["charge_id"], []).append(ChargeLine.model_construct(**line))
    return found


async def page_of_charges(
    transaction: Transaction,
    *,
    merchant: str = "",
    till: str = "",
    holder_id: str = "",
    session_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    before: str = "",
    limit: int,
) -> list[Charge]:
    """Return charges that are paid, the newest first.

    Args:
        transaction: Any.
        merchant: Of this one alone, where it is said.
        till: The same.
        holder_id: The same.
        session_id: The same.
        since: By the till's clock.
        until: The same, itself outside.
        before: Charge that the page before ended with.
        limit: At most so many.
    """
    query = select(canteen_charges).where(_CHARGES.content_hash.is_not(None))
    wanted = {"merchant": merchant, "till": till, "session_id": session_id}
    if holder_id:
        # Whom it was moved from sees that it was: it was on their statement.
        query = query.where(or_(_CHARGES.holder_id == holder_id, _CHARGES.moved_to == holder_id))
    for name, value in wanted.items():
        if value:
            query = query.where(_CHARGES[name] == value)
    if since is not None:
        query = query.where(_CHARGES.charged_at >= since)
    if until is not None:
        query = query.where(_CHARGES.charged_at < until)
    if before:
        last = select(_CHARGES.charged_at).where(_CHARGES.charge_id == before)
        at: datetime | None = (await transaction.execute(last)).scalar_one_or_none()
        if at is None:
            return []
        is_older = (_CHARGES.charged_at == at) & (_CHARGES.charge_id < before)
        query = query.where(or_(_CHARGES.charged_at < at, is_older))
    order = (_CHARGES.charged_at.desc(), _CHARGES.charge_id.desc())
    rows = await transaction.execute(query.order_by(*order).limit(limit))
    return [charge_of(row) for row in rows]


def is_of(holder_id: str) -> ColumnElement[bool]:
    """Return whether a charge is somebody's, also after it was moved from or to them."""
    stayed = (_CHARGES.holder_id == holder_id) & _CHARGES.moved_to.is_(None)
    return or_(stayed, _CHARGES.moved_to == holder_id)


async def spent_fen(
    transaction: Transaction, holder_id: str, *, since: datetime, besides: str
) -> int:
    """Return what somebody has spent since a moment, one charge left out."""
    paid = select(func.coalesce(func.sum(_CHARGES.amount_fen - _CHARGES.returned_fen), 0)).where(
        is_of(holder_id),
        _CHARGES.charged_at >= since,
        _CHARGES.reversed_at.is_(None),
        _CHARGES.charge_id != besides,
    )
    return int((await transaction.execute(paid)).scalar_one())


async def paid_elsewhere(
    transaction: Transaction, charge: Charge, *, since: datetime, until: datetime
) -> bool:
    """Return whether somebody paid at another till in between without central."""
    query = select(_CHARGES.charge_id).where(
        _CHARGES.holder_id == charge.holder_id,
        _CHARGES.charged_at.between(since, until),
        _CHARGES.till != charge.till,
        ~_CHARGES.is_reserved,
        _CHARGES.charge_id != charge.charge_id,
    )
    return (await transaction.execute(query.limit(1))).first() is not None


@dataclasses.dataclass(frozen=True, slots=True)
class Payer:
    """Who pays. Attributes: left_at: None as long as they are somebody here."""

    profiles: tuple[str, ...]
    left_at: datetime | None


async def payers(
    transaction: Transaction, holder_ids: Iterable[str], *, now: datetime
) -> dict[str, Payer]:
    """Return people as the canteen knows them; nobody who was removed."""
    found = dict[str, Payer]()
    for some in chunks(holder_ids):
        query = select(people).where(people.c.holder_id.in_(some), ~people.c.is_removed)
        for row in await transaction.execute(query):
            ends = [row.valid_until] if row.valid_until is not None else []
            if not row.is_active:
                ends.append(row.inactive_since or now)
            left_at = min(ends, default=None)
            is_over = left_at is not None and left_at <= now
            found[row.holder_id] = Payer(tuple(row.profiles or ()), left_at if is_over else None)
    return found


# ---- reservations


async def reservation(transaction: Transaction, charge_id: str) -> Row[Any] | None:
    """Return what was kept for a charge."""
    query = select(canteen_reservations).where(canteen_reservations.c.charge_id == charge_id)
    return (await transaction.execute(query)).first()


async def reservations(transaction: Transaction, charge_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return what was kept for charges."""
    found = dict[str, Row[Any]]()
    for some in chunks(charge_ids):
        query = select(canteen_reservations).where(canteen_reservations.c.charge_id.in_(some))
        found |= {row.charge_id: row for row in await transaction.execute(query)}
    return found


async def keep_reservation(transaction: Transaction, values: dict[str, Any]) -> None:
    """Write what is kept for a charge, instead of what was kept before."""
    here = canteen_reservations.c.charge_id == values["charge_id"]
    await transaction.execute(delete(canteen_reservations).where(here))
    await transaction.execute(insert(canteen_reservations).values(values))


# ---- sessions


async def sessions(transaction: Transaction, session_ids: Iterable[str]) -> dict[str, Row[Any]]:
    """Return sessions of tills."""
    found = dict[str, Row[Any]]()
    for some in chunks(session_ids):
        query = select(canteen_sessions).where(canteen_sessions.c.session_id.in_(some))
        found |= {row.session_id: row for row in await transaction.execute(query)}
    return found


async def keep_session(
    transaction: Transaction, session_id: str, values: dict[str, Any], *, is_known: bool
) -> None:
    """Write what is new of a session."""
    if is_known:
        here = canteen_sessions.c.session_id == session_id
        await transaction.execute(update(canteen_sessions).where(here).values(values))
    else:
        new = insert(canteen_sessions).values(session_id=session_id, **values)
        await transaction.execute(new)


# ---- exceptions


def exception_id(about: str, problem: Problem, said: str = "") -> str:
    """Return the identifier of a line: the same however often it is found."""
    return str(uuid5(UUID(about), f"{problem.value}/{said}"))


async def known_exceptions(transaction: Transaction, ids: Iterable[str]) -> frozenset[str]:
    """Return which lines there are."""
    found = set[str]()
    for some in chunks(ids):
        query = select(_EXCEPTIONS.exception_id).where(_EXCEPTIONS.exception_id.in_(some))
        found |= set((await transaction.execute(query)).scalars())
    return frozenset(found)


async def add_exceptions(transaction: Transaction, rows: list[dict[str, Any]]) -> None:
    """Write lines that are new."""
    await transaction.execute_many(insert(canteen_exceptions), rows)


def exception_row(
    problem: Problem, event: Event, node: str, *, about: str, till: str | None, said: str,
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    """Return a line that asks for a person."""
    return {
        "exception_id": exception_id(about, problem, said),
        "kind": problem.value,
        "node": node,
        "till": till,
        "about": about,
        "event_id": str(event.id),
        "body": event.model_dump_json(by_alias=True),
        "found_at": now,
    }


async def find_exception(transaction: Transaction, exception: str) -> Row[Any] | None:
    """Return a line."""
    query = select(canteen_exceptions).where(_EXCEPTIONS.exception_id == exception)
    return (await transaction.execute(query)).first()


async def list_exceptions(
    transaction: Transaction, *, is_open: bool, limit: int
) -> Sequence[Row[Any]]:
    """Return lines, the newest first: those that nobody has decided, or all."""
    query = select(canteen_exceptions).order_by(
        _EXCEPTIONS.found_at.desc(), _EXCEPTIONS.exception_id
    )
    if is_open:
        query = query.where(_EXCEPTIONS.decided_at.is_(None))
    return (await transaction.execute(query.limit(limit))).all()


async def open_counts(transaction: Transaction, nodes: Collection[str]) -> dict[str, int]:
    """Return how many lines wait at each of these nodes."""
    query = (
        select(_EXCEPTIONS.node, func.count().label("open_count"))
        .where(_EXCEPTIONS.node.in_(nodes), _EXCEPTIONS.decided_at.is_(None))
        .group_by(_EXCEPTIONS.node)
    )
    counts = dict.fromkeys(nodes, 0)
    return counts | {row.node: int(row.open_count) for row in await transaction.execute(query)}


async def count_exceptions(transaction: Transaction) -> int:
    """Return how many lines nobody has decided."""
    query = select(func.count()).where(_EXCEPTIONS.decided_at.is_(None))
    return int((await transaction.execute(query)).scalar_one())


async def decide_exception(
    transaction: Transaction,
    exception: str,
    *,
    by: str,
    decision: str,
    note: str,
    now: datetime,
) -> None:
    """Note what became of a line that nobody has decided."""
    await transaction.execute(
        update(canteen_exceptions)
        .where(_EXCEPTIONS.exception_id == exception, _EXCEPTIONS.decided_at.is_(None))
        .values(decided_at=now, decided_by=by, decision=decision, note=note)
    )


# ---- debts


async def add_debts(transaction: Transaction, rows: list[dict[str, Any]]) -> None:
    """Write what meals left owing."""
    await transaction.execute_many(insert(canteen_debts), rows)
