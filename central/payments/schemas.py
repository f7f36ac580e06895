"""What is said about top-ups by the payment provider."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from central.payments.matching import Kind
from central.payments.provider import Way
from central.payments.states import State
from config.contract.money import Fen


class NewTopUp(BaseModel):
    """Somebody wants money in their cash wallet; the same again is the same order.

    Attributes:
        top_up_id: Made by whoever asks, before asking.
    """

    model_config = ConfigDict(extra="forbid")

    top_up_id: UUID
    holder_id: UUID
    amount_fen: Fen
    way: Way = Way.QR


class Answer(BaseModel):
    """What somebody found out. Attributes: question: That it answers; of a bill its digest."""

    question: str
    words: str
    answered_by: str
    answered_at: AwareDatetime


class WantedAnswer(BaseModel):
    """What somebody found out about a question, or about what differs on a bill.

    Attributes:
        question: As they have seen it: another one by now is not answered by it.
    """

    model_config = ConfigDict(extra="forbid")

    question: Annotated[str, Field(min_length=1, max_length=64)]
    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class TopUpView(BaseModel):
    """An order.

    Attributes:
        pay_url: Where it is paid; empty before the provider has it, and once it is over.
        question: What a person must look at, a word of ``payment_question``; or empty.
        check_count: How often the provider was asked since the state became this one.
        check_at: When it is asked next; None where only a notice or a bill brings news.
        answers: What people said to its questions, the first first.
    """

    top_up_id: UUID
    holder_id: str
    amount_fen: int
    way: Way
    state: State
    pay_url: str
    made_by: str
    created_at: AwareDatetime
    expires_at: AwareDatetime
    paid_at: AwareDatetime | None
    provider_no: str
    refund_fen: int
    refund_by: str
    refunded_at: AwareDatetime | None
    question: str
    check_count: int
    check_at: AwareDatetime | None
    answers: list[Answer] = []


class TopUpList(BaseModel):
    """Orders, newest first. Attributes: people: Names, masked for whoever may not see them."""

    items: list[TopUpView]
    people: dict[str, str] = {}


class WantedRefundOfTopUp(BaseModel):
    """Money goes back the way it came. Attributes: amount_fen: None is all of it."""

    model_config = ConfigDict(extra="forbid")

    amount_fen: Fen | None = None
    reason: Annotated[str, Field(min_length=1, max_length=200)]


class BillDifference(BaseModel):
    """See ``matching.Difference``; ``late``: the bill brought the news, and it is credited now."""

    difference: Kind
    kind: Literal["payment", "refund"]
    order_no: str
    refund_no: str
    provider_no: str
    bill_fen: int
    own_fen: int


class BillView(BaseModel):
    """A day's bill against our orders.

    Attributes:
        bill_fen, own_fen: Payments less refunds.
        question: Digest of differences that a person must look at; empty where there are none, or
            somebody has answered.
        answers: What people said to its differences, the first first.
    """

    day: date
    matched_at: AwareDatetime
    line_count: int
    bill_fen: int
    own_fen: int
    differences: list[BillDifference]
    question: str = ""
    answers: list[Answer] = []


class BillList(BaseModel):
    """Bills, newest first."""

    items: list[BillView]
