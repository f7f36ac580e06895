"""What a deed would do, before anybody has moved anything. Pure."""

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, JsonValue

from central.audit.chain import canonical
from central.ledger.accounts import part_id, wallet
from central.ledger.repository import Order
from config.contract.money import MoneyUnit, Wallet


class Line(BaseModel):
    """A line of a preview.

    Attributes:
        row: Of a file.
        holder_id: Whom it is of; None for a unit, a merchant, or nobody who is known.
        label: What identifies it otherwise: a number that nobody has, an account, a charge.
        amount_fen: What they get (above zero) or give.
        code: Why it would not be done; empty where it would.
    """

    row: int | None = None
    holder_id: str | None = None
    label: str = ""
    amount_fen: int = 0
    code: str = ""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An amount to be moved. Attributes: part: what it is in the deed, by which it is known."""

    debit: str
    credit: str
    amount_fen: int
    part: tuple[str, ...]
    reverses: UUID | None = None
    group: UUID | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """A subsidy of one person."""

    part: tuple[str, ...]
    holder_id: str
    payer: str
    amount_fen: int
    lapses_on: date | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a wish comes to.

    Attributes:
        amount_fen: What the deed is about, as people say it.
        problem: A code: the whole deed cannot be done.
        warning: A code: somebody should look twice.
    """

    moves: Sequence[Move] = ()
    lines: Sequence[Line] = ()
    grants: Sequence[Grant] = ()
    amount_fen: int = 0
    holder_id: str | None = None
    charge_id: UUID | None = None
    merchant: str | None = None
    subject: str | None = None
    problem: str = ""
    warning: str = ""
    returned: Mapping[UUID, int] = dataclasses.field(default_factory=dict)
    """What goes back of charges; below zero is what is taken more."""
    moved: Mapping[UUID, tuple[str, str]] = dataclasses.field(default_factory=dict)
    """Whose charges become, and the group of prices that they are in."""

    @property
    def fingerprint(self) -> str:
        """By which a preview is known again: it is of the moves, not of their words."""
        said: list[JsonValue] = [
            [move.debit, move.credit, move.amount_fen, str(move.reverses or "")]
            for move in self.moves
        ]
        return hashlib.sha256(canonical({"moves": said}).encode()).hexdigest()


def orders(
    planned: Planned, key: UUID, *, reason: str, now: datetime, detail: dict[str, JsonValue]
) -> list[Order]:
    """Return a plan as orders of the ledger, whose identifiers follow from the deed's key."""
    return [
        Order(
            transfer_id=part_id(key, *move.part),
            debit=move.debit,
            credit=move.credit,
            amount_fen=move.amount_fen,
            unit=MoneyUnit.CNY,
            reason=reason,
            happened_at=now,
            group=move.group or key,
            detail=detail,
            reverses=move.reverses,
        )
        for move in planned.moves
    ]


def put_in(
    holder_id: str, amount_fen: int, *, source: str, owed_fen: int, part: str = ""
) -> list[Move]:
    """Return the moves of money that somebody pays in: debts first, the rest is cash."""
    paid = min(max(owed_fen, 0), amount_fen)
    amounts = ((Wallet.DEBT, paid), (Wallet.CASH, amount_fen - paid))
    return [
        Move(
            debit=source,
            credit=wallet(holder_id, which),
            amount_fen=fen,
            part=(*([part] if part else ()), which.value),
        )
        for which, fen in amounts
        if fen > 0
    ]


def spent(
    amount_fen: int, available: Iterable[tuple[Wallet, int]], *, may_owe: bool
) -> list[tuple[Wallet, int]]:
    """Return what each wallet gives, in the order of wallets; the rest is owed, or not given.

    Args:
        amount_fen: Above zero.
        available: In the order in which they are spent.
        may_owe: Whether the rest becomes a debt; otherwise the sum may be less than asked for.
    """
    parts, rest = list[tuple[Wallet, int]](), amount_fen
    for which, fen in available:
        part = min(max(fen, 0), rest)
        if part > 0:
            parts.append((which, part))
            rest -= part
    if rest > 0 and may_owe:
        parts.append((Wallet.DEBT, rest))
    return parts
