"""``menshen firmware recover`` against a simulated chip in another process."""

import json
from pathlib import Path

import pytest

from config.command import main
from tests.config.images import public_pem
from tests.drivers.test_cli import simulated
from tests.system.simulated_boards import firmware, image_file

BODY = bytes(range(200)) * 10


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "maker.pem"
    path.write_text(public_pem())
    return path


def test_a_chip_gets_a_signed_image_through_its_own_loader(tmp_path: Path, keys: Path) -> None:
    image = image_file(tmp_path / "image.bin", body=BODY)
    with simulated("stm32_rom", "--port", str(tmp_path / "rom")) as (ready, _):
        done = firmware(
            "recover", ready["port"], image, "--hw", "0x2A", "--keys", keys,
            "--at", "0x08008000", "--page-size", "1024", "--json",
        )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "port": ready["port"],
        "outcome": "recovered",
        "chip_id": json.loads(done.stdout)["chip_id"],
        "version": "1.1.0",
        "written_bytes": image.stat().st_size,
    }


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["--hw", "43", "--bare"], 1, "refused: the image is for boards of type 0x0000002A"),
        (["--hw", "42", "--bare"], 1, "failed: there is no port /no/port: is the adapter"),
        (["--hw", "4x", "--bare"], 2, "--hw is a number, 42 or 0x2A, not '4x'"),
        (["--hw", "42"], 2, "where does MCUboot look for its image? --at ADDRESS"),
        (["--hw", "42", "--at", "0x08008000"], 2, "would be erased: give the size of a page"),
        (["--hw", "42", "--at", "8000", "--page-size", "1"], 2, "an image cannot begin at"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    tmp_path: Path,
    keys: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    line: str,
) -> None:
    image = image_file(tmp_path / "image.bin", body=BODY)

    ended = main(["firmware", "recover", "/no/port", str(image), "--keys", str(keys), *words])

    said = capsys.readouterr().err.splitlines()
    assert (ended, len(said)) == (code, 1)
    assert line in said[0]
