"""The installer, run as it is run: by the machine's Python, out of an unpacked bundle."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from config.installer import InstallError, Machine, rollback, switch
from tests.central.bundle.conftest import HERE

SYSTEM_PYTHON = str(getattr(sys, "_base_executable", sys.executable))


def installed(bundle: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Unpack a bundle and install it below a folder, with the network cut where that is allowed."""
    unpacked = folder / "unpacked"
    unpacked.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-xf", bundle, "-C", unpacked], check=True)
    options = ["--root", str(folder / "root"), *(words or ("install", "--role", "both"))]
    command = [SYSTEM_PYTHON, "-I", str(unpacked / "install.py"), *options]
    cut = ["unshare", "--net"]
    is_allowed = subprocess.run([*cut, "true"], check=False, capture_output=True).returncode == 0
    proxy = {"PATH": "/usr/bin:/bin:/usr/local/bin", "https_proxy": "http://127.0.0.1:9"}
    return subprocess.run(
        [*(cut if is_allowed else []), *command],
        env=proxy,
        capture_output=True,
        text=True,
        check=False,
        umask=0o077,  # of a root who is careful
    )


@pytest.fixture(scope="session")
def machine(bundle: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine that was installed from nothing."""
    folder = tmp_path_factory.mktemp("machine")
    done = installed(bundle, folder)
    assert done.returncode == 0, done.stderr
    return folder / "root"


def test_it_runs_without_a_network_and_holds_what_the_bundle_held(machine: Path) -> None:
    program = machine / "opt/menshen/current/bin/menshen"

    said = subprocess.run([program], capture_output=True, text=True, check=True).stdout

    assert said == "menshen of the bundle\n"


def test_units_settings_and_modes_are_in_their_places(machine: Path) -> None:
    assert (machine / "etc/systemd/system/menshen-central.service").is_file()
    assert (machine / "etc/systemd/system/menshen-edge@.service").is_file()
    assert (machine / "var/lib/menshen").stat().st_mode & 0o777 == 0o700
    assert (machine / "etc/menshen").stat().st_mode & 0o777 == 0o750
    assert (machine / "etc/menshen/central.env").stat().st_mode & 0o777 == 0o640
    program = machine / "opt/menshen/current/bin/menshen"
    assert all(each.stat().st_mode & 0o5 == 0o5 for each in (program, *list(program.parents)[:3]))


def test_installing_again_changes_nothing_and_keeps_what_the_administrator_wrote(
    bundle: Path, machine: Path
) -> None:
    env = machine / "etc/menshen/central.env"
    env.write_text("MENSHEN_CENTRAL_OPTIONS=mine\n")
    before = (machine / "opt/menshen/current/bin/menshen").stat().st_ino

    done = installed(bundle, machine.parent)

    assert "is installed and in use" in done.stdout
    assert (machine / "opt/menshen/current/bin/menshen").stat().st_ino == before
    assert env.read_text() == "MENSHEN_CENTRAL_OPTIONS=mine\n"


def test_one_that_was_interrupted_is_begun_anew(bundle: Path, tmp_path: Path) -> None:
    assert installed(bundle, tmp_path).returncode == 0
    place = (tmp_path / "root/opt/menshen/current").resolve()
    (place / ".complete").unlink()
    (place / "bin/menshen").unlink()

    assert installed(bundle, tmp_path).returncode == 0

    assert (place / "bin/menshen").is_file()


def test_a_version_is_taken_into_use_and_left_again(tmp_path: Path) -> None:
    here = Machine(tmp_path, Path("/opt/menshen"))
    for name in ("1.0-aa", "1.1-bb"):
        (here.prefix / name).mkdir(parents=True)
        (here.prefix / name / ".complete").touch()

    switch(here, "1.0-aa")
    switch(here, "1.1-bb")

    assert here.name_of(here.current) == "1.1-bb"
    assert here.name_of(here.previous) == "1.0-aa"
    assert here.versions() == ["1.0-aa", "1.1-bb"]
    with pytest.raises(InstallError, match=r"no version '2'.*1\.0-aa, 1\.1-bb"):
        switch(here, "2")


def test_a_restore_that_fails_leaves_everything_as_it_was(tmp_path: Path) -> None:
    here = Machine(tmp_path, Path("/opt/menshen"))
    for name in ("1.0-aa", "1.1-bb"):
        program = here.prefix / name / "bin/menshen"
        program.parent.mkdir(parents=True)
        (here.prefix / name / ".complete").touch()
        program.write_text("#!/bin/sh\n[ $1 = backup ] || { echo it is damaged; exit 1; }\n")
        program.chmod(0o755)
        switch(here, name)
    database = here.state / "central/central.sqlite3"
    database.parent.mkdir(parents=True)
    database.write_text("of 1.1")
    here.backups.mkdir()
    (here.backups / "2026-before-1.1-bb.menshen").touch()

    with pytest.raises(InstallError, match="it is damaged"):
        rollback(here, restore=True)

    assert (here.name_of(here.current), here.name_of(here.previous)) == ("1.1-bb", "1.0-aa")
    assert database.read_text() == "of 1.1"


def test_another_kind_of_machine_is_refused_in_one_line(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    installed(bundle, folder, "versions")
    manifest = folder / "unpacked/manifest.json"
    document = json.loads(manifest.read_text())
    document["targets"] = {"riscv64-3.9": {"installed_bytes": 1}}
    manifest.write_text(json.dumps(document))

    done = _install_unpacked(folder)

    assert done.returncode == 1
    assert done.stderr == f"install.py: this bundle is for riscv64-3.9; this machine is {HERE}\n"


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(
    bundle: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "small"
    installed(bundle, folder, "versions")
    unpacked = folder / "unpacked"
    document = json.loads((unpacked / "manifest.json").read_text())
    document["targets"][str(HERE)]["installed_bytes"] = 1 << 60
    (unpacked / "manifest.json").write_text(json.dumps(document))
    lines = (unpacked / "SHA256SUMS").read_text().splitlines()
    kept = [line for line in lines if not line.endswith("manifest.json")]
    (unpacked / "SHA256SUMS").write_text("\n".join(kept) + "\n")

    done = _install_unpacked(folder)

    assert done.returncode == 1
    assert "make room, nothing was changed" in done.stderr
    assert not list((folder / "root/opt/menshen").iterdir())


def test_a_part_that_was_changed_after_unpacking_is_refused(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "changed"
    installed(bundle, folder, "versions")
    with (folder / "unpacked/deployment/menshen.sh").open("a") as file:
        file.write("# more\n")

    done = _install_unpacked(folder)

    assert done.stderr == (
        "install.py: deployment/menshen.sh of the bundle was changed: do not use it\n"
    )


def test_a_part_that_nobody_signed_is_refused(bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    installed(bundle, folder, "versions")
    (folder / "unpacked/models").mkdir(exist_ok=True)
    (folder / "unpacked/models/other.onnx").touch()

    done = _install_unpacked(folder)

    assert done.stderr == (
        "install.py: nobody signed models/other.onnx of the bundle: do not use it\n"
    )


def test_uninstalling_keeps_settings_and_data(bundle: Path, tmp_path: Path) -> None:
    installed(bundle, tmp_path)
    (tmp_path / "root/var/lib/menshen/central").mkdir()

    done = installed(bundle, tmp_path, "uninstall")

    assert done.returncode == 0
    assert not (tmp_path / "root/opt/menshen").exists()
    assert (tmp_path / "root/var/lib/menshen/central").is_dir()
    assert (tmp_path / "root/etc/menshen/central.env").is_file()


def _install_unpacked(folder: Path) -> subprocess.CompletedProcess[str]:
    command = [SYSTEM_PYTHON, "-I", str(folder / "unpacked/install.py")]
    words = ["--root", str(folder / "root"), "install", "--role", "central"]
    return subprocess.run([*command, *words], capture_output=True, text=True, check=False)
