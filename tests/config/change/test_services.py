"""Services of systemd are started again, central first, and must stay up."""

import stat
from pathlib import Path

import pytest

from config.change.keeping import ChangeError
from config.change.services import HealthyServices, NoServices, SystemdServices

LISTED = """\
menshen-edge@gate-1.service loaded active running Menshen terminal
menshen-backup.service loaded failed failed Menshen: back central up, sealed
menshen-central.service loaded active running Menshen central
"""


@pytest.fixture
def systemctl(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A systemctl that writes down what it was told; returns where.

    A unit named in ``unready`` does not start, and one in ``restless`` has a new process each time.
    """
    for name, text in (("listed", LISTED), ("told", ""), ("unready", ""), ("restless", "")):
        (tmp_path / name).write_text(text)
    program = tmp_path / "systemctl"
    program.write_text(
        "#!/bin/sh\n"
        f'cd "{tmp_path}"\n'
        'case "$1" in\n'
        "list-units) cat listed ;;\n"
        'show) grep -q "$2" restless && date +%N; echo ActiveState=active ;;\n'
        '*) echo "$*" >> told; [ "$1" != restart ] || ! grep -q "$2" unready ;;\n'
        "esac\n"
    )
    program.chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_central_is_started_again_first_and_nobody_who_reads_no_site_file(systemctl: Path) -> None:
    said = SystemdServices(settle_s=0).reload()

    restarted = [
        line for line in (systemctl / "told").read_text().splitlines() if "restart" in line
    ]
    assert restarted == ["restart menshen-central.service", "restart menshen-edge@gate-1.service"]
    assert said.startswith("started again and well: menshen-central.service")


def test_a_unit_that_does_not_become_ready_is_named(systemctl: Path) -> None:
    (systemctl / "unready").write_text("menshen-edge@gate-1.service")

    with pytest.raises(ChangeError, match=r"menshen-edge@gate-1\.service does not become ready"):
        SystemdServices(settle_s=0).reload()


def test_a_unit_that_starts_again_and_again_is_not_well(systemctl: Path) -> None:
    (systemctl / "restless").write_text("menshen-central.service")

    with pytest.raises(ChangeError, match=r"menshen-central\.service does not stay up"):
        SystemdServices(settle_s=60).reload()


def test_an_address_is_asked_until_it_is_well() -> None:
    answers = iter(["refused", "503", None])
    services = HealthyServices(
        NoServices(), ["http://central"], within_s=60, answers=lambda _: next(answers)
    )

    assert "start central" in services.reload()
