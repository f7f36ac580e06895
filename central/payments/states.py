"""What a top-up becomes of what is said about it. Pure.

Whatever comes twice, late or out of order leads to the same end: money is credited at most once,
and what contradicts itself becomes a question for a person, never a guess.
"""

import dataclasses
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from central.payments.provider import RefundStanding, Seen, SeenRefund, Standing


class State(StrEnum):
    """Of an order."""

    CREATED = "created"
    """Ours alone: whether the provider has it is not known."""
    WAITING = "waiting"
    PAID = "paid"
    CLOSED = "closed"
    REFUNDING = "refunding"
    REFUNDED = "refunded"
    UNKNOWN = "unknown"
    """Provider and order contradict each other, and nothing was credited: a person must look."""


class Deed(StrEnum):
    """What follows, besides the state."""

    CREDIT = "credit"
    TAKE_BACK = "take_back"
    """The wallet gives what is refunded, before the provider is asked."""
    GIVE_AGAIN = "give_again"
    """The refund did not come about: the wallet has it again."""


class NotNowError(Exception):
    """An order in this state cannot be refunded."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class TopUp:
    """An order, as far as its states go.

    Attributes:
        is_credited: The wallet has got its money at some time.
        provider_no: Of the payment; empty before.
        refund_no: Of the refund that was asked for last; empty before.
        question: What a person must look at, of ``payment_question`` in the dictionaries; or empty.
    """

    amount_fen: int
    state: State
    is_credited: bool = False
    provider_no: str = ""
    refund_no: str = ""
    refund_fen: int = 0
    question: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Attributes: order: as it is now. deeds: what the ledger must do for it."""

    order: TopUp
    deeds: tuple[Deed, ...] = ()


_OPEN: Final = frozenset({State.CREATED, State.WAITING})
_UNPAID: Final = _OPEN | {State.CLOSED, State.UNKNOWN}
QUESTION_AMOUNT: Final = "amount"
QUESTION_TWICE: Final = "paid_twice"
QUESTION_CLOSED: Final = "closed_after_paid"
QUESTION_ABSENT: Final = "absent"
QUESTION_REFUND: Final = "refund_declined"
QUESTION_FOREIGN: Final = "refund_not_ours"
CHECKS: Final = tuple(timedelta(seconds=s) for s in (5, 10, 30, 60, 180, 300, 600, 1_800))
"""How long to wait before an order is looked at again; the last for ever."""
DOUBTS_MAX: Final = 50
"""So often, about a day, an order that contradicts itself is asked about."""


def placed(order: TopUp) -> Step:
    """The provider has taken it."""
    return Step(order=_to(order, State.WAITING) if order.state is State.CREATED else order)


def declined(order: TopUp) -> Step:
    """The provider did not take it: nobody can pay it."""
    return Step(order=_to(order, State.CLOSED) if order.state is State.CREATED else order)


def told(order: TopUp, seen: Seen, *, may_credit: bool, refund_no: str, is_over: bool) -> Step:
    """The provider says what the order is, asked or unasked.

    Args:
        order: As it was.
        seen: What is said.
        may_credit: The person can have money; otherwise what is paid goes back at once.
        refund_no: For a refund that this may begin.
        is_over: The time to pay is over.
    """
    match seen.standing:
        case Standing.PAID:
            return _paid(order, seen, may_credit=may_credit, refund_no=refund_no)
        case Standing.WAITING:
            return placed(order)
        case Standing.CLOSED:
            if order.state in _UNPAID:
                return Step(order=_to(order, State.CLOSED, question=""))
            return Step(order=_asking(order, QUESTION_CLOSED))
        case Standing.ABSENT:
            if order.state is State.CREATED:
                return Step(order=_to(order, State.CLOSED) if is_over else order)
            if order.state is State.WAITING:
                return Step(order=_to(order, State.UNKNOWN, question=QUESTION_ABSENT))
    return Step(order=order)


def _paid(order: TopUp, seen: Seen, *, may_credit: bool, refund_no: str) -> Step:
    if order.state not in _UNPAID:
        # Said again, or late: unless it is another payment it is no news.
        is_other = bool(order.provider_no) and seen.provider_no != order.provider_no
        return Step(order=_asking(order, QUESTION_TWICE) if is_other else order)
    if seen.amount_fen != order.amount_fen:
        return Step(order=_to(order, State.UNKNOWN, question=QUESTION_AMOUNT))
    order = dataclasses.replace(order, provider_no=seen.provider_no, question="")
    if may_credit:
        return Step(
            order=dataclasses.replace(order, state=State.PAID, is_credited=True),
            deeds=(Deed.CREDIT,),
        )
    refunding = dataclasses.replace(
        order, state=State.REFUNDING, refund_no=refund_no, refund_fen=order.amount_fen
    )
    return Step(order=refunding)


def refund_wanted(order: TopUp, *, refund_no: str, amount_fen: int) -> Step:
    """Somebody wants money back that was paid; the wallet gives it first.

    Raises:
        NotNowError: Nothing is paid, a refund is under way or done, or it is more than was paid.
    """
    if order.state is not State.PAID or not 0 < amount_fen <= order.amount_fen:
        raise NotNowError
    refunding = dataclasses.replace(
        order, state=State.REFUNDING, refund_no=refund_no, refund_fen=amount_fen
    )
    return Step(order=refunding, deeds=(Deed.TAKE_BACK,))


def refund_told(order: TopUp, seen: SeenRefund) -> Step:
    """The provider says what a refund is."""
    if seen.refund_no != order.refund_no or order.state not in {State.REFUNDING, State.REFUNDED}:
        is_new = seen.standing is RefundStanding.DONE
        return Step(order=_asking(order, QUESTION_FOREIGN) if is_new else order)
    if order.state is State.REFUNDED or seen.standing in {
        RefundStanding.PROCESSING,
        RefundStanding.ABSENT,
    }:
        return Step(order=order)
    if seen.standing is RefundStanding.DONE:
        done = _to(order, State.REFUNDED)
        is_exact = seen.amount_fen == order.refund_fen
        return Step(order=done if is_exact else _asking(done, QUESTION_AMOUNT))
    if order.is_credited:
        return Step(order=_to(order, State.PAID), deeds=(Deed.GIVE_AGAIN,))
    return Step(order=_to(order, State.UNKNOWN, question=QUESTION_REFUND))


def next_check(state: State, checks: int, *, now: datetime) -> datetime | None:
    """Return when to ask the provider again; None where only a notice or a bill brings news.

    Args:
        state: Of the order.
        checks: How often it was asked since the state became this one.
        now: Aware UTC.
    """
    is_given_up = state is State.UNKNOWN and checks >= DOUBTS_MAX
    if state in {State.PAID, State.CLOSED, State.REFUNDED} or is_given_up:
        return None
    return now + CHECKS[min(checks, len(CHECKS) - 1)]


def _to(order: TopUp, state: State, *, question: str | None = None) -> TopUp:
    asked = order.question if question is None else question
    return dataclasses.replace(order, state=state, question=asked)


def _asking(order: TopUp, question: str) -> TopUp:
    return dataclasses.replace(order, question=order.question or question)
