"""What is no database of central's is told in one line that says what to do."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from config.command import main
from tests.central.migrated import migrated_file
from tests.central.test_database import migrate

COMMANDS = (["ledger", "verify"], ["ledger", "export", "--format", "csv"], ["audit", "verify"])


def nothing(_: Path) -> None:
    """An empty folder."""


def another_file(path: Path) -> None:
    path.write_text("milk, bread\n" * 100)


def another_database(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE shopping (item TEXT)"))
    engine.dispose()


def older(path: Path) -> None:
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrate(connection, "0017")
    engine.dispose()


def newer(path: Path) -> None:
    shutil.copy(migrated_file(), path)
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()


def half(path: Path) -> None:
    content = migrated_file().read_bytes()
    path.write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize(
    ("made", "words"),
    [
        (nothing, "name central's folder with --home"),
        (another_file, "file is not a database: restore a backup"),
        (another_database, "no database of central's"),
        (older, "start central once"),
        (newer, "of a newer program"),
        (half, "malformed: restore a backup"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_nothing_else(
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    command: list[str],
    made: Callable[[Path], None],
    words: str,
) -> None:
    made(tmp_path / "central.sqlite3")
    capfd.readouterr()

    assert main([*command, "--home", str(tmp_path)]) == 1

    told = capfd.readouterr()
    assert told.out == ""
    (line,) = [line for line in told.err.splitlines() if "there is no key" not in line]
    assert words in line


@pytest.mark.parametrize("command", ["ledger", "audit"])
def test_a_head_that_is_none_is_told_before_anything_is_read(
    capfd: pytest.CaptureFixture[str], command: str
) -> None:
    assert main([command, "verify", "--head", "12"]) == 2
    assert "a sequence, a colon and 64 hexadecimal digits" in capfd.readouterr().err
