"""What people say to questions of top-ups and to differences of bills, and the alarms until then.

No money is moved by an answer: it says what somebody found out, and did elsewhere. Alarms follow in
the transaction that brings or answers a question, so what is asked is never without one.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Final

from sqlalchemy import func, insert, select

from central.alarms.service import raise_alarm, return_alarm
from central.audit.chain import canonical
from central.database import ALARMS_LOCK, Transaction
from central.payments.matching import OPEN
from central.payments.schemas import Answer, BillDifference, BillView, WantedAnswer
from central.payments.tables import payment_answers, payment_orders
from config.contract.identifiers import new_id

QUESTION: Final = "top_up_question"
BILL: Final = "bill_difference"
"""Kinds of alarms."""
_ANSWERS: Final = payment_answers.c
_IN_LENGTH: Final = 500


async def keep(
    transaction: Transaction, about: str, wish: WantedAnswer, *, by: str, now: datetime
) -> None:
    """Keep an answer. Args: about: An order's number, or the day of a bill."""
    await transaction.execute(
        insert(payment_answers).values(
            answer_id=str(new_id()),
            about=about,
            question=wish.question,
            words=wish.words,
            answered_by=by,
            answered_at=now,
        )
    )


async def about(transaction: Transaction, wanted: Collection[str]) -> dict[str, list[Answer]]:
    """Return what people said, the first first."""
    found, names = dict[str, list[Answer]](), list(wanted)
    for at in range(0, len(names), _IN_LENGTH):
        query = select(payment_answers).where(_ANSWERS.about.in_(names[at : at + _IN_LENGTH]))
        for row in await transaction.execute(query.order_by(_ANSWERS.answered_at)):
            said = {name: getattr(row, name) for name in Answer.model_fields}
            found.setdefault(row.about, []).append(Answer(**said))
    return found


async def with_answers(transaction: Transaction, bills: Sequence[BillView]) -> list[BillView]:
    """Return bills with what people said, and with what they ask still."""
    said = await about(transaction, [bill.day.isoformat() for bill in bills])
    return [_asking(bill, said.get(bill.day.isoformat(), [])) for bill in bills]


def _asking(bill: BillView, said: list[Answer]) -> BillView:
    digest = digest_of(bill.differences)
    question = "" if any(each.question == digest for each in said) else digest
    return bill.model_copy(update={"answers": said, "question": question})


def digest_of(differences: Iterable[BillDifference]) -> str:
    """Return what open differences are known by; empty where there are none. Pure."""
    waiting = [each.model_dump(mode="json") for each in differences if each.difference in OPEN]
    return hashlib.sha256(canonical({"differences": waiting}).encode()).hexdigest() * bool(waiting)


async def follow_questions(transaction: Transaction, *, now: datetime, is_new: bool) -> None:
    """Raise the alarm for a question that is new; return it once none waits."""
    # Two answers at once must not leave each other's question standing.
    await transaction.take_turn(ALARMS_LOCK)
    waiting = select(func.count()).where(payment_orders.c.question != "")
    count = int((await transaction.execute(waiting)).scalar_one())
    if is_new:
        await raise_alarm(transaction, kind=QUESTION, now=now, detail={"count": count})
    elif count == 0:
        await return_alarm(transaction, kind=QUESTION, now=now)


async def follow_bills(
    transaction: Transaction, bills: Iterable[BillView], *, now: datetime, day: date | None
) -> None:
    """Raise the alarm where a bill asks; return it once none does.

    Args:
        transaction: A writing one.
        bills: All that can ask.
        now: Aware UTC.
        day: Of a bill that was just matched; None after an answer.
    """
    asking = [bill.day for bill in bills if bill.question]
    if day in asking:
        await raise_alarm(transaction, kind=BILL, now=now, detail={"count": len(asking)})
    elif not asking:
        await return_alarm(transaction, kind=BILL, now=now)
