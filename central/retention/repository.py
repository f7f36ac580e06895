"""What the timers did, in the database."""

import dataclasses
from datetime import datetime

from sqlalchemy import insert, select, update

from central.database import Transaction
from central.tables import retention_runs


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What is known of one class's timer. Attributes: last_count: by the last that found any."""

    last_run_at: datetime | None = None
    last_deleted_at: datetime | None = None
    last_count: int = 0
    deleted_count: int = 0


NEVER = Run()


async def runs(transaction: Transaction) -> dict[str, Run]:
    """Return what every timer did that ever ran, by class."""
    rows = await transaction.execute(select(retention_runs))
    names = [field.name for field in dataclasses.fields(Run)]
    return {row.name: Run(**{name: getattr(row, name) for name in names}) for row in rows}


async def run_of(transaction: Transaction, name: str) -> Run:
    """Return what a timer did; a line is made for it, which its rule may write into."""
    known = (await runs(transaction)).get(name)
    if known is None:
        await transaction.execute(
            insert(retention_runs).values(name=name, last_count=0, deleted_count=0, mark=0)
        )
    return known or NEVER


async def note(transaction: Transaction, name: str, run: Run) -> None:
    """Keep what a timer did."""
    await transaction.execute(
        update(retention_runs)
        .where(retention_runs.c.name == name)
        .values(**dataclasses.asdict(run))
    )
