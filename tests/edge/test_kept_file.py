"""A small file that is written before anything is done: whole, its own, or set aside and said."""

import sqlite3
from pathlib import Path

import pytest

from edge.kept_file import KeptFile, KeptFileError


@pytest.fixture
def schema(tmp_path: Path) -> Path:
    script = "CREATE TABLE thing (id INTEGER PRIMARY KEY); PRAGMA user_version = 1;"
    (tmp_path / "schema_v1.sql").write_text(script, encoding="utf-8")
    return tmp_path / "schema"


def things(db: sqlite3.Connection) -> list[int]:
    return [each for (each,) in db.execute("SELECT id FROM thing ORDER BY id")]


def test_what_was_written_is_there_at_the_next_start(tmp_path: Path, schema: Path) -> None:
    before = KeptFile(tmp_path / "kept", schema=schema, version=1)
    before.write("INSERT INTO thing VALUES (?)", [(1,), (2,)])
    before.close()

    assert KeptFile(tmp_path / "kept", schema=schema, version=1).load(things) == ([1, 2], False)


def test_what_fails_half_way_is_not_written_at_all(tmp_path: Path, schema: Path) -> None:
    file = KeptFile(tmp_path / "kept", schema=schema, version=1)

    with pytest.raises(KeptFileError, match="cannot write kept"):
        file.write("INSERT INTO thing VALUES (?)", [(1,), (2,), (1,)])

    assert file.load(things) == ([], False)
    file.close()


def test_a_damaged_file_is_set_aside_and_what_it_held_is_said_to_be_lost(
    tmp_path: Path, schema: Path
) -> None:
    (tmp_path / "kept").write_bytes(b"no database" * 1000)
    file = KeptFile(tmp_path / "kept", schema=schema, version=1)

    assert file.load(things) == ([], True)
    assert (tmp_path / "kept.damaged").read_bytes().startswith(b"no database")
    file.close()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path, schema: Path) -> None:
    KeptFile(tmp_path / "kept", schema=schema, version=1).load(things)
    with sqlite3.connect(tmp_path / "kept") as db:
        db.execute("PRAGMA user_version = 99")

    with pytest.raises(KeptFileError, match="newer version"):
        KeptFile(tmp_path / "kept", schema=schema, version=1).load(things)

    assert not (tmp_path / "kept.damaged").exists()


def test_after_the_end_nothing_is_written(tmp_path: Path, schema: Path) -> None:
    file = KeptFile(tmp_path / "kept", schema=schema, version=1)
    file.close()

    with pytest.raises(KeptFileError, match="closed"):
        file.write("INSERT INTO thing VALUES (?)", [(1,)])
