"""``menshen audit``: whether the log is whole, without asking central."""

import asyncio
import json
from pathlib import Path

import pytest

from config.command import main
from tests.central.audit.log import execute
from tests.central.bench import running_central


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The state folder of a central that has worked and stopped."""
    with running_central(tmp_path) as bench:
        for name in "ABC":
            bench.person(name)
    return tmp_path


def audit(home: Path, *words: str) -> int:
    return main(["audit", *words, "--home", str(home)])


def test_a_whole_log_is_a_document_and_exit_code_0(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(home, "verify", "--json") == 0

    document = json.loads(capsys.readouterr().out)
    assert document == {
        "ok": True, "entries": 5, "first": 1, "last": 5, "broken_at": None,
    }  # fmt: skip


def test_a_broken_log_says_where_and_exits_with_1(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    execute(
        f"sqlite:///{home / 'central.sqlite3'}",
        "UPDATE audit_log SET objects = '' WHERE sequence = 3",
    )

    assert audit(home, "verify", "--json") == 1
    assert json.loads(capsys.readouterr().out)["broken_at"] == 3
    assert audit(home, "verify") == 1
    assert "broken at entry 3" in capsys.readouterr().out


def test_the_log_is_verified_while_central_runs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_central(tmp_path) as bench:
        bench.person("A")

        assert audit(tmp_path, "verify") == 0
        bench.person("B")

    assert "whole: 3 entries" in capsys.readouterr().out


def test_an_end_that_was_noted_down_finds_a_log_that_was_set_back(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(home, "head") == 0
    head = capsys.readouterr().out.strip()
    assert audit(home, "verify", "--head", head) == 0
    url = f"sqlite:///{home / 'central.sqlite3'}"
    execute(
        url,
        "DELETE FROM audit_log WHERE sequence = 5",
        "UPDATE site_values SET value = (SELECT '4:' || hash FROM audit_log WHERE sequence = 4)"
        " WHERE name = 'audit_head'",
    )

    assert audit(home, "verify") == 0
    assert audit(home, "verify", "--head", head) == 1


@pytest.mark.parametrize("words", [("verify",), ("verify", "--head", "x")])
def test_what_cannot_be_read_is_a_line(
    tmp_path: Path, words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(tmp_path, *words) != 0

    assert len(capsys.readouterr().err.strip().splitlines()) >= 1


@pytest.fixture
def retired(tmp_path: Path) -> Path:
    """The state folder of a central whose timer has retired entries."""
    with running_central(tmp_path) as bench:
        bench.clock.advance(days=-800)
        for name in "ABC":
            bench.person(name)
        bench.clock.advance(days=800)
        services = bench.app.state.services
        asyncio.run_coroutine_threadsafe(services.retention.run_due(), services.loop).result(60)
    return tmp_path


def test_what_took_the_place_of_retired_entries_is_signed_by_central(
    retired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert audit(retired, "verify", "--json") == 0

    assert json.loads(capsys.readouterr().out)["first"] > 1


def test_a_forged_beginning_is_found(retired: Path, capsys: pytest.CaptureFixture[str]) -> None:
    execute(
        f"sqlite:///{retired / 'central.sqlite3'}",
        "DROP TRIGGER audit_anchors_update",
        "UPDATE audit_anchors SET signature = substr(signature, 2) || 'A'",
    )

    assert audit(retired, "verify", "--json") == 1

    document = json.loads(capsys.readouterr().out)
    assert (document["ok"], document["broken_at"] >= 1) == (False, True)


def test_without_the_key_it_says_that_signatures_are_not_checked(
    retired: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (retired / "kek").unlink()

    assert audit(retired, "verify") == 0

    assert "signatures of retired entries are not checked" in capsys.readouterr().err
