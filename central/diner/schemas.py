"""What a diner is told and says, and what the office is told of it."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from central.payments.states import State
from config.contract.identifiers import Slug
from config.contract.money import ChargeLine, ChargeMode, Fen

DisputeReason = Literal["not_me", "amount", "twice", "other"]
Decision = Literal["accepted", "declined"]


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewLink(_Wish):
    """Somebody stands at the counter and wants to see their statement."""

    holder_id: UUID


class TerminalLink(_Wish):
    """The same at a terminal that knows who stands there. Attributes: till: of the site file."""

    holder_id: UUID
    till: Slug


class LinkView(BaseModel):
    """A link, said once: only a hash of it is kept. Attributes: code_svg: the same as a QR code."""

    link_id: str
    link: str
    code_svg: str
    expires_at: AwareDatetime


class OpenLink(_Wish):
    """What a telephone has from the link."""

    secret: Annotated[str, Field(min_length=20, max_length=64)]


class DisputeView(BaseModel):
    """What a diner said of a charge, and what came of it."""

    reason: str
    made_at: AwareDatetime
    decided_at: AwareDatetime | None
    decision: str | None
    note: str


class ChargeView(BaseModel):
    """One meal, its receipt, and what the diner said of it.

    Attributes:
        returned_fen: That went back of it.
        can_dispute: It may be disputed now.
        can_rate: It may be rated now.
    """

    charge_id: UUID
    at: AwareDatetime
    merchant: str
    till: str
    period: str
    mode: ChargeMode
    amount_fen: int
    subsidy_fen: int
    cash_fen: int
    debt_fen: int
    returned_fen: int
    lines: list[ChargeLine]
    dispute: DisputeView | None
    stars: int | None
    can_dispute: bool
    can_rate: bool


class DinerTopUp(BaseModel):
    """A top-up of the diner. Attributes: pay_url: empty where it cannot be paid now."""

    top_up_id: UUID
    amount_fen: int
    state: State
    pay_url: str
    created_at: AwareDatetime


class Statement(BaseModel):
    """All that a diner sees at first.

    Attributes:
        name: Masked.
        held_fen: Of the wallets, kept for charges that are under way.
        debt_fen: Owed; 0 is nothing.
        names: Of merchants, periods and dishes, by ``kind/id`` and language.
        top_up: Bounds of one top-up; None where the site has no provider.
    """

    name: str
    site: dict[str, str]
    time_zone: str
    expires_at: AwareDatetime
    subsidy_fen: int
    cash_fen: int
    held_fen: int
    debt_fen: int
    charges: list[ChargeView]
    has_more: bool
    top_ups: list[DinerTopUp]
    names: dict[str, dict[str, str]]
    top_up: tuple[int, int] | None


class NewDispute(_Wish):
    """A charge is wrong."""

    reason: DisputeReason


class NewRating(_Wish):
    """How the meal was."""

    stars: Annotated[int, Field(ge=1, le=5)]


class DinerTopUpWish(_Wish):
    """Attributes: top_up_id: made by the page before it asks."""

    top_up_id: UUID
    amount_fen: Fen


class MealView(BaseModel):
    """A meal of the next day."""

    merchant: str
    period: str
    begins: str
    ends: str
    is_registered: bool


class MealList(BaseModel):
    """Meals of the next day. Attributes: closes_at: until when they may be changed."""

    day: date
    closes_at: AwareDatetime
    is_open: bool
    meals: list[MealView]
    names: dict[str, dict[str, str]]


class MealCount(BaseModel):
    """How many mean to eat."""

    merchant: str
    period: str
    count: int


class MealCounts(BaseModel):
    """Of one day."""

    day: date
    items: list[MealCount]


class OfficeDispute(DisputeView):
    """A dispute as the office sees it."""

    charge_id: UUID
    holder_id: str
    amount_fen: int | None
    merchant: str | None
    till: str | None
    charged_at: AwareDatetime | None
    decided_by: str | None


class DisputeList(BaseModel):
    """Disputes, newest first."""

    items: list[OfficeDispute]


class DecidedDispute(_Wish):
    """What the office says of it; where money must go back, that is a deed of its own."""

    decision: Decision
    note: Annotated[str, Field(max_length=300)] = ""


class RatingSum(BaseModel):
    """How meals of a merchant were on a day. Attributes: stars: all together."""

    day: date
    merchant: str
    count: int
    stars: int


class RatingList(BaseModel):
    """Newest day first."""

    items: list[RatingSum]
