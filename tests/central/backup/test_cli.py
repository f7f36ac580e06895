"""A passphrase is shown once; who has it gets everything back, and nobody else does."""

from pathlib import Path

import pytest

from tests.central.backup.places import menshen
from tests.central.bench import running_central


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a central that has worked."""
    home = tmp_path_factory.mktemp("stopped") / "home"
    with running_central(home) as bench:
        bench.person("Anna")
    return home


def test_what_was_shown_once_opens_it(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file, new = tmp_path / "b", tmp_path / "new"

    _, made = menshen(capsys, "backup", file, "--home", home, "--include", "kek", "--json")
    assert isinstance(made, dict)
    monkeypatch.setenv("MENSHEN_BACKUP_PASSPHRASE", made["passphrase"])
    monkeypatch.setenv("MENSHEN_KEK_PASSPHRASE", made["kek_passphrase"])
    code, found = menshen(capsys, "restore", file, "--home", new, "--with-kek", "--json")

    assert code == 0
    assert isinstance(found, dict)
    assert (found["has_keys"], found["problems"], found["audit_entries"]) == (True, [], 4)
    assert made["passphrase"].encode() not in file.read_bytes()


def test_another_passphrase_does_not(
    home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    menshen(capsys, "backup", tmp_path / "b", "--home", home, "--json")
    monkeypatch.setenv("MENSHEN_BACKUP_PASSPHRASE", "not the one that was shown")

    code, line = menshen(capsys, "backup", "--check", tmp_path / "b")

    assert code != 0
    assert line == "menshen: this passphrase does not open the backup: it was made with another"


def test_a_home_without_a_central_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, line = menshen(
        capsys,
        "backup",
        tmp_path / "b",
        "--home",
        tmp_path / "no",
        "--key",
        tmp_path / "k",
        "--json",
    )

    assert code != 0
    assert "there is no" in line
    assert "--home" in line
    assert list(tmp_path.iterdir()) == []


def test_a_folder_is_no_recovery_key(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "k").mkdir()

    code, line = menshen(capsys, "backup", tmp_path / "b", "--home", home, "--key", tmp_path / "k")

    assert (code, (tmp_path / "b").exists()) == (1, False)
    assert "is a folder: give the file" in line
