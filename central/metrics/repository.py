"""How things stand, from the database: a few queries over indexes, whose cost does not grow."""

import dataclasses
from datetime import datetime

from sqlalchemy import func, select

from central.alarms.repository import standing_by_priority
from central.alarms.tables import alarm_deliveries
from central.audit import repository as audit
from central.backup.watch import kept_outcome
from central.connectors import repository as connectors
from central.database import Transaction
from central.events import repository as events
from central.integrations import subscriptions
from central.ledger.tables import ledger_transfers
from central.nodes import repository as nodes
from central.retention import repository as retention


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A moment.

    Attributes:
        alarms: Standing, and those of them that nobody acknowledged, by priority.
        joined: Nodes that have joined.
        online: Those of them that are heard.
        unsent: Events that nodes said wait at them, all together.
        unwritable: Nodes that said their journal cannot be written.
        unsure: Nodes that said they do not trust their clock.
        waiting: Messages that were not taken, by channel; of connectors and of webhooks of events,
            what they are behind.
        position: Of the newest event.
        transfers: Postings of the ledger, as it numbers them.
        audited: Entries of the audit log, as it numbers them.
        retention: When the timer of a class of data last ran.
        backup_proved_at: When a backup was last restored and proved; None where none ever was.
    """

    alarms: dict[int, tuple[int, int]]
    joined: frozenset[str]
    online: frozenset[str]
    unsent: int
    unwritable: int
    unsure: int
    waiting: dict[str, int]
    position: int
    transfers: int
    audited: int
    retention: dict[str, datetime]
    backup_proved_at: datetime | None


async def standing(transaction: Transaction, *, now: datetime) -> Standing:
    """Return how things stand; one reading transaction."""
    statuses = await nodes.statuses(transaction)
    known = [status for status in statuses.values() if status is not None]
    columns = alarm_deliveries.c
    waiting = (
        select(columns.channel, func.count().label("many"))
        .where(columns.next_at.is_not(None))
        .group_by(columns.channel)
    )
    newest = select(func.max(ledger_transfers.c.sequence))
    head = await audit.head_of(transaction)
    ends = {
        "mqtt": await events.newest_position(transaction),
        "syslog": 0 if head is None else head.sequence,
    }
    behind = {
        name: max(0, ends[name] - kept.position)
        for name, kept in (await connectors.all_kept(transaction)).items()
        if kept.settings.is_on
    }
    behind["event_webhook"] = await subscriptions.behind(transaction, ends["mqtt"])
    runs, tried = await retention.runs(transaction), await kept_outcome(transaction)
    return Standing(
        alarms=await standing_by_priority(transaction),
        joined=frozenset(statuses),
        online=frozenset(await nodes.online(transaction, now=now)),
        unsent=sum(status.unsent_count for status in known),
        unwritable=sum(not status.is_journal_writable for status in known),
        unsure=sum(status.clockquality != "synchronised" for status in known),
        waiting={row.channel: row.many for row in await transaction.execute(waiting)} | behind,
        position=ends["mqtt"],
        transfers=int((await transaction.execute(newest)).scalar_one() or 0),
        audited=ends["syslog"],
        retention={
            name: run.last_run_at for name, run in runs.items() if run.last_run_at is not None
        },
        backup_proved_at=None if tried is None else tried.proved_at,
    )
