"""A day of a merchant, closed: tills beside centre, each difference named, explained and signed.

Nothing is changed by a close. What comes afterwards makes the day another one than was signed: it
says so, and is closed again under the next number.
"""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import BaseModel
from sqlalchemy import case, func, select

from central.canteen import sessions
from central.canteen.orders import unclaimed
from central.canteen.schemas import SessionDifference, SessionView
from central.canteen.session_views import difference_view, view_of
from central.database import Transaction
from central.ledger import repository as ledger
from central.ledger.tables import ledger_transfers
from central.office import closes
from central.office.closes import CloseView
from central.office.corrections import count_wrong_persons
from central.office.sales import span
from central.office.tables import office_deeds, office_moves
from central.security import Operator
from config.contract.identifiers import Slug


class DayView(BaseModel):
    """A merchant's day.

    Attributes:
        charge_count: Of all sessions and of none, as central holds them; voids left out.
        refunded_fen: Given back by the office on this day, whenever it was sold, less what a price
            that was too low took afterwards.
        unit_fen: What units paid without a till.
        unclaimed_count, unclaimed_fen: Orders of this day's windows that nobody came for, charged
            by central and of no session.
        wrong_person_count: Charges that the office moved to somebody else on this day.
        other_differences: Of no session.
        sha256: Of all that; a signature is about it.
    """

    merchant: str
    day: date
    sessions: list[SessionView]
    charge_count: int
    charge_fen: int
    void_count: int
    void_fen: int
    refunded_fen: int
    unit_fen: int
    unclaimed_count: int
    unclaimed_fen: int
    wrong_person_count: int
    other_differences: list[SessionDifference]
    sha256: str
    closes: list[CloseView]


class CloseWish(closes.Signature):
    """Somebody signs a day of a merchant."""

    merchant: Slug


async def of(transaction: Transaction, merchant: str, day: date, *, zone: ZoneInfo) -> DayView:
    """Return a day as it stands now."""
    since, until = span(day, day, zone)
    found = await sessions.day_of(transaction, merchant, since=since, until=until)
    sums = found.sums
    unclaimed_count, unclaimed_fen = await unclaimed(transaction, merchant, since, until)
    view = DayView(
        merchant=merchant,
        day=day,
        sessions=[view_of(each) for each in found.sessions],
        charge_count=sums.charge_count,
        charge_fen=sums.charge_fen,
        void_count=sums.void_count,
        void_fen=sums.void_fen,
        refunded_fen=await _fen_of(transaction, "refund", merchant, since, until)
        + await _back_of_prices(transaction, merchant, since, until),
        unit_fen=await _fen_of(transaction, "unit_charge", merchant, since, until),
        unclaimed_count=unclaimed_count,
        unclaimed_fen=unclaimed_fen,
        wrong_person_count=await count_wrong_persons(transaction, merchant, since, until),
        other_differences=[difference_view(each) for each in found.differences],
        sha256="",
        closes=[],
    )
    view.sha256 = closes.digest(view)
    view.closes = await closes.of(transaction, merchant, day, sha256=view.sha256)
    return view


async def _fen_of(
    transaction: Transaction, kind: str, merchant: str, since: datetime, until: datetime
) -> int:
    columns, back = office_deeds.c, office_deeds.alias("back")
    query = (
        select(func.coalesce(func.sum(columns.amount_fen), 0))
        .select_from(office_deeds.outerjoin(back, back.c.reverses == columns.deed_id))
        .where(
            columns.kind == kind,
            columns.merchant == merchant,
            columns.done_at >= since,
            columns.done_at < until,
            back.c.deed_id.is_(None),
        )
    )
    return int((await transaction.execute(query)).scalar_one())


async def _back_of_prices(
    transaction: Transaction, merchant: str, since: datetime, until: datetime
) -> int:
    """Return what corrected prices gave back, less what they took."""
    deeds, moved = office_deeds.c, ledger_transfers.c
    signed = case((moved.debit.like("merchant/%"), moved.amount_fen), else_=-moved.amount_fen)
    query = (
        select(func.coalesce(func.sum(signed), 0))
        .select_from(office_moves)
        .join(office_deeds, deeds.deed_id == office_moves.c.deed_id)
        .join(ledger_transfers, moved.transfer_id == office_moves.c.transfer_id)
        .where(
            deeds.kind == "wrong_price",
            deeds.merchant == merchant,
            deeds.done_at >= since,
            deeds.done_at < until,
        )
    )
    return int((await transaction.execute(query)).scalar_one())


async def close(
    transaction: Transaction,
    wish: CloseWish,
    operator: Operator,
    *,
    zone: ZoneInfo,
    now: datetime,
) -> DayView:
    """Sign a day; refuses whoever stood at one of its tills, and a difference nobody explains."""
    # Money stands still meanwhile: what is signed is what is there.
    await ledger.take_turn(transaction)
    view = await of(transaction, wish.merchant, wish.day, zone=zone)
    named = {each.id for session in view.sessions for each in session.differences}
    named |= {each.id for each in view.other_differences}
    attended = {by for each in view.sessions for by in (each.opened_by, each.closed_by) if by}
    await closes.sign(
        transaction,
        wish.merchant,
        wish,
        view,
        named=named,
        attended=attended,
        operator=operator,
        today=now.astimezone(zone).date(),
        now=now,
    )
    transaction.concerns(f"merchant:{wish.merchant}", day=wish.day.isoformat(), count=len(named))
    return await of(transaction, wish.merchant, wish.day, zone=zone)
