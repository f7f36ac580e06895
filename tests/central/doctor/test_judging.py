"""What measurements of a central are worth."""

from datetime import UTC, datetime, timedelta

import pytest

from central.backup.verifying import Outcome
from central.doctor.judging import (
    judge_backup,
    judge_growth,
    judge_partitions,
    judge_restore,
    judge_server,
)
from central.doctor.repository import ServerState
from central.events.partitions import LENGTH_MIN
from central.events.stored import Stored
from config.doctor.findings import Level

NOW = datetime(2026, 11, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def growth(
    free_bytes: int | None, *, count: int = 1_000_000, days: float = 70
) -> tuple[Level, str]:
    """A database of 1 GB, with a seventh of its million events of the last week."""
    stored = Stored(count, NOW - days * DAY, 140_000)
    found = judge_growth(
        "database", stored, size_bytes=1_000_000_000, free_bytes=free_bytes, now=NOW
    )
    return found.level, found.message


@pytest.mark.parametrize(
    ("free_bytes", "level", "words"),
    [
        (100_000_000_000, Level.OK, "20 MB a day more (20,000 events a day): the disk lasts 5,000"),
        (400_000_000, Level.WARNING, "lasts 20 days"),
        (100_000_000, Level.PROBLEM, "lasts 5 days"),
        (None, Level.OK, "its server knows"),
    ],
)
def test_a_disk_lasts_as_long_as_the_last_week_says(
    free_bytes: int | None, level: Level, words: str
) -> None:
    found = growth(free_bytes)

    assert found[0] is level
    assert words in found[1]


def test_of_few_events_or_hours_nothing_is_said() -> None:
    assert "too few" in growth(1, count=9_999)[1]
    assert "too few" in growth(1, days=0.9)[1]


def test_events_of_three_days_are_a_third_of_them_a_day() -> None:
    assert "46,667 events a day" in growth(10**12, days=3)[1]


@pytest.mark.parametrize(
    ("room", "level", "words"),
    [
        (LENGTH_MIN, Level.OK, "for 4,194,304 more events"),
        (LENGTH_MIN // 2 - 1, Level.WARNING, "for 2,097,151 more events"),
        (0, Level.PROBLEM, "they go to events_rest"),
    ],
)
def test_a_partition_is_missed_before_events_go_without_one(
    room: int, level: Level, words: str
) -> None:
    found = judge_partitions("partitions", room)

    assert (found.level, words in found.message) == (level, True)


@pytest.mark.parametrize(
    ("age", "problem", "level"),
    [
        (DAY, "", Level.OK),
        (3 * DAY, "", Level.WARNING),
        (9 * DAY, "", Level.PROBLEM),
        (DAY, "it is no backup", Level.PROBLEM),
        (None, "", Level.WARNING),
    ],
)
def test_a_backup_is_judged_by_its_age(age: timedelta | None, problem: str, level: Level) -> None:
    made_at = None if age is None else NOW - age

    assert judge_backup("backup", made_at, problem, now=NOW).level is level


@pytest.mark.parametrize(
    ("outcome", "level", "words"),
    [
        (Outcome(tried_at=NOW - DAY, proved_at=NOW - DAY), Level.OK, "24 h ago"),
        (Outcome(tried_at=NOW - 9 * DAY, proved_at=NOW - 9 * DAY), Level.PROBLEM, "every week"),
        (Outcome(tried_at=NOW, problem="no key"), Level.PROBLEM, "failed: no key; no restore"),
        (None, Level.WARNING, "no restore was proved yet"),
    ],
)
def test_a_restore_is_judged_by_its_proof(
    outcome: Outcome | None, level: Level, words: str
) -> None:
    found = judge_restore("restore", outcome, since=NOW, now=NOW)

    assert found.level is level
    assert words in found.message


def test_a_server_that_is_nearly_full_or_lives_in_another_time_is_named() -> None:
    state = ServerState("18.1", NOW + timedelta(seconds=90), 80, 97)

    connections, clock = judge_server("database", state, now=NOW)

    assert connections.message == "PostgreSQL 18.1, 80 of 97 connections used"
    assert connections.level is Level.WARNING
    assert "90 s behind" in clock.message
