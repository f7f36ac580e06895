"""The table of classes: nothing that central keeps is without a line in it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.retention.classes import CLASSES, data_class, is_overdue, next_run
from central.retention.rules import RULES, leaver_rules
from central.tables import metadata
from config.retention import Retention
from config.site import SiteError, load_site
from tests.central.bench import SITE

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
FILE = """
site = {{ id = "a", name = {{ en = "A" }} }}
[{table}]
{setting}
"""


def test_every_table_of_central_has_a_class() -> None:
    classified = {table for each in CLASSES for table in each.tables}

    assert classified == set(metadata.tables)


def test_every_file_that_a_terminal_keeps_of_people_has_a_class() -> None:
    files = {pattern for each in CLASSES for pattern in each.files}

    kept = {"clips/*", "replica.sqlite3", "journal.sqlite3*", "memory.sqlite3", "commands.sqlite3"}
    assert files == {*kept, "patrol-carriers.json", "*.damaged*"}


def test_every_limit_has_a_timer_and_every_timer_a_limit() -> None:
    limited = {each.name for each in CLASSES if each.kept(SITE) is not None}

    assert limited == {each.name for each in CLASSES if each.every is not None}
    at_central = {name for name in limited if data_class(name).place == "central"}
    of_leavers = leaver_rules(Ed25519PrivateKey.generate(), lambda: NOW)
    assert at_central == {*RULES, *of_leavers, "audit_log"}


def test_every_setting_of_retention_belongs_to_a_class() -> None:
    named = {each.setting.partition(".")[2] for each in CLASSES if "retention." in each.setting}

    assert named == set(Retention.model_fields)


@pytest.mark.parametrize(
    ("table", "setting"),
    [
        ("retention", f"{name} = {days + step}")
        for name in Retention.model_fields
        for days, step in zip(Retention.bounds(name), (-1, 1), strict=True)
    ]
    + [("policy", "audit_kept_days = 179"), ("policy", "crop_lifetime_h = 169")],
)
def test_a_limit_that_the_law_does_not_allow_is_refused_in_one_line(
    tmp_path: Path, table: str, setting: str
) -> None:
    path = tmp_path / "site.toml"
    path.write_text(FILE.format(table=table, setting=setting))

    with pytest.raises(SiteError) as refused:
        load_site(path)

    (line,) = str(refused.value).splitlines()
    assert f"{table}.{setting.partition(' ')[0]}: Input should be" in line


def test_a_timer_that_never_ran_or_ran_in_the_future_runs_now() -> None:
    assert next_run(None, HOUR, now=NOW) == NOW
    assert next_run(NOW + 5 * HOUR, HOUR, now=NOW) == NOW
    assert next_run(NOW - HOUR / 2, HOUR, now=NOW) == NOW + HOUR / 2


@pytest.mark.parametrize(
    ("due_at", "next_run_at", "expected"),
    [
        (None, NOW, False),
        (NOW - HOUR, NOW, False),
        (NOW - 3 * HOUR, NOW, True),
        (None, NOW - HOUR, False),
        (None, NOW - 2 * HOUR, True),
    ],
)
def test_a_timer_is_late_when_it_missed_a_round_or_left_what_was_due(
    due_at: datetime | None, next_run_at: datetime, expected: bool
) -> None:
    late = is_overdue(due_at=due_at, next_run_at=next_run_at, every=HOUR, now=NOW)

    assert late is expected
