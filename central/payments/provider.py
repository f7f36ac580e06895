"""What central says to a payment provider, whichever it is.

Amounts are integer fen. Our numbers of orders and refunds are the keys: asked twice with one, a
provider does it once.

    ProviderError
    |-- SilentError          no usable answer: it may have been done or not; ask again later
    |-- DeclinedError(code)  understood and declined; the same again will not help
    `-- ForgedError          not signed by the provider: as if it had never come
"""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Literal, Protocol


class ProviderError(Exception):
    """The provider did not do what was asked; the message holds no secret and no name."""


class SilentError(ProviderError):
    """No usable answer came: whether it was done is not known."""


class DeclinedError(ProviderError):
    """The provider declined. Attributes: code: its own word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(f"declined: {code}")
        self.code = code


class ForgedError(ProviderError):
    """What came is not signed by the provider, or not for us, or too old."""


class Way(StrEnum):
    """How the diner comes to the provider's page."""

    QR = "qr"
    """A code on a screen that their telephone reads."""
    PHONE = "phone"
    """A link on the telephone itself."""


class Standing(StrEnum):
    """What the provider says an order is."""

    WAITING = "waiting"
    PAID = "paid"
    CLOSED = "closed"
    ABSENT = "absent"
    """It does not know the number."""


class RefundStanding(StrEnum):
    """What the provider says a refund is."""

    PROCESSING = "processing"
    DONE = "done"
    DECLINED = "declined"
    ABSENT = "absent"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """An order to place.

    Attributes:
        subject: What the diner reads at the provider's.
        payer_address: Of the diner's telephone, for ``Way.PHONE``.
    """

    order_no: str
    amount_fen: int
    subject: str
    way: Way
    expires_at: datetime
    payer_address: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the provider says of an order.

    Attributes:
        amount_fen: That was paid; 0 where nothing was.
        provider_no: Its own number of the payment; empty where there is none.
    """

    order_no: str
    standing: Standing
    amount_fen: int = 0
    provider_no: str = ""
    paid_at: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class WantedRefund:
    """A refund to ask for. Attributes: total_fen: of the whole order."""

    order_no: str
    refund_no: str
    amount_fen: int
    total_fen: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class SeenRefund:
    """What the provider says of a refund."""

    order_no: str
    refund_no: str
    standing: RefundStanding
    amount_fen: int = 0


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the provider says unasked. Attributes: notice_id: the same when it says it again."""

    notice_id: str
    seen: Seen | SeenRefund


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """One line of a day's bill. Attributes: refund_no: empty where it is a payment."""

    kind: Literal["payment", "refund"]
    order_no: str
    refund_no: str = ""
    provider_no: str
    amount_fen: int


class Provider(Protocol):
    """A payment provider. Every method but ``read_notice`` may raise any ``ProviderError``."""

    async def place(self, wanted: Wanted) -> str:
        """Place an order; returns the address where it is paid. The same order again is allowed."""

    async def look(self, order_no: str) -> Seen:
        """Return what has become of an order."""

    async def close_order(self, order_no: str) -> None:
        """Let nobody pay an order any more; DeclinedError where it is paid already."""

    async def refund(self, wanted: WantedRefund) -> SeenRefund:
        """Ask for a refund. The same refund again is allowed."""

    async def look_at_refund(self, order_no: str, refund_no: str) -> SeenRefund:
        """Return what has become of a refund."""

    async def bill(self, day: date) -> Sequence[BillLine]:
        """Return the bill of a day of the provider's calendar."""

    def read_notice(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Notice:
        """Return what the provider says unasked; ForgedError where it is not the provider."""

    async def close(self) -> None:
        """Close its connections."""
