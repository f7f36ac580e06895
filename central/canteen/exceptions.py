"""Facts that could not be posted, and what a person decides of them."""

import json
from datetime import datetime
from typing import Any, Final, Literal
from uuid import UUID

from sqlalchemy import Row

from central.canteen import repository
from central.canteen.charges import follow_alarm
from central.canteen.posting import settle_up
from central.canteen.repository import TOPIC
from central.canteen.schemas import ExceptionView
from central.canteen.state import Problem
from central.database import Transaction
from central.ledger import repository as ledger
from central.problems import RefusedError

POSTABLE: Final = frozenset(
    {Problem.MERCHANT_UNKNOWN, Problem.LEDGER_REFUSES, Problem.VOID_DIFFERS}
)
"""What can be done as it was told, once a person or the site file says so."""
_HIDDEN: Final = frozenset({"holder_id", "decision_id"})


def view(row: Row[Any]) -> ExceptionView:
    """Return a line as it is shown: without whom it is about, whom the charge itself names."""
    told = json.loads(row.body)
    said = {"type": told["type"], "time": told["time"], **told["data"]}
    return ExceptionView(
        exception_id=UUID(row.exception_id),
        kind=row.kind,
        till=row.till,
        node=row.node,
        about=UUID(row.about),
        found_at=row.found_at,
        said={name: value for name, value in said.items() if name not in _HIDDEN},
        can_post=row.decided_at is None and row.kind in POSTABLE,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        decision=row.decision,
        note=row.note,
    )


async def decide(
    transaction: Transaction,
    exception_id: str,
    decision: Literal["post", "leave"],
    *,
    note: str,
    by: str,
    now: datetime,
) -> None:
    """Do what a fact says, or leave it; its line is decided then.

    Raises:
        RefusedError: There is no such line, it is decided, or it still cannot be done.
    """
    await ledger.take_turn(transaction)
    row = await repository.find_exception(transaction, exception_id)
    if row is None:
        raise RefusedError(404, "exception_not_found", "there is no such line")
    if row.decided_at is not None:
        raise RefusedError(409, "decided_already", "somebody has decided this already")
    if decision == "post":
        await _post(transaction, row, now=now)
    await repository.decide_exception(
        transaction, row.exception_id, by=by, decision=decision, note=note, now=now
    )
    await follow_alarm(transaction, {row.node}, now=now)
    transaction.announce(TOPIC)


async def _post(transaction: Transaction, row: Row[Any], *, now: datetime) -> None:
    charge = (await repository.charges(transaction, [row.about])).get(row.about)
    if row.kind not in POSTABLE or charge is None:
        raise RefusedError(409, "cannot_be_posted", "this is for a correction, not for posting")
    if row.kind == Problem.VOID_DIFFERS:
        charge.is_void_forced = True
    problems = await settle_up(transaction, [charge], now=now)
    if problems:
        raise RefusedError(
            409, "still_impossible", f"it still cannot be posted: {problems[row.about].value}"
        )
    await repository.keep_charges(transaction, [], [charge])
