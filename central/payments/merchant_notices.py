"""What a merchant API of the v3 family says of orders and refunds, asked or unasked; no I/O.

Source: WeChat Pay merchant documentation, "Payment notification", "Refund notification", "Query an
    order", "Query a refund": members of the JSON documents. Edition unconfirmed.
"""

import base64
import binascii
from datetime import datetime
from typing import Annotated, Any, Final, Literal, TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from central.payments.provider import (
    ForgedError,
    Notice,
    RefundStanding,
    Seen,
    SeenRefund,
    SilentError,
    Standing,
)
from config.contract.money import FEN_MAX

STANDINGS: Final = {
    "SUCCESS": Standing.PAID,
    # Paid, and given back in whole or in part: what became of that is asked by itself.
    "REFUND": Standing.PAID,
    "NOTPAY": Standing.WAITING,
    "USERPAYING": Standing.WAITING,
    "PAYERROR": Standing.WAITING,
    "ACCEPT": Standing.WAITING,
    "CLOSED": Standing.CLOSED,
    "REVOKED": Standing.CLOSED,
}
REFUND_STANDINGS: Final = {
    "SUCCESS": RefundStanding.DONE,
    "PROCESSING": RefundStanding.PROCESSING,
    "CLOSED": RefundStanding.DECLINED,
    # The diner's bank did not take it: the provider keeps it until the merchant decides.
    "ABNORMAL": RefundStanding.DECLINED,
}
_Number = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_|*-]+$")]
_Fen = Annotated[int, Field(strict=True, ge=0, le=FEN_MAX)]
_Model = TypeVar("_Model", bound=BaseModel)


class _Amount(BaseModel):
    total: _Fen
    refund: _Fen = 0
    currency: Literal["CNY"] = "CNY"


class _Trade(BaseModel):
    mchid: str
    out_trade_no: _Number
    trade_state: str
    transaction_id: Annotated[str, Field(max_length=64)] = ""
    success_time: AwareDatetime | None = None
    amount: _Amount | None = None


class _Refund(BaseModel):
    out_trade_no: _Number
    out_refund_no: _Number
    status: str = ""
    refund_status: str = ""
    amount: _Amount


class _Resource(BaseModel):
    algorithm: Literal["AEAD_AES_256_GCM"]
    ciphertext: str
    nonce: Annotated[str, Field(min_length=12, max_length=12)]
    associated_data: str = ""


class _Envelope(BaseModel):
    id: Annotated[str, Field(min_length=1, max_length=64)]
    event_type: Annotated[str, Field(max_length=64)]
    resource: _Resource


def read_notice(body: bytes, *, key: bytes, merchant: str) -> Notice:
    """Return what a notice says, whose signature was checked.

    Args:
        body: As it came.
        key: 32 bytes, that seal what is inside.
        merchant: Who we are; another's notice is refused.

    Raises:
        ForgedError: It is nothing that this provider would send us.
    """
    try:
        envelope = _Envelope.model_validate_json(body)
        resource = envelope.resource
        sealed = base64.b64decode(resource.ciphertext, validate=True)
        inside = AESGCM(key).decrypt(
            resource.nonce.encode(), sealed, resource.associated_data.encode()
        )
        seen: Seen | SeenRefund
        if envelope.event_type.startswith("REFUND."):
            seen = read_refund(inside)
        else:
            seen = read_trade(inside, merchant=merchant)
    except (ValidationError, InvalidTag, binascii.Error, ValueError, SilentError) as error:
        raise ForgedError(f"no notice for us: {type(error).__name__}") from error
    return Notice(notice_id=envelope.id, seen=seen)


def read_trade(body: bytes, *, merchant: str) -> Seen:
    """Return what is said of an order.

    Raises:
        SilentError: It is not understood, or another merchant's.
    """
    trade = _validated(_Trade, body)
    standing = STANDINGS.get(trade.trade_state)
    if standing is None or trade.mchid != merchant:
        raise SilentError("an order that is not understood")
    is_paid = standing is Standing.PAID
    if is_paid and (trade.amount is None or not trade.transaction_id):
        raise SilentError("a payment without its amount or number")
    return Seen(
        order_no=trade.out_trade_no,
        standing=standing,
        amount_fen=trade.amount.total if is_paid and trade.amount is not None else 0,
        provider_no=trade.transaction_id if is_paid else "",
        paid_at=trade.success_time if is_paid else None,
    )


def read_refund(body: bytes) -> SeenRefund:
    """Return what is said of a refund.

    Raises:
        SilentError: It is not understood.
    """
    refund = _validated(_Refund, body)
    standing = REFUND_STANDINGS.get(refund.status or refund.refund_status)
    if standing is None:
        raise SilentError("a refund that is not understood")
    return SeenRefund(
        order_no=refund.out_trade_no,
        refund_no=refund.out_refund_no,
        standing=standing,
        amount_fen=refund.amount.refund,
    )


def stamp(at: datetime) -> str:
    """Return a time as the API writes it."""
    return at.isoformat(timespec="seconds")


def _validated(model: type[_Model], body: bytes) -> _Model:
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise SilentError("an answer that is not understood") from error


def member(body: bytes, name: str) -> str:
    """Return a text that an answer has.

    Raises:
        SilentError: It has none.
    """
    document: dict[str, Any] = _validated(_Members, body).model_extra or {}
    value = document.get(name)
    if not isinstance(value, str) or not value or len(value) > 2_048:
        raise SilentError(f"an answer without {name}")
    return value


class _Members(BaseModel, extra="allow"):
    pass
