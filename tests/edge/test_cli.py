from pathlib import Path

import pytest

from config.command import main

SITE = """
[site]
id = "demo"
name = { en = "Demo" }
[[node]]
id = "gate-1"
kiosk_port = 0
"""


@pytest.fixture
def site(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(SITE)
    return path


def complaint(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Return the one line that ``menshen edge`` says about a mistake."""
    assert main(["edge", *words]) != 0
    said = capsys.readouterr()
    assert said.out == ""
    assert "Traceback" not in said.err
    return said.err.strip().splitlines()[-1]


def test_a_node_that_has_not_joined_is_told_how(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = complaint(
        capsys, "--site", str(site), "--node", "gate-1", "--home", str(tmp_path / "home")
    )

    assert "--token" in line


def test_an_unknown_node_is_told_which_there_are(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "it has: gate-1" in complaint(capsys, "--site", str(site), "--node", "gate-9")


def test_a_damaged_token_is_one_line(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    line = complaint(
        capsys, "--site", str(site), "--node", "gate-1", "--home", str(tmp_path / "home"),
        "--token", "menshen1.AAAA",
    )  # fmt: skip

    assert "copy the whole line" in line


def test_a_home_that_cannot_be_made_is_one_line(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")

    line = complaint(
        capsys, "--site", str(site), "--node", "gate-1", "--home", str(tmp_path / "file" / "home")
    )

    assert "Not a directory" in line
