"""Operators: the roles that a site knows, and what terminals are told of who has one."""

from enum import StrEnum
from typing import Final, Literal

from pydantic import AwareDatetime

from config.contract.identifiers import Frozen

Role = Literal[
    "guard",
    "shift_leader",
    "cashier",
    "canteen_manager",
    "personnel",
    "technician",
    "auditor",
    "system_administrator",
    "security_administrator",
    "administrator",
]
"""``administrator`` is a small site's system and security administrator in one."""
ADMINISTRATIVE: Final[tuple[Role, ...]] = (
    "auditor",
    "system_administrator",
    "security_administrator",
    "administrator",
)


class EdgePermission(StrEnum):
    """What an operator may do at a terminal itself; central derives it from the role."""

    COMMANDS_SEND = "commands.send"
    STATUS_READ = "status.read"
    CANTEEN_SELL = "canteen.sell"
    """Open and close a till, change what it does, take a charge back."""


class OperatorRecord(Frozen):
    """An operator as terminals know them: active, with a card and a PIN for terminals.

    Attributes:
        name: Of the account.
        card: Verifier (``contract.trust.card_verifier``).
        pin: Verifier (``contract.trust.pin_verifier``), bound to ``operator_id``.
        permissions: Of ``EdgePermission``; one that a terminal does not know is passed over.
        valid_until: When the rights at terminals end by themselves, central reachable or not.
    """

    operator_id: str
    name: str
    card: str
    pin: str
    permissions: tuple[str, ...]
    valid_until: AwareDatetime | None = None
