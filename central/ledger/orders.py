"""What is asked of the ledger, and what it answers. Pure."""

import dataclasses
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Final, Literal
from uuid import UUID

from pydantic import JsonValue

from central.audit.chain import canonical
from central.ledger.accounts import part_id, rules_of
from central.ledger.errors import OrderError
from central.ledger.transfers import AMOUNT_FEN_MAX, Kind, Transfer
from config.contract.money import MoneyUnit

REASON_LENGTH_MAX: Final = 64


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One amount that is to be moved from one account to another.

    Attributes:
        transfer_id: The key: the same order twice is done once. ``accounts.part_id`` derives it.
        debit: Name of the account that gives; its balance becomes less.
        credit: Name of the account that gets.
        amount_fen: 1..10**13, also of points.
        reason: What for, a word of the caller's own, at most 64 characters.
        happened_at: Aware UTC; when what it stands for was done.
        group: What it belongs to, as a ``charge_id``.
        detail: Identifiers that explain it, never names.
        reverses: A transfer whose money goes back, all or a part: it moved to ``debit``.
    """

    transfer_id: UUID
    debit: str
    credit: str
    amount_fen: int
    unit: MoneyUnit
    reason: str
    happened_at: datetime
    group: UUID | None = None
    detail: Mapping[str, JsonValue] = dataclasses.field(default_factory=dict)
    reverses: UUID | None = None


class Status(StrEnum):
    """What became of an order."""

    POSTED = "posted"
    """Moved by this call."""
    HELD = "held"
    """Held by this call."""
    ALREADY = "already"
    """Was there: posted before, or held and open still."""
    SETTLED = "settled"
    """Was held and is posted since."""
    RELEASED = "released"
    """Was held and is let go since: it holds nothing, and this key holds nothing any more."""


@dataclasses.dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one order."""

    transfer_id: UUID
    sequence: int
    status: Status


@dataclasses.dataclass(frozen=True, slots=True)
class Resolved:
    """What became of what a group held.

    Attributes:
        state: ``settled`` where any of it is posted, now or before; ``released`` where it is let
            go; ``nothing`` where nothing was ever held.
        is_new: It became so by this call.
    """

    state: Literal["settled", "released", "nothing"]
    is_new: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Balance:
    """What an account holds.

    Attributes:
        posted_fen: Credits less debits.
        held_fen: Of it what pending transfers hold.
        available_fen: The rest, which can be moved; below zero only without a floor.
    """

    posted_fen: int
    held_fen: int
    available_fen: int


def draft_of(
    kind: Kind, order: Order, *, now: datetime, expires_at: datetime | None = None
) -> Transfer:
    """Return an order as a transfer that has no place yet; OrderError where it cannot be one."""
    for name in (order.debit, order.credit):
        if rules_of(name).unit is not order.unit:
            raise OrderError(f"{name} does not count {order.unit.value}")
    if order.debit == order.credit:
        raise OrderError(f"{order.debit} cannot pay itself")
    is_number = isinstance(order.amount_fen, int) and not isinstance(order.amount_fen, bool)
    if not is_number or not 1 <= order.amount_fen <= AMOUNT_FEN_MAX:
        raise OrderError(f"no amount: {order.amount_fen!r}")
    if not 1 <= len(order.reason) <= REASON_LENGTH_MAX or "\0" in order.reason:
        raise OrderError(f"no reason: {order.reason!r}")
    if order.happened_at.tzinfo is None:
        raise OrderError("a time without a zone")
    detail = canonical(dict(order.detail))
    try:
        (order.reason + detail).encode()
    except UnicodeEncodeError as error:
        raise OrderError("half a character") from error
    return Transfer(
        sequence=0,
        transfer_id=order.transfer_id,
        kind=kind,
        debit=order.debit,
        credit=order.credit,
        amount_fen=order.amount_fen,
        unit=order.unit,
        reason=order.reason,
        happened_at=order.happened_at,
        recorded_at=now,
        expires_at=expires_at,
        group=order.group,
        reverses=order.reverses,
        detail=detail,
    )


def resolution_of(held: Transfer, kind: Kind, *, now: datetime, happened_at: datetime) -> Transfer:
    """Return what posts or voids a pending transfer; it has no place yet."""
    return dataclasses.replace(
        held,
        transfer_id=part_id(held.transfer_id, kind.value),
        kind=kind,
        happened_at=happened_at,
        recorded_at=now,
        expires_at=None,
        pending_id=held.transfer_id,
    )


_PLACED: Final = ("sequence", "recorded_at", "expires_at", "previous")
"""What of a transfer does not belong to what was asked for."""


def is_same(asked: Transfer, kept: Transfer) -> bool:
    """Return whether what is asked for is what was done; when it expires does not count."""
    placed = {name: getattr(kept, name) for name in _PLACED}
    return dataclasses.replace(asked, **placed) == kept
