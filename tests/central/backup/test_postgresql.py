"""PostgreSQL is dumped and restored by its own tools, into the same sealed file."""

import asyncio
import os
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from central.backup.container import BackupError
from central.backup.proof import Proof
from central.backup.records import Part
from central.backup.sources import address_of
from central.backup.verifying import Trial, verify
from central.hosting.schemas import make_schemas
from tests.central.backup.places import KEY, NOW, backed_up, listing, restored, silent
from tests.central.backup.test_faults import a_disk_of
from tests.central.bench import running_central
from tests.central.hosting.city import login_of_a_city
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


def databases(url: str) -> list[str]:
    """Return the throwaway databases of a server."""
    query = "SELECT datname FROM pg_database WHERE starts_with(datname, 'menshen_verify_')"
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute(query)]


def verified(home: Path, url: str, file: Path) -> Proof:
    """Restore a backup into a throwaway database, and prove it."""
    trial = Trial(file=file, home=home, database_url=url)
    return verify(trial, KEY, now=NOW, progress=silent)[1]


def test_a_backup_is_proved_beside_central_by_a_role_that_may_make_databases(
    url: str, tmp_path: Path
) -> None:
    home, role = tmp_path / "home", "role_" + url.partition("?")[0].rpartition("_")[2]
    file = backed_up(home, tmp_path / "b", database_url=url)
    before = int((NOW - timedelta(days=2)).timestamp())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE ROLE {role} LOGIN".encode())
        connection.execute(f"CREATE DATABASE menshen_verify_{before}_killed OWNER {role}".encode())
    as_role = url.replace("menshen@", f"{role}@")
    # The proof needs only what the role makes itself; what is left of an attempt goes even so.
    with pytest.raises(BackupError, match="give central's role CREATEDB"):
        verified(home, as_role, file)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {role} CREATEDB".encode())

    proof = verified(home, as_role, file)

    assert (proof.problems, proof.has_keys, databases(url)) == ([], True, [])


def test_a_site_of_a_city_is_proved_in_a_schema_of_its_name(
    postgresql: str, tmp_path: Path
) -> None:
    login = login_of_a_city(postgresql)
    role = login.partition("@")[0].rpartition("/")[2]
    schema = f"site_{role}"
    assert asyncio.run(make_schemas(login, [schema])) == {}
    with psycopg.connect(postgresql.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {role} CREATEDB".encode())
    url = f"{login}&schema={schema}"
    with running_central(tmp_path / "home", database=url) as bench:
        bench.person("Anna")
    file = backed_up(tmp_path / "home", tmp_path / "b", database_url=url)

    proof = verified(tmp_path / "home", url, file)

    assert (proof.problems, proof.audit_entries > 0, databases(login)) == ([], True, [])


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
