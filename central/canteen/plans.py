"""Plans in the database: every version, whole, with who put it and what it changed."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import TypeAdapter
from sqlalchemy import insert, select

from central.canteen.accounts import TILL
from central.canteen.plan import Draft
from central.canteen.plan_changes import PARTS, PlanChange
from central.canteen.repository import TOPIC
from central.canteen.tables import canteen_plans
from central.database import CANTEEN_LOCK, Transaction
from config.contract.money import CanteenPlan

_CHANGES: Final = TypeAdapter(list[PlanChange])
_NAME: Final = TypeAdapter(dict[str, str])


@dataclasses.dataclass(frozen=True, slots=True)
class KeptPlan:
    """A version. Attributes: changes: Against the one before."""

    version: int
    draft: Draft
    changes: tuple[PlanChange, ...] = ()
    changed_by: str | None = None
    changed_at: datetime | None = None

    @property
    def plan(self) -> CanteenPlan:
        """As tills are told."""
        return self.draft.as_plan(self.version)


async def take_turn(transaction: Transaction) -> None:
    """Wait until nobody else changes the plan."""
    await transaction.take_turn(CANTEEN_LOCK)


async def current(transaction: Transaction) -> KeptPlan:
    """Return the plan in force; an empty one, version 0, where there is none."""
    found = await versions(transaction, limit=1)
    return found[0] if found else KeptPlan(0, Draft())


async def versions(transaction: Transaction, *, limit: int) -> Sequence[KeptPlan]:
    """Return versions, the newest first."""
    query = select(canteen_plans).order_by(canteen_plans.c.version.desc()).limit(limit)
    return [
        KeptPlan(
            row.version,
            Draft.model_validate_json(row.body),
            tuple(_CHANGES.validate_json(row.changes)),
            row.changed_by,
            row.changed_at,
        )
        for row in await transaction.execute(query)
    ]


async def gone_names(transaction: Transaction) -> dict[tuple[str, str], dict[str, str]]:
    """Return how meals and dishes were called that some version took out, by part and identifier.

    Charges keep the identifier: reports and receipts of then still have a name for it.
    """
    query = (
        select(canteen_plans.c.changes)
        .where(canteen_plans.c.changes.contains('"after":null'))
        .order_by(canteen_plans.c.version)
    )
    names = dict[tuple[str, str], dict[str, str]]()
    for row in await transaction.execute(query):
        for each in _CHANGES.validate_json(row.changes):
            is_gone = each.after is None and not each.field and each.part in dict(PARTS)
            if is_gone and isinstance(each.before, dict):
                names[each.part, each.item] = _NAME.validate_python(each.before.get("name", {}))
    return names


async def put(
    transaction: Transaction,
    draft: Draft,
    changes: list[PlanChange],
    *,
    version: int,
    changed_by: str,
    now: datetime,
) -> None:
    """Put a plan in force; who calls has the turn."""
    await transaction.execute(
        insert(canteen_plans).values(
            version=version,
            body=draft.model_dump_json(),
            changes=_CHANGES.dump_json(changes).decode(),
            changed_by=changed_by,
            changed_at=now,
        )
    )
    transaction.announce(TOPIC)
    transaction.announce(TILL)
