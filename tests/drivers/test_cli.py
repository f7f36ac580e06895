"""``menshen sim`` as a process, its control port, and an independent Modbus client (libmodbus)."""

import contextlib
import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from config.command import main
from drivers.simulators.line import FAULTS
from tests.conftest import skip_or_fail

MENSHEN = [sys.executable, "-c", "import sys; from config.command import main; sys.exit(main())"]


@contextlib.contextmanager
def simulated(*words: str) -> Iterator[tuple[dict[str, Any], subprocess.Popen[str]]]:
    """Run a simulator; yields its ready line and its process."""
    with subprocess.Popen([*MENSHEN, "sim", *words], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline()), process
        finally:
            process.terminate()
            process.wait(timeout=60)


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """Yield the ready line of two gates with a control port."""
    link = tmp_path_factory.mktemp("sim") / "gate"
    with simulated(
        "speed_gate", "--port", str(link), "--unit-id", "1", "--unit-id", "2",
        "--control", "127.0.0.1:0", "--json",
    ) as (ready, _):  # fmt: skip
        yield ready


@pytest.fixture
def control(gate: dict[str, Any]) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {gate['token']}"}
    with httpx.Client(base_url=gate["control"], headers=headers) as client:
        yield client


def test_the_list_names_every_simulator_and_its_faults(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["sim", "--list", "--json"]) == 0
    rows = {row["driver"]: row for row in json.loads(capsys.readouterr().out)}

    assert {"speed_gate", "waveshare_relay", "camera"} <= set(rows)
    assert set(rows["speed_gate"]) == {"driver", "kind", "transports", "faults"}
    assert set(FAULTS) <= set(rows["speed_gate"]["faults"])


def test_it_ends_politely_and_takes_its_link_away(tmp_path: Path) -> None:
    link = tmp_path / "gate"
    with simulated("speed_gate", "--port", str(link), "--control", "127.0.0.1:0", "--json") as (
        ready,
        process,
    ):
        assert (ready["driver"], ready["port"]) == ("speed_gate", str(link))
        assert link.is_symlink()
        httpx.get(f"{ready['control']}/state")
        process.send_signal(signal.SIGTERM)

        assert process.wait(timeout=60) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""

    assert not link.is_symlink()


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["nonesuch"], "no simulator 'nonesuch'; there are:"),
        (["speed_gate", "--fault", "gremlins"], "no fault 'gremlins'"),
        (["speed_gate", "--set", "colour=red"], "'colour=red' is no setting of speed_gate"),
        (["speed_gate", "--tcp", "nowhere"], "'nowhere' is no address"),
        (["speed_gate", "--control", "0.0.0.0:0"], "on 127.0.0.1 only"),
        (["speed_gate", "--unit-id", "300"], "'--unit-id'"),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["sim", *words]) != 0

    said = capsys.readouterr()
    assert complaint in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""


def test_the_state_of_every_gate_is_in_the_open(control: httpx.Client) -> None:
    units = control.get("/state").json()["units"]

    assert set(units) == {"1", "2"}
    assert units["1"]["state"] == "closed"


def test_a_hand_can_act_on_one_gate(control: httpx.Client) -> None:
    control.post("/actions/tamper", json={"unit_id": 2, "on": True}).raise_for_status()

    tampered = {key: u["tamper"] for key, u in control.get("/state").json()["units"].items()}

    assert tampered == {"1": False, "2": True}


def mbpoll(port: str, *words: str) -> dict[int, int]:
    """Return what libmodbus reads, by address."""
    if shutil.which("mbpoll") is None:
        skip_or_fail("mbpoll is not installed (Debian package mbpoll)")
    result = subprocess.run(
        ["mbpoll", "-m", "rtu", "-b", "9600", "-P", "none", "-0", "-r", "0", "-1", "-o", "0.5",
         *words, port],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert result.returncode == 0, result.stdout + result.stderr
    lines = [line.split(":") for line in result.stdout.splitlines() if line.startswith("[")]
    return {int(left.strip("[] ")): int(right.split()[0]) for left, right in lines}


def test_an_independent_client_reads_the_gate_s_registers(
    gate: dict[str, Any], control: httpx.Client
) -> None:
    control.post("/actions/fault", json={"unit_id": 1, "bits": 5}).raise_for_status()
    registers = mbpoll(gate["port"], "-a", "1", "-c", "12", "-t", "3")
    control.post("/actions/fault", json={"unit_id": 1, "on": False}).raise_for_status()
    inputs = mbpoll(gate["port"], "-a", "1", "-c", "10", "-t", "1")

    assert sorted(registers) == list(range(12))
    assert registers[7] == 5
    assert inputs == {address: int(address == 8) for address in range(10)}


def test_an_independent_client_hears_nothing_from_a_unit_that_is_not_there(
    gate: dict[str, Any],
) -> None:
    with pytest.raises(AssertionError, match="timed out"):
        mbpoll(gate["port"], "-a", "9", "-c", "1", "-t", "3")
