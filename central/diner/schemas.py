"""What a diner is told and says, and what the office is told of it."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from central.payments.states import State
from config.contract.money import ChargeLine, ChargeMode, Fen

DisputeReason = Literal["not_me", "amount", "twice", "other"]
Decision = Literal["accepted", "declined"]


class _Wish(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NewLink(_Wish):
    """Somebody stands at the counter and wants to see their statement."""

    holder_id: UUID


class LinkSecret(_Wish):
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


class DinerDebt(BaseModel):
    """What a meal left owing.

    Attributes:
        amount_fen: Then.
        left_fen: What is left of it.
        cause: ``short``, ``two_tills``, ``left`` or ``unknown``.
        dispute: What the diner said against it: a reason, or words at the counter.
        decision: ``stands`` or ``waived``; None as long as nobody has decided.
        can_dispute: It may be disputed now.
    """

    charge_id: UUID
    at: AwareDatetime
    merchant: str
    till: str
    period: str
    amount_fen: int
    left_fen: int
    cause: str
    is_told: bool
    dispute: str | None
    decision: str | None
    note: str | None
    can_dispute: bool


class ToldDebts(_Wish):
    """Debts that a page has shown. Attributes: charge_ids: of their meals."""

    charge_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)]


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
        debts: Of which meals, and what became of those that were disputed; the newest first.
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
    debts: list[DinerDebt]
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
    """Of one day. Attributes: closes_at: until when diners may still change it."""

    day: date
    closes_at: AwareDatetime
    is_open: bool
    items: list[MealCount]


class LinkState(BaseModel):
    """What became of a link.

    Attributes:
        state: ``waiting`` until a telephone has ``opened`` it; ``over`` where none has in time.
        expires_at: Until when it can be opened, or its page be read.
        left_s: The same from now, for a page whose clock is another.
    """

    state: Literal["waiting", "opened", "over"]
    expires_at: AwareDatetime
    left_s: int


class OfficeDispute(DisputeView):
    """A dispute as the office sees it.

    Attributes:
        name: Whose, masked for those who may not see names; None of somebody who is not here.
        returned_fen: What went back of the charge.
    """

    charge_id: UUID
    holder_id: str
    name: str | None = None
    returned_fen: int | None
    amount_fen: int | None
    merchant: str | None
    till: str | None
    charged_at: AwareDatetime | None
    decided_by: str | None


class WaitingCounts(BaseModel):
    """How much waits for a person at the canteen's office."""

    exceptions: int
    disputes: int
    debts: int


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
