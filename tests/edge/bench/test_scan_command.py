"""``menshen device scan`` finds simulated devices over real ports, at their own baud rate."""

import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.command import main
from drivers.scan import LineSetting, plan
from drivers.simulation import Simulation, Wiring
from drivers.simulators.line import SimulatedLine
from drivers.simulators.waveshare_relay import Simulator
from edge.bench.scan_command import Scanner


def scanned(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, dict[str, Any]]:
    """Return the exit code and the answer for programs."""
    code = main(["device", "scan", "--json", *words])
    return code, json.loads(capsys.readouterr().out)


@contextlib.contextmanager
def answering_camera() -> Iterator[str]:
    """A camera that answers one probe; yields where it is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as camera:
        camera.bind(("127.0.0.1", 0))

        def answer() -> None:
            probe, sender = camera.recvfrom(4096)
            asked = probe.split(b"urn:uuid:")[1][:36]
            url = b"http://192.0.2.7/onvif/device_service"
            camera.sendto(
                b"<a>urn:uuid:" + asked + b"</a><d:XAddrs>" + url + b"</d:XAddrs>", sender
            )

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"127.0.0.1:{camera.getsockname()[1]}"
        thread.join(60)


def test_a_board_is_found_at_its_baud_rate_and_address(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wiring = Wiring(link=tmp_path / "relay", baudrate=19_200, is_paced=True)
    with Simulation("waveshare_relay", {"unit_id": (7,)}, wiring) as simulation:
        code, answer = scanned(
            capsys, "--port", simulation.driver_port, "--units", "6-8", "--parity", "N"
        )

    (found,) = answer["found"]
    assert (code, answer["conclusions"]) == (0, [])
    assert (found["address"], found["baud"], found["parity"]) == ("unit 7", 19_200, "N")
    assert "waveshare_relay" in found["likely"]


def test_several_boards_on_one_line_are_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wiring = Wiring(link=tmp_path / "relay")
    with Simulation("waveshare_relay", {"unit_id": (2, 4)}, wiring) as simulation:
        main(["device", "scan", "--port", simulation.driver_port, "--units", "1-5",
              "--baud", "9600"])  # fmt: skip

    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(" at ")[0] for line in lines] == ["unit 2", "unit 4"]
    assert "(modbus): coils: reads, inputs: reads, holding registers: refuses 1" in lines[0]


def test_cameras_of_the_network_are_found(capsys: pytest.CaptureFixture[str]) -> None:
    with answering_camera() as address:
        code, answer = scanned(
            capsys, "--protocol", "onvif", "--port", address, "--listen-seconds", "1"
        )

    (found,) = answer["found"]
    assert (code, found["likely"]) == (0, ["onvif"])
    assert found["address"] == "http://192.0.2.7/onvif/device_service"


@pytest.mark.parametrize("words", [["--protocol", "onvif", "--port", "nonsense"], []])
def test_a_scan_of_nothing_is_one_line_that_says_what_to_give(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["device", "scan", *words]) == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_a_modbus_tcp_server_has_no_baud_rate(capsys: pytest.CaptureFixture[str]) -> None:
    with Simulation("speed_gate", {}, Wiring(transport="modbus-tcp")) as simulation:
        code, answer = scanned(capsys, "--port", simulation.driver_port, "--units", "1-3")

    assert code == 0
    assert [(one["address"], one["baud"]) for one in answer["found"]] == [("unit 1", None)]
    assert "speed_gate" in answer["found"][0]["likely"]


def test_an_osdp_reader_is_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wiring = Wiring(link=tmp_path / "reader", baudrate=9600)
    with Simulation("osdp_reader", {}, wiring) as simulation:
        code, answer = scanned(
            capsys, "--port", simulation.driver_port, "--protocol", "osdp", "--units", "0-2"
        )

    assert code == 0
    assert len(answer["found"]) == 1
    assert answer["found"][0]["likely"] == ["osdp_reader"]


def test_a_talker_is_heard_at_its_own_baud_rate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wiring = Wiring(link=tmp_path / "reader", baudrate=9600, is_paced=True)
    with Simulation("rdm6300", {}, wiring) as simulation:
        simulation.act("present", {})
        code, answer = scanned(
            capsys, "--port", simulation.driver_port, "--protocol", "listen",
            "--listen-seconds", "0.5", "--baud", "19200", "--baud", "9600",
        )  # fmt: skip

    assert code == 0
    assert [(one["protocol"], one["baud"]) for one in answer["found"]] == [("rdm6300", 9600)]


def test_two_devices_at_one_address_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boards = [Simulator(Simulator.Settings(unit_id=(2,))) for _ in range(2)]
    line = SimulatedLine(*boards)
    port = line.start_serial(tmp_path / "relays")
    try:
        _, answer = scanned(capsys, "--port", port, "--units", "1-3", "--baud", "9600")
    finally:
        line.stop()

    assert [one["address"] for one in answer["found"]] == ["unit 2"]
    assert answer["conclusions"][0].startswith("unit 2 answers more than once (02 ")


def test_an_adapter_that_echoes_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wiring = Wiring(link=tmp_path / "relay", faults={"echo": 1.0})
    with Simulation("waveshare_relay", {"unit_id": (2,)}, wiring) as simulation:
        code, answer = scanned(
            capsys, "--port", simulation.driver_port, "--units", "1-3", "--baud", "9600"
        )

    assert code == 0
    assert [one["address"] for one in answer["found"]] == ["unit 2"]
    assert answer["conclusions"][0].startswith("the adapter hears itself")


def test_nobody_is_a_failure_that_says_what_to_look_at(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "relay")) as simulation:
        code, answer = scanned(
            capsys, "--port", simulation.driver_port, "--units", "9", "--baud", "9600",
            "--parity", "N", "--patience-ms", "20",
        )  # fmt: skip

    assert (code, answer["found"]) == (1, [])
    assert answer["conclusions"][0].startswith("nobody answers")


def test_a_scan_that_is_ended_keeps_what_it_found(tmp_path: Path) -> None:
    ended = threading.Event()
    said = list[str]()

    def step(words: str) -> None:
        said.append(words)
        ended.set()

    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "relay")) as simulation:
        scanner = Scanner(
            simulation.driver_port, plan("modbus"), ended, listen_s=1, is_thorough=False, step=step
        )
        (tally,) = scanner.run()

    assert [found.address for found in tally.found] == ["unit 1"]
    assert said == ["9600 8N1, unit 1: 1 found"]


def test_an_adapter_that_is_pulled_ends_the_scan_with_what_it_found(tmp_path: Path) -> None:
    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "relay")) as simulation:

        def pull(_: str) -> None:
            simulation.set_fault({"kind": "unplug", "on": True})

        scanner = Scanner(
            simulation.driver_port,
            plan("modbus", units="1-9"),
            threading.Event(),
            listen_s=1,
            is_thorough=True,
            step=pull,
        )
        (tally,) = scanner.run()

    assert tally.setting == LineSetting(9600, "N")
    assert [found.address for found in tally.found] == ["unit 1"]
    assert "is gone" in scanner.problem


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--port", "/dev/nonesuch"], "there is no port /dev/nonesuch"),
        (["--port", "x", "--units", "0-300"], "addresses are 1..247, the lower first, not '0-300'"),
        (["--port", "x", "--protocol", "listen", "--units", "1"], "listen has no --units"),
        (["--port", "x", "--baud", "1"], "a baud rate is 300..921600, not 1"),
        (["--port", "x", "--parity", "Q"], "a parity is N, E or O, not 'Q'"),
        (["--port", "x", "--protocol", "morse"], "no protocol 'morse' to scan for"),
        (["--port", "socket://127.0.0.1:1", "--baud", "9600"], "set on the device server"),
        (["--port", "socket://127.0.0.1:1"], "does not answer"),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["device", "scan", *words]) != 0

    said = capsys.readouterr()
    assert complaint in said.err
    assert (said.err.count("\n"), said.out) == (1, "")
