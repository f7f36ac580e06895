"""A day of a merchant, closed: tills beside centre, each difference named, explained and signed.

Nothing is changed by a close. What comes afterwards makes the day another one than was signed: it
says so, and is closed again under the next number.
"""

import hashlib
from datetime import date, datetime
from typing import Annotated, Final
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import func, insert, select

from central.audit.chain import canonical
from central.canteen import sessions
from central.canteen.sessions import Session, Sums, differences
from central.database import Transaction
from central.ledger import repository as ledger
from central.office.corrections import count_wrong_persons
from central.office.sales import span
from central.office.tables import office_day_closes, office_deeds
from central.office.wishes import Reason
from central.problems import RefusedError
from central.security import Operator
from config.contract.identifiers import Sha256, Slug

SESSIONS_MAX: Final = 500
WITHOUT_SESSION: Final = "without_session"
"""The difference of charges whose session central has heard nothing of."""


class DifferenceView(BaseModel):
    """What does not fit. Attributes: id: to explain it by; session and code."""

    id: str
    code: str
    till: int | None
    centre: int | None


class SumsView(BaseModel):
    """Counts and amounts of a side."""

    charge_count: int
    charge_fen: int
    void_count: int
    void_fen: int


class SessionView(BaseModel):
    """A till from its opening to its close. Attributes: counted_*: before it showed its sums."""

    session_id: str
    till: str
    opened_at: AwareDatetime | None
    opened_by: str | None
    closed_at: AwareDatetime | None
    closed_by: str | None
    counted_charges: int | None
    counted_fen: int | None
    till_sums: SumsView | None
    centre_sums: SumsView
    differences: list[DifferenceView]


class CloseView(BaseModel):
    """Who answers for a day. Attributes: is_current: the day is still as it was signed."""

    number: int
    signed_by_name: str
    signed_at: AwareDatetime
    explanations: dict[str, str]
    is_current: bool


class DayView(BaseModel):
    """A merchant's day.

    Attributes:
        charge_count: Of all sessions, as central holds them; voids left out.
        refunded_fen: Given back by the office on this day, whenever it was sold.
        unit_fen: What units paid without a till.
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
    wrong_person_count: int
    other_differences: list[DifferenceView]
    sha256: str
    closes: list[CloseView]


class CloseWish(BaseModel):
    """Somebody signs a day.

    Attributes:
        sha256: Of the day as they have seen it.
        explanations: A sentence for every difference, by its ``id``.
    """

    model_config = ConfigDict(extra="forbid")

    merchant: Slug
    day: date
    sha256: Sha256
    explanations: Annotated[
        dict[Annotated[str, StringConstraints(max_length=80)], Reason], Field(max_length=500)
    ] = {}


async def of(transaction: Transaction, merchant: str, day: date, *, zone: ZoneInfo) -> DayView:
    """Return a day as it stands now."""
    since, until = span(day, day, zone)
    found = await sessions.between(
        transaction, since=since, until=until, merchant=merchant, limit=SESSIONS_MAX
    )
    loose = (await sessions.orphans(transaction, since=since, until=until)).get(merchant)
    shown = [_session(each) for each in found]
    refunded = await _fen_of(transaction, ("refund", "wrong_price"), merchant, since, until)
    other = [
        DifferenceView(id=WITHOUT_SESSION, code=WITHOUT_SESSION, till=None, centre=loose[0])
    ] if loose else []  # fmt: skip
    view = DayView(
        merchant=merchant,
        day=day,
        sessions=shown,
        charge_count=sum(each.centre_sums.charge_count for each in found),
        charge_fen=sum(each.centre_sums.charge_fen for each in found),
        void_count=sum(each.centre_sums.void_count for each in found),
        void_fen=sum(each.centre_sums.void_fen for each in found),
        refunded_fen=refunded,
        unit_fen=await _fen_of(transaction, ("unit_charge",), merchant, since, until),
        wrong_person_count=await count_wrong_persons(transaction, merchant, since, until),
        other_differences=other,
        sha256="",
        closes=[],
    )
    said = view.model_dump(mode="json", exclude={"sha256", "closes"})
    view.sha256 = hashlib.sha256(canonical(said).encode()).hexdigest()
    view.closes = await _closes(transaction, view)
    return view


def _session(each: Session) -> SessionView:
    return SessionView(
        session_id=each.session_id,
        till=each.till,
        opened_at=each.opened_at,
        opened_by=each.opened_by,
        closed_at=each.closed_at,
        closed_by=each.closed_by,
        counted_charges=each.counted_charges,
        counted_fen=each.counted_fen,
        till_sums=None if each.till_sums is None else _sums(each.till_sums),
        centre_sums=_sums(each.centre_sums),
        differences=[
            DifferenceView(
                id=f"{each.session_id}:{one.code}", code=one.code, till=one.till, centre=one.centre
            )
            for one in differences(each)
        ],
    )


def _sums(sums: Sums) -> SumsView:
    return SumsView(
        charge_count=sums.charge_count,
        charge_fen=sums.charge_fen,
        void_count=sums.void_count,
        void_fen=sums.void_fen,
    )


async def _fen_of(
    transaction: Transaction,
    kinds: tuple[str, ...],
    merchant: str,
    since: datetime,
    until: datetime,
) -> int:
    columns, back = office_deeds.c, office_deeds.alias("back")
    query = (
        select(func.coalesce(func.sum(columns.amount_fen), 0))
        .select_from(office_deeds.outerjoin(back, back.c.reverses == columns.deed_id))
        .where(
            columns.kind.in_(kinds),
            columns.merchant == merchant,
            columns.done_at >= since,
            columns.done_at < until,
            back.c.deed_id.is_(None),
        )
    )
    return int((await transaction.execute(query)).scalar_one())


async def _closes(transaction: Transaction, view: DayView) -> list[CloseView]:
    columns = office_day_closes.c
    query = select(office_day_closes).where(
        columns.merchant == view.merchant, columns.day == view.day
    )
    return [
        CloseView(
            number=row.number,
            signed_by_name=row.signed_by_name,
            signed_at=row.signed_at,
            explanations=CloseWish.model_validate_json(row.body).explanations,
            is_current=row.sha256 == view.sha256,
        )
        for row in await transaction.execute(query.order_by(columns.number))
    ]


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
    if wish.day > now.astimezone(zone).date():
        raise RefusedError(409, "day_not_begun", "the day has not begun")
    if view.sha256 != wish.sha256:
        raise RefusedError(409, "preview_outdated", "it is another day by now: look again")
    if view.closes and view.closes[-1].is_current:
        raise RefusedError(409, "closed_already", "the day is signed as it is")
    attended = {by for each in view.sessions for by in (each.opened_by, each.closed_by) if by}
    if attended & {operator.user_id, operator.username}:
        raise RefusedError(409, "second_person_needed", "somebody else must sign this day")
    named = {each.id for session in view.sessions for each in session.differences}
    named |= {each.id for each in view.other_differences}
    if missing := sorted(named - wish.explanations.keys()):
        raise RefusedError(
            409, "difference_unexplained", "say what each difference is", missing=missing
        )
    said = {each: wish.explanations[each] for each in sorted(named)}
    await transaction.execute(
        insert(office_day_closes).values(
            merchant=wish.merchant,
            day=wish.day,
            number=len(view.closes) + 1,
            sha256=view.sha256,
            body=wish.model_copy(update={"explanations": said}).model_dump_json(),
            signed_by=operator.user_id,
            signed_by_name=operator.username,
            signed_at=now,
        )
    )
    transaction.concerns(f"merchant:{wish.merchant}", day=wish.day.isoformat(), count=len(named))
    return await of(transaction, wish.merchant, wish.day, zone=zone)
