"""Why the ledger refuses. Nothing of what was asked is written then.

LedgerError
├── ConflictError   the same identifier was used for something else
├── ShortError      an account would go below its floor
├── ReversalError   what is moved back was not moved like that, or is moved back already
└── OrderError      no such order can be: amount, unit or account; the caller's mistake
"""

from uuid import UUID


class LedgerError(Exception):
    """The ledger does not do this."""


class ConflictError(LedgerError):
    """A transfer of this identifier is there, or was asked for, with another content."""

    def __init__(self, transfer_id: UUID) -> None:
        """Name the transfer."""
        super().__init__(f"transfer {transfer_id} is there with another content")
        self.transfer_id = transfer_id


class ShortError(LedgerError):
    """An account does not hold as much.

    Attributes:
        account: Its name.
        available_fen: What it could have given at most.
        wanted_fen: What was to be taken from it.
    """

    def __init__(self, account: str, *, available_fen: int, wanted_fen: int) -> None:
        """Say which account lacks how much."""
        super().__init__(f"{account} can give {available_fen}, not {wanted_fen}")
        self.account, self.available_fen, self.wanted_fen = account, available_fen, wanted_fen


class ReversalError(LedgerError):
    """What is moved back was not moved like that, or not as much of it is left."""

    def __init__(self, transfer_id: UUID, why: str) -> None:
        """Name the transfer that was to be reversed."""
        super().__init__(f"transfer {transfer_id} cannot be reversed like that: {why}")
        self.transfer_id = transfer_id


class OrderError(LedgerError, ValueError):
    """No such order can be."""
