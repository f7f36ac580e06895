"""The backup of one site of a shared database: whole, of nobody else, and for nobody else."""

import asyncio
import os
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url

from central.backup.container import BackupError
from central.backup.records import Part
from central.hosting.schemas import make_schemas
from tests.central.backup.places import backed_up, restored
from tests.central.bench import running_central
from tests.central.hosting.city import login_of_a_city
from tests.central.postgresql import installation


def names_in(address: str, schema: str) -> list[str]:
    with psycopg.connect(address) as connection:
        connection.execute(f"SET ROLE {schema}".encode())
        found = connection.execute(f"SELECT name FROM {schema}.people".encode())  # noqa: S608 - a test's own
        return [name for (name,) in found]


def at(address: str, schema: str) -> str:
    return make_url(address).update_query_dict({"schema": schema}).render_as_string(False)


def test_a_site_comes_back_where_it_was_and_nowhere_else(
    tmp_path: Path, postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    binaries = installation()
    assert binaries is not None
    monkeypatch.setenv("PATH", f"{binaries / 'bin'}{os.pathsep}{os.environ['PATH']}")
    city = login_of_a_city(postgresql)
    assert asyncio.run(make_schemas(city, ["site_a", "site_b", "site_c"])) == {}
    for name, schema in (("Anna", "site_a"), ("Bo", "site_b")):
        with running_central(tmp_path / schema, database=at(city, schema)) as bench:
            bench.person(name)
    file = backed_up(
        tmp_path / "site_a", tmp_path / "b", database_url=at(city, "site_a"), parts=(Part.BLOBS,)
    )

    with pytest.raises(BackupError, match=r"another site's: give --database with \?schema=site_a"):
        restored(file, tmp_path / "site_c", database_url=at(city, "site_c"))
    for filled in (at(city, "site_a"), at(city, "site_b"), city):
        with pytest.raises(BackupError, match="the database is not empty"):
            restored(file, tmp_path / "site_b", database_url=filled)
    with psycopg.connect(city, autocommit=True) as connection:
        connection.execute("SET ROLE site_a")
        connection.execute("DROP SCHEMA site_a CASCADE")
    assert asyncio.run(make_schemas(city, ["site_a", "site_b"])) == {}
    proof = restored(
        file, tmp_path / "new", database_url=at(city, "site_a"), from_home=tmp_path / "site_a"
    )

    assert (proof.problems, proof.has_keys) == ([], True)
    assert (names_in(city, "site_a"), names_in(city, "site_b")) == (["Anna"], ["Bo"])


@pytest.mark.parametrize(
    ("opened", "words"),
    [
        ("GRANT USAGE ON SCHEMA site_c TO PUBLIC", "others may use it"),
        ("GRANT site_d TO site_c", "a member of another one"),
        ("ALTER ROLE site_c BYPASSRLS", "may be anybody"),
    ],
)
def test_a_schema_that_others_may_enter_is_not_served(
    postgresql: str, opened: str, words: str
) -> None:
    city = login_of_a_city(postgresql)
    mine = city.rpartition("/")[2].partition("?")[0]
    schemas = [f"{mine}_{letter}" for letter in "cd"]
    assert asyncio.run(make_schemas(city, schemas)) == {}
    superuser = city.replace(f"{mine}@", "menshen@")
    with psycopg.connect(superuser, autocommit=True) as connection:
        statement = opened.replace("site_c", schemas[0]).replace("site_d", schemas[1])
        connection.execute(statement.encode())

    problems = asyncio.run(make_schemas(city, schemas))

    assert list(problems) == schemas[:1]
    assert words in problems[schemas[0]]


def test_who_may_make_no_schema_says_what_an_administrator_is_to_do(postgresql: str) -> None:
    city = login_of_a_city(postgresql)
    mine = city.rpartition("/")[2].partition("?")[0]
    with psycopg.connect(city.replace(f"{mine}@", "menshen@"), autocommit=True) as connection:
        connection.execute(f"ALTER ROLE {mine} NOCREATEROLE".encode())

    problems = asyncio.run(make_schemas(city, [f"{mine}_e"]))

    assert f'CREATE SCHEMA "{mine}_e" AUTHORIZATION "{mine}_e"' in problems[f"{mine}_e"]
