"""Top-ups in the database, and their moves in the ledger, each under a key made of the order."""

import dataclasses
import json
from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, insert, select, update

from central.database import ALARMS_LOCK, Transaction
from central.ledger import accounts
from central.ledger import repository as ledger
from central.payments import answers
from central.payments.matching import Difference, Matched, OwnLine
from central.payments.provider import Notice, Seen, Way
from central.payments.schemas import (
    Answer,
    BillDifference,
    BillView,
    TopUpView,
    WantedAnswer,
)
from central.payments.states import Deed, State, Step, TopUp, next_check
from central.payments.tables import payment_bills, payment_notices, payment_orders
from central.problems import RefusedError
from central.tables import people
from config.contract.money import MoneyUnit, Wallet

TOPIC: Final = "payments"
_ORDERS = payment_orders.c
_COPIED: Final = ("is_credited", "provider_no", "refund_no", "refund_fen", "question")
_IN_LENGTH: Final = 500
BILLS_LOOKED_AT: Final = 366
"""A difference that nobody answers stands for a year."""


def number_of(top_up_id: UUID) -> str:
    """Return the number that the provider knows an order by."""
    return top_up_id.hex


async def add(
    transaction: Transaction,
    order_no: str,
    *,
    holder_id: str,
    amount_fen: int,
    way: Way,
    made_by: str,
    expires_at: datetime,
    now: datetime,
) -> None:
    """Keep an order that the provider is asked for next."""
    values = {
        "order_no": order_no,
        "holder_id": holder_id,
        "amount_fen": amount_fen,
        "way": way.value,
        "made_by": made_by,
        "created_at": now,
        "expires_at": expires_at,
        "state": State.CREATED.value,
        "is_credited": False,
        "pay_url": "",
        "refund_count": 0,
        "refund_by": "",
        "refund_reason": "",
        "check_at": next_check(State.CREATED, 0, now=now),
        "check_count": 0,
    }
    values |= {"provider_no": "", "refund_no": "", "refund_fen": 0, "question": ""}
    await transaction.execute(insert(payment_orders).values(values))
    transaction.announce(TOPIC)


async def find(
    transaction: Transaction, order_no: str, *, to_change: bool = False
) -> Row[Any] | None:
    """Return an order; with ``to_change`` nobody else changes it until the transaction ends."""
    query = select(payment_orders).where(_ORDERS.order_no == order_no)
    return (await transaction.execute(query.with_for_update() if to_change else query)).first()


async def newest(
    transaction: Transaction,
    *,
    holder_id: str | None = None,
    is_asking: bool = False,
    limit: int = 100,
) -> list[Row[Any]]:
    """Return orders, newest first. Args: is_asking: only those with a question."""
    query = select(payment_orders).order_by(_ORDERS.created_at.desc(), _ORDERS.order_no)
    if holder_id is not None:
        query = query.where(_ORDERS.holder_id == holder_id)
    if is_asking:
        query = query.where(_ORDERS.question != "")
    return list(await transaction.execute(query.limit(limit)))


async def may_credit(transaction: Transaction, holder_id: str) -> bool:
    """Return whether a person is here, so that money can be theirs."""
    known = people.c.holder_id == holder_id
    query = select(people.c.holder_id).where(known, people.c.is_active, ~people.c.is_removed)
    return (await transaction.execute(query)).first() is not None


async def advance(
    transaction: Transaction, row: Row[Any], how: Callable[[TopUp], Step], *, now: datetime
) -> State:
    """Let an order become what is said of it, and move its money; returns its state.

    Args:
        transaction: A writing one.
        row: Of ``find`` with ``to_change``.
        how: A function of ``states``.
        now: Aware UTC.

    Raises:
        ShortError: The wallet does not hold what is to be taken back.
        NotNowError: See ``states.refund_wanted``.
    """
    before = _order(row)
    step = how(before)
    for deed in step.deeds:
        moves = await _moves(transaction, deed, row, step.order, now=now)
        await ledger.post(transaction, moves, now=now)
    if step.order == before:
        return before.state
    after = step.order
    values: dict[str, Any] = {name: getattr(after, name) for name in _COPIED}
    if after.state is not before.state:
        values |= {"state": after.state.value, "check_count": 0}
        values["check_at"] = next_check(after.state, 0, now=now)
        if after.state is State.REFUNDED:
            values["refunded_at"] = now
        if after.state is not State.WAITING:
            values["pay_url"] = ""
    if after.refund_no != before.refund_no:
        values["refund_count"] = row.refund_count + 1
    await _change(transaction, row.order_no, values)
    if after.question != before.question:
        await answers.follow_questions(transaction, now=now, is_new=bool(after.question))
    return after.state


async def note(transaction: Transaction, order_no: str, **values: object) -> None:
    """Write down what else is known of an order."""
    await _change(transaction, order_no, values)


async def take_due(transaction: Transaction, *, now: datetime, limit: int) -> list[Row[Any]]:
    """Return orders to ask about, each with its next turn set, so that silence needs no word."""
    query = select(payment_orders).where(_ORDERS.check_at <= now).order_by(_ORDERS.check_at)
    due = list(await transaction.execute(query.limit(limit).with_for_update(skip_locked=True)))
    for row in due:
        count = row.check_count + 1
        at = next_check(State(row.state), count, now=now)
        await _change(transaction, row.order_no, {"check_count": count, "check_at": at})
    return due


async def next_due_at(transaction: Transaction) -> datetime | None:
    """Return when the next order is to be asked about."""
    query = select(_ORDERS.check_at).where(_ORDERS.check_at.is_not(None))
    at: datetime | None = (
        await transaction.execute(query.order_by(_ORDERS.check_at).limit(1))
    ).scalar()
    return at


async def is_new(transaction: Transaction, notice: Notice, *, now: datetime) -> bool:
    """Keep a notice; returns whether it had not come before."""
    known = select(payment_notices.c.notice_id).where(
        payment_notices.c.notice_id == notice.notice_id
    )
    if (await transaction.execute(known)).first() is not None:
        return False
    seen = notice.seen
    await transaction.execute(
        insert(payment_notices).values(
            notice_id=notice.notice_id,
            order_no=seen.order_no,
            kind="payment" if isinstance(seen, Seen) else "refund",
            standing=seen.standing.value,
            amount_fen=seen.amount_fen,
            received_at=now,
        )
    )
    return True


# ---- bills


async def own_lines(
    transaction: Transaction, *, first: datetime, last: datetime, named: Collection[str]
) -> dict[tuple[str, str], OwnLine]:
    """Return payments and refunds of a day, ``last`` excluded, and those of the orders named."""
    of_day = (_ORDERS.paid_at >= first) & (_ORDERS.paid_at < last)
    of_day |= (_ORDERS.refunded_at >= first) & (_ORDERS.refunded_at < last)
    rows = {row.order_no: row for row in await transaction.execute(_paid().where(of_day))}
    wanted = [number for number in named if number not in rows]
    for at in range(0, len(wanted), _IN_LENGTH):
        some = _paid().where(_ORDERS.order_no.in_(wanted[at : at + _IN_LENGTH]))
        rows |= {row.order_no: row for row in await transaction.execute(some)}
    lines = list[OwnLine]()
    for row in rows.values():
        is_of_day = row.paid_at is not None and first <= row.paid_at < last
        payment = OwnLine(
            kind="payment",
            order_no=row.order_no,
            amount_fen=row.amount_fen,
            is_of_day=is_of_day,
        )
        lines.append(payment)
        if row.refunded_at is not None:
            refund = dataclasses.replace(
                payment,
                kind="refund",
                refund_no=row.refund_no,
                amount_fen=row.refund_fen,
                is_of_day=first <= row.refunded_at < last,
            )
            lines.append(refund)
    return {line.key: line for line in lines}


async def keep_bill(
    transaction: Transaction, day: date, matched: Matched, *, now: datetime
) -> BillView:
    """Keep what a day's bill came to; matched again, the newest holds."""
    await transaction.execute(delete(payment_bills).where(payment_bills.c.day == day))
    view = BillView(
        day=day,
        matched_at=now,
        line_count=matched.line_count,
        bill_fen=matched.bill_fen,
        own_fen=matched.own_fen,
        differences=[_difference(each) for each in matched.differences],
    )
    values = view.model_dump(exclude={"differences", "question", "answers"})
    values["differences"] = json.dumps([each.model_dump() for each in view.differences])
    await transaction.execute(insert(payment_bills).values(values))
    transaction.announce(TOPIC)
    (view,) = await answers.with_answers(transaction, [view])
    await answers.follow_bills(
        transaction, await bills(transaction, limit=BILLS_LOOKED_AT), now=now, day=day
    )
    return view


async def bills(transaction: Transaction, *, limit: int) -> list[BillView]:
    """Return bills, newest day first."""
    query = select(payment_bills).order_by(payment_bills.c.day.desc()).limit(limit)
    found = [
        BillView(**{**row, "differences": json.loads(row["differences"])})
        for row in (await transaction.execute(query)).mappings()
    ]
    return await answers.with_answers(transaction, found)


async def has_bill(transaction: Transaction, day: date) -> bool:
    """Return whether a day's bill is matched."""
    query = select(payment_bills.c.day).where(payment_bills.c.day == day)
    return (await transaction.execute(query)).first() is not None


def view_of(row: Row[Any], said: Sequence[Answer] = ()) -> TopUpView:
    """Return an order as it is told. Args: said: What people said to its questions."""
    names = TopUpView.model_fields.keys() - {"top_up_id", "answers"}
    values = {name: getattr(row, name) for name in names}
    return TopUpView(top_up_id=UUID(row.order_no), answers=list(said), **values)


async def answer(
    transaction: Transaction, row: Row[Any], wish: WantedAnswer, *, by: str, now: datetime
) -> None:
    """Keep what somebody found out about an order's question; it asks nothing any more.

    What contradicts itself is not asked about again by itself: a person has looked.

    Raises:
        RefusedError: 409: it has another question, or none.
    """
    if row.question != wish.question:
        raise RefusedError(409, "question_changed", "this is not what it asks")
    await answers.keep(transaction, row.order_no, wish, by=by, now=now)
    values: dict[str, Any] = {"question": ""}
    if row.state == State.UNKNOWN:
        values["check_at"] = None
    await _change(transaction, row.order_no, values)
    await answers.follow_questions(transaction, now=now, is_new=False)


async def answer_bill(
    transaction: Transaction, day: date, wish: WantedAnswer, *, by: str, now: datetime
) -> BillView:
    """Keep what somebody found out about a bill's differences.

    Raises:
        RefusedError: 404 without such a bill; 409: it asks something else, or nothing.
    """
    await transaction.take_turn(ALARMS_LOCK)
    found = {each.day: each for each in await bills(transaction, limit=BILLS_LOOKED_AT)}
    if day not in found:
        raise RefusedError(404, "bill_not_found", "the bill of this day is not there")
    if found[day].question != wish.question:
        raise RefusedError(409, "question_changed", "this is not what it asks")
    await answers.keep(transaction, day.isoformat(), wish, by=by, now=now)
    after = await bills(transaction, limit=BILLS_LOOKED_AT)
    await answers.follow_bills(transaction, after, now=now, day=None)
    transaction.announce(TOPIC)
    return next(each for each in after if each.day == day)


def _order(row: Row[Any]) -> TopUp:
    copied = {name: getattr(row, name) for name in _COPIED}
    return TopUp(amount_fen=row.amount_fen, state=State(row.state), **copied)


async def _moves(
    transaction: Transaction, deed: Deed, row: Row[Any], order: TopUp, *, now: datetime
) -> list[ledger.Order]:
    """Return the moves of the ledger that a deed is; a top-up pays what is owed first."""
    group = UUID(row.order_no)
    cash, provider = accounts.wallet(row.holder_id, Wallet.CASH), accounts.source("connector")
    move = partial(
        ledger.Order,
        unit=MoneyUnit.CNY,
        happened_at=now,
        group=group,
        detail={"order_no": row.order_no, "provider_no": order.provider_no},
    )
    taken = accounts.part_id(group, "refund", order.refund_no)
    if deed is Deed.TAKE_BACK:
        fen = order.refund_fen
        reason = "top_up_refund"
        return [move(transfer_id=taken, debit=cash, credit=provider, amount_fen=fen, reason=reason)]
    if deed is Deed.GIVE_AGAIN:
        again = move(
            transfer_id=accounts.part_id(group, "declined", order.refund_no),
            debit=provider,
            credit=cash,
            amount_fen=order.refund_fen,
            reason="top_up_refund_declined",
            reverses=taken,
        )
        return [again]
    await ledger.take_turn(transaction)
    debt = accounts.wallet(row.holder_id, Wallet.DEBT)
    owed_fen = -(await ledger.balances(transaction, [debt]))[debt].posted_fen
    debt_fen = min(max(0, owed_fen), order.amount_fen)
    parts = (("top_up_debt", debt, debt_fen), ("top_up", cash, order.amount_fen - debt_fen))
    return [
        move(
            transfer_id=accounts.part_id(group, reason),
            debit=provider,
            credit=account,
            amount_fen=fen,
            reason=reason,
        )
        for reason, account, fen in parts
        if fen
    ]


async def _change(transaction: Transaction, order_no: str, values: dict[str, Any]) -> None:
    await transaction.execute(
        update(payment_orders).where(_ORDERS.order_no == order_no).values(values)
    )
    transaction.announce(TOPIC)


def _paid() -> Any:  # noqa: ANN401 - a statement, whose type is its columns
    return select(payment_orders).where(_ORDERS.provider_no != "")


def _difference(difference: Difference) -> BillDifference:
    return BillDifference(**dataclasses.asdict(difference))
