from importlib.metadata import entry_points

import pytest
import typer

from config.command import COMMAND_GROUP, main


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0

    shown = capsys.readouterr().out
    assert all(point.name in shown for point in entry_points(group=COMMAND_GROUP))


def test_an_unknown_command_is_told_the_known_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["opensesame"]) == 2

    complaint = capsys.readouterr().err
    assert complaint.startswith("menshen: no command 'opensesame'; there are: ")
    assert len(complaint.splitlines()) == 1


@pytest.mark.parametrize("point", entry_points(group=COMMAND_GROUP), ids=lambda point: point.name)
def test_every_command_is_an_app_with_help(
    point: object, capsys: pytest.CaptureFixture[str]
) -> None:
    name = getattr(point, "name", "")

    assert main([name, "--help"]) == 0
    assert "Usage: menshen" in capsys.readouterr().out


def test_every_command_is_a_typer_app() -> None:
    assert all(isinstance(p.load(), typer.Typer) for p in entry_points(group=COMMAND_GROUP))


@pytest.mark.parametrize("point", entry_points(group=COMMAND_GROUP), ids=lambda point: point.name)
def test_a_wrong_option_is_one_line(point: object, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([getattr(point, "name", ""), "--no-such-option"]) == 2

    assert len(capsys.readouterr().err.splitlines()) == 1


def test_no_command_shows_help_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2

    assert "Usage: menshen COMMAND" in capsys.readouterr().out
