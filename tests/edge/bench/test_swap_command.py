"""``menshen device swap`` against simulators on real pseudo-terminals."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.command import main
from drivers.simulation import Simulation, Wiring

SITE = """
[site]
id = "site"
name = {{ en = "Site" }}

[[node]]
id = "gate-1"

[[bus]]
id = "rs485-1"
node = "gate-1"
port = "{port}"

[[device]]
id = "board-1"
driver = "{driver}"
bus = "rs485-1"
settings = {{ {settings} }}
"""


@pytest.fixture
def new_board(tmp_path: Path) -> Iterator[Simulation]:
    """A relay board as it comes out of its box: address 1."""
    with Simulation("waveshare_relay", {"unit_id": [1]}, Wiring(link=tmp_path / "line")) as board:
        yield board


def site_with(path: Path, port: str, settings: str, driver: str = "waveshare_relay") -> str:
    path.write_text(SITE.format(port=port, driver=driver, settings=settings), encoding="utf-8")
    return str(path)


def test_a_new_device_takes_the_address_of_the_one_it_replaces(
    new_board: Simulation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = site_with(tmp_path / "site.toml", new_board.driver_port, "unit_id = 7")

    assert main(["device", "swap", site, "board-1", "--from", "1"]) == 0

    assert list(new_board.state()["units"]) == ["7"]
    assert "board-1 keeps its id and its history" in capsys.readouterr().out


def test_a_device_that_has_its_address_already_is_only_set_up_and_tried(
    new_board: Simulation, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = site_with(tmp_path / "site.toml", "/nowhere", "unit_id = 1")

    assert main(["device", "swap", site, "board-1", "--port", new_board.driver_port]) == 0

    assert "board-1: the new waveshare_relay answers" in capsys.readouterr().out


def test_the_old_device_must_be_gone_before_the_new_one_takes_its_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wiring = Wiring(link=tmp_path / "line")
    with Simulation("waveshare_relay", {"unit_id": [1, 7]}, wiring) as boards:
        site = site_with(tmp_path / "site.toml", boards.driver_port, "unit_id = 7")

        assert main(["device", "swap", site, "board-1", "--from", "1"]) != 0

        assert sorted(boards.state()["units"]) == ["1", "7"]
    assert "answers at address 7 already: unplug the old device" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("driver", "settings", "device", "complaint"),
    [
        ("sdm630", "unit_id = 3", "board-1", "is set on the device itself: set it to 3"),
        ("rdm6300", "", "board-1", "has no address: run this without --from"),
        ("sdm630", "unit_id = 3", "board-9", "has no device 'board-9'; there are: board-1"),
    ],
)
def test_what_cannot_be_done_says_what_to_do(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    driver: str,
    settings: str,
    device: str,
    complaint: str,
) -> None:
    site = site_with(tmp_path / "site.toml", "/nowhere", settings, driver)

    assert main(["device", "swap", site, device, "--from", "1"]) != 0

    assert complaint in capsys.readouterr().err
