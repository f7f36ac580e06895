"""What is asked again and again finds its few rows by an index, among all that there ever were."""

import asyncio
import shutil
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from central.alarms import metrics as alarms
from central.assistance import repository as assistance
from central.canteen import repository as canteen
from central.canteen import sessions
from central.commands import repository as commands
from central.database import Database, Transaction
from central.fire import duty
from central.metrics import repository as metrics
from central.orders import repository as orders
from central.patrol import repository as patrols
from central.retention.event_rules import of_classes
from tests.central.migrated import migrated_file

NOW = datetime(2026, 11, 30, tzinfo=UTC)
BEFORE = NOW - timedelta(days=1)
GROWING = (
    "alarms", "alarm_deliveries", "alarm_history", "assistance_calls", "canteen_charges",
    "canteen_exceptions", "canteen_orders", "commands", "duty_checks", "events", "patrol_rounds",
)  # fmt: skip
"""Tables that grow with what happens, for years."""
Ask = Callable[[Transaction], Awaitable[Any]]
QUESTIONS: dict[str, Ask] = {
    "alarm metrics": lambda t: alarms.measured(t, days=30, now=NOW),
    "calls for somebody": lambda t: assistance.open_calls(t, node="gate-1"),
    "charges, newest first": lambda t: canteen.page_of_charges(t, limit=100),
    "charges without a session": lambda t: sessions.orphans(t, since=BEFORE, until=NOW),
    "checks of duty": lambda t: duty.overdue(t, now=NOW),
    "commands of a terminal": lambda t: commands.waiting(t, "gate-1", now=NOW),
    "exceptions of terminals": lambda t: canteen.open_counts(t, ["gate-1"]),
    "metrics": lambda t: metrics.standing(t, now=NOW),
    "orders of a day": lambda t: orders.of_day(t, date(2026, 11, 30)),
    "rounds at a moment": lambda t: patrols.overlapping(t, BEFORE, NOW),
}


def plans(path: Path, ask: Ask) -> list[str]:
    """Return how SQLite goes about all that a question asks it."""
    asked = list[tuple[str, Any]]()

    def note(*words: Any) -> None:  # noqa: ANN401 - of SQLAlchemy
        asked.append((words[2], words[3]))

    async def run() -> None:
        database = Database(f"sqlite:///{path}")
        await database.open()
        try:
            async with database.read() as transaction:
                event.listen(Engine, "before_cursor_execute", note)
                try:
                    await ask(transaction)
                finally:
                    event.remove(Engine, "before_cursor_execute", note)
        finally:
            await database.close()

    asyncio.run(run())
    assert asked
    with closing(sqlite3.connect(path)) as connection:
        return [
            row[3]
            for statement, values in asked
            if statement.startswith("SELECT")
            for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
        ]


@pytest.mark.parametrize("ask", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_reads_no_table_of_what_happened_from_end_to_end(
    ask: Ask, tmp_path: Path
) -> None:
    path = tmp_path / "central.sqlite3"
    shutil.copy(migrated_file(), path)

    read_whole = {plan for plan in plans(path, ask) for table in GROWING if plan == f"SCAN {table}"}

    assert read_whole == set()


def test_what_is_due_of_a_class_is_found_in_the_order_of_events_and_not_sorted(
    tmp_path: Path,
) -> None:
    path = tmp_path / "central.sqlite3"
    shutil.copy(migrated_file(), path)
    with closing(sqlite3.connect(path)) as connection:
        for position in (1, 2, 3):
            values = ("gate-1", "e", "access", position, "h", "t", "2026-01-01 00:00:00.000000",
                      "{}", "2026-01-01 00:00:00.000000", "lane", position)  # fmt: skip
            connection.execute(
                "INSERT INTO events (node, epoch, event_class, sequence, content_hash, type,"
                " received_at, body, occurred_at, place, position)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            )
        connection.commit()
    rule = of_classes("passages", {"access"}, types={"menshen.payer.identified.v1"})

    found = plans(path, lambda transaction: rule.forget(transaction, NOW, 500))

    assert any("SEARCH events USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)" in p for p in found)
    assert not any("MULTI-INDEX OR" in plan or "TEMP B-TREE" in plan for plan in found)
