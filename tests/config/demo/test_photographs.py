from pathlib import Path

import pytest
import typer

from config.demo.photographs import find_photographs, find_pictures


def test_the_photographs_lie_in_installed_packages() -> None:
    photographs = find_photographs()

    assert set(photographs) == {"astronaut", "admiral"}
    assert all(photograph.path.is_file() for photograph in photographs.values())


def test_pictures_are_found_from_a_folder_beside_the_working_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "faces").mkdir()
    (tmp_path / "faces" / "print.jpg").touch()
    monkeypatch.chdir(tmp_path)

    [picture] = find_pictures(Path("faces")).values()

    assert picture.path == tmp_path.resolve() / "faces" / "print.jpg"


def test_a_folder_without_pictures_is_said(tmp_path: Path) -> None:
    with pytest.raises(typer.TyperException, match=r"holds no \.jpg or \.png picture"):
        find_pictures(tmp_path)
