"""One-time codes that were paid with: kept until they are over. SQL only; see ``store``.

A code belongs to the charge that is on its way on it, and goes with that charge: what is let go
was not paid, and its code is good again; what is paid, or was taken back later, has used it. Two
tills of a node that are shown one code at the same moment cannot both begin a charge.
"""

import sqlite3
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from config.contract.identifiers import Frozen

KEPT_AFTER: Final = timedelta(days=3)
"""A code that is over is remembered for so much longer: clocks are put back, too."""


class OneTimeCode(Frozen):
    """A code that pays once. Attributes: nonce: its own. until: aware UTC; then it is over."""

    nonce: str
    until: datetime


def take(db: sqlite3.Connection, charge_id: UUID, code: OneTimeCode | None) -> None:
    """Keep that a charge is on its way on a code; refuses one that is taken."""
    if code is not None:
        db.execute(
            "INSERT INTO used_code VALUES (?, ?, ?)",
            (code.nonce, str(charge_id), _text(code.until)),
        )


def give_back(db: sqlite3.Connection, charge_id: UUID) -> None:
    """Make the code of a charge that did not come about good again."""
    db.execute("DELETE FROM used_code WHERE charge_id = ?", (str(charge_id),))


def forget(db: sqlite3.Connection, *, now: datetime) -> Sequence[str]:
    """Forget codes that have long been over; returns which, by nonce."""
    until = _text(now - KEPT_AFTER)
    rows = db.execute("DELETE FROM used_code WHERE until < ? RETURNING nonce", (until,)).fetchall()
    return [nonce for (nonce,) in rows]


def taken(db: sqlite3.Connection) -> Mapping[str, UUID]:
    """Return the charges of all codes that are taken, by nonce."""
    rows = db.execute("SELECT nonce, charge_id FROM used_code").fetchall()
    return {nonce: UUID(charge_id) for nonce, charge_id in rows}


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
