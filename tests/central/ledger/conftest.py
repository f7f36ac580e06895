"""One ledger on each database for all tests, of whose doings nothing stays."""

import asyncio
import shutil
from collections.abc import Iterator

import pytest

from tests.central.ledger.ledgering import Ledger
from tests.central.migrated import migrated_file
from tests.central.postgresql import fresh_database


@pytest.fixture(scope="package", params=["sqlite", "postgresql"])
def shared_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Address of a database in which the ledger is empty, and stays so."""
    if request.param == "postgresql":
        return fresh_database(request.getfixturevalue("postgresql"))
    path = tmp_path_factory.mktemp("ledger") / "central.sqlite3"
    shutil.copy(migrated_file(), path)
    return f"sqlite:///{path}"


@pytest.fixture(scope="package")
def ledger(shared_url: str) -> Iterator[Ledger]:
    """An empty ledger."""
    with asyncio.Runner() as runner:
        ledger = Ledger(shared_url, runner)
        yield ledger
        ledger.close()
