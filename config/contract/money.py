"""Money between tills and centre: integer fen, and one key for each thing that is done with it.

A **charge** is one meal paid by one person at one till. The till makes its ``charge_id`` before its
display changes, and everything that is ever said about that meal carries it: the reservation at
central, the event in the journal, a void. Whoever hears the same key twice has heard it once.
"""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from config.contract.identifiers import Frozen, Sha256, Slug
from config.contract.time_of_day import TimeOfDay

FEN_MAX: int = 10**9
Fen = Annotated[int, Field(gt=0, le=FEN_MAX)]
"""An amount of money: 1/100 yuan, never a float."""


class MoneyUnit(StrEnum):
    """What a ledger account counts. Two units are never added."""

    CNY = "CNY"
    POINTS = "POINTS"


class Wallet(StrEnum):
    """A person's accounts."""

    SUBSIDY = "subsidy"
    CASH = "cash"
    DEBT = "debt"
    """What was eaten offline and not covered: an account of its own, not a wallet below zero."""


class ChargeMode(StrEnum):
    """How a till comes to an amount."""

    FIXED = "fixed"
    KEYED = "keyed"
    MENU = "menu"
    COUNT = "count"
    WEIGHED = "weighed"
    LANE = "lane"
    """Gate and till in one: pending at *granted*, paid at *passed*, released otherwise."""
    ORDERS = "orders"
    """The takeaway window: hands out what was ordered before, under the key of the order."""


class ChargeLine(Frozen):
    """One line of a meal.

    Attributes:
        item: A dish of the plan, or empty for the meal itself or a keyed amount.
        count: Pieces; 1 for what is weighed.
        weight_g: Net weight in grams of what is weighed.
        amount_fen: Of the whole line.
    """

    item: str = ""
    count: Annotated[int, Field(ge=1, le=999)] = 1
    weight_g: Annotated[int, Field(gt=0, le=100_000)] | None = None
    amount_fen: Fen


class ReservationWish(Frozen):
    """A till asks central to keep money for a charge; the same key asks again for the same.

    Attributes:
        holder_id: Who eats.
        expires_s: After which central lets it go, unless the charge has come by then.
    """

    charge_id: UUID
    till: Slug
    holder_id: str
    amount_fen: Fen
    at: AwareDatetime
    expires_s: Annotated[int, Field(ge=5, le=3600)] = 300


class ReservationPart(Frozen):
    """What one wallet gives."""

    wallet: Wallet
    amount_fen: Fen


class ReservationAnswer(Frozen):
    """What central says to a wish.

    Attributes:
        outcome: ``reserved`` also says that it was before; ``settled`` that the charge is posted or
            void already; ``short`` that the wallets do not cover it; ``closed`` that the person
            cannot pay at all (has left, or paying is blocked).
        parts: In the order of wallets; empty unless reserved.
        spendable_fen: What the person can still spend after it; the till's new last known balance.
    """

    outcome: Literal["reserved", "settled", "short", "closed"]
    parts: tuple[ReservationPart, ...] = ()
    spendable_fen: int = 0


class MealPeriod(Frozen):
    """A meal of the day at a merchant, by the site's wall clock; it may go over midnight.

    Attributes:
        fixed_fen: Price of the meal in the modes ``fixed`` and ``lane``, by group; ``""`` is every
            other person. A group without a price cannot pay in these modes.
        count_max: Meals of one person in one period, by group; ``""`` for the others; no entry is
            no limit.
    """

    id: Slug
    name: dict[Literal["zh-CN", "en"], str]
    begins: TimeOfDay
    ends: TimeOfDay
    fixed_fen: dict[str, Annotated[int, Field(ge=0, le=FEN_MAX)]] = Field(default_factory=dict)
    count_max: dict[str, Annotated[int, Field(ge=0, le=99)]] = Field(default_factory=dict)


class Dish(Frozen):
    """Something that can be sold.

    Attributes:
        price_fen: Of a piece, or of ``per_g`` grams of what is weighed.
        per_g: None is sold by the piece.
        key: Function key at the till (F1 is 1).
    """

    id: Slug
    name: dict[Literal["zh-CN", "en"], str]
    price_fen: Fen
    per_g: Annotated[int, Field(gt=0, le=10_000)] | None = None
    key: Annotated[int, Field(ge=1, le=24)] | None = None


class OrderWindow(Frozen):
    """A meal period in which a merchant hands out what was ordered before it.

    Attributes:
        period: Of the merchant; orders are handed out while it goes on.
        until_min: Ordered and cancelled until so many minutes before it begins.
        orders_max: Orders of one day's window; None is no limit.
        dishes: What can be ordered for it; empty is everything that is sold by the piece.
    """

    period: Slug
    until_min: Annotated[int, Field(ge=0, le=2_880)] = 60
    orders_max: Annotated[int, Field(ge=1, le=99_999)] | None = None
    dishes: tuple[Slug, ...] = ()


class OrderRules(Frozen):
    """How a merchant takes orders.

    Attributes:
        windows: In the order of pages.
        days_ahead: 0 is for today alone, 1 for tomorrow too.
        unclaimed: Of an order that nobody came for: its meal was cooked and is charged, or its
            money is let go.
        grace_min: So long after the window central waits for a till that tells late.
    """

    windows: Annotated[tuple[OrderWindow, ...], Field(max_length=20)] = ()
    days_ahead: Annotated[int, Field(ge=0, le=14)] = 1
    unclaimed: Literal["charge", "release"] = "charge"
    grace_min: Annotated[int, Field(ge=0, le=1_440)] = 30


class MerchantPlan(Frozen):
    """What a merchant sells, when, and to whom.

    Attributes:
        merchant: Of the site file.
        orders: None takes no orders.
    """

    merchant: Slug
    periods: tuple[MealPeriod, ...] = ()
    dishes: tuple[Dish, ...] = ()
    orders: OrderRules | None = None


class SpendingLimits(Frozen):
    """What holds for everybody who pays.

    Attributes:
        per_charge_fen: No single charge is more.
        per_day_fen: Of one person in one day of the site; None is no limit.
        pin_above_fen: A face alone is not enough above this: a PIN or an active challenge.
        repeat_s: The same person again at the same merchant within this needs a second *yes*.
        offline_person_fen: What one person may spend at one till while central is not heard.
        offline_till_fen: What all may spend together at one till while central is not heard.
        offline_overdraft_fen: How far beyond the last known balance a person may go meanwhile; 0
            refuses, more becomes a debt when it comes to that.
    """

    per_charge_fen: Fen = 50_000
    per_day_fen: Fen | None = None
    pin_above_fen: Fen = 10_000
    repeat_s: Annotated[int, Field(ge=0, le=14_400)] = 1_800
    offline_person_fen: Annotated[int, Field(ge=0, le=FEN_MAX)] = 10_000
    offline_till_fen: Annotated[int, Field(ge=0, le=FEN_MAX)] = 1_000_000
    offline_overdraft_fen: Annotated[int, Field(ge=0, le=FEN_MAX)] = 5_000


class CanteenPlan(Frozen):
    """All that tills need besides people: one version for the whole site.

    Attributes:
        groups: Which group a person's profiles put them into: the first that matches holds.
    """

    version: Annotated[int, Field(ge=0)]
    merchants: tuple[MerchantPlan, ...] = ()
    limits: SpendingLimits = SpendingLimits()
    groups: tuple[tuple[str, str], ...] = ()
    """Pairs of profile and group."""


class TillAccount(Frozen):
    """What a till knows of a person's money, as of a version.

    Attributes:
        spendable_fen: Of all wallets together, what is reserved left out; never shown to the queue.
        is_blocked: They have left, reported a loss, or may not pay by decision of the manager.
        pays_by_face: They have consented to be known by their face at tills; all others pay by
            card, code or number.
    """

    holder_id: str
    spendable_fen: int
    is_blocked: bool = False
    pays_by_face: bool = False
    version: Annotated[int, Field(ge=1)]


class OrderState(StrEnum):
    """What became of an order."""

    WAITING = "waiting"
    """Its money is kept: it can be handed out, and cancelled until the window's deadline."""
    COLLECTED = "collected"
    CANCELLED = "cancelled"
    """Taken back by whoever ordered, or at the till after it was handed out: nothing is owed."""
    UNCLAIMED = "unclaimed"
    """Its window is over and nobody came. A till that handed it out and tells late is believed."""


class TillOrder(Frozen):
    """A charge that is not collected yet, as a till knows it.

    Handing out is an ordinary ``ChargeRecorded`` of mode ``orders`` under this ``charge_id``, with
    this holder, merchant, period, amount and these lines. A till that does not come to it tells
    nothing: the money stays kept for the order, which no ``ChargeReleased`` lets go.

    Attributes:
        number: Short, to be called out: a letter of the window and a number; once in a day of a
            merchant.
        day: Of the site, on which the window begins.
        begins, ends: Of the window.
        due: Until when central waits for a till that tells late; None is the window's end.
        unclaimed: What becomes of its money then, as it was said when it was ordered.
        names: Of the dishes, by language, as they were when it was ordered: a plan may have dropped
            them since.
        code_hash: ``order_code.code_hash`` of the order's QR code.
        collected_at, till, till_name: When it was handed out and where, once central has heard it.
        version: Of the till page, shared with accounts.
    """

    charge_id: UUID
    number: Annotated[str, Field(pattern=r"^[A-Z][0-9]{3,5}$")]
    holder_id: str
    merchant: Slug
    day: date
    period: Slug
    begins: AwareDatetime
    ends: AwareDatetime
    due: AwareDatetime | None = None
    unclaimed: Literal["charge", "release"] = "charge"
    lines: Annotated[tuple[ChargeLine, ...], Field(min_length=1)]
    names: dict[str, dict[Literal["zh-CN", "en"], str]] = Field(default_factory=dict)
    amount_fen: Fen
    code_hash: Sha256
    state: OrderState
    collected_at: AwareDatetime | None = None
    till: str = ""
    till_name: dict[Literal["zh-CN", "en"], str] = Field(default_factory=dict)
    version: Annotated[int, Field(ge=1)]


class TillPage(Frozen):
    """Answer to ``GET /api/v1/canteen/till?after=VERSION&plan=VERSION`` of a node.

    Attributes:
        plan: Where the node's is another one.
        accounts: Changed after ``after``, oldest change first.
        orders: The same, of the merchants whose tills are on this node; of windows that ended in
            the last week or are to come. A till that begins anew has no others.
        version: To ask after next time; with ``has_more`` at once.
    """

    plan: CanteenPlan | None
    accounts: Sequence[TillAccount]
    orders: Sequence[TillOrder] = ()
    version: int
    has_more: bool
