"""What a history reads of its database, ``menshen ledger verify`` included."""

import contextlib
import sqlite3
from pathlib import Path

from tests.system.money.database import fresh_sqlite, read, verify


def test_a_fresh_ledger_is_empty_and_whole(tmp_path: Path) -> None:
    url = fresh_sqlite(tmp_path)

    assert (read(url)[0], verify(url).is_proved) == ([], True)


def test_a_ledger_whose_guard_is_gone_is_named(tmp_path: Path) -> None:
    url = fresh_sqlite(tmp_path)
    with contextlib.closing(sqlite3.connect(tmp_path / "central.sqlite3")) as connection:
        named = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ledger%'"
        ).fetchone()[0]
        connection.execute(f"DROP TRIGGER {named}")

    assert verify(url).lines == [f"ledger verify: guard {named}"]
