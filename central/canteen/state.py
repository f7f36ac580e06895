"""A charge as it is known: facts go in, whatever their order, and what is due comes out. Pure.

Hearing a fact twice is hearing it once. What contradicts what is known changes nothing and is
named, for a person to look at.
"""

import dataclasses
import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Final

from config.contract.events import ChargePending, ChargeRecorded, ChargeReleased, ChargeVoided

UNCLAIMED: Final = "unclaimed"
"""``content_hash`` of an order that nobody came for, as long as no till says otherwise."""


class Problem(StrEnum):
    """Why a fact needs a person."""

    UNREADABLE = "unreadable"
    """Its data are not what its type has."""
    CONTENT_DIFFERS = "content_differs"
    """Another content under a key that is known already."""
    MERCHANT_UNKNOWN = "merchant_unknown"
    """The site file has nobody of this name to be paid."""
    HOLDER_UNUSABLE = "holder_unusable"
    """No account can have this name."""
    RELEASED_AND_PAID = "released_and_paid"
    """A till says that it did not come about, and that it is paid: the payment holds."""
    VOID_DIFFERS = "void_differs"
    """The void names another amount than the charge."""
    VOID_AGAIN = "void_again"
    """A second void of one charge: its money goes back once."""
    LEDGER_REFUSES = "ledger_refuses"
    """The ledger holds something else under one of the keys."""
    SESSION_DIFFERS = "session_differs"
    """A session of a till is opened or closed again, and differently."""


@dataclasses.dataclass(slots=True)
class Charge:
    """One charge; named as the columns of ``canteen_charges``."""

    charge_id: str
    node: str
    content_hash: str | None = None
    till: str | None = None
    merchant: str | None = None
    holder_id: str | None = None
    amount_fen: int | None = None
    mode: str | None = None
    period: str | None = None
    payer_group: str | None = None
    credential: str | None = None
    session_id: str | None = None
    decision_id: str | None = None
    is_reserved: bool = False
    is_repeat: bool = False
    charged_at: datetime | None = None
    received_at: datetime | None = None
    posted_at: datetime | None = None
    subsidy_fen: int = 0
    cash_fen: int = 0
    debt_fen: int = 0
    returned_fen: int = 0
    pending_at: datetime | None = None
    released_at: datetime | None = None
    release_reason: str | None = None
    void_id: str | None = None
    void_fen: int | None = None
    void_session_id: str | None = None
    void_by: str | None = None
    voided_at: datetime | None = None
    is_void_forced: bool = False
    reversed_at: datetime | None = None
    moved_to: str | None = None
    moved_group: str | None = None
    moved_by: str | None = None

    @property
    def payer_id(self) -> str:
        """Whose it is: whoever the till said, or whom the office has moved it to since."""
        return str(self.moved_to or self.holder_id)

    def as_of(self, holder_id: str) -> "Charge":
        """Return it as somebody's statement has it: whom it was moved from has all of it back.

        What each wallet of whom it was moved to gave, the ledger alone knows.
        """
        if self.moved_to is None:
            return self
        if self.moved_to != holder_id:
            return dataclasses.replace(self, returned_fen=self.amount_fen or 0)
        return dataclasses.replace(self, holder_id=holder_id, subsidy_fen=0, cash_fen=0, debt_fen=0)

    @property
    def group_id(self) -> str:
        """Under which whoever it is of has paid, in the ledger."""
        return self.moved_by or self.charge_id

    @property
    def is_void(self) -> bool:
        """Whether the till took it back."""
        return self.void_id is not None

    @property
    def is_unclaimed(self) -> bool:
        """Whether it is an order that central has charged, and that no till has handed out."""
        return self.content_hash == UNCLAIMED

    @property
    def must_post(self) -> bool:
        """Whether it is paid and the ledger does not know yet."""
        return self.content_hash is not None and self.posted_at is None

    @property
    def must_reverse(self) -> bool:
        """Whether it is in the ledger and has to go back."""
        is_agreed = self.is_void_forced or self.void_fen == self.amount_fen
        is_there = self.posted_at is not None and self.reversed_at is None
        return self.is_void and is_agreed and is_there

    @property
    def must_release(self) -> bool:
        """Whether what is kept for it is free again."""
        return self.released_at is not None and self.content_hash is None

    def problem(self) -> Problem | None:
        """Return what is wrong between the facts, whichever of them came last."""
        if self.content_hash is None:
            return None
        if self.released_at is not None:
            return Problem.RELEASED_AND_PAID
        if self.is_void and not self.is_void_forced and self.void_fen != self.amount_fen:
            return Problem.VOID_DIFFERS
        return None


Fact = ChargePending | ChargeRecorded | ChargeReleased | ChargeVoided


def content_hash(fact: Fact) -> str:
    """Return what tells whether two facts say the same."""
    return hashlib.sha256(fact.model_dump_json().encode()).hexdigest()


def hear(charge: Charge, fact: Fact, *, at: datetime, now: datetime) -> Problem | None:
    """Put a fact into a charge; returns why it cannot be.

    Args:
        charge: Of the fact's ``charge_id``.
        fact: What its till says.
        at: By the till's clock, aware UTC.
        now: Aware UTC.
    """
    match fact:
        case ChargeRecorded():
            return _hear_charge(charge, fact, at=at, now=now)
        case ChargeVoided():
            return _hear_void(charge, fact, at=at)
        case ChargePending():
            charge.pending_at = charge.pending_at or at
        case ChargeReleased() if charge.released_at is None:
            charge.released_at, charge.release_reason = at, fact.reason
    return charge.problem()


def _hear_charge(
    charge: Charge, fact: ChargeRecorded, *, at: datetime, now: datetime
) -> Problem | None:
    said = content_hash(fact)
    if charge.content_hash is not None and not _is_told_late(charge, fact):
        return charge.problem() if charge.content_hash == said else Problem.CONTENT_DIFFERS
    charge.content_hash, charge.charged_at, charge.received_at = said, at, now
    charge.till, charge.merchant = fact.till, fact.merchant
    charge.holder_id, charge.amount_fen = fact.holder_id, fact.amount_fen
    charge.mode, charge.period = fact.mode.value, fact.period
    charge.credential, charge.session_id = fact.credential.value, str(fact.session_id)
    charge.decision_id = None if fact.decision_id is None else str(fact.decision_id)
    charge.is_reserved, charge.is_repeat = fact.is_reserved, fact.is_repeat
    return charge.problem()


def _is_told_late(charge: Charge, fact: ChargeRecorded) -> bool:
    """Return whether a till has handed out what central took for unclaimed: it is paid already."""
    said = (fact.holder_id, fact.merchant, fact.amount_fen)
    return charge.is_unclaimed and said == (charge.holder_id, charge.merchant, charge.amount_fen)


def _hear_void(charge: Charge, fact: ChargeVoided, *, at: datetime) -> Problem | None:
    said = (str(fact.void_id), fact.amount_fen, str(fact.session_id), fact.by)
    if charge.void_id is None:
        charge.void_id, charge.void_fen, charge.void_session_id, charge.void_by = said
        charge.voided_at = at
        return charge.problem()
    known = (charge.void_id, charge.void_fen, charge.void_session_id, charge.void_by)
    if said == known:
        return charge.problem()
    return Problem.CONTENT_DIFFERS if said[0] == charge.void_id else Problem.VOID_AGAIN


@dataclasses.dataclass(frozen=True, slots=True)
class Split:
    """What each account of a person gives for a charge."""

    subsidy_fen: int
    cash_fen: int
    debt_fen: int


def split(amount_fen: int, *, subsidy_fen: int, cash_fen: int) -> Split:
    """Return who gives what: the subsidy first, then cash; what they do not cover is owed.

    Args:
        amount_fen: Of the charge.
        subsidy_fen: What can be taken of the subsidy wallet.
        cash_fen: The same of the cash wallet.
    """
    of_subsidy = min(amount_fen, max(0, subsidy_fen))
    of_cash = min(amount_fen - of_subsidy, max(0, cash_fen))
    return Split(of_subsidy, of_cash, amount_fen - of_subsidy - of_cash)
