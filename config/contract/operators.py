"""Operators: the roles that a site knows."""

from typing import Final, Literal

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
