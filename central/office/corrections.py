"""What refunds, wrong persons, wrong prices and reversals would move.

A correction moves back along the transfers of a charge (``reverses``), so that the database itself
lets nobody give back more than was paid, whoever else gives back at the same moment.
"""

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, assert_never
from uuid import UUID

from sqlalchemy import func, select

from central.canteen import debts, plans
from central.canteen.repository import chunks
from central.canteen.returns import split_debt
from central.canteen.tables import canteen_charges, canteen_lines
from central.database import Transaction
from central.ledger import repository as ledger
from central.ledger.accounts import fund, holder_of, merchant, rules_of, wallet
from central.ledger.repository import to_transfer
from central.ledger.tables import ledger_transfers
from central.ledger.transfers import MOVING, Transfer
from central.office import people
from central.office.planned import Line, Move, Planned, spent
from central.office.tables import office_deeds, office_moves
from central.office.wishes import Refund, Reversal, WrongPerson, WrongPrice
from central.tables import people as people_table
from config.contract.money import Wallet

CHARGES_MAX: Final = 5_000
"""Of one correction of a price."""
_SPENT: Final = (Wallet.SUBSIDY, Wallet.CASH)
NOT_REVERSED: Final = frozenset({"reversal", "wrong_person", "refund", "wrong_price"})
"""What corrects a charge is corrected by another one of these, not taken back."""


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """What one of a person's accounts gave for a charge, and is not given back."""

    transfer_id: UUID
    account: str
    left_fen: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """A charge in the ledger.

    Attributes:
        parts: Those first that give back first.
        waived_fen: What a fund has paid of its debt.
    """

    charge_id: UUID
    holder_id: str
    merchant: str
    parts: tuple[Part, ...]
    waived_fen: int = 0

    @property
    def left_fen(self) -> int:
        """What is not given back."""
        return sum(part.left_fen for part in self.parts)


async def plan(
    transaction: Transaction, wish: Refund | WrongPerson | WrongPrice | Reversal
) -> Planned:
    """Return what a wish would move; nothing is changed."""
    match wish:
        case Refund():
            return await _refund(transaction, wish)
        case WrongPerson():
            return await _wrong_person(transaction, wish)
        case WrongPrice():
            return await _wrong_price(transaction, wish)
        case Reversal():
            return await _reversal(transaction, wish)
        case _:
            assert_never(wish)


def paid_of(charge_id: UUID, transfers: Sequence[Transfer]) -> Paid | None:
    """Return what a charge's transfers come to; None where nobody paid anything. Pure."""
    moved = [each for each in transfers if each.kind in MOVING]
    back = dict[UUID, int]()
    for each in moved:
        if each.reverses is not None:
            back[each.reverses] = back.get(each.reverses, 0) + each.amount_fen
    paid = [
        each for each in moved
        if each.reverses is None and each.credit.startswith("merchant/")
        and holder_of(each.debit) is not None
    ]  # fmt: skip
    if not paid:
        return None
    # What was taken last goes back first: a debt before cash, cash before the subsidy.
    order = [f"/{which.value}" for which in (Wallet.DEBT, Wallet.CASH, Wallet.SUBSIDY)]
    parts = sorted(
        (
            Part(each.transfer_id, each.debit, each.amount_fen - back.get(each.transfer_id, 0))
            for each in paid
        ),
        key=lambda part: order.index("/" + part.account.rpartition("/")[2]),
    )
    return Paid(
        charge_id=charge_id,
        holder_id=holder_of(paid[0].debit) or "",
        merchant=paid[0].credit.partition("/")[2],
        parts=tuple(parts),
        waived_fen=debts.waived_fen(moved),
    )


def given_back(
    paid: Paid, amount_fen: int, *, owed_fen: int, part: tuple[str, ...] = ()
) -> list[Move]:
    """Return the moves that give an amount back. Pure.

    Args:
        paid: The charge.
        amount_fen: At most what is left of it.
        owed_fen: What the person owes now: a debt that is paid since goes back as cash, or to the
            fund that paid it.
        part: Before the parts of the moves.
    """
    moves, rest, owed, waived = list[Move](), amount_fen, max(0, owed_fen), paid.waived_fen
    cash = wallet(paid.holder_id, Wallet.CASH)
    for each in paid.parts:
        fen = min(each.left_fen, rest)
        rest -= fen
        targets: list[tuple[str, int]] = [(each.account, fen)]
        if each.account.endswith(f"/{Wallet.DEBT}"):
            of_fund, of_debt, of_diner = split_debt(fen, waived_fen=waived, owed_fen=owed)
            waived, owed = waived - of_fund, owed - of_debt
            payer = fund(debts.FUND)
            targets = [(payer, of_fund), (each.account, of_debt), (cash, of_diner)]
        moves += [
            Move(
                debit=merchant(paid.merchant),
                credit=account,
                amount_fen=amount,
                part=(*part, "back", str(each.transfer_id), account.rpartition("/")[2]),
                reverses=each.transfer_id,
                group=paid.charge_id,
            )
            for account, amount in targets
            if amount > 0
        ]
    return moves


async def paid(transaction: Transaction, charge_id: UUID) -> Paid | None:
    """Return a charge as the ledger has it; None where it has none."""
    group = await ledger.of_group(transaction, charge_id)
    return paid_of(charge_id, [*group, *await _returns(transaction, group)])


async def _returns(transaction: Transaction, group: Sequence[Transfer]) -> list[Transfer]:
    """Return what moved a group's transfers back and stands in another group."""
    known = {each.transfer_id for each in group}
    found = list[Transfer]()
    for some in chunks(str(each) for each in known):
        query = select(ledger_transfers).where(ledger_transfers.c.reverses.in_(some))
        found += [to_transfer(row) for row in await transaction.execute(query)]
    return [each for each in found if each.transfer_id not in known]


async def _refund(transaction: Transaction, wish: Refund) -> Planned:
    charge = await paid(transaction, wish.charge_id)
    if charge is None:
        return Planned(problem="charge_not_found")
    if charge.left_fen == 0:
        return Planned(problem="given_back_already")
    amount_fen = charge.left_fen if wish.amount_fen is None else wish.amount_fen
    if amount_fen > charge.left_fen:
        return Planned(problem="more_than_paid")
    owed = (await people.owed(transaction, [charge.holder_id]))[charge.holder_id]
    moves = given_back(charge, amount_fen, owed_fen=owed)
    return Planned(
        moves=moves,
        lines=[_line(move, +move.amount_fen) for move in moves],
        amount_fen=amount_fen,
        returned={await origin_of(transaction, wish.charge_id): amount_fen},
        holder_id=charge.holder_id,
        charge_id=wish.charge_id,
        merchant=charge.merchant,
    )


def _line(move: Move, amount_fen: int) -> Line:
    account = move.credit if amount_fen > 0 else move.debit
    holder_id = holder_of(account)
    label = account if holder_id is None else account.rpartition("/")[2]
    return Line(holder_id=holder_id, label=label, amount_fen=amount_fen)


async def _wrong_person(transaction: Transaction, wish: WrongPerson) -> Planned:
    charge = await paid(transaction, wish.charge_id)
    if charge is None:
        return Planned(problem="charge_not_found")
    if charge.left_fen == 0:
        return Planned(problem="given_back_already")
    if wish.holder_id == charge.holder_id:
        return Planned(problem="same_person")
    if not await people.is_known(transaction, wish.holder_id):
        return Planned(problem="person_not_found")
    owed = (await people.owed(transaction, [charge.holder_id]))[charge.holder_id]
    back = given_back(charge, charge.left_fen, owed_fen=owed)
    held = await people.wallets(transaction, wish.holder_id)
    available = [(which, held[which].available_fen) for which in _SPENT]
    # They have eaten: what their wallets do not cover is owed, as after a meal offline.
    taken = [
        Move(
            debit=wallet(wish.holder_id, which),
            credit=merchant(charge.merchant),
            amount_fen=fen,
            part=("again", which.value),
        )
        for which, fen in spent(charge.left_fen, available, may_owe=True)
    ]
    origin = await origin_of(transaction, wish.charge_id)
    return Planned(
        moves=[*back, *taken],
        lines=[
            *(_line(move, move.amount_fen) for move in back),
            *(_line(move, -move.amount_fen) for move in taken),
        ],
        amount_fen=charge.left_fen,
        moved={origin: (wish.holder_id, await _group_of(transaction, wish.holder_id))},
        holder_id=wish.holder_id,
        charge_id=wish.charge_id,
        merchant=charge.merchant,
        warning="will_owe" if any(m.debit.endswith("/debt") for m in taken) else "",
    )


async def origin_of(transaction: Transaction, charge_id: UUID) -> UUID:
    """Return the charge as its till told it, of one that the office has moved to somebody else."""
    columns, here = office_deeds.c, str(charge_id)
    while True:
        query = select(columns.charge_id).where(
            columns.deed_id == here, columns.kind == "wrong_person"
        )
        before: str | None = (await transaction.execute(query)).scalar_one_or_none()
        if before is None:
            return UUID(here)
        here = before


async def _group_of(transaction: Transaction, holder_id: str) -> str:
    query = select(people_table.c.profiles).where(people_table.c.holder_id == holder_id)
    profiles = (await transaction.execute(query)).scalar_one_or_none()
    groups = (await plans.current(transaction)).plan.groups
    return people.group_of(profiles or (), groups)


async def _wrong_price(transaction: Transaction, wish: WrongPrice) -> Planned:
    if wish.right_fen == wish.wrong_fen:
        return Planned(problem="nothing_to_move")
    counted = await _sold(transaction, wish)
    if len(counted) > CHARGES_MAX:
        return Planned(problem="too_many_charges")
    moves, lines, returned = list[Move](), list[Line](), dict[UUID, int]()
    difference = wish.wrong_fen - wish.right_fen
    charges = [(each, await paid(transaction, each)) for each in counted]
    holders = {charge.holder_id for _, charge in charges if charge is not None}
    owed = await people.owed(transaction, sorted(holders))
    spare = await _spare(transaction, holders) if difference < 0 else {}
    for charge_id, charge in charges:
        fen = difference * counted[charge_id]
        if charge is None or charge.left_fen == 0:
            lines.append(Line(label=str(charge_id), code="given_back_already"))
            continue
        holder_id = charge.holder_id
        if fen > 0:
            fen = min(fen, charge.left_fen)
            made = given_back(charge, fen, owed_fen=owed[holder_id], part=(str(charge_id),))
            for move in made:
                owed[holder_id] -= move.amount_fen if move.credit.endswith("/debt") else 0
            code = ""
        else:
            made = _more(charge, -fen, spare)
            code = "" if sum(m.amount_fen for m in made) == -fen else "wallet_short"
        moved = sum(move.amount_fen for move in made)
        moves += made
        returned[charge_id] = signed = moved if fen > 0 else -moved
        lines.append(Line(holder_id=holder_id, label=str(charge_id), amount_fen=signed, code=code))
    return Planned(
        moves=moves,
        lines=lines,
        amount_fen=abs(sum(returned.values())),
        returned=returned,
        merchant=wish.merchant,
        warning="some_short" if any(line.code == "wallet_short" for line in lines) else "",
    )


def _more(charge: Paid, amount_fen: int, spare: dict[str, int]) -> list[Move]:
    """Return moves that take the rest of a price, from what is in wallets alone."""
    accounts = {which: wallet(charge.holder_id, which) for which in _SPENT}
    available = [(which, spare.get(name, 0)) for which, name in accounts.items()]
    moves = list[Move]()
    for which, fen in spent(amount_fen, available, may_owe=False):
        spare[accounts[which]] -= fen
        moves.append(
            Move(
                debit=accounts[which],
                credit=merchant(charge.merchant),
                amount_fen=fen,
                part=(str(charge.charge_id), "more", which.value),
                group=charge.charge_id,
            )
        )
    return moves


async def _spare(transaction: Transaction, holders: Iterable[str]) -> dict[str, int]:
    names = [wallet(holder, which) for holder in sorted(holders) for which in _SPENT]
    held = await ledger.balances(transaction, names)
    return {name: balance.available_fen for name, balance in held.items()}


async def _sold(transaction: Transaction, wish: WrongPrice) -> dict[UUID, int]:
    """Return how many pieces each charge had at the wrong price, in the order of charges."""
    columns, lines = canteen_charges.c, canteen_lines.c
    done = (
        select(office_moves.c.charge_id)
        .join(office_deeds, office_deeds.c.deed_id == office_moves.c.deed_id)
        .where(office_deeds.c.kind == "wrong_price", office_moves.c.charge_id.is_not(None))
    )
    of_meal = (
        select(
            columns.charge_id,
            columns.charged_at,
            func.coalesce(func.sum(lines.count), 1).label("pieces"),
        )
        .select_from(canteen_charges.outerjoin(canteen_lines))
        .where(
            columns.merchant == wish.merchant,
            columns.charged_at >= wish.since,
            columns.charged_at < wish.until,
            columns.posted_at.is_not(None),
            columns.void_id.is_(None),
            # Nobody's price is put right twice; where it was wrong again, refund by hand.
            columns.charge_id.not_in(done),
        )
    )
    if wish.item:
        of_meal = of_meal.where(
            lines.item == wish.item, lines.amount_fen == lines.count * wish.wrong_fen
        )
    else:
        of_meal = of_meal.where(
            func.coalesce(lines.item, "") == "",
            func.coalesce(lines.amount_fen, columns.amount_fen)
            == func.coalesce(lines.count, 1) * wish.wrong_fen,
        )
    query = of_meal.group_by(columns.charge_id, columns.charged_at)
    rows = await transaction.execute(
        query.order_by(columns.charged_at, columns.charge_id).limit(CHARGES_MAX + 1)
    )
    return {UUID(row.charge_id): int(row.pieces) for row in rows}


async def _reversal(transaction: Transaction, wish: Reversal) -> Planned:
    query = select(office_deeds).where(office_deeds.c.deed_id == str(wish.deed_id))
    deed = (await transaction.execute(query)).first()
    if deed is None:
        return Planned(problem="deed_not_found")
    if deed.kind in NOT_REVERSED:
        return Planned(problem="not_reversed")
    taken = select(office_deeds.c.deed_id).where(office_deeds.c.reverses == str(wish.deed_id))
    if (await transaction.execute(taken)).first() is not None:
        return Planned(problem="reversed_already")
    moved = await _moved(transaction, wish.deed_id)
    returned = dict[UUID, int]()
    for each in await _returns(transaction, moved):
        if each.reverses is not None:
            returned[each.reverses] = returned.get(each.reverses, 0) + each.amount_fen
    floors = [each.credit for each in moved if rules_of(each.credit).floor_fen is not None]
    spare = {
        name: held.available_fen for name, held in
        (await ledger.balances(transaction, floors)).items()
    }  # fmt: skip
    moves, lines = list[Move](), list[Line]()
    for each in moved:
        wanted = each.amount_fen - returned.get(each.transfer_id, 0)
        fen = min(wanted, spare.get(each.credit, wanted))
        if each.credit in spare:
            spare[each.credit] -= fen
        holder_id = holder_of(each.credit) or holder_of(each.debit)
        label = each.credit if holder_id is None else each.credit.rpartition("/")[2]
        code = "" if fen == each.amount_fen else "spent_already"
        lines.append(Line(holder_id=holder_id, label=label, amount_fen=-fen, code=code))
        if fen > 0:
            moves.append(
                Move(
                    debit=each.credit,
                    credit=each.debit,
                    amount_fen=fen,
                    part=("reversal", str(each.transfer_id)),
                    reverses=each.transfer_id,
                )
            )
    return Planned(
        moves=moves,
        lines=lines,
        amount_fen=sum(move.amount_fen for move in moves),
        holder_id=deed.holder_id,
        merchant=deed.merchant,
        warning="spent_already" if any(line.code for line in lines) else "",
    )


async def _moved(transaction: Transaction, deed_id: UUID) -> list[Transfer]:
    query = (
        select(ledger_transfers)
        .join(office_moves, office_moves.c.transfer_id == ledger_transfers.c.transfer_id)
        .where(office_moves.c.deed_id == str(deed_id))
        .order_by(ledger_transfers.c.sequence)
    )
    return [to_transfer(row) for row in await transaction.execute(query)]


async def count_wrong_persons(
    transaction: Transaction, merchant_id: str, since: datetime, until: datetime
) -> int:
    """Return how many charges went to somebody else and were moved, in a span of time."""
    columns = office_deeds.c
    query = select(func.count()).where(
        columns.kind == "wrong_person",
        columns.merchant == merchant_id,
        columns.done_at >= since,
        columns.done_at < until,
    )
    return int((await transaction.execute(query)).scalar_one())
