"""What a diner owes and for which meals: shown to them, told by that, and disputed by one tap."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from central.canteen import debts
from central.database import Transaction
from central.diner.schemas import DinerDebt
from central.problems import RefusedError

LINES_MAX: Final = 100


async def of_diner(transaction: Transaction, holder_id: str) -> list[DinerDebt]:
    """Return meals that are owed for, and those that were disputed; the newest first."""
    rows = await debts.page(transaction, state=None, holder_id=holder_id, limit=LINES_MAX)
    owing = (await debts.owing(transaction, [holder_id]))[holder_id]
    found = list[DinerDebt]()
    for row in rows:
        left_fen = owing.of_meals.get(row.charge_id, 0)
        if left_fen == 0 and row.disputed_at is None:
            continue
        is_open = row.decided_at is None and not row.is_gone
        found.append(
            DinerDebt(
                charge_id=UUID(row.charge_id),
                at=row.charged_at,
                left_fen=left_fen,
                is_told=row.notified_at is not None,
                can_dispute=is_open and row.disputed_at is None,
                **{name: getattr(row, name) for name in _SAME},
            )
        )
    return found


_SAME: Final = ("merchant", "till", "period", "amount_fen", "cause", "dispute", "decision", "note")


async def tell(
    transaction: Transaction, holder_id: str, charge_ids: Collection[UUID], *, now: datetime
) -> None:
    """Note that a page has shown debts to whose they are; those of others are left alone."""
    rows = await debts.page(transaction, state=None, holder_id=holder_id, limit=LINES_MAX)
    own = _own(charge_ids, (row.charge_id for row in rows if row.notified_at is None))
    if own:
        await debts.note_notified(transaction, own, by="", now=now)


def _own(charge_ids: Collection[UUID], known: Iterable[str]) -> list[UUID]:
    return [UUID(each) for each in known if UUID(each) in set(charge_ids)]


async def dispute(
    transaction: Transaction, holder_id: str, charge_id: UUID, reason: str, *, now: datetime
) -> None:
    """Note that a diner disputes a debt; said again it stays as it was said first.

    Raises:
        RefusedError: 404: it is not theirs. 409: somebody has decided it, or it has gone back.
    """
    line = await debts.find(transaction, charge_id)
    if line is None or line.holder_id != holder_id:
        raise RefusedError(404, "debt_not_found", "this charge left no debt")
    if line.disputed_at is not None:
        return
    if not await debts.dispute(transaction, charge_id, words=reason, now=now):
        raise RefusedError(409, "decided_already", "somebody has decided this already")
