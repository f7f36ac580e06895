import stat
from pathlib import Path

import pytest

from config.settings import menshen_home, private_folder


def test_the_environment_names_the_state_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("MENSHEN_HOME", str(tmp_path / "state"))

    assert menshen_home() == tmp_path / "state"


def test_without_a_name_it_lies_in_the_users_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("MENSHEN_HOME", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    assert menshen_home() == tmp_path / "menshen"


def test_only_its_owner_enters_a_private_folder(tmp_path: Path) -> None:
    folder = private_folder(tmp_path / "a" / "b")

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
