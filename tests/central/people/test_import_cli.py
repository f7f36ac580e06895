"""``menshen people import`` against a running central, as an operator types it."""

import json
from pathlib import Path

import pytest

from config.command import main
from tests.central.bench import PASSWORD, Bench
from tests.central.people.importing import imported, people
from tests.central.people.roster.files import csv_file


@pytest.fixture(autouse=True)
def terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """An English terminal whose operator need not type the password."""
    monkeypatch.setenv("MENSHEN_PASSWORD", PASSWORD)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file with two good rows and a bad one."""
    path = tmp_path / "roster.csv"
    path.write_bytes(csv_file("工号,姓名,卡号", "1,A,0006547886", "2,B,", "3,C,1.23E+09"))
    return path


def run(bench: Bench, file: Path, *options: str) -> int:
    assert bench.administrator
    return main(
        ["people", "import", str(file), "--url", bench.url, "--username", "admin", *options]
    )


def test_a_dry_run_says_what_would_change_and_changes_nothing(
    bench: Bench, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(bench, file, "--dry-run") == 3

    out, err = capsys.readouterr()
    assert "2 new, 0 changed, 0 leaving, 0 unchanged, 1 refused" in out
    assert "Row 4 · Card: the spreadsheet has rounded it" in err
    assert "6547886" not in out + err
    assert people(bench) == {}


def test_a_dry_run_is_a_document_for_machines(
    bench: Bench, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(bench, file, "--dry-run", "--json") == 3

    document = json.loads(capsys.readouterr().out)
    assert document["preview"]["counts"]["new"] == 2
    assert document["result"] is None


def test_a_file_is_applied_without_a_question(
    bench: Bench, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(bench, file, "--apply") == 3

    assert "done: 2 new" in capsys.readouterr().out
    assert people(bench).keys() == {"1", "2"}


def test_refusals_speak_the_operators_language(
    bench: Bench, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(bench, file, "--dry-run", "--language", "zh-CN")

    assert "第 4 行 · 卡号：号码已被表格改成科学计数" in capsys.readouterr().err


def test_a_file_that_changes_nothing_asks_nothing(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(bench, "工号,姓名", "1,A")
    path = tmp_path / "same.csv"
    path.write_bytes(csv_file("工号,姓名", "1,A"))

    assert run(bench, path) == 0

    assert "1 unchanged" in capsys.readouterr().out


def test_half_a_file_needs_a_second_flag(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    imported(bench, "工号,姓名", "1,A", "2,B")
    path = tmp_path / "half.csv"
    path.write_bytes(csv_file("工号,姓名", "1,A"))

    assert run(bench, path, "--apply", "--leavers-missing") == 1
    assert "is it the whole file?" in capsys.readouterr().err
    assert run(bench, path, "--apply", "--leavers-missing", "--missing-confirmed") == 0

    assert not people(bench)["2"]["is_active"]


def test_a_file_that_cannot_be_used_is_a_line(
    bench: Bench, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "a.csv"
    path.write_text("nothing", "utf-8")

    assert run(bench, path) == 1
    assert run(bench, tmp_path / "absent.csv") == 2

    assert "one line must name the columns" in capsys.readouterr().err
