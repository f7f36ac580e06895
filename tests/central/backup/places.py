"""Homes, backups and keys of the tests, and the two commands as people give them."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from central.backup import making, restoring
from central.backup.proof import Proof
from central.backup.recovery import RecoveryKey
from config.command import main

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
KEY = RecoveryKey(bytes(range(32)))


def silent(doing: str, done: int, total: int | None) -> None:
    """Tell nobody how far it is."""


def backed_up(home: Path, to: Path, **wish: Any) -> Path:  # noqa: ANN401 - fields of any type
    """Return a new backup of a home."""
    url = wish.pop("database_url", f"sqlite:///{home / 'central.sqlite3'}")
    wanted = making.Wish(home=home, database_url=url, **wish)
    making.make_backup(to, wanted, KEY, now=NOW, progress=silent)
    return to


def restored(file: Path, home: Path, **wish: Any) -> Proof:  # noqa: ANN401 - fields of any type
    """Restore into a home and return what was proved."""
    wanted = restoring.Wish(home=home, **wish)
    return restoring.restore(file, wanted, KEY, now=NOW, progress=silent)[1]


def menshen(
    capsys: pytest.CaptureFixture[str], *words: str | Path
) -> tuple[int, dict[str, Any] | str]:
    """Return the exit code of a command, and its document or its one line of what went wrong."""
    code = main([str(word) for word in words])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else said.err.strip()


def names_in(home: Path) -> list[str]:
    """Return the people of a home whose central is not running."""
    with closing(sqlite3.connect(home / "central.sqlite3")) as database:
        return [name for (name,) in database.execute("SELECT name FROM people ORDER BY name")]


def changed(home: Path, *statements: str) -> None:
    """Change a database behind central's back."""
    with closing(sqlite3.connect(home / "central.sqlite3")) as database:
        for statement in statements:
            database.execute(statement)
        database.commit()


def listing(folder: Path) -> Sequence[str]:
    """Return what lies in a folder."""
    return sorted(each.name for each in folder.iterdir())
