"""What a terminal forgets by itself, by the clock that is given."""

import os
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.contract.areas import AreaFact, UnnamedCount
from config.retention import Retention
from edge.access.areas import SharedFact
from edge.access.memory import Memory
from edge.retention import DAMAGED_CLASS, WHEREABOUTS_CLASS, TerminalRetention, due

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=31)


def remembered(path: Path) -> Memory:
    """Return a memory of two people and one count, written."""
    memory = Memory(path)
    memory.recall(now=NOW)
    facts: list[SharedFact] = [
        AreaFact(at=LONG_AGO, node="n", sequence=1, holder_id="gone", area="hall"),
        AreaFact(at=NOW, node="n", sequence=2, holder_id="here", area="hall"),
        UnnamedCount(at=LONG_AGO, node="n", sequence=3, area="hall", count=2),
    ]
    memory.keep(facts, sequence=3)
    memory.close()
    return memory


def timers(folder: Path, memory: Memory) -> TerminalRetention:
    return TerminalRetention(folder, memory, Retention(), now=lambda: NOW)


def set_aside(path: Path, *, at: datetime) -> Path:
    path.write_bytes(b"people")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def test_a_file_is_due_with_its_last_instant() -> None:
    files = [(Path("a"), NOW), (Path("b"), NOW + timedelta(seconds=1))]

    assert due(files, until=NOW) == [Path("a")]


def test_who_was_not_seen_for_long_is_nowhere_and_not_in_the_file(tmp_path: Path) -> None:
    memory = remembered(tmp_path / "memory.sqlite3")
    retention = timers(tmp_path, memory)

    retention.run_once()

    places = retention.statuses[0]
    assert (places.name, places.deleted_count, places.oldest_at) == (WHEREABOUTS_CLASS, 1, NOW)
    assert b"gone" not in (tmp_path / "memory.sqlite3").read_bytes()
    recalled = Memory(tmp_path / "memory.sqlite3")
    facts = recalled.recall(now=NOW).facts
    recalled.close()
    assert {type(fact).__name__ for fact in facts} == {"AreaFact", "UnnamedCount"}


def test_damaged_files_go_after_their_days_and_others_stay(tmp_path: Path) -> None:
    old = set_aside(tmp_path / "replica.sqlite3.damaged", at=LONG_AGO)
    new = set_aside(tmp_path / "journal.sqlite3.damaged-1", at=NOW)
    kept = set_aside(tmp_path / "journal.sqlite3", at=LONG_AGO)

    retention = timers(tmp_path, remembered(tmp_path / "memory.sqlite3"))
    retention.run_once()

    assert (old.exists(), new.exists(), kept.exists()) == (False, True, True)
    files = retention.statuses[1]
    assert (files.name, files.deleted_count, files.oldest_at) == (DAMAGED_CLASS, 1, NOW)
    assert files.next_run_at == NOW + timedelta(hours=1)


def test_a_memory_that_cannot_be_read_holds_up_nothing(tmp_path: Path) -> None:
    memory = remembered(tmp_path / "memory.sqlite3")
    connection = sqlite3.connect(tmp_path / "memory.sqlite3")
    connection.execute("DROP TABLE fact")
    connection.close()

    retention = timers(tmp_path, memory)
    retention.run_once()

    assert retention.statuses[0].deleted_count == 0
