"""What a batch of transfers would do to accounts, worked out before it is written. Pure.

The database checks the same again; this is why a caller hears *which* account is short, and why
nothing is half written then.
"""

import dataclasses

from central.ledger.accounts import rules_of
from central.ledger.errors import ShortError
from central.ledger.transfers import Kind


@dataclasses.dataclass(slots=True)
class Account:
    """One account. The four sums only grow, but for what is pending.

    Attributes:
        last_sequence: The newest transfer that touched it; 0 for a new account.
    """

    name: str
    floor_fen: int | None
    debits_posted_fen: int = 0
    debits_pending_fen: int = 0
    credits_posted_fen: int = 0
    credits_pending_fen: int = 0
    last_sequence: int = 0

    @classmethod
    def opened(cls, name: str) -> "Account":
        """Return a new account by the rules of its kind; OrderError where there is none."""
        return cls(name, rules_of(name).floor_fen)

    @property
    def posted_fen(self) -> int:
        """Its balance."""
        return self.credits_posted_fen - self.debits_posted_fen

    @property
    def available_fen(self) -> int:
        """Its balance, less what is held of it."""
        return self.posted_fen - self.debits_pending_fen

    def give(self, amount_fen: int, *, is_pending: bool) -> None:
        """Take an amount out; ShortError where the floor does not allow it."""
        if self.floor_fen is not None and self.available_fen - amount_fen < self.floor_fen:
            raise ShortError(
                self.name,
                available_fen=self.available_fen - self.floor_fen,
                wanted_fen=amount_fen,
            )
        if is_pending:
            self.debits_pending_fen += amount_fen
        else:
            self.debits_posted_fen += amount_fen

    def take(self, amount_fen: int, *, is_pending: bool) -> None:
        """Put an amount in."""
        if is_pending:
            self.credits_pending_fen += amount_fen
        else:
            self.credits_posted_fen += amount_fen


def move(kind: Kind, debit: Account, credit: Account, amount_fen: int) -> None:
    """Do to two accounts what a transfer does.

    Raises:
        ShortError: The debit account would go below its floor; neither account is changed.
    """
    if kind in {Kind.POST, Kind.VOID}:
        debit.debits_pending_fen -= amount_fen
        credit.credits_pending_fen -= amount_fen
        if kind is Kind.VOID:
            return
    debit.give(amount_fen, is_pending=kind is Kind.PENDING)
    credit.take(amount_fen, is_pending=kind is Kind.PENDING)
