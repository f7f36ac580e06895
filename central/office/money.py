"""What top-ups, subsidies, unit charges and settlements would move."""

import dataclasses
from collections.abc import Sequence
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from sqlalchemy import select

from central.database import Transaction
from central.ledger import repository as ledger
from central.ledger.accounts import fund, merchant, source, unit, wallet
from central.office import people
from central.office.lots import Entry, Lot, lapsed, left_of
from central.office.planned import Grant, Line, Move, Planned, put_in, spent
from central.office.tables import office_deeds, office_grants
from central.office.topup_file import ROW_COUNT_MAX, digest, read
from central.office.wishes import (
    Settlement,
    Subsidy,
    SubsidyLapse,
    TopUp,
    TopUpFile,
    UnitCharge,
)
from central.tables import units
from config.contract.money import Wallet

PAGE = 1_000
UNCLAIMED = "unclaimed"
"""The fund that gets public money of which nobody knows any more who paid it."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What plans rest on besides the ledger.

    Attributes:
        now: Aware UTC.
        today: By the site's wall clock.
        groups: Of the canteen's plan, pairs of profile and group.
        merchants: Of the site file.
    """

    now: datetime
    today: date
    groups: Sequence[tuple[str, str]]
    merchants: frozenset[str]


async def plan(
    transaction: Transaction,
    wish: TopUp | TopUpFile | Subsidy | SubsidyLapse | UnitCharge | Settlement,
    ground: Ground,
) -> Planned:
    """Return what a wish would move; nothing is changed."""
    match wish:
        case TopUp():
            return await _top_up(transaction, wish)
        case TopUpFile():
            return await _top_up_file(transaction, wish)
        case Subsidy():
            return await _subsidy(transaction, wish, ground)
        case SubsidyLapse():
            return await _lapse(transaction, ground)
        case UnitCharge():
            return await _unit_charge(transaction, wish, ground)
        case Settlement():
            return await _settlement(transaction, wish, ground)
        case _:
            assert_never(wish)


async def _top_up(transaction: Transaction, wish: TopUp) -> Planned:
    if not await people.is_known(transaction, wish.holder_id):
        return Planned(problem="person_not_found")
    owed = (await people.owed(transaction, [wish.holder_id]))[wish.holder_id]
    moves = put_in(wish.holder_id, wish.amount_fen, source=source("counter"), owed_fen=owed)
    return Planned(
        moves=moves,
        lines=[_line_of(move, wish.holder_id) for move in moves],
        amount_fen=wish.amount_fen,
        holder_id=wish.holder_id,
    )


def _line_of(move: Move, holder_id: str) -> Line:
    return Line(holder_id=holder_id, label=move.part[-1], amount_fen=move.amount_fen)


async def _top_up_file(transaction: Transaction, wish: TopUpFile) -> Planned:
    rows = read(wish.text)
    if len(rows) > ROW_COUNT_MAX:
        return Planned(problem="file_too_long")
    numbers = [row.number for row in rows if not row.code]
    holders = await people.holders_by_number(transaction, numbers)
    owed = await people.owed(transaction, [holder for holder, _ in holders.values()])
    moves, lines, total = list[Move](), list[Line](), 0
    for row in rows:
        holder_id, is_active = holders.get(row.number, ("", False))
        code = row.code or ("" if is_active else "has_left" if holder_id else "unknown_number")
        lines.append(
            Line(
                row=row.row,
                holder_id=holder_id or None,
                label=row.number,
                amount_fen=row.amount_fen,
                code=code,
            )
        )
        if not code:
            total += row.amount_fen
            moves += put_in(
                holder_id,
                row.amount_fen,
                source=source("csv"),
                owed_fen=owed[holder_id],
                part=holder_id,
            )
    subject = f"file:{digest(wish.text)}"
    is_known = await _is_done(transaction, subject)
    return Planned(
        moves=moves,
        lines=lines,
        amount_fen=total,
        subject=subject,
        problem="file_done_before" if is_known and not wish.again else "",
        warning="file_done_before" if is_known else "",
    )


async def _is_done(transaction: Transaction, subject: str) -> bool:
    """Return whether a deed of this subject stands, and is not taken back."""
    back = office_deeds.alias("back")
    query = (
        select(office_deeds.c.deed_id)
        .select_from(office_deeds.outerjoin(back, back.c.reverses == office_deeds.c.deed_id))
        .where(office_deeds.c.subject == subject, back.c.deed_id.is_(None))
    )
    return (await transaction.execute(query)).first() is not None


async def _subsidy(transaction: Transaction, wish: Subsidy, ground: Ground) -> Planned:
    if wish.lapses_on is not None and wish.lapses_on <= ground.today:
        return Planned(problem="lapses_before")
    if not await _is_payer(transaction, wish.payer):
        return Planned(problem="unit_not_found")
    subject = f"grant:{wish.grant}:{wish.month}"
    has_it = await _granted(transaction, subject)
    moves, lines, grants = list[Move](), list[Line](), list[Grant]()
    for holder_id, profiles in await people.active(transaction, now=ground.now):
        group = people.group_of(profiles, ground.groups)
        fen = wish.amounts.get(group)
        if fen is None:
            continue
        code = "has_it_already" if holder_id in has_it else ""
        lines.append(Line(holder_id=holder_id, label=group, amount_fen=fen, code=code))
        if code:
            continue
        credit = wallet(holder_id, Wallet.SUBSIDY)
        moves.append(Move(debit=wish.payer, credit=credit, amount_fen=fen, part=(holder_id,)))
        grants.append(
            Grant(
                part=(holder_id,),
                holder_id=holder_id,
                payer=wish.payer,
                amount_fen=fen,
                lapses_on=wish.lapses_on,
            )
        )
    return Planned(
        moves=moves,
        lines=lines,
        grants=grants,
        amount_fen=sum(move.amount_fen for move in moves),
        subject=subject,
        warning="granted_before" if has_it else "",
    )


async def _is_payer(transaction: Transaction, payer: str) -> bool:
    kind, _, identifier = payer.partition("/")
    if kind == "fund":
        return True
    query = select(units.c.unit_id).where(units.c.unit_id == identifier)
    return (await transaction.execute(query)).first() is not None


async def _granted(transaction: Transaction, subject: str) -> set[str]:
    """Return who has a grant of a month already, by a run that is not taken back."""
    back = office_deeds.alias("back")
    query = (
        select(office_grants.c.holder_id)
        .join(office_deeds, office_deeds.c.deed_id == office_grants.c.deed_id)
        .outerjoin(back, back.c.reverses == office_deeds.c.deed_id)
        .where(office_deeds.c.subject == subject, back.c.deed_id.is_(None))
    )
    return set((await transaction.execute(query)).scalars())


async def lots_of(transaction: Transaction, holder_id: str) -> list[Lot]:
    """Return what is left of each subsidy of somebody."""
    columns = office_grants.c
    query = select(office_grants).where(columns.holder_id == holder_id)
    grants = {
        UUID(row.transfer_id): Lot(UUID(row.transfer_id), row.payer, row.amount_fen, row.lapses_on)
        for row in await transaction.execute(query)
    }
    account, after, found = wallet(holder_id, Wallet.SUBSIDY), 0, list[Entry]()
    while True:
        page = await ledger.entries(transaction, account, after, PAGE)
        found += [
            Entry(each.pending_id or each.transfer_id, each.change_fen(account), each.reverses)
            for each in page
        ]
        if len(page) < PAGE:
            return left_of(found, grants)
        after = page[-1].sequence


def _returned(holder_id: str, lots: Sequence[Lot], available_fen: int) -> list[Move]:
    """Return the moves that bring lots back to who paid, as far as nothing of it is held."""
    moves, rest = list[Move](), available_fen
    for lot in lots:
        fen = min(lot.left_fen, rest)
        if fen > 0:
            moves.append(
                Move(
                    debit=wallet(holder_id, Wallet.SUBSIDY),
                    credit=lot.payer or fund(UNCLAIMED),
                    amount_fen=fen,
                    part=(holder_id, "lot", str(lot.transfer_id)),
                    reverses=lot.transfer_id if lot.payer else None,
                )
            )
            rest -= fen
    return moves


async def _lapse(transaction: Transaction, ground: Ground) -> Planned:
    columns = office_grants.c
    due = select(columns.holder_id).where(columns.lapses_on <= ground.today).distinct()
    holders = sorted((await transaction.execute(due)).scalars())
    accounts = {holder: wallet(holder, Wallet.SUBSIDY) for holder in holders}
    held = await ledger.balances(transaction, list(accounts.values()))
    moves, lines = list[Move](), list[Line]()
    for holder_id in holders:
        available = held[accounts[holder_id]].available_fen
        if available <= 0:
            continue
        over = lapsed(await lots_of(transaction, holder_id), today=ground.today)
        back = _returned(holder_id, over, available)
        if back:
            total = sum(move.amount_fen for move in back)
            lines.append(Line(holder_id=holder_id, label="subsidy", amount_fen=-total))
            moves += back
    return Planned(moves=moves, lines=lines, amount_fen=sum(m.amount_fen for m in moves))


async def _unit_charge(transaction: Transaction, wish: UnitCharge, ground: Ground) -> Planned:
    if wish.merchant not in ground.merchants:
        return Planned(problem="merchant_not_found")
    payer = unit(wish.unit_id)
    if not await _is_payer(transaction, payer):
        return Planned(problem="unit_not_found")
    return Planned(
        moves=[
            Move(
                debit=payer,
                credit=merchant(wish.merchant),
                amount_fen=wish.amount_fen,
                part=("unit",),
            )
        ],
        lines=[Line(label=payer, amount_fen=-wish.amount_fen)],
        amount_fen=wish.amount_fen,
        merchant=wish.merchant,
        subject=payer,
    )


async def _settlement(transaction: Transaction, wish: Settlement, ground: Ground) -> Planned:
    if not await people.is_known(transaction, wish.holder_id):
        return Planned(problem="person_not_found")
    held = await people.wallets(transaction, wish.holder_id)
    if any(balance.held_fen for balance in held.values()):
        # A till keeps money for a meal that is being paid; within minutes it is paid or let go.
        return Planned(problem="wallet_held")
    holder_id, owed = wish.holder_id, max(0, -held[Wallet.DEBT].posted_fen)
    cash = held[Wallet.CASH].available_fen
    paid = spent(owed, [(Wallet.CASH, cash)], may_owe=False) if owed else []
    debt = sum(fen for _, fen in paid)
    lots = await lots_of(transaction, holder_id)
    moves = _returned(holder_id, lots, held[Wallet.SUBSIDY].available_fen)
    returned = sum(move.amount_fen for move in moves)
    account = wallet(holder_id, Wallet.CASH)
    for credit, fen, part in (
        (wallet(holder_id, Wallet.DEBT), debt, "debt"),
        (source("counter"), cash - debt, "cash"),
    ):
        if fen > 0:
            moves.append(Move(debit=account, credit=credit, amount_fen=fen, part=(part,)))
    said = (("debt", -debt), ("cash", debt - cash), ("subsidy", -returned))
    return Planned(
        moves=moves,
        lines=[
            Line(holder_id=holder_id, label=label, amount_fen=fen) for label, fen in said if fen
        ],
        amount_fen=max(0, cash - debt),
        holder_id=holder_id,
        warning="still_owes" if owed > debt else "",
    )
