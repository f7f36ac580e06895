"""The command: checked, applied by a command of the administrator's own, and taken back."""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from config.change.keeping import Installed, Pending
from config.command import main

MENSHEN = Path(sys.executable).with_name("menshen")
EXAMPLE = Path(__file__).parents[3] / "config" / "example.toml"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The example site in use."""
    used = tmp_path / "etc" / "site.toml"
    used.parent.mkdir()
    shutil.copy(EXAMPLE, used)
    monkeypatch.setenv("MENSHEN_SITE", str(used))
    return used


@pytest.fixture
def changed(tmp_path: Path) -> Callable[[str, str], Path]:
    """Write the example site with other words."""

    def write(before: str, after: str) -> Path:
        text = EXAMPLE.read_text("utf-8")
        assert before in text
        (tmp_path / "new.toml").write_text(text.replace(before, after, 1), "utf-8")
        return tmp_path / "new.toml"

    return write


def reader(tmp_path: Path, refuses: str) -> str:
    """Return a command that notes what it reads and is not well with some words."""
    program = tmp_path / "reader.py"
    program.write_text(
        "import os, pathlib, sys\n"
        "text = pathlib.Path(os.environ['MENSHEN_SITE']).read_text('utf-8')\n"
        f"sys.exit('central is not ready' if {refuses!r} in text else 0)\n"
    )
    return f"{sys.executable} {program}"


@pytest.mark.usefixtures("site")
def test_a_check_says_each_mistake_on_a_line(
    changed: Callable[[str, str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    file = changed('driver = "speed_gate"', 'driver = "no_such_gate"')

    assert main(["config", "check", str(file)]) == 1
    assert "device gate-east: no driver 'no_such_gate'" in capfd.readouterr().out


@pytest.mark.usefixtures("site")
def test_a_check_says_what_would_change_and_whether_it_may(
    changed: Callable[[str, str], Path], capfd: pytest.CaptureFixture[str]
) -> None:
    file = changed("free_egress = true", "free_egress = false")

    assert main(["config", "check", str(file), "--json"]) == 1
    document = json.loads(capfd.readouterr().out)
    (change,) = document["changes"]
    assert (change["table"], change["name"]) == ("access_point", "east-exit")
    assert document["losses"][0]["weight"] == "to_accept"
    assert main(["config", "check", str(file), "--accept-losses"]) == 0


def test_a_file_goes_into_use_and_comes_back(
    site: Path, changed: Callable[[str, str], Path], tmp_path: Path
) -> None:
    file = changed("kiosk_port = 8180", "kiosk_port = 8181")
    reload = ["--reload-command", reader(tmp_path, refuses="nothing of it")]

    assert main(["config", "apply", str(file), *reload]) == 0
    assert site.read_bytes() == file.read_bytes()
    assert main(["config", "rollback", *reload]) == 0
    assert site.read_bytes() == EXAMPLE.read_bytes()


def test_a_file_that_services_are_not_well_with_is_left_again(
    site: Path,
    changed: Callable[[str, str], Path],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    file = changed("kiosk_port = 8180", "kiosk_port = 8181")
    reload = ["--reload-command", reader(tmp_path, refuses="8181")]

    assert main(["config", "apply", str(file), *reload]) == 1
    assert "central is not ready; the version before is in use again" in capfd.readouterr().err
    assert site.read_bytes() == EXAMPLE.read_bytes()


def test_an_address_that_does_not_answer_is_not_well(
    site: Path, changed: Callable[[str, str], Path], tmp_path: Path
) -> None:
    file = changed("kiosk_port = 8180", "kiosk_port = 8181")
    reload = ["--reload-command", reader(tmp_path, refuses="nothing of it")]
    health = ["--health-url", "http://127.0.0.1:9/api/v1/health", "--healthy-within", "1"]

    assert main(["config", "apply", str(file), *reload, *health]) == 1
    assert site.read_bytes() == EXAMPLE.read_bytes()


@pytest.mark.parametrize("confirms", [True, False])
def test_who_hangs_up_without_confirming_has_not_changed_anything(
    site: Path, changed: Callable[[str, str], Path], tmp_path: Path, confirms: bool
) -> None:
    file = changed("kiosk_port = 8180", "kiosk_port = 8181")
    words = [str(MENSHEN), "config", "apply", str(file)]
    words += ["--reload-command", reader(tmp_path, refuses="nothing of it")]
    # Long for one who confirms, short for one who does not.
    words += ["--confirm-within", "10" if confirms else "0.02"]

    with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        asked = process.stderr.readline()
        process.send_signal(signal.SIGHUP)
        if confirms:
            assert main(["config", "confirm"]) == 0

    assert b"menshen config confirm" in asked
    assert (process.returncode == 0) == confirms
    assert (site.read_bytes() == file.read_bytes()) == confirms


def test_nobody_confirms_before_the_services_are_up(
    site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    installed = Installed(site)
    pending = Pending(until=datetime(2026, 11, 30, tzinfo=UTC), kept="site.toml.before")
    installed.await_confirmation(pending)

    with installed.alone():
        assert main(["config", "confirm"]) == 1

    assert "somebody else is changing" in capfd.readouterr().err
    assert installed.pending() == pending


@pytest.mark.usefixtures("site")
def test_the_file_in_use_is_not_applied_to_itself(
    site: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", "apply", str(site)]) == 1
    assert "change a copy of it" in capfd.readouterr().err
