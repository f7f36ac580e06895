"""``menshen device watch`` on simulated lines: frames in words, silence, loss and return."""

import json
import threading
import time
from pathlib import Path

import pytest

from config.command import main
from drivers.decoding import interpreter
from drivers.protocols import modbus_rtu as rtu
from drivers.simulation import Simulation, Wiring
from drivers.transport import open_transport
from edge.bench.watch_command import Watched

READ = rtu.encode_read_coils(7, address=0, count=1)


class Clock:
    """A clock that is set by hand."""

    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def watched(clock: Clock, *, as_json: bool = False) -> tuple[Watched, list[str]]:
    said = list[str]()
    listener = interpreter("modbus")
    return (
        Watched(listener, gap_s=0.05, as_json=as_json, say=said.append, monotonic=clock),
        said,
    )


def test_a_drivers_exchanges_are_shown_with_their_latency(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "relay")) as simulation:
        assert main(["device", "watch", "--port", simulation.driver_port,
                     "--driver", "waveshare_relay", "--seconds", "3"]) == 0  # fmt: skip

    said = capsys.readouterr().out
    assert "> 01 02 00 00 00 08 79 CC" in said
    assert "unit 1: discrete inputs 0..7 = 0 0 0 0 0 0 0 0  (" in said
    assert "InputChanged: channel 0, active False" in said


def test_who_is_silent_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "relay")) as simulation:
        assert main(["device", "watch", "--port", simulation.driver_port, "--driver",
                     "waveshare_relay", "--set", "unit_id=9", "--seconds", "1"]) == 0  # fmt: skip

    said = capsys.readouterr().out
    assert "unit 9 did not answer" in said
    assert "* DeviceUnreachableError: unit 9" in said


def test_a_reader_that_talks_is_listened_to(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulation("rdm6300", {}, Wiring(link=tmp_path / "reader")) as simulation:
        simulation.act("present", {})
        assert main(["device", "watch", "--port", simulation.driver_port, "--protocol", "rdm6300",
                     "--seconds", "0.5", "--json"]) == 0  # fmt: skip

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    # A machine that is busy reads two of them at once.
    meanings = {meaning for line in lines for meaning in line["meaning"].split("; ")}
    assert (meanings, {line["dir"] for line in lines}) == ({"tag"}, {None})
    assert not any(line["noise"] for line in lines)
    assert lines[0]["hex"].startswith("02 30 31 30 30 36 33 45 39 41 45 " + "32 35 03")


def test_a_pulled_adapter_is_said_and_its_return_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulation("rdm6300", {}, Wiring(link=tmp_path / "reader")) as simulation:

        def pull() -> None:
            time.sleep(0.5)  # the hand of a person, not a condition
            simulation.set_fault({"kind": "unplug", "on": True})
            time.sleep(0.5)
            simulation.set_fault({"kind": "unplug", "on": False})
            simulation.act("present", {})

        hand = threading.Thread(target=pull)
        hand.start()
        code = main(["device", "watch", "--port", simulation.driver_port,
                     "--protocol", "rdm6300", "--seconds", "3"])  # fmt: skip
        hand.join()

    said = capsys.readouterr().out
    assert code == 0
    assert said.index("reader") < said.index("the line is back") < said.index(" tag")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["--port", "/dev/nonesuch"], "there is no port /dev/nonesuch: is the adapter plugged in?"),
        (["--port", "ftp://x"], "ftp://x is no line"),
        (["--port", "http://127.0.0.1:1"], "is no line: nothing is to be heard there"),
        (["--port", "x", "--protocol", "morse"], "no protocol 'morse'"),
        (["--port", "x", "--driver", "nonesuch"], "no driver 'nonesuch'"),
        (["--port", "x", "--set", "a=1"], "--set is for a --driver"),
        (["--port", "x", "--parity", "Q"], "a parity is N, E or O"),
    ],
)
def test_a_mistake_is_one_line(
    words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["device", "watch", *words]) != 0

    said = capsys.readouterr()
    assert complaint in said.err
    assert (said.err.count("\n"), said.out) == (1, "")


def test_a_port_that_another_program_has_is_said_to_be_busy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Simulation("rdm6300", {}, Wiring(link=tmp_path / "reader")) as simulation:
        other = open_transport(simulation.driver_port)
        code = main(["device", "watch", "--port", simulation.driver_port, "--seconds", "1"])
        other.close()

    assert code == 1
    assert "is used by another program: close it" in capsys.readouterr().err


def test_a_frame_that_stays_half_is_noise_after_a_silence() -> None:
    clock = Clock()
    screen, said = watched(clock)

    screen.tap(0.0, is_sent=False, data=READ.frame[:5])
    screen.tick(None)
    clock.now_s = 0.06
    screen.tick(None)

    assert [line.split()[1:] for line in said] == [["07", "01", "00", "00", "00", "noise"]]


def test_a_lost_line_is_said_once() -> None:
    screen, said = watched(Clock(), as_json=True)

    for problem in (None, "gone", "gone", None):
        screen.tick(problem)

    assert [json.loads(line)["text"] for line in said] == ["gone", "the line is back"]
