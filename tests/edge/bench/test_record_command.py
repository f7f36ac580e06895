"""``menshen device record`` and ``replay`` as a technician uses them, on simulated lines."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from config.command import main
from drivers.replay import assert_replays
from drivers.simulation import Simulation, Wiring
from tests.edge.conftest import wait_until

DATA = Path(__file__).parents[2] / "drivers" / "data"
CARD = "010063E9AE"
PACKETS_BYTES = 1000
"""Of a capture: three questions and their answers are less."""


def recording_process(port: str, out: Path) -> "subprocess.Popen[str]":
    """Start a recording of a relay board that ends with a signal."""
    menshen = "import sys; from config.command import main; sys.exit(main())"
    words = ["device", "record", "--port", port, "--out", str(out), "--driver", "waveshare_relay"]
    return subprocess.Popen(
        [sys.executable, "-c", menshen, *words, "--poll-seconds", "0.05"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_for_line(out: Path, count: int, wanted: str = "") -> None:
    """Wait until a recording has so many lines, and one with these words."""

    def is_written() -> bool:
        text = out.read_text("utf-8") if out.exists() else ""
        return text.count("\n") >= count and wanted in text

    wait_until(is_written)


def recorded(words: Sequence[str | Path], *, until: Callable[[], bool]) -> None:
    """Record until something is so, then press Ctrl-C."""
    is_over = threading.Event()

    def press() -> None:
        try:
            wait_until(until)
        finally:
            if not is_over.is_set():
                os.kill(os.getpid(), signal.SIGINT)

    hand = threading.Thread(target=press)
    hand.start()
    code = main(["device", "record", *map(str, words)])
    is_over.set()
    hand.join()
    assert code == 0


def record_reader(folder: Path, *words: str) -> Path:
    """Record a reader with a card on it; returns the file."""
    out = folder / "reader.jsonl"
    with Simulation("rdm6300", {}, Wiring(link=folder / "reader")) as simulation:
        simulation.act("present", {"card": CARD})
        recorded(
            ["--port", simulation.driver_port, "--out", out, *words],
            until=lambda: out.exists() and '"observed"' in out.read_text("utf-8"),
        )
    return out


def test_a_recording_replays_and_does_not_hold_the_cards_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = record_reader(tmp_path, "--driver", "rdm6300")

    assert main(["device", "replay", str(out)]) == 0
    assert "0 exchanges, the same" in capsys.readouterr().out
    assert CARD not in out.read_text("utf-8")
    assert CARD.encode("ascii").hex(" ").upper() not in out.read_text("utf-8")


def test_ctrl_c_ends_a_recording_that_is_whole(tmp_path: Path) -> None:
    out = tmp_path / "relay.jsonl"
    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "relay")) as simulation:
        process = recording_process(simulation.driver_port, out)
        wait_for_line(out, 20)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)

    assert process.returncode == 0
    assert said.startswith(f"{out}: ")
    assert json.loads(out.read_text("utf-8").splitlines()[-1])["end"] is True


def test_a_recording_with_a_pulled_cable_replays(tmp_path: Path) -> None:
    out = tmp_path / "relay.jsonl"
    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "relay")) as simulation:
        process = recording_process(simulation.driver_port, out)
        wait_for_line(out, 20)
        simulation.set_fault({"kind": "unplug", "on": True})
        wait_for_line(out, 40, '"error"')
        simulation.set_fault({"kind": "unplug", "on": False})
        simulation.act("input", {})
        wait_for_line(out, 20, '"active": true')
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=60)

    assert "is gone" in complaints
    assert "the line is back" in complaints
    assert_replays(out)


def test_a_raw_recording_holds_the_cards_number_and_says_so(tmp_path: Path) -> None:
    out = record_reader(tmp_path, "--driver", "rdm6300", "--raw")

    lines = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert lines[0]["redacted"] is False
    assert [line["fields"]["number"] for line in lines if "observed" in line] == [CARD]


def test_modbus_tcp_is_recorded_as_packets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "relay.pcap"
    with Simulation("waveshare_relay", {}, Wiring(transport="modbus-tcp")) as simulation:
        recorded(
            ["--port", simulation.driver_port, "--out", out, "--driver", "waveshare_relay"],
            until=lambda: out.exists() and out.stat().st_size > PACKETS_BYTES,
        )
    capsys.readouterr()

    assert main(["device", "replay", str(out), "--driver", "waveshare_relay", "--json"]) == 0

    outcome = json.loads(capsys.readouterr().out)
    assert outcome["differences"] == []
    assert outcome["exchange_count"] >= 3


def test_a_capture_without_a_driver_is_put_into_words(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shared / "captures" / "osdp" / "2-lstatr-power.osdpcap"

    assert main(["device", "replay", str(path)]) == 0

    assert "LSTATR" in capsys.readouterr().out


def test_what_was_damaged_in_a_capture_is_said(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = shared / "captures" / "modbus" / "fuzz-1011.pcap"

    assert main(["device", "replay", str(path)]) == 0

    assert "passed over: packet 2: the IPv4 header does not fit" in capsys.readouterr().err


def test_another_behaviour_is_a_failure_with_its_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (DATA / "speed_gate.jsonl").read_text("utf-8").replace('"closed"', '"open"')
    path = tmp_path / "gate.jsonl"
    path.write_text(text, encoding="utf-8")

    assert main(["device", "replay", str(path)]) == 1

    assert 'FAILED not reported any more: GateStateChanged {"state": "open"}' in (
        capsys.readouterr().out
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["record", "--port", "x", "--out", "a.txt"], "--out ends in .jsonl, .osdpcap, .pcap"),
        (["record", "--port", "x", "--out", "a.jsonl", "--protocol", "morse"], "no protocol"),
        (["record", "--port", "x", "--out", "a.pcap"], "a pcap holds Modbus TCP"),
        (["record", "--port", "x", "--out", "a.osdpcap"], "an OSDPCAP holds OSDP"),
        (["record", "--port", "x", "--out", "a.jsonl"], "name a --driver, or give --raw"),
        (
            ["record", "--port", "/dev/nonesuch", "--out", "a.jsonl", "--raw"],
            "there is no port /dev/nonesuch",
        ),
        (
            ["record", "--port", "x", "--out", "a.jsonl", "--driver", "rdm6300", "--set", "a=1"],
            "'a=1' is no setting of rdm6300",
        ),
        (["replay", "nonesuch.jsonl"], "nonesuch.jsonl cannot be read: No such file"),
        (["replay", str(DATA / "README.md")], "a recording's name ends in"),
        (["replay", str(DATA / "rdm6300.jsonl"), "--set", "a=1"], "is no setting of rdm6300"),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["device", *words]) != 0

    said = capsys.readouterr()
    assert complaint in said.err
    assert (said.err.count("\n"), said.out) == (1, "")


def test_a_broken_recording_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text((DATA / "rdm6300.jsonl").read_text("utf-8") + "{", encoding="utf-8")
    line_count = path.read_text("utf-8").count("\n") + 1

    assert main(["device", "replay", str(path)]) != 0

    assert f"broken.jsonl, line {line_count}: the line is no JSON object" in capsys.readouterr().err


def test_a_file_that_is_there_is_not_written_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "line.jsonl"
    out.write_text("evidence", encoding="utf-8")
    with Simulation("rdm6300", {}, Wiring(link=tmp_path / "reader")) as simulation:
        code = main(["device", "record", "--port", simulation.driver_port, "--out", str(out),
                     "--raw"])  # fmt: skip

    assert code != 0
    assert "exists already: choose another name" in capsys.readouterr().err
    assert out.read_text("utf-8") == "evidence"


def test_a_folder_that_is_not_there_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "nowhere" / "line.jsonl"
    with Simulation("rdm6300", {}, Wiring(link=tmp_path / "reader")) as simulation:
        code = main(["device", "record", "--port", simulation.driver_port, "--out", str(out),
                     "--raw"])  # fmt: skip

    assert code != 0
    assert "line.jsonl cannot be written: No such file or directory" in capsys.readouterr().err
