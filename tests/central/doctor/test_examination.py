"""The doctor looks at a central that runs, and changes nothing."""

import asyncio
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, text

from central.backup.verifying import keep_outcome
from central.database import Database
from central.doctor import look
from central.events.stored import Stored, stored_since
from central.keys import load_key_encryption_key
from central.tables import events
from config.command import main
from config.crypto.suite import Suite
from config.crypto.suites import SUITES
from config.doctor.findings import Finding, Level
from config.doctor.patient import Patient
from tests.central.migrated import migrated_file

NOW = datetime.now(UTC)


def examined(home: Path, database: str | None = None) -> dict[str, list[Finding]]:
    """Return what was found, by what was looked at."""
    patient = Patient(home=home.parent, central_home=home, now=datetime.now(UTC), database=database)
    found = dict[str, list[Finding]]()
    for finding in look(patient):
        found.setdefault(finding.check, []).append(finding)
    return found


def test_a_machine_without_central_has_nothing_to_say(tmp_path: Path) -> None:
    assert examined(tmp_path / "central") == {}


@pytest.mark.usefixtures("any_bench")
def test_a_central_that_runs_is_looked_at_on_both_databases(
    database_url: str, tmp_path: Path
) -> None:
    keep_outcome(tmp_path / "home", "", NOW, now=NOW)

    found = examined(tmp_path / "home", database_url)

    tables, *others = found["database of central"]
    assert tables.message == "it answers, and its tables are this program's"
    assert [each.level for each in others] == [Level.OK] * len(others)
    assert found["restore of central"][0].level is Level.OK
    assert found["backup of central"][0].level is Level.WARNING
    is_postgresql = database_url.startswith("postgresql")
    assert any("connections used" in each.message for each in others) == is_postgresql


@pytest.mark.parametrize("suite", SUITES.values(), ids=SUITES)
def test_the_algorithms_of_a_site_are_named(suite: Suite, tmp_path: Path) -> None:
    home = tmp_path / "central"
    home.mkdir(mode=0o700)
    load_key_encryption_key(home, wanted=suite)

    (found,) = examined(home)["algorithms of central"]

    assert found.level is Level.OK
    assert f"--crypto {suite.name}" in found.message


def test_tables_of_a_newer_program_are_named(tmp_path: Path) -> None:
    home = tmp_path / "central"
    home.mkdir(mode=0o700)
    shutil.copy(migrated_file(), home / "central.sqlite3")
    engine = create_engine(f"sqlite:///{home / 'central.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    (finding,) = examined(home)["database of central"]

    assert finding.level is Level.PROBLEM
    assert "newer program" in finding.message


def test_sites_of_a_city_are_looked_at_one_by_one(tmp_path: Path) -> None:
    for site in ("east", "west"):
        (tmp_path / "central" / site).mkdir(parents=True, mode=0o700)
        shutil.copy(migrated_file(), tmp_path / "central" / site / "central.sqlite3")

    found = examined(tmp_path / "central")

    assert "database of central's site east" in found
    assert "restore of central's site west" in found


def test_a_server_that_is_not_there_is_a_problem_in_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MENSHEN_HOME", str(tmp_path))
    address = "postgresql://menshen:secret@127.0.0.1:9/menshen"

    assert main(["doctor", "--database", address, "--json"]) == 1

    told = capfd.readouterr().out
    document = json.loads(told)
    (finding,) = [each for each in document["findings"] if each["check"] == "database of central"]
    assert (document["is_well"], finding["level"]) == (False, "problem")
    assert "secret" not in told


def test_events_since_a_moment_are_counted_by_halving(tmp_path: Path) -> None:
    file = tmp_path / "central.sqlite3"
    shutil.copy(migrated_file(), file)

    async def stored() -> Stored | None:
        database = Database(f"sqlite:///{file}")
        await database.open()
        async with database.write() as transaction:
            # Retention has taken every third.
            rows = [_row(position) for position in range(100, 200) if position % 3]
            await transaction.execute_many(insert(events), rows)
        async with database.read() as transaction:
            found = await stored_since(transaction, NOW + timedelta(hours=150))
        await database.close()
        return found

    assert asyncio.run(stored()) == Stored(100, NOW + timedelta(hours=100), 50)


def _row(position: int) -> dict[str, object]:
    at = NOW + timedelta(hours=position)
    return {
        "position": position, "node": "gate-1", "epoch": "e", "event_class": "access",
        "sequence": position, "content_hash": "", "type": "t", "received_at": at, "body": "{}",
        "occurred_at": at, "place": "gate",
    }  # fmt: skip
