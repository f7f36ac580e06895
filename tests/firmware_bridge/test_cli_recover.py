import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.command import main
from drivers.simulation import Simulation
from firmware_bridge.rom_recovery import FLASH_BEGIN
from tests.config.images import public_pem, signed


@pytest.fixture
def chip() -> Iterator[Simulation]:
    simulation = Simulation("stm32_rom")
    yield simulation
    simulation.close()


@pytest.fixture
def words(chip: Simulation, tmp_path: Path) -> list[str]:
    (tmp_path / "image.bin").write_bytes(signed())
    (tmp_path / "key.pem").write_text(public_pem())
    recover = ["firmware", "recover", chip.driver_port, str(tmp_path / "image.bin")]
    return [*recover, "--keys", str(tmp_path / "key.pem")]


def test_a_chip_without_mcuboot_is_recovered(
    chip: Simulation, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*words, "--hw", "0x2A", "--bare", "--json"]) == 0

    said = json.loads(capsys.readouterr().out)
    assert (said["outcome"], said["version"], said["chip_id"]) == ("recovered", "1.2.3+4", 0x410)
    assert chip.state()["started_at"] == FLASH_BEGIN


def test_a_slot_is_written_and_what_stands_before_it_is_left(
    chip: Simulation, words: list[str]
) -> None:
    assert main([*words, "--hw", "42", "--at", "0x08004000", "--page-size", "1024"]) == 0

    assert chip.state()["erased_pages"] == [16, 17]


@pytest.mark.parametrize(
    ("more", "code", "shown"),
    [
        (["--hw", "43", "--bare"], 1, "for boards of type 0x0000002A, this is a 0x0000002B"),
        (["--hw", "42"], 2, "slot 0"),
        (["--hw", "42", "--at", "0x08004000"], 2, "give the size of a page"),
        (["--hw", "forty"], 2, "--hw is a number"),
    ],
)
def test_what_must_not_be_written_is_refused_in_one_line(
    chip: Simulation,
    words: list[str],
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    code: int,
    shown: str,
) -> None:
    assert main([*words, *more]) == code

    said = capsys.readouterr().err
    assert shown in said
    assert said.count("\n") == 1
    assert chip.state()["erased_pages"] == []


def test_a_chip_that_is_not_in_its_loader_is_refused_in_one_line(
    chip: Simulation, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    chip.act("power_cycle", {"in_loader": False})

    assert main([*words, "--hw", "42", "--bare"]) == 1

    assert "close BOOT0, switch the board off and on" in capsys.readouterr().err


def test_a_chip_that_refuses_is_told_apart_from_one_that_is_silent(
    chip: Simulation, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    chip.act("protect", {"on": True})

    assert main([*words, "--hw", "42", "--bare", "--json"]) == 1

    said = json.loads(capsys.readouterr().out)
    assert (said["outcome"], said["reason"]) == ("failed", "rejected")
    assert "read-out protection" in said["detail"]
