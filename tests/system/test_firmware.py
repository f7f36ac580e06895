"""``menshen firmware`` against simulated boards: all are processes, images are imgtool's."""

import asyncio
import json
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import serial
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from config.command import main
from drivers.bus import Bus
from firmware_bridge.client import BoardClient
from firmware_bridge.signing import KeySigner
from tests.config.images import private_key, public_pem
from tests.system.simulated_boards import (
    BODY,
    DEADLINE_S,
    SimulatedBoard,
    firmware,
    firmware_command,
    image_file,
    simulated_board,
    until,
)

DOES_NOT_START = b"menshen-board-behaviour: does_not_start"
SITE = """
[site]
id = "test-site"
name = {{ "zh-CN" = "测试", en = "Test" }}
[boards]
keys = ['''{pem}''']
prove_s = 1
[[node]]
id = "gate-1"
[[bus]]
id = "line-1"
node = "gate-1"
port = "{port}"
baudrate = 115200
[[device]]
id = "lane-board"
driver = "board"
bus = "line-1"
settings = {{ output_count = 4 }}
"""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "maker.pem"
    path.write_text(public_pem())
    return path


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedBoard]:
    """Yield a board that nothing is done to."""
    with simulated_board(tmp_path_factory.mktemp("board"), settings=["version=1.0.0"]) as one:
        yield one


def said(capsys: pytest.CaptureFixture[str], *words: str | Path) -> tuple[int, str]:
    """Return exit code and the one line on standard error; the command runs in this process."""
    code = main(["firmware", *map(str, words)])
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1, lines
    return code, lines[0]


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what a command printed."""
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def test_a_signed_image_is_updated_confirmed_and_rolled_back(tmp_path: Path, keys: Path) -> None:
    image = image_file(tmp_path / "image.bin")
    with simulated_board(tmp_path) as one:
        updated = firmware("update", one.port, image, "--keys", keys, "--prove", "1", "--json")
        running = one.state()
        back = firmware("rollback", one.port, "--prove", "1", "--json")
        running_then = one.state()

    assert (updated.returncode, back.returncode) == (0, 0), updated.stderr + back.stderr
    assert document(updated) | {"took_s": 0} == {
        "board": one.port,
        "outcome": "confirmed",
        "reason": None,
        "detail": "",
        "running": "1.1.0",
        "image": document(updated)["image"],
        "uploaded_bytes": image.stat().st_size,
        "took_s": 0,
    }
    assert (running["version"], running["on_trial"]) == ("1.1.0+0", False)
    assert (document(back)["outcome"], document(back)["running"]) == ("confirmed", "1.0.0")
    assert (running_then["version"], running_then["on_trial"]) == ("1.0.0+0", False)


def test_the_log_of_a_board_is_printed(board: SimulatedBoard) -> None:
    done = firmware("log", board.port)

    assert done.returncode == 0, done.stderr
    assert "1.0.0" in done.stdout
    assert done.stdout.endswith("\n")


@pytest.mark.parametrize(
    ("how", "reason", "words"),
    [
        ({"key": "stranger"}, "wrong_key", "none of this site's"),
        ({"key": None}, "not_signed", "the image is not signed"),
        ({"version": "0.9.0"}, "downgrade", "older than the 1.0.0 that runs"),
        ({"hw": 43}, "other_board", "for boards of type 0x0000002B, this is a 0x0000002A"),
    ],
)
def test_an_image_that_is_not_for_the_board_is_refused_with_one_line(
    board: SimulatedBoard,
    tmp_path: Path,
    keys: Path,
    capsys: pytest.CaptureFixture[str],
    how: dict[str, Any],
    reason: str,
    words: str,
) -> None:
    update = ["update", board.port, str(image_file(tmp_path / "image.bin", **how)), "--keys"]

    code, line = said(capsys, *update, keys)

    assert code == 1
    assert words in line
    assert main(["firmware", *update, str(keys), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["reason"] == reason
    assert (board.state()["version"], board.state()["erases"]) == ("1.0.0+0", 1)


def test_a_truncated_image_is_refused_with_one_line(
    tmp_path: Path, keys: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = image_file(tmp_path / "image.bin")
    image.write_bytes(image.read_bytes()[:20_000])

    code, line = said(capsys, "update", tmp_path / "no-port-is-opened", image, "--keys", keys)

    assert (code, "ends at byte 20000" in line) == (1, True)


def test_an_image_that_does_not_start_goes_back(tmp_path: Path, keys: Path) -> None:
    image = image_file(tmp_path / "image.bin", body=DOES_NOT_START)
    with simulated_board(tmp_path) as one:
        done = firmware("update", one.port, image, "--keys", keys, "--json")
        state = one.state()

    assert done.returncode == 1
    assert (document(done)["outcome"], document(done)["running"]) == ("went_back", "1.0.0")
    assert (state["version"], state["on_trial"], state["is_unbootable"]) == (
        "1.0.0+0",
        False,
        False,
    )


def test_who_a_board_is_is_said(board: SimulatedBoard, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["firmware", "info", board.port, "--json"]) == 0
    about = json.loads(capsys.readouterr().out)

    assert (about["model"], about["hw"], about["serial_number"]) == ("menshen-b1", 42, "SIM-0001")
    assert about["images"][0] | {"hash": ""} == {
        "slot": 0,
        "version": "1.0.0",
        "hash": "",
        "is_active": True,
        "is_confirmed": True,
        "is_pending": False,
    }
    assert set(about["statistics"]) >= {"link", "power", "flash"}
    assert main(["firmware", "info", board.port]) == 0
    assert "slot 0: 1.0.0, runs, confirmed" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "code", "line"),
    [
        (["info", "{port}@5"], 1, "no board answers on {port} at address 5: is it powered"),
        (["info", "{port}", "--address", "248"], 2, "1..247, or 0 alone, not 248"),
        (["info", "/dev/no-such-port"], 1, "there is no port /dev/no-such-port: is the adapter"),
        (["info", "lane-board"], 2, "'lane-board' is no port: write one as /dev/ttyUSB0"),
        (
            ["update", "{port}", "/no/image", "--keys", "{keys}"],
            2,
            "image /no/image cannot be read",
        ),
        (["update", "{port}", "{keys}"], 2, "whose images are taken? name the signer's public key"),
        (["update", "{port}", "{keys}", "--keys", "{keys}"], 1, "refused: "),
        (["rollback", "{port}"], 1, "the board has no other image to go back to"),
        (["fleet", "{keys}", "--keys", "{keys}"], 1, "not an MCUboot image"),
        (["fleet", "{image}", "--keys", "{keys}"], 2, "name the boards, or the site file"),
        (["fleet", "{image}", "/x", "/x", "--keys", "{keys}"], 2, "/x is named twice"),
        (["info", "x", "--site", "/no/site"], 2, "there is no site file /no/site"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    board: SimulatedBoard,
    keys: Path,
    capsys: pytest.CaptureFixture[str],
    words: list[str],
    code: int,
    line: str,
) -> None:
    image = image_file(keys.with_name("image.bin"))
    names = {"port": board.port, "keys": str(keys), "image": str(image)}

    ended, told = said(capsys, *(word.format(**names) for word in words))

    assert ended == code
    assert line.format(**names) in told


def test_a_port_that_the_node_has_open_is_the_consoles(
    board: SimulatedBoard, capsys: pytest.CaptureFixture[str]
) -> None:
    with serial.Serial(board.port, exclusive=True):
        code, line = said(capsys, "info", board.port)

    assert code == 1
    assert f"port {board.port} is used by " in line
    assert "update the board in the console" in line


def test_ctrl_c_leaves_a_running_board_and_the_same_command_goes_on(
    tmp_path: Path, keys: Path
) -> None:
    image = image_file(tmp_path / "image.bin")
    words = ["update", "--keys", str(keys), "--prove", "1", "--json"]
    with simulated_board(tmp_path, "--paced", "--baud", "115200") as one:
        command = firmware_command(*words, one.port, image)
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as broken:
            until(lambda: one.state()["uploaded_bytes"] > 0)
            broken.send_signal(signal.SIGINT)
            _, told = broken.communicate(timeout=DEADLINE_S)
        state = one.state()
        again = firmware(*words, one.port, image)

    assert broken.returncode == 130
    assert b"breaking off; the board keeps what it runs" in told
    assert (state["version"], state["on_trial"]) == ("1.0.0+0", False)
    assert document(again)["outcome"] == "confirmed"


def test_a_device_of_the_site_is_updated_by_its_name(tmp_path: Path) -> None:
    image, site = image_file(tmp_path / "image.bin"), tmp_path / "site.toml"
    with simulated_board(tmp_path) as one:
        site.write_text(SITE.format(pem=public_pem(), port=one.port), encoding="utf-8")
        done = firmware("update", "lane-board", image, "--site", site, "--json")
        fleet = firmware("fleet", image, "--site", site, "--json")

    assert (done.returncode, document(done)["board"]) == (0, "lane-board")
    assert document(fleet)["boards"][0]["running"] == "1.1.0"
    assert fleet.returncode == 0


async def claimed(port: str, signer: KeySigner) -> None:
    bus = Bus(port, baudrate=115_200)
    try:
        await BoardClient(bus, timeout_s=DEADLINE_S).claim(signer.public_key)
    finally:
        await bus.close()


def test_a_board_on_the_network_takes_what_its_owner_signs(tmp_path: Path, keys: Path) -> None:
    owner, flash = tmp_path / "owner.pem", f"flash={tmp_path / 'flash'}"
    owner.write_text(private_key("owner"))
    key = load_pem_private_key(owner.read_bytes(), None)
    assert isinstance(key, Ed25519PrivateKey)
    image = image_file(tmp_path / "image.bin")
    update = ["update", "--keys", str(keys), "--prove", "1", "--json"]
    with simulated_board(tmp_path, settings=[flash]) as one:
        asyncio.run(claimed(one.port, KeySigner(key)))
    with simulated_board(tmp_path, "--udp", "127.0.0.1:0", settings=[flash]) as one:
        unsigned = firmware(*update, one.port, image)
        signed = firmware(*update, one.port, image, "--signed-by", owner)

    assert document(unsigned)["outcome"] == "refused"
    assert "the signature is wrong, or one is needed" in document(unsigned)["detail"]
    assert (signed.returncode, document(signed)["running"]) == (0, "1.1.0"), signed.stderr


def test_a_fleet_on_two_lines_is_updated(tmp_path: Path, keys: Path) -> None:
    image = image_file(tmp_path / "image.bin", body=BODY[:4000])
    with ExitStack() as stack:
        one = stack.enter_context(
            simulated_board(tmp_path, settings=["address=1", "address=2"], name="one")
        )
        two = stack.enter_context(simulated_board(tmp_path, name="two"))
        boards = [f"{one.port}@1", f"{one.port}@2", two.port]
        done = firmware("fleet", image, *boards, "--keys", keys, "--prove", "1")
        versions = [one.state(1)["version"], one.state(2)["version"], two.state()["version"]]

    assert done.returncode == 0, done.stderr
    assert versions == ["1.1.0+0"] * 3
    assert [line.split()[0] for line in done.stdout.splitlines()[1:]] == [
        boards[0],
        *sorted(boards[1:], key=lambda board: done.stdout.index(board)),
    ]


def test_a_fleet_halts_at_the_first_board_that_goes_back(tmp_path: Path, keys: Path) -> None:
    image = image_file(tmp_path / "image.bin", body=DOES_NOT_START)
    with simulated_board(tmp_path, settings=["address=1", "address=2", "address=3"]) as one:
        boards = [f"{one.port}@{address}" for address in (1, 2, 3)]
        done = firmware("fleet", image, *boards, "--keys", keys, "--json")
        erases = [one.state(address)["erases"] for address in (2, 3)]

    assert done.returncode == 1
    assert document(done)["verdict"] == "halt"
    assert [board["outcome"] for board in document(done)["boards"]] == ["went_back"]
    assert document(done)["not_begun"] == boards[1:]
    assert erases == [1, 1]
