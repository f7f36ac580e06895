"""Keys and data are their owner's alone, and the service can use them."""

from pathlib import Path

import pytest

from config.doctor.files import check_private, judge_files
from config.doctor.findings import Level


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A state folder as a service makes it."""
    made = tmp_path / "central"
    (made / "tls").mkdir(parents=True)
    (made / "tls" / "server.key").write_text("a key")
    (made / "kek").write_text("a key")
    made.chmod(0o700)
    return made


def test_a_folder_that_nobody_else_enters_is_well_whatever_is_in_it(folder: Path) -> None:
    (folder / "kek").chmod(0o644)

    [finding] = check_private(folder, folder.parent / "backup.key")

    assert finding.level is Level.OK


def test_a_folder_that_others_enter_names_what_they_can_use(folder: Path) -> None:
    for path in (folder / "tls", folder / "tls" / "server.key"):
        path.chmod(0o700)
    (folder / "kek").chmod(0o640)
    folder.chmod(0o755)

    [finding] = check_private(folder)

    assert finding.level is Level.PROBLEM
    assert str(folder / "kek") in finding.message
    assert "server.key" not in finding.message
    assert finding.advice == f"chmod -R go= {folder}"


def test_a_key_beside_the_folder_must_be_as_private(folder: Path) -> None:
    key = folder.parent / "backup.key"
    key.write_text("a key")
    key.chmod(0o604)

    [finding] = check_private(folder, key)

    assert (finding.level, finding.advice) == (Level.PROBLEM, f"chmod go= {key}")


def test_what_another_user_has_left_there_is_named() -> None:
    folder, key = Path("/var/lib/menshen/central"), Path("/var/lib/menshen/central/kek")

    [finding] = judge_files(folder, {folder: (0o700, 1000), key: (0o600, 0)})

    assert finding.level is Level.PROBLEM
    assert finding.advice == f"chown -R --reference={folder} {folder}"


def test_a_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    [finding] = check_private(tmp_path / "central")

    assert finding.level is Level.PROBLEM
