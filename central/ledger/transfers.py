"""What a transfer is, its canonical content, and the chain of hashes through all of them. Pure."""

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from central.audit.chain import GENESIS, canonical
from config.contract.money import MoneyUnit

AMOUNT_FEN_MAX: Final = 10**13
"""Of one transfer; sums of all that a site ever moves stay far from 2**63."""


class Kind(StrEnum):
    """What a transfer does."""

    POSTED = "posted"
    """Moves money at once."""
    PENDING = "pending"
    """Holds money: it is there still, and nobody else can have it."""
    POST = "post"
    """Moves what a pending transfer holds."""
    VOID = "void"
    """Lets go what a pending transfer holds."""


MOVING: Final = frozenset({Kind.POSTED, Kind.POST})


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """One row of the ledger.

    Attributes:
        sequence: 1 for the first, without gaps.
        happened_at: When what it stands for was done, aware UTC.
        recorded_at: When central took it in, aware UTC.
        expires_at: Of a pending one: afterwards it is let go by itself.
        group: What it belongs to with others, as a charge.
        pending_id: Which pending one it posts or voids.
        reverses: Which one it moves back, or a part of it.
        detail: Canonical JSON.
        previous: Hash of the one before.
    """

    sequence: int
    transfer_id: UUID
    kind: Kind
    debit: str
    credit: str
    amount_fen: int
    unit: MoneyUnit
    reason: str
    happened_at: datetime
    recorded_at: datetime
    expires_at: datetime | None = None
    group: UUID | None = None
    pending_id: UUID | None = None
    reverses: UUID | None = None
    detail: str = "{}"
    previous: str = GENESIS

    @property
    def hash(self) -> str:
        """SHA-256 of the content, the hash before it included."""
        content = {
            "sequence": self.sequence,
            "transfer_id": str(self.transfer_id),
            "kind": self.kind.value,
            "debit": self.debit,
            "credit": self.credit,
            "amount_fen": self.amount_fen,
            "unit": self.unit.value,
            "reason": self.reason,
            "happened_at": _instant(self.happened_at),
            "recorded_at": _instant(self.recorded_at),
            "expires_at": _instant(self.expires_at),
            "group": _identifier(self.group),
            "pending_id": _identifier(self.pending_id),
            "reverses": _identifier(self.reverses),
            "detail": self.detail,
            "previous": self.previous,
        }
        return hashlib.sha256(canonical(content).encode()).hexdigest()

    @property
    def details(self) -> Mapping[str, JsonValue]:
        """What ``detail`` says."""
        said: dict[str, JsonValue] = json.loads(self.detail)
        return said

    def change_fen(self, account: str) -> int:
        """Return by how much it changes the balance of an account; 0 for what only holds."""
        if self.kind not in MOVING:
            return 0
        return self.amount_fen * ((self.credit == account) - (self.debit == account))


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat(timespec="microseconds")


def _identifier(value: UUID | None) -> str | None:
    return None if value is None else str(value)
