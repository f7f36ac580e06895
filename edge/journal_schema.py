"""The tables of a journal: made, migrated, and read once at its opening."""

import sqlite3
from pathlib import Path
from typing import Final

from config.contract.events import GO_AHEAD, EventClass
from edge.journal_damage import JournalUnusableError

SCHEMA_VERSION: Final = 1
RANKS: Final = {event_class: rank for rank, event_class in enumerate(EventClass)}
_GO_AHEAD: Final = ", ".join(f"'{name}'" for name in sorted(GO_AHEAD))
URGENT: Final = f"class_rank = {RANKS[EventClass.ALARM]} AND type IN ({_GO_AHEAD})"
_URGENT_INDEX: Final = f"CREATE INDEX IF NOT EXISTS urgent_2 ON event (sequence) WHERE {URGENT}"
"""Of a handful of rows; an older program goes on with it. Other types: another name."""
_INDEX_BEFORE: Final = "DROP INDEX IF EXISTS urgent_1"


def prepare(connection: sqlite3.Connection) -> None:
    """Bring the tables up to date; idempotent.

    Raises:
        JournalUnusableError: A newer version made them.
    """
    _migrate(connection)
    connection.execute(_INDEX_BEFORE)
    connection.execute(_URGENT_INDEX)


def read_counts(connection: sqlite3.Connection) -> dict[EventClass, int]:
    """Return how many events of each class there are."""
    rows = connection.execute(
        "SELECT name, (SELECT count(*) FROM event WHERE class_rank = rank) FROM event_class"
    )
    return {EventClass(name): count for name, count in rows}


def read_last_sequences(connection: sqlite3.Connection) -> dict[EventClass, int]:
    """Return the last sequence of each class, 0 where nothing was written."""
    rows = connection.execute("SELECT name, last_sequence FROM event_class")
    return {EventClass(name): last for name, last in rows}


def _migrate(connection: sqlite3.Connection) -> None:
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > SCHEMA_VERSION:
        raise JournalUnusableError(
            f"the journal was made by a newer version of this program (schema {version})"
        )
    for step in range(version + 1, SCHEMA_VERSION + 1):
        script = Path(__file__).with_name(f"schema_v{step}.sql")
        connection.executescript(script.read_text(encoding="utf-8"))
