"""Which version is in use, beside those that are installed."""

import os
import sys
from pathlib import Path

from config.doctor.findings import Level
from config.doctor.services import judge_units
from config.doctor.versions import check_versions


def version(prefix: Path, name: str, *, at: int | None) -> None:
    """Install a version; one without a time was interrupted."""
    (prefix / name).mkdir(parents=True)
    if at is not None:
        (prefix / name / ".complete").touch()
        os.utime(prefix / name / ".complete", (at, at))


def test_a_checkout_says_its_number(tmp_path: Path) -> None:
    [finding] = check_versions(tmp_path)

    assert finding.level is Level.OK


def test_a_newer_version_that_is_not_used_says_how_it_is(tmp_path: Path) -> None:
    version(tmp_path, "0.1.0-aaaa", at=2)
    version(tmp_path, "0.2.0-bbbb", at=1)
    version(tmp_path, "0.3.0-cccc", at=None)
    (tmp_path / "current").symlink_to("0.2.0-bbbb")

    newer, another, interrupted = check_versions(tmp_path)

    assert newer.advice == "`menshen bundle switch 0.1.0-aaaa` uses it"
    assert sys.prefix in another.message
    assert "0.3.0-cccc" in interrupted.message


def test_a_version_that_is_gone_is_a_problem(tmp_path: Path) -> None:
    version(tmp_path, "0.1.0-aaaa", at=1)
    (tmp_path / "current").symlink_to("0.2.0-bbbb")

    assert next(check_versions(tmp_path)).level is Level.PROBLEM


def test_units_that_failed_or_never_stay_up_are_named() -> None:
    listed = """\
menshen-central.service loaded active running Menshen central
menshen-backup.service loaded failed failed Menshen: back central up, sealed
menshen-edge@gate-1.service loaded activating auto-restart Menshen terminal
menshen-backup.timer loaded active waiting Every night
"""

    failed, restarting, active = judge_units(listed)

    assert (failed.level, failed.message) == (Level.PROBLEM, "menshen-backup.service failed")
    assert restarting.level is Level.WARNING
    assert active.message == "active: menshen-backup.timer, menshen-central.service"
