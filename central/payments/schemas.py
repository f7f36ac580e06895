"""What is said about top-ups by the payment provider."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

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


class TopUpView(BaseModel):
    """An order.

    Attributes:
        pay_url: Where it is paid; empty before the provider has it, and once it is over.
        question: What a person must look at, a word of ``payment_question``; or empty.
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


class TopUpList(BaseModel):
    """Orders, newest first."""

    items: list[TopUpView]


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
    """A day's bill against our orders. Attributes: bill_fen, own_fen: payments less refunds."""

    day: date
    matched_at: AwareDatetime
    line_count: int
    bill_fen: int
    own_fen: int
    differences: list[BillDifference]


class BillList(BaseModel):
    """Bills, newest first."""

    items: list[BillView]
