"""smpmgr, an independent client, talks to our simulated board as it would to any."""

import re
from pathlib import Path

from config.board_image import read_image
from tests.system.simulated_boards import (
    SimulatedBoard,
    image_file,
    simulated_board,
    smpmgr,
    until,
)


def shown(one: SimulatedBoard, *words: str | Path) -> str:
    """Return what smpmgr shows, without colours and without what breaks its lines."""
    done = smpmgr(one.port, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return "".join(re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", done.stdout).split())


def test_smpmgr_asks_a_board_and_updates_it(tmp_path: Path) -> None:
    image, log = image_file(tmp_path / "image.bin", body=bytes(9000)), tmp_path / "board.txt"
    image_hash = read_image(image.read_bytes()).hash.hex().upper()
    with simulated_board(tmp_path) as one:
        echoed = shown(one, "os", "echo", "menshen")
        shown(one, "image", "upload", image)
        slots = shown(one, "image", "state-read")
        shown(one, "image", "state-write", image_hash)
        shown(one, "os", "reset")
        until(lambda: one.state()["version"] == "1.1.0+0")
        on_trial = one.state()
        shown(one, "image", "state-write", "--confirm")
        confirmed = one.state()
        shown(one, "file", "download", "/log/board.txt", log)

    assert "r='menshen'" in echoed
    assert "version='1.0.0'" in slots
    assert image_hash in slots
    assert (on_trial["on_trial"], confirmed["on_trial"]) == (True, False)
    assert confirmed["version"] == "1.1.0+0"
    assert log.read_text()
