"""A restore that is tried every week: what became of it is told, and silence alarms."""

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import select

from central.alarms.tables import alarm_sources
from central.backup.verifying import (
    FILE_NAME,
    OVERDUE,
    Outcome,
    keep_outcome,
    read_outcome,
    trouble,
)
from central.backup.watch import BackupWatch, kept_outcome
from central.database import Database
from tests.central.backup.places import menshen
from tests.central.bench import running_central

SUNDAY = datetime(2026, 11, 29, 4, tzinfo=UTC)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("verified") / "home"
    with running_central(home) as bench:
        bench.person("Anna")
    return home


def test_the_newest_of_a_folder_is_proved_and_nothing_of_it_stays(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, key = tmp_path / "backups", tmp_path / "key"
    folder.mkdir()
    menshen(capsys, "backup", folder, "--home", home, "--key", key, "--json")
    before = sorted(path.name for path in home.iterdir())
    killed = home / ".verify-killed"
    killed.mkdir()
    os.utime(killed, (0, 0))

    code, found = menshen(
        capsys, "backup", folder, "--home", home, "--key", key, "--verify", "--json"
    )

    assert code == 0
    assert isinstance(found, dict)
    assert found["ledger_transfers"] == 0
    assert sorted(path.name for path in home.iterdir()) == sorted({*before, FILE_NAME})
    outcome = read_outcome(home)
    assert outcome is not None
    assert (outcome.problem, outcome.proved_at) == ("", outcome.tried_at)


def test_a_backup_that_cannot_be_restored_is_kept_as_a_failure(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = tmp_path / "key"
    menshen(capsys, "backup", tmp_path / "b", "--home", home, "--key", key, "--json")
    raw = bytearray((tmp_path / "b").read_bytes())
    raw[len(raw) // 2] ^= 1
    (tmp_path / "b").write_bytes(raw)

    code, line = menshen(capsys, "backup", tmp_path / "b", "--home", home, "--key", key, "--verify")

    outcome = read_outcome(home)
    assert code != 0
    assert outcome is not None
    assert line == f"menshen: {outcome.problem}"


def test_an_earlier_proof_is_not_forgotten_by_a_failure(tmp_path: Path) -> None:
    keep_outcome(tmp_path, "", SUNDAY, now=SUNDAY)

    later = keep_outcome(tmp_path, "cut off", None, now=SUNDAY + timedelta(days=7))

    assert (later.proved_at, later.problem) == (SUNDAY, "cut off")


@pytest.mark.parametrize(
    ("outcome", "days", "expected"),
    [
        (None, 8, None),
        (None, 9, "overdue"),
        (Outcome(tried_at=SUNDAY, proved_at=SUNDAY), 8, None),
        (Outcome(tried_at=SUNDAY, proved_at=SUNDAY), 9, "overdue"),
        (Outcome(tried_at=SUNDAY, proved_at=SUNDAY, problem="cut off"), 0, "failed"),
    ],
)
def test_trouble_is_a_failure_or_eight_days_without_a_proof(
    outcome: Outcome | None, days: int, expected: str | None
) -> None:
    assert trouble(outcome, since=SUNDAY, now=SUNDAY + timedelta(days=days)) == expected


def test_silence_alarms_a_failure_alarms_and_a_proof_ends_it(tmp_path: Path) -> None:
    def watched(now: datetime, act: Callable[[], object] = lambda: None) -> list[str]:
        act()
        return asyncio.run(_look(tmp_path, now))

    late = SUNDAY + OVERDUE + timedelta(minutes=1)

    assert watched(SUNDAY) == []
    assert watched(late) == ["backup"]
    assert watched(late, lambda: keep_outcome(tmp_path, "", None, now=late)) == []
    assert watched(late, lambda: keep_outcome(tmp_path, "cut off", None, now=late + OVERDUE)) == [
        "backup"
    ]


async def _look(home: Path, now: datetime) -> list[str]:
    """Return the alarms that stand after central has looked."""
    database = Database(f"sqlite:///{home / 'central.sqlite3'}")
    await database.open()
    try:
        await BackupWatch(database, home, site="test", epoch=uuid4(), now=lambda: now).look()
        async with database.read() as transaction:
            assert await kept_outcome(transaction) == read_outcome(home)
            query = select(alarm_sources.c.kind).where(alarm_sources.c.is_active)
            return list((await transaction.execute(query)).scalars())
    finally:
        await database.close()
