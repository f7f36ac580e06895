"""Orders and their handing out in the tills' file. SQL only; see ``store``.

An order that is handed out becomes *recorded* in one step, and what is put back was never there:
an order is never begun and never let go, since central keeps its money whatever happens at a till.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from config.contract.money import TillOrder
from edge.canteen.book import Charge
from edge.canteen.facts import face_key

KEPT: Final = timedelta(days=8)
"""Orders of days that are so long over are forgotten; central tells of none that is older."""


def known(db: sqlite3.Connection) -> Sequence[TillOrder]:
    """Return all orders."""
    rows = db.execute("SELECT document FROM takeaway_order").fetchall()
    return [TillOrder.model_validate_json(document) for (document,) in rows]


def learn(db: sqlite3.Connection, orders: Iterable[TillOrder], *, is_anew: bool) -> None:
    """Keep orders as central has them now. Args: is_anew: these are all that there are so far."""
    if is_anew:
        db.execute("DELETE FROM takeaway_order")
    db.executemany(
        "INSERT INTO takeaway_order VALUES (?, ?, ?)"
        " ON CONFLICT DO UPDATE SET day = excluded.day, document = excluded.document",
        [(str(o.charge_id), o.day.isoformat(), o.model_dump_json()) for o in orders],
    )


def hand_out(db: sqlite3.Connection, charge: Charge) -> None:
    """Keep that an order was handed out; refuses one that was."""
    db.execute(
        "INSERT INTO charge (charge_id, session_id, state, begun_at, document)"
        " VALUES (?, ?, 'recorded', ?, ?)",
        (
            str(charge.charge_id),
            str(charge.session_id),
            charge.at.astimezone(UTC).isoformat(),
            charge.model_dump_json(),
        ),
    )


def put_back(db: sqlite3.Connection, charge: Charge) -> bool:
    """Undo ``hand_out`` of this very charge, which no journal was told of; returns whether."""
    key = str(charge.charge_id)
    removed = db.execute(
        "DELETE FROM charge WHERE charge_id = ? AND state = 'recorded' AND document = ?"
        " AND NOT EXISTS (SELECT 1 FROM fact WHERE fact.key = charge_id AND epoch IS NOT NULL)",
        (key, charge.model_dump_json()),
    ).rowcount
    if removed:
        keys = [(key,), (face_key(charge.charge_id),)]
        db.executemany("DELETE FROM fact WHERE key = ? AND epoch IS NULL", keys)
    return bool(removed)


def forget(db: sqlite3.Connection, *, now: datetime) -> Sequence[UUID]:
    """Forget orders of days that have long been over; returns which."""
    until = (now - KEPT).date().isoformat()
    rows = db.execute(
        "DELETE FROM takeaway_order WHERE day < ? RETURNING charge_id", (until,)
    ).fetchall()
    return [UUID(charge_id) for (charge_id,) in rows]
