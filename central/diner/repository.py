"""The diner's statement in the database, and what diners say of charges and meals."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Column, Row, Select, delete, func, insert, select, update

from central.canteen import repository as canteen
from central.canteen.state import Charge
from central.canteen.tables import canteen_charges
from central.database import Transaction
from central.diner.schemas import (
    ChargeView,
    DisputeView,
    MealCount,
    OfficeDispute,
    RatingSum,
)
from central.diner.tables import diner_disputes, diner_meals, diner_ratings
from central.ledger import accounts
from central.ledger import repository as ledger
from central.problems import RefusedError
from central.spreadsheet import UTF8_MARK, csv_line
from config.contract.identifiers import new_id
from config.contract.money import ChargeMode, Wallet

PAGE_LENGTH: Final = 30
DISPUTE_WITHIN: Final = timedelta(days=30)
RATE_WITHIN: Final = timedelta(days=2)
RATINGS_HEAD: Final = ("day", "merchant", "count", "mean_stars")
_DISPUTES, _MEALS = diner_disputes.c, diner_meals.c


async def balances(transaction: Transaction, holder_id: str) -> dict[str, int]:
    """Return what a person has, as ``Statement`` names it."""
    names = {which: accounts.wallet(holder_id, which) for which in Wallet}
    found = await ledger.balances(transaction, names.values())
    held = sum(found[names[which]].held_fen for which in (Wallet.SUBSIDY, Wallet.CASH))
    return {
        "subsidy_fen": found[names[Wallet.SUBSIDY]].posted_fen,
        "cash_fen": found[names[Wallet.CASH]].posted_fen,
        "held_fen": held,
        "debt_fen": max(0, -found[names[Wallet.DEBT]].posted_fen),
    }


async def charges(
    transaction: Transaction, holder_id: str, *, before: str = "", now: datetime
) -> tuple[list[ChargeView], bool]:
    """Return a page of a person's meals, newest first, and whether there are more."""
    found = await canteen.page_of_charges(
        transaction, holder_id=holder_id, before=before, limit=PAGE_LENGTH + 1
    )
    has_more = len(found) > PAGE_LENGTH
    found = [await _seen_by(transaction, each, holder_id) for each in found[:PAGE_LENGTH]]
    ids = [charge.charge_id for charge in found]
    lines = await canteen.lines_of(transaction, ids)
    disputes = await _by_charge(transaction, select(diner_disputes), _DISPUTES.charge_id, ids)
    ratings = await _by_charge(transaction, select(diner_ratings), diner_ratings.c.charge_id, ids)
    # What whoever it was moved from said of it is theirs.
    own = {key: row for key, row in disputes.items() if row.holder_id == holder_id}
    rated = {key: row.stars for key, row in ratings.items() if row.holder_id == holder_id}
    views = [
        ChargeView(
            charge_id=UUID(charge.charge_id),
            at=charge.charged_at or now,
            merchant=charge.merchant or "",
            till=charge.till or "",
            period=charge.period or "",
            mode=ChargeMode(charge.mode or ChargeMode.KEYED),
            amount_fen=charge.amount_fen or 0,
            subsidy_fen=charge.subsidy_fen,
            cash_fen=charge.cash_fen,
            debt_fen=charge.debt_fen,
            returned_fen=_returned(charge),
            lines=lines.get(charge.charge_id, []),
            dispute=_dispute(own.get(charge.charge_id)),
            stars=rated.get(charge.charge_id),
            can_dispute=charge.charge_id not in disputes and _is_disputable(charge, now=now),
            can_rate=_is_within(charge, RATE_WITHIN, now=now) and not _is_gone(charge),
        )
        for charge in found
    ]
    return views, has_more


async def _seen_by(transaction: Transaction, charge: Charge, holder_id: str) -> Charge:
    """Return a charge as somebody's own page has it, with where their money came from."""
    seen = charge.as_of(holder_id)
    if charge.moved_to == holder_id:
        names = {accounts.wallet(holder_id, which): f"{which.value}_fen" for which in Wallet}
        for each in await ledger.of_group(transaction, UUID(charge.group_id)):
            if each.debit in names and each.reverses is None:
                setattr(seen, names[each.debit], getattr(seen, names[each.debit]) + each.amount_fen)
    return seen


async def own_charge(transaction: Transaction, charge_id: UUID, holder_id: str) -> Charge:
    """Return a meal of a person; refuses with 404 what is not theirs as what is not there."""
    charge = (await canteen.charges(transaction, [str(charge_id)])).get(str(charge_id))
    whose = () if charge is None else (charge.holder_id, charge.moved_to)
    if charge is None or holder_id not in whose or charge.content_hash is None:
        raise RefusedError(404, "charge_not_found", "there is no such charge")
    return charge.as_of(holder_id)


async def dispute(transaction: Transaction, charge: Charge, reason: str, *, now: datetime) -> None:
    """Keep that a charge is disputed; said again it stays as it was said first.

    Raises:
        RefusedError: 409: it is too old, or has gone back already, or whoever it was moved from
            has disputed it.
    """
    here = _DISPUTES.charge_id == charge.charge_id
    known = (await transaction.execute(select(_DISPUTES.holder_id).where(here))).first()
    if known is not None and known.holder_id == charge.holder_id:
        return
    if known is not None or not _is_disputable(charge, now=now):
        raise RefusedError(409, "charge_not_disputable", "it has gone back, or is too long ago")
    await transaction.execute(
        insert(diner_disputes).values(
            charge_id=charge.charge_id,
            holder_id=charge.holder_id,
            reason=reason,
            made_at=now,
            note="",
        )
    )
    transaction.announce(canteen.TOPIC)


async def disputes(transaction: Transaction, *, is_open: bool, limit: int) -> list[OfficeDispute]:
    """Return disputes with their charges, newest first."""
    columns = canteen_charges.c
    query = (
        select(
            diner_disputes,
            columns.amount_fen,
            columns.returned_fen,
            columns.merchant,
            columns.till,
            columns.charged_at,
        )
        .outerjoin(canteen_charges, columns.charge_id == _DISPUTES.charge_id)
        .order_by(_DISPUTES.made_at.desc(), _DISPUTES.charge_id)
    )
    if is_open:
        query = query.where(_DISPUTES.decided_at.is_(None))
    rows = (await transaction.execute(query.limit(limit))).mappings()
    return [OfficeDispute(**row) for row in rows]


async def open_disputes(transaction: Transaction) -> int:
    """Return how many nobody has answered."""
    query = select(func.count()).where(_DISPUTES.decided_at.is_(None))
    return int((await transaction.execute(query)).scalar_one())


async def decide(
    transaction: Transaction, charge_id: UUID, decision: str, note: str, *, by: str, now: datetime
) -> bool:
    """Note what the office says; returns False where no dispute waits for it."""
    decided = await transaction.execute(
        update(diner_disputes)
        .where(_DISPUTES.charge_id == str(charge_id), _DISPUTES.decided_at.is_(None))
        .values(decision=decision, note=note, decided_by=by, decided_at=now)
        .returning(_DISPUTES.charge_id)
    )
    transaction.announce(canteen.TOPIC)
    return decided.first() is not None


async def rate(transaction: Transaction, charge: Charge, stars: int, *, now: datetime) -> None:
    """Keep how a meal was; the last word holds.

    Raises:
        RefusedError: 409: it is too long ago, or has gone back.
    """
    if _is_gone(charge) or not _is_within(charge, RATE_WITHIN, now=now):
        raise RefusedError(409, "charge_not_ratable", "it has gone back, or is too long ago")
    here = diner_ratings.c.charge_id == charge.charge_id
    await transaction.execute(delete(diner_ratings).where(here))
    await transaction.execute(
        insert(diner_ratings).values(
            charge_id=charge.charge_id, holder_id=charge.holder_id, stars=stars, rated_at=now
        )
    )


async def ratings(transaction: Transaction, *, since: datetime) -> list[tuple[datetime, str, int]]:
    """Return when, where and how meals were, since a moment; nobody's name is in it."""
    columns = canteen_charges.c
    query = (
        select(columns.charged_at, columns.merchant, diner_ratings.c.stars)
        .join(canteen_charges, columns.charge_id == diner_ratings.c.charge_id)
        .where(columns.charged_at >= since)
    )
    return [(row.charged_at, row.merchant, row.stars) for row in await transaction.execute(query)]


def as_csv(sums: Iterable[RatingSum]) -> str:
    """Return sums as a table; the mean has two places."""
    lines = [csv_line(RATINGS_HEAD)]
    for each in sums:
        mean = f"{each.stars / each.count:.2f}"
        lines.append(csv_line([each.day.isoformat(), each.merchant, str(each.count), mean]))
    return UTF8_MARK + "".join(lines)


def summed(rated: Iterable[tuple[date, str, int]]) -> list[RatingSum]:
    """Return ratings by day and merchant, newest day first."""
    sums = dict[tuple[date, str], list[int]]()
    for day, merchant, stars in rated:
        sums.setdefault((day, merchant), []).append(stars)
    return [
        RatingSum(day=day, merchant=merchant, count=len(stars), stars=sum(stars))
        for (day, merchant), stars in sorted(sums.items(), reverse=True)
    ]


# ---- meals


async def registered(
    transaction: Transaction, holder_id: str, day: date
) -> frozenset[tuple[str, str]]:
    """Return the meals of a day that a person means to eat: merchant and period."""
    here = (_MEALS.holder_id == holder_id, _MEALS.day == day)
    rows = await transaction.execute(select(_MEALS.merchant, _MEALS.period).where(*here))
    return frozenset((row.merchant, row.period) for row in rows)


async def register(
    transaction: Transaction,
    holder_id: str,
    day: date,
    merchant: str,
    period: str,
    *,
    is_wanted: bool,
    now: datetime,
) -> None:
    """Register a meal or cancel it; again is harmless."""
    values = {"holder_id": holder_id, "day": day, "merchant": merchant, "period": period}
    here = [_MEALS[name] == value for name, value in values.items()]
    await transaction.execute(delete(diner_meals).where(*here))
    if is_wanted:
        await transaction.execute(
            insert(diner_meals).values(**values, meal_id=str(new_id()), registered_at=now)
        )
    transaction.announce(canteen.TOPIC)


async def meal_counts(transaction: Transaction, day: date) -> list[MealCount]:
    """Return how many mean to eat on a day."""
    query = (
        select(_MEALS.merchant, _MEALS.period, func.count().label("count"))
        .where(_MEALS.day == day)
        .group_by(_MEALS.merchant, _MEALS.period)
        .order_by(_MEALS.merchant, _MEALS.period)
    )
    return [MealCount(**row) for row in (await transaction.execute(query)).mappings()]


async def _by_charge(
    transaction: Transaction,
    query: Select[Any],
    column: Column[Any],
    ids: list[str],
) -> dict[str, Row[Any]]:
    rows = await transaction.execute(query.where(column.in_(ids)))
    return {row.charge_id: row for row in rows}


def _dispute(row: Row[Any] | None) -> DisputeView | None:
    if row is None:
        return None
    return DisputeView(**{name: getattr(row, name) for name in DisputeView.model_fields})


def _returned(charge: Charge) -> int:
    return (charge.amount_fen or 0) if charge.reversed_at is not None else charge.returned_fen


def _is_gone(charge: Charge) -> bool:
    return charge.is_void or _returned(charge) >= (charge.amount_fen or 0)


def _is_within(charge: Charge, span: timedelta, *, now: datetime) -> bool:
    return charge.charged_at is not None and charge.charged_at > now - span


def _is_disputable(charge: Charge, *, now: datetime) -> bool:
    return _is_within(charge, DISPUTE_WITHIN, now=now) and not _is_gone(charge)
