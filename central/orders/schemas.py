"""What a diner is told of orders and wants, and what the kitchen is told of them."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from config.contract.identifiers import Slug
from config.contract.money import ChargeLine, Fen, OrderState

LINES_MAX = 40
PIECES_MAX = 50
Words = Mapping[str, Mapping[str, str]]


class OfferedDish(BaseModel):
    """A dish that can be ordered."""

    id: str
    price_fen: int


class Offer(BaseModel):
    """A window that has not begun.

    Attributes:
        day: On which it begins, of the site.
        until: Ordered and cancelled before it.
        is_open: It can be ordered for now.
        left: How many more orders it takes; None is any number.
        unclaimed: What becomes of an order that nobody comes for.
        before: Orders of this diner for it, whatever became of them; a wish says it back.
    """

    merchant: str
    period: str
    day: date
    begins: AwareDatetime
    ends: AwareDatetime
    until: AwareDatetime
    is_open: bool
    left: int | None
    unclaimed: Literal["charge", "release"]
    before: int
    dishes: list[OfferedDish]


class OrderView(BaseModel):
    """An order of the diner.

    Attributes:
        names: Of its dishes, as they were when it was ordered.
        note: Of an operator who cancelled it.
        can_cancel: It may be taken back now.
        code: Text of its QR code; empty once it is not waiting any more.
    """

    charge_id: UUID
    number: str
    merchant: str
    period: str
    day: date
    begins: AwareDatetime
    ends: AwareDatetime
    until: AwareDatetime
    lines: list[ChargeLine]
    names: Words
    amount_fen: int
    state: OrderState
    unclaimed: Literal["charge", "release"]
    note: str
    can_cancel: bool
    code: str


class OrderPage(BaseModel):
    """All that the page of orders shows.

    Attributes:
        today: Of the site, by central's clock.
        spendable_fen: Of all wallets, what is kept left out.
        orders: Of the last days and to come, the latest window first.
        names: Of merchants, periods and dishes, by ``kind/id`` and language.
    """

    today: date
    spendable_fen: int
    offers: list[Offer]
    orders: list[OrderView]
    names: Words


class WantedPiece(BaseModel):
    """So many of a dish."""

    model_config = ConfigDict(extra="forbid")

    dish: Slug
    count: Annotated[int, Field(ge=1, le=PIECES_MAX)]


class WantedOrder(BaseModel):
    """An order to take.

    Attributes:
        order_id: Made by the page before it asks: the same again is the same order.
        before: As the page has been told; refused where there is another order by now.
        amount_fen: As the page shows it; the price is central's, and another is refused.
    """

    model_config = ConfigDict(extra="forbid")

    order_id: UUID
    merchant: Slug
    day: date
    period: Slug
    before: Annotated[int, Field(ge=0, le=10**6)]
    pieces: Annotated[list[WantedPiece], Field(min_length=1, max_length=LINES_MAX)]
    amount_fen: Fen


class CancelledOrder(BaseModel):
    """The canteen cannot hand it out. Attributes: note: the diner reads it."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=200)]


class KitchenDish(BaseModel):
    """How many of a dish are to be cooked."""

    dish: str
    count: int


class KitchenOrder(BaseModel):
    """One order, as the kitchen sees it. Attributes: name: whose, masked; None of who is gone."""

    charge_id: UUID
    number: str
    name: str | None
    lines: list[ChargeLine]
    amount_fen: int
    state: OrderState
    ordered_at: AwareDatetime
    collected_at: AwareDatetime | None
    till: str
    note: str


class KitchenWindow(BaseModel):
    """A window of a merchant.

    Attributes:
        counts: Orders by state.
        amount_fen: Of those that stand.
        dishes: Of the same, most first; cancelled orders are in none of both.
    """

    merchant: str
    period: str
    begins: AwareDatetime
    ends: AwareDatetime
    until: AwareDatetime
    counts: dict[OrderState, int]
    amount_fen: int
    dishes: list[KitchenDish]
    orders: list[KitchenOrder]


class KitchenOrders(BaseModel):
    """A day's orders, by merchant and window. Attributes: names: as of ``OrderPage``."""

    day: date
    windows: list[KitchenWindow]
    names: Words
