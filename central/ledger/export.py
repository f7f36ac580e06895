"""The ledger for other programs: as CSV, and as a journal of beancount that checks itself. Pure.

In the journal a debit is positive, as beancount counts. What only holds money moved none and is not
in it. At its end stands what every account must have, so that an independent program adds up.

Source: beancount 3, "Beancount Language Syntax", directives open, txn and balance.
"""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from central.ledger.transfers import MOVING, Transfer
from config.contract.money import MoneyUnit

COLUMNS: Final = (
    "sequence", "transfer_id", "kind", "debit", "credit", "amount_fen", "unit", "reason",
    "happened_at", "recorded_at", "expires_at", "group", "pending_id", "reverses", "detail",
    "previous", "hash",
)  # fmt: skip
_ROOTS: Final = {
    "subsidy": "Liabilities",
    "cash": "Liabilities",
    "debt": "Assets",
    "merchant": "Liabilities",
    "unit": "Liabilities",
    "person": "Liabilities",
    "source": "Assets",
    "fund": "Assets",
}
"""What accounts are to who runs the canteen: a person's by the last word, others by the kind."""


def csv_line(transfer: Transfer, digest: str) -> str:
    """Return a transfer and its hash as a line of CSV, without its end."""
    text = io.StringIO(newline="")
    values = (getattr(transfer, name) for name in COLUMNS[:-1])
    csv.writer(text, lineterminator="").writerow([*map(_cell, values), digest])
    return text.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat(timespec="microseconds") if isinstance(value, datetime) else str(value)


def account_name(name: str) -> str:
    """Return an account's name in the journal; identifiers keep their letters, behind a capital."""
    words = name.split("/")
    at = 2 if words[0] == "points" else 1
    kind = words[at - 1]
    root = _ROOTS[words[-1] if words[0] == "person" else kind]
    before, after = ([word.capitalize() for word in each] for each in (words[:at], words[at + 1 :]))
    return ":".join([root, *before, f"{kind[0].upper()}-{words[at]}", *after])


def amount(amount_fen: int, unit: MoneyUnit) -> str:
    """Return an amount as it is written: yuan with their fen, points as they are."""
    if unit is not MoneyUnit.CNY:
        return f"{amount_fen} {unit.value}"
    yuan, fen = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{yuan}.{fen:02} {unit.value}"


def opening(accounts: Iterable[tuple[str, MoneyUnit]], *, on: date) -> Iterator[str]:
    """Yield what the journal begins with. Args: on: no transfer is of an earlier day."""
    yield 'option "operating_currency" "CNY"'
    for name, unit in accounts:
        yield f'{on} open {account_name(name)} {unit.value}\n  account: "{name}"'


def entry(transfer: Transfer, digest: str, *, zone: ZoneInfo) -> str:
    """Return a transfer as a transaction of the journal; empty where it moved nothing."""
    if transfer.kind not in MOVING:
        return ""
    day = transfer.happened_at.astimezone(zone).date()
    links = [f"^{each}" for each in (transfer.group, transfer.reverses) if each is not None]
    head = " ".join([str(day), "*", json.dumps(transfer.reason, ensure_ascii=False), *links])
    return (
        f"{head}\n"
        f'  transfer_id: "{transfer.transfer_id}"\n'
        f"  sequence: {transfer.sequence}\n"
        f'  hash: "{digest}"\n'
        f"  {account_name(transfer.debit)}  {amount(transfer.amount_fen, transfer.unit)}\n"
        f"  {account_name(transfer.credit)}  {amount(-transfer.amount_fen, transfer.unit)}"
    )


def closing(balances: Iterable[tuple[str, MoneyUnit, int]], *, last: date) -> Iterator[str]:
    """Yield what every account must have.

    Args:
        balances: Name, unit, and credits less debits as the database keeps them.
        last: The day of the newest transfer.
    """
    after = last + timedelta(days=1)
    for name, unit, balance_fen in balances:
        yield f"{after} balance {account_name(name)}  {amount(-balance_fen, unit)}"
