"""Sessions of tills: what the till says of itself beside what central holds. Pure but for reading.

A difference is named, with both figures: what a day close asks about. It is worked out whenever it
is asked for, so that a charge that arrives late makes its difference go by itself.
"""

import dataclasses
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, case, func, or_, select

from central.canteen.repository import chunks
from central.canteen.tables import canteen_charges, canteen_exceptions, canteen_sessions
from central.database import Transaction
from config.contract.money_events import charges_digest

_SESSIONS, _CHARGES = canteen_sessions.c, canteen_charges.c


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What a session comes to.

    Attributes:
        charge_count, charge_fen: Of charges that the till has not taken back.
        void_count, void_fen: Of those that it has.
        digest: Of the identifiers of the former; ``money_events.charges_digest``.
    """

    charge_count: int = 0
    charge_fen: int = 0
    void_count: int = 0
    void_fen: int = 0
    digest: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session: when, whose, and both sides' figures.

    Attributes:
        till_sums: What the till said when it closed; None as long as central has not heard so.
        centre_sums: What central holds.
        unposted_fen: Of charges that are held here and cannot be posted.
        open_exception_count: Lines about it or its charges that nobody has decided.
    """

    session_id: str
    node: str
    till: str
    merchant: str
    opened_at: datetime | None
    opened_by: str | None
    closed_at: datetime | None
    closed_by: str | None
    counted_charges: int | None
    counted_fen: int | None
    till_sums: Sums | None
    centre_sums: Sums
    unposted_fen: int
    open_exception_count: int


@dataclasses.dataclass(frozen=True, slots=True)
class Difference:
    """One thing that does not fit.

    Attributes:
        till, centre: Both figures, where there are any.
        count: Of charges, where the figures are amounts.
    """

    code: str
    till: int | None = None
    centre: int | None = None
    count: int | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Day:
    """A merchant's day: its sessions, and charges whose session central has heard nothing of.

    Attributes:
        loose: Of the latter. They are sold as all others are.
    """

    sessions: tuple[Session, ...]
    loose: Sums

    @property
    def sums(self) -> Sums:
        """What central holds of the whole day."""
        sides = [*(each.centre_sums for each in self.sessions), self.loose]
        return Sums(
            charge_count=sum(each.charge_count for each in sides),
            charge_fen=sum(each.charge_fen for each in sides),
            void_count=sum(each.void_count for each in sides),
            void_fen=sum(each.void_fen for each in sides),
        )

    @property
    def differences(self) -> tuple[Difference, ...]:
        """What does not fit and is of no session; ``without_session`` names the loose charges."""
        count = self.loose.charge_count + self.loose.void_count
        if not count:
            return ()
        return (Difference("without_session", None, self.loose.charge_fen, count),)


def differences(session: Session) -> tuple[Difference, ...]:
    """Return everything that does not fit; nothing is a session that balances.

    ``not_opened`` and ``not_closed``: central has not heard of it, or it has not happened yet.
    ``charges_missing`` and ``charges_more``: central holds fewer or more than the till has sold.
    ``amount``, ``voids``, ``void_amount``: figures differ. ``other_charges``: figures fit, and are
    of other charges. ``unposted``: held here and not in the ledger. ``exceptions``: wait for a
    person. ``count`` and ``counted_amount``: what the cashier counted is not what the till says.
    """
    found = list[Difference]()
    if session.opened_at is None:
        found.append(Difference("not_opened"))
    till, centre = session.till_sums, session.centre_sums
    if till is None:
        found.append(Difference("not_closed"))
    else:
        found += _between(till, centre)
        if session.counted_charges not in (None, till.charge_count):
            found.append(Difference("count", till.charge_count, session.counted_charges))
        if session.counted_fen not in (None, till.charge_fen):
            found.append(Difference("counted_amount", till.charge_fen, session.counted_fen))
    if session.unposted_fen:
        found.append(Difference("unposted", None, session.unposted_fen))
    if session.open_exception_count:
        found.append(Difference("exceptions", None, session.open_exception_count))
    return tuple(found)


def _between(till: Sums, centre: Sums) -> list[Difference]:
    found = list[Difference]()
    if till.charge_count + till.void_count != centre.charge_count + centre.void_count:
        told, held = till.charge_count + till.void_count, centre.charge_count + centre.void_count
        found.append(Difference("charges_missing" if held < told else "charges_more", told, held))
    if till.charge_fen != centre.charge_fen:
        found.append(Difference("amount", till.charge_fen, centre.charge_fen))
    if till.void_count != centre.void_count:
        found.append(Difference("voids", till.void_count, centre.void_count))
    if till.void_fen != centre.void_fen:
        found.append(Difference("void_amount", till.void_fen, centre.void_fen))
    if not found and till.digest != centre.digest:
        found.append(Difference("other_charges", till.charge_count, centre.charge_count))
    return found


# ---- read


async def between(
    transaction: Transaction,
    *,
    since: datetime,
    until: datetime,
    merchant: str = "",
    limit: int | None = 500,
) -> list[Session]:
    """Return sessions that began in a span of time, the oldest first.

    One whose opening central has not heard of counts from its close; ``until`` is outside. With
    ``limit`` None it is all of them: what somebody signs leaves none out.
    """
    began = func.coalesce(_SESSIONS.opened_at, _SESSIONS.closed_at)
    query = select(canteen_sessions).where(
        or_(
            (_SESSIONS.opened_at >= since) & (_SESSIONS.opened_at < until),
            _SESSIONS.opened_at.is_(None)
            & (_SESSIONS.closed_at >= since)
            & (_SESSIONS.closed_at < until),
        )
    )
    if merchant:
        query = query.where(_SESSIONS.merchant == merchant)
    query = query.order_by(began, _SESSIONS.session_id).limit(limit)
    return await _with_sums(transaction, (await transaction.execute(query)).all())


async def find(transaction: Transaction, session_id: UUID) -> Session | None:
    """Return one session."""
    query = select(canteen_sessions).where(_SESSIONS.session_id == str(session_id))
    rows = (await transaction.execute(query)).all()
    return (await _with_sums(transaction, rows))[0] if rows else None


async def day_of(
    transaction: Transaction, merchant: str, *, since: datetime, until: datetime
) -> Day:
    """Return a merchant's day, with all its sessions."""
    found = await between(transaction, since=since, until=until, merchant=merchant, limit=None)
    loose = await orphans(transaction, since=since, until=until)
    return Day(tuple(found), loose.get(merchant, Sums()))


async def orphans(transaction: Transaction, *, since: datetime, until: datetime) -> dict[str, Sums]:
    """Return charges whose session central has heard nothing of, by merchant."""
    known = select(_SESSIONS.session_id)
    query = (
        select(
            _CHARGES.merchant,
            _count(~_IS_VOID).label("charge_count"),
            _fen(~_IS_VOID).label("charge_fen"),
            _count(_IS_VOID).label("void_count"),
            _fen(_IS_VOID).label("void_fen"),
        )
        .where(
            _CHARGES.charged_at >= since,
            _CHARGES.charged_at < until,
            # An order that nobody came for has none.
            _CHARGES.session_id.is_not(None),
            _CHARGES.session_id.not_in(known),
        )
        .group_by(_CHARGES.merchant)
    )
    return {
        row.merchant: Sums(
            charge_count=int(row.charge_count),
            charge_fen=int(row.charge_fen),
            void_count=int(row.void_count),
            void_fen=int(row.void_fen),
        )
        for row in await transaction.execute(query)
    }


_IS_VOID: Final = _CHARGES.void_id.is_not(None)


def _count(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)


def _fen(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, _CHARGES.amount_fen), else_=0)), 0)


async def _with_sums(transaction: Transaction, rows: Sequence[Row[Any]]) -> list[Session]:
    ids = [row.session_id for row in rows]
    centre, unposted = await _centre_sums(transaction, ids)
    waiting = await _exception_counts(transaction, ids)
    return [
        Session(
            session_id=row.session_id,
            node=row.node,
            till=row.till,
            merchant=row.merchant,
            opened_at=row.opened_at,
            opened_by=row.opened_by,
            closed_at=row.closed_at,
            closed_by=row.closed_by,
            counted_charges=row.counted_charges,
            counted_fen=row.counted_fen,
            till_sums=None
            if row.closed_at is None
            else Sums(
                charge_count=row.charge_count,
                charge_fen=row.charge_fen,
                void_count=row.void_count,
                void_fen=row.void_fen,
                digest=row.charge_ids_sha256,
            ),
            centre_sums=centre.get(row.session_id, Sums(digest=charges_digest([]))),
            unposted_fen=unposted.get(row.session_id, 0),
            open_exception_count=waiting.get(row.session_id, 0),
        )
        for row in rows
    ]


async def _centre_sums(
    transaction: Transaction, session_ids: Collection[str]
) -> tuple[dict[str, Sums], dict[str, int]]:
    sums, unposted, ids = dict[str, Sums](), dict[str, int](), dict[str, list[UUID]]()
    for some in chunks(session_ids):
        here = _CHARGES.session_id.in_(some)
        listed = select(_CHARGES.session_id, _CHARGES.charge_id).where(here, ~_IS_VOID)
        for row in await transaction.execute(listed):
            ids.setdefault(row.session_id, []).append(UUID(row.charge_id))
        query = (
            select(
                _CHARGES.session_id,
                _count(~_IS_VOID).label("charge_count"),
                _fen(~_IS_VOID).label("charge_fen"),
                _count(_IS_VOID).label("void_count"),
                _fen(_IS_VOID).label("void_fen"),
                _fen(_CHARGES.posted_at.is_(None)).label("unposted_fen"),
            )
            .where(here)
            .group_by(_CHARGES.session_id)
        )
        for row in await transaction.execute(query):
            unposted[row.session_id] = int(row.unposted_fen)
            sums[row.session_id] = Sums(
                charge_count=int(row.charge_count),
                charge_fen=int(row.charge_fen),
                void_count=int(row.void_count),
                void_fen=int(row.void_fen),
                digest=charges_digest(ids.get(row.session_id, [])),
            )
    return sums, unposted


async def _exception_counts(
    transaction: Transaction, session_ids: Collection[str]
) -> dict[str, int]:
    exceptions, found = canteen_exceptions.c, dict[str, int]()
    for some in chunks(session_ids):
        of = func.coalesce(_CHARGES.session_id, exceptions.about)
        query = (
            select(of.label("session_id"), func.count().label("open_count"))
            .select_from(
                canteen_exceptions.outerjoin(
                    canteen_charges, _CHARGES.charge_id == exceptions.about
                )
            )
            .where(exceptions.decided_at.is_(None), of.in_(some))
            .group_by(of)
        )
        for row in await transaction.execute(query):
            found[row.session_id] = int(row.open_count)
    return found
