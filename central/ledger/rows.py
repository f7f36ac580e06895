"""How transfers and accounts are put into the database."""

import json
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Text, cast, column, func, insert, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from central.database import Transaction
from central.ledger.accounts import rules_of
from central.ledger.tables import ledger_transfers
from central.ledger.transfers import Transfer


async def insert_transfers(transaction: Transaction, rows: list[dict[str, Any]]) -> None:
    """Add transfers that have their places (``row_of``)."""
    if not transaction.is_postgresql:
        await transaction.execute_many(insert(ledger_transfers), rows)
        return
    # One statement: its triggers act once for all rows, and a merchant's balance is written once.
    table, text = ledger_transfers, json.dumps(rows, default=datetime.isoformat)
    given = (
        func.jsonb_to_recordset(cast(literal(text, Text), JSONB))
        .table_valued(*(column(each.name, each.type) for each in table.c), name="given")
        .render_derived(with_types=True)
    )
    await transaction.execute(insert(table).from_select([*table.c.keys()], select(given)))


def account_row(name: str, *, now: datetime) -> dict[str, Any]:
    """Return a new account as a row."""
    rules = rules_of(name)
    return {
        "account": name,
        "unit": rules.unit.value,
        "floor_fen": rules.floor_fen,
        "debits_posted_fen": 0,
        "debits_pending_fen": 0,
        "credits_posted_fen": 0,
        "credits_pending_fen": 0,
        "opened_at": now,
        "last_sequence": 0,
    }


def row_of(transfer: Transfer, digest: str) -> dict[str, Any]:
    """Return a transfer and its hash as a row."""
    return {
        "sequence": transfer.sequence,
        "transfer_id": str(transfer.transfer_id),
        "kind": transfer.kind.value,
        "debit": transfer.debit,
        "credit": transfer.credit,
        "amount_fen": transfer.amount_fen,
        "unit": transfer.unit.value,
        "reason": transfer.reason,
        "happened_at": transfer.happened_at,
        "recorded_at": transfer.recorded_at,
        "expires_at": transfer.expires_at,
        "group_id": _text(transfer.group),
        "pending_id": _text(transfer.pending_id),
        "reverses": _text(transfer.reverses),
        "detail": transfer.detail,
        "previous": transfer.previous,
        "hash": digest,
    }


def _text(value: UUID | None) -> str | None:
    return None if value is None else str(value)
