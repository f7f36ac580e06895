"""A change of the site file that waits is a finding of its own."""

from datetime import UTC, datetime
from pathlib import Path

from config.change.keeping import Installed, Pending
from config.doctor.command import check_pending


def test_a_change_that_waits_is_said_with_its_end(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.touch()
    assert list(check_pending(site)) == []

    until = datetime(2026, 11, 30, 17, 45, tzinfo=UTC)
    Installed(site).await_confirmation(Pending(until=until, kept="site.toml.before"))

    [finding] = check_pending(site)
    assert "2026-11-30 17:45 UTC" in finding.message
    assert "menshen config confirm" in finding.advice
