"""PostgreSQL is dumped and restored by its own tools, into the same sealed file."""

import os
from pathlib import Path

import psycopg
import pytest

from central.backup.container import BackupError
from central.backup.records import Part
from central.backup.sources import address_of
from tests.central.backup.places import backed_up, listing, restored
from tests.central.backup.test_faults import a_disk_of
from tests.central.bench import running_central
from tests.central.postgresql import empty_database, fresh_database, installation


@pytest.fixture(autouse=True)
def tools(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tools of the server that the tests run, before those of the machine."""
    folder = installation()
    assert folder is not None
    monkeypatch.setenv("PATH", f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


@pytest.fixture
def url(postgresql: str, tmp_path: Path) -> str:
    """A database of a central that has worked."""
    url = fresh_database(postgresql)
    with running_central(tmp_path / "home", database=url) as bench:
        bench.person("Anna")
    return url


def names_in(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute("SELECT name FROM people")]


def test_it_comes_back_proved_and_only_once(url: str, postgresql: str, tmp_path: Path) -> None:
    file = backed_up(tmp_path / "home", tmp_path / "b", database_url=url)
    empty = empty_database(postgresql)

    proof = restored(file, tmp_path / "new", database_url=empty, from_home=tmp_path / "home")

    assert (proof.problems, proof.has_keys, names_in(empty)) == ([], True, ["Anna"])
    with pytest.raises(BackupError, match="the database is not empty"):
        restored(file, tmp_path / "new", database_url=empty)
    with pytest.raises(BackupError, match="give an empty one as --database"):
        restored(file, tmp_path / "other")


def test_a_full_disk_leaves_nothing_that_is_taken_for_a_backup(url: str, tmp_path: Path) -> None:
    (tmp_path / "to").mkdir()

    with a_disk_of(10_000), pytest.raises(BackupError, match=r"cannot write to .*to: File too"):
        backed_up(tmp_path / "home", tmp_path / "to" / "b", database_url=url, parts=(Part.BLOBS,))

    assert listing(tmp_path / "to") == []


def test_without_the_tools_it_says_what_to_install(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(BackupError, match="pg_dump is not installed here: install"):
        backed_up(tmp_path / "home", tmp_path / "b", database_url=url)


def test_a_server_that_does_not_answer_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="the database does not answer"):
        backed_up(tmp_path, tmp_path / "b", database_url="postgresql://x@127.0.0.1:1/x")


def test_a_password_is_in_no_argument() -> None:
    address, environment = address_of("postgresql://anna:s3cret@db.example:5433/menshen?sslmode=x")

    assert address == "postgresql://anna@db.example:5433/menshen?sslmode=x"
    assert environment == {"PGPASSWORD": "s3cret"}
