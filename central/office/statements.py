"""Statements: of a person for the counter, of a unit for its month, which both sides confirm."""

import calendar
import hashlib
import json
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import func, insert, or_, select
from sqlalchemy.exc import IntegrityError

from central.audit.chain import canonical
from central.canteen import blocks
from central.canteen.posting import CHARGE
from central.canteen.tables import canteen_charges
from central.database import Transaction
from central.ledger import repository as ledger
from central.ledger.accounts import unit, wallet
from central.ledger.repository import to_transfer
from central.ledger.tables import ledger_accounts, ledger_transfers
from central.ledger.transfers import MOVING, Transfer
from central.office.money import lots_of
from central.office.people import wallets
from central.office.schemas import (
    AccountView,
    BlockedView,
    Confirm,
    ConfirmationView,
    EntryView,
    LotView,
    StatementLine,
    UnitStatement,
    UnitView,
)
from central.office.tables import office_confirmations, office_deeds
from central.people.masking import masked
from central.problems import RefusedError
from central.security import Operator
from central.tables import people, units
from config.contract.access import CredentialKind
from config.contract.money import Wallet

ENTRIES_MAX = 200
LINES_MAX = 5_000


async def of_person(
    transaction: Transaction, holder_id: str, *, has_names: bool
) -> AccountView | None:
    """Return what somebody holds and the latest of how it came so; None where nobody is it."""
    query = select(people.c.name, people.c.number, people.c.is_active).where(
        people.c.holder_id == holder_id, ~people.c.is_removed
    )
    person = (await transaction.execute(query)).first()
    if person is None:
        return None
    held = await wallets(transaction, holder_id)
    found = list[EntryView]()
    for which in Wallet:
        account = wallet(holder_id, which)
        latest = await ledger.entries(transaction, account, 0, ENTRIES_MAX, is_newest_first=True)
        found += [_entry(each, account, which) for each in latest]
    found.sort(key=lambda entry: entry.sequence, reverse=True)
    block = await blocks.of(transaction, holder_id)
    found = found[:ENTRIES_MAX]
    by_face = await _by_face(transaction, {each.group for each in found if each.group})
    return AccountView(
        holder_id=holder_id,
        name=person.name if has_names else masked(person.name),
        number=person.number,
        is_active=person.is_active,
        subsidy_fen=held[Wallet.SUBSIDY].posted_fen,
        cash_fen=held[Wallet.CASH].posted_fen,
        owed_fen=max(0, -held[Wallet.DEBT].posted_fen),
        held_fen=sum(balance.held_fen for balance in held.values()),
        blocked=None if block is None else BlockedView(**block._mapping),  # noqa: SLF001 - SQLAlchemy's public name
        lots=[
            LotView(left_fen=lot.left_fen, lapses_on=lot.lapses_on)
            for lot in await lots_of(transaction, holder_id)
        ],
        entries=[
            each.model_copy(update={"by_face": each.group in by_face and each.reason == CHARGE})
            for each in found
        ],
    )


async def _by_face(transaction: Transaction, charge_ids: Collection[str]) -> set[str]:
    """Return which of these charges rest on a decision about a face."""
    columns = canteen_charges.c
    query = select(columns.charge_id).where(
        columns.charge_id.in_(charge_ids),
        columns.decision_id.is_not(None),
        columns.credential == CredentialKind.FACE.value,
    )
    return set((await transaction.execute(query)).scalars())


def _entry(transfer: Transfer, account: str, which: Wallet) -> EntryView:
    return EntryView(
        sequence=transfer.sequence,
        at=transfer.happened_at,
        wallet=which.value,
        reason=transfer.reason,
        other=transfer.credit if transfer.debit == account else transfer.debit,
        change_fen=transfer.change_fen(account),
        group=None if transfer.group is None else str(transfer.group),
        is_back=transfer.reverses is not None,
    )


async def all_units(transaction: Transaction) -> list[UnitView]:
    """Return every unit with what its account holds."""
    held = await transaction.execute(
        select(
            ledger_accounts.c.account,
            (ledger_accounts.c.credits_posted_fen - ledger_accounts.c.debits_posted_fen).label(
                "balance"
            ),
        ).where(ledger_accounts.c.account.like("unit/%"))
    )
    balances = {row.account: row.balance for row in held}
    rows = await transaction.execute(select(units.c.unit_id, units.c.path).order_by(units.c.path))
    return [
        UnitView(unit_id=row.unit_id, path=row.path, balance_fen=balances.get(unit(row.unit_id), 0))
        for row in rows
    ]


def month_span(month: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first instant of a month and of the next, by a wall clock."""
    year, number = (int(part) for part in month.split("-"))
    first = datetime(year, number, 1, tzinfo=zone)
    days = calendar.monthrange(year, number)[1]
    last = datetime(year, number, days, tzinfo=zone)
    following = datetime.fromordinal(last.toordinal() + 1).replace(tzinfo=zone)
    return first.astimezone(UTC), following.astimezone(UTC)


async def of_unit(
    transaction: Transaction, unit_id: str, month: str, *, zone: ZoneInfo, now: datetime
) -> UnitStatement:
    """Return a month of a unit's account; refuses with 404 a unit that nobody knows."""
    path = (
        await transaction.execute(select(units.c.path).where(units.c.unit_id == unit_id))
    ).scalar_one_or_none()
    if path is None:
        raise RefusedError(404, "unit_not_found", "there is no such unit")
    since, until = month_span(month, zone)
    account, columns = unit(unit_id), ledger_transfers.c
    mine = (
        or_(columns.debit == account, columns.credit == account),
        columns.kind.in_([kind.value for kind in MOVING]),
    )
    sums = list[int]()
    for side in (columns.credit, columns.debit):
        total = select(func.coalesce(func.sum(columns.amount_fen), 0)).where(
            side == account, mine[1], columns.recorded_at < since
        )
        sums.append(int((await transaction.execute(total)).scalar_one()))
    opening = sums[0] - sums[1]
    query = (
        select(ledger_transfers)
        .where(*mine, columns.recorded_at >= since, columns.recorded_at < until)
        .order_by(columns.sequence)
        .limit(LINES_MAX)
    )
    moved = [to_transfer(row) for row in await transaction.execute(query)]
    deeds = await _wishes(transaction, {each.group for each in moved if each.group is not None})
    lines = [_statement_line(each, account, deeds) for each in moved]
    closing = opening + sum(line.change_fen for line in lines)
    digest = _digest(account, month, opening, closing, lines)
    return UnitStatement(
        unit_id=unit_id,
        path=path,
        month=month,
        opening_fen=opening,
        closing_fen=closing,
        lines=lines,
        sha256=digest,
        is_over=until <= now,
        confirmations=await _confirmations(transaction, account, month, digest),
    )


def _statement_line(
    transfer: Transfer, account: str, deeds: dict[UUID, dict[str, Any]]
) -> StatementLine:
    wish = {} if transfer.group is None else deeds.get(transfer.group, {})
    other = transfer.credit if transfer.debit == account else transfer.debit
    return StatementLine(
        sequence=transfer.sequence,
        at=transfer.recorded_at,
        reason=transfer.reason,
        # Whose subsidy it is, is not the unit's business: it sees that one was paid.
        other="person" if other.startswith("person/") else other,
        change_fen=transfer.change_fen(account),
        deed_id=None if transfer.group not in deeds else str(transfer.group),
        purpose=str(wish.get("purpose", "")),
        people=wish.get("people"),
    )


async def _wishes(transaction: Transaction, groups: set[UUID]) -> dict[UUID, dict[str, Any]]:
    found, wanted = dict[UUID, dict[str, Any]](), [str(group) for group in groups]
    for at in range(0, len(wanted), 400):
        query = select(office_deeds.c.deed_id, office_deeds.c.wish).where(
            office_deeds.c.deed_id.in_(wanted[at : at + 400])
        )
        for row in await transaction.execute(query):
            found[UUID(row.deed_id)] = json.loads(row.wish)
    return found


def _digest(
    account: str, month: str, opening_fen: int, closing_fen: int, lines: list[StatementLine]
) -> str:
    said = {
        "account": account,
        "month": month,
        "opening_fen": opening_fen,
        "closing_fen": closing_fen,
        "lines": [[line.sequence, line.change_fen] for line in lines],
    }
    return hashlib.sha256(canonical(said).encode()).hexdigest()


async def _confirmations(
    transaction: Transaction, account: str, month: str, digest: str
) -> list[ConfirmationView]:
    columns = office_confirmations.c
    query = select(office_confirmations).where(columns.account == account, columns.month == month)
    return [
        ConfirmationView(
            side=row.side,
            name=row.name,
            at=row.at,
            closing_fen=row.closing_fen,
            is_current=row.sha256 == digest,
        )
        for row in await transaction.execute(query.order_by(columns.side))
    ]


async def confirm(
    transaction: Transaction,
    statement: UnitStatement,
    wish: Confirm,
    operator: Operator,
    *,
    now: datetime,
) -> None:
    """Keep that a side confirms a month; nobody confirms for both sides, and nothing twice."""
    if not statement.is_over:
        raise RefusedError(409, "month_not_over", "the month is not over yet")
    if wish.sha256 != statement.sha256:
        raise RefusedError(409, "preview_outdated", "it is another statement by now: look again")
    columns = office_confirmations.c
    account = unit(statement.unit_id)
    query = select(office_confirmations).where(
        columns.account == account, columns.month == statement.month
    )
    for row in await transaction.execute(query):
        if row.side == wish.side:
            raise RefusedError(409, "confirmed_already", "this side has confirmed it")
        if row.user_id == operator.user_id:
            raise RefusedError(409, "second_person_needed", "somebody else must confirm this")
    try:
        await transaction.execute(
            insert(office_confirmations).values(
                account=account,
                month=statement.month,
                side=wish.side,
                sha256=statement.sha256,
                closing_fen=statement.closing_fen,
                name=wish.name,
                user_id=operator.user_id,
                at=now,
            )
        )
    except IntegrityError as error:
        raise RefusedError(409, "confirmed_already", "this side has confirmed it") from error
    transaction.concerns(f"unit:{statement.unit_id}", month=statement.month, side=wish.side)
