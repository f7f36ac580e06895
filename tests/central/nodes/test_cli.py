"""``menshen nodes``: since when terminals have their keys, and that they change them."""

import json

import pytest

from config.command import main
from tests.central.bench import PASSWORD, Bench
from tests.central.nodes.changing import Changing


def run(bench: Bench, *arguments: str) -> int:
    return main(["nodes", *arguments, "--username", "admin", "--url", bench.url])


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MENSHEN_PASSWORD", PASSWORD)


def test_every_terminal_that_has_joined_is_told_to_change_its_keys(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    node = bench.node()
    assert bench.administrator

    assert run(bench, "change-keys", "--all") == 0

    assert capsys.readouterr().out == "gate-1: is told to change its keys\n"
    assert run(bench, "status") == 0
    first, second = capsys.readouterr().out.splitlines()
    assert "asked for others" in first
    assert second == "gate-2: has not joined"
    Changing(node).taken()
    assert run(bench, "status") == 0
    assert "those before are good until" in capsys.readouterr().out
    assert run(bench, "status", "--json") == 0
    assert json.loads(capsys.readouterr().out)[0]["keys_wanted_at"] is None


def test_who_names_nobody_changes_nothing(bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(bench, "change-keys") == 2
    assert "name terminals, or say --all" in capsys.readouterr().err


def test_a_terminal_that_is_not_there_is_one_line(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    assert bench.administrator

    assert run(bench, "change-keys", "gate-1") == 1
    assert capsys.readouterr().err.count("\n") == 1
