"""The table of retention over HTTP: how long what is kept, and what was deleted when."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends

from central.database import Transaction
from central.events.partitions import SPAN
from central.nodes import repository as nodes
from central.problems import RESPONSES
from central.retention import repository
from central.retention.classes import CLASSES, DataClass, is_overdue, next_run
from central.retention.repository import NEVER
from central.retention.schemas import RetentionLine, RetentionView
from central.security import Operator, Requires
from central.services import Given, Services
from config.contract.nodes import NodeStatus, RetentionStatus

router = APIRouter(tags=["privacy"], responses=RESPONSES)
Reader = Annotated[Operator, Depends(Requires("privacy.read"))]


@router.get("/retention")
async def get_retention(_: Reader, services: Given) -> RetentionView:
    """Return every class of personal data: its limit, its oldest item, its timer."""
    return await table_of(services)


async def table_of(services: Services) -> RetentionView:
    """Return the table as it is now, classes that say nothing of people left out."""
    async with services.database.read() as transaction:
        items = [
            *await _central_lines(transaction, services),
            *_terminal_lines(await nodes.statuses(transaction), services),
        ]
    return RetentionView(items=items, overdue_count=sum(item.is_overdue for item in items))


async def _central_lines(transaction: Transaction, services: Services) -> list[RetentionLine]:
    known, now = await repository.runs(transaction), services.now()
    lines = list[RetentionLine]()
    for data_class in CLASSES:
        if data_class.place != "central" or not data_class.is_personal:
            continue
        rule, run = services.retention.rules.get(data_class.name), known.get(data_class.name, NEVER)
        every = data_class.every
        lines.append(
            _line(
                data_class,
                services,
                RetentionStatus(
                    name=data_class.name,
                    oldest_at=None if rule is None else await rule.oldest(transaction),
                    last_run_at=run.last_run_at,
                    next_run_at=None
                    if every is None
                    else next_run(run.last_run_at, every, now=now),
                    last_deleted_at=run.last_deleted_at,
                    last_count=run.last_count,
                    deleted_count=run.deleted_count,
                ),
                now=now,
                waits=SPAN
                if transaction.is_postgresql and "events" in data_class.tables
                else timedelta(),
            )
        )
    return lines


def _terminal_lines(
    statuses: Mapping[str, NodeStatus | None], services: Services
) -> list[RetentionLine]:
    lines = list[RetentionLine]()
    for node in sorted(statuses):
        status = statuses[node]
        told = {} if status is None else {each.name: each for each in status.retention}
        lines += [
            _line(
                data_class,
                services,
                told.get(data_class.name, RetentionStatus(name=data_class.name)),
                node=node,
                now=services.now(),
            )
            for data_class in CLASSES
            if data_class.place == "terminal"
        ]
    return lines


def _line(
    data_class: DataClass,
    services: Services,
    status: RetentionStatus,
    *,
    now: datetime,
    node: str | None = None,
    waits: timedelta = timedelta(),
) -> RetentionLine:
    kept, every = data_class.kept(services.settings.site), data_class.every
    minimum_days, maximum_days = data_class.bounds_days()
    due_at = None if kept is None or status.oldest_at is None else status.oldest_at + kept
    # What waits for the rest of its partition is not late yet.
    latest = None if due_at is None else due_at + waits
    # A terminal that never said how its timers are has none, which is late, too.
    is_late = every is not None and (
        (node is not None and status.next_run_at is None)
        or is_overdue(due_at=latest, next_run_at=status.next_run_at, every=every, now=now)
    )
    return RetentionLine(
        **status.model_dump(),
        node=node,
        ending=data_class.ending,
        kept_h=None if kept is None else kept / timedelta(hours=1),
        setting=data_class.setting,
        minimum_days=minimum_days,
        maximum_days=maximum_days,
        due_at=due_at,
        is_overdue=is_late,
    )
