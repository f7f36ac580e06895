"""``menshen device watch`` on simulated lines: frames in words, silence, loss and return."""

import contextlib
import io
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from config.command import main
from drivers.decoding import interpreter
from drivers.protocols import modbus_rtu as rtu
from drivers.simulation import Simulation, Wiring
from drivers.transport import open_transport
from edge.bench.watch_command import Watched
from tests.edge.conftest import wait_until

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


Hand = Callable[[Callable[[str], None]], None]


def said_on(simulation: Simulation, *words: str, hand: Hand) -> str:
    """Watch a simulated line while a hand acts, then press Ctrl-C; returns what was printed.

    ``hand`` gets what waits for words that were not there when it waited before.
    """
    out, seen, is_over = io.StringIO(), 0, threading.Event()

    def wait_for(text: str) -> None:
        nonlocal seen
        wait_until(lambda: text in out.getvalue()[seen:])
        seen = len(out.getvalue())

    def act() -> None:
        try:
            hand(wait_for)
        finally:
            if not is_over.is_set():
                os.kill(os.getpid(), signal.SIGINT)

    acting = threading.Thread(target=act)
    acting.start()
    with contextlib.redirect_stdout(out):
        code = main(["device", "watch", "--port", simulation.driver_port, *words])
    is_over.set()
    acting.join()
    assert code == 0
    return out.getvalue()


def test_a_drivers_exchanges_are_shown_with_their_latency(tmp_path: Path) -> None:
    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "relay")) as simulation:
        said = said_on(
            simulation,
            "--driver",
            "waveshare_relay",
            hand=lambda wait_for: wait_for("InputChanged"),
        )

    assert "> 01 02 00 00 00 08 79 CC" in said
    assert "unit 1: discrete inputs 0..7 = 0 0 0 0 0 0 0 0  (" in said
    assert "InputChanged: channel 0, active False" in said


def test_who_is_silent_is_named(tmp_path: Path) -> None:
    with Simulation("waveshare_relay", {}, Wiring(link=tmp_path / "relay")) as simulation:
        said = said_on(
            simulation, "--driver", "waveshare_relay", "--set", "unit_id=9",
            hand=lambda wait_for: wait_for("DeviceUnreachableError"),
        )  # fmt: skip

    assert "unit 9 did not answer" in said
    assert "* DeviceUnreachableError: unit 9" in said


def test_a_reader_that_talks_is_listened_to(tmp_path: Path) -> None:
    with Simulation("rdm6300", {}, Wiring(link=tmp_path / "reader")) as simulation:
        simulation.act("present", {})
        said = said_on(
            simulation, "--protocol", "rdm6300", "--json", hand=lambda wait_for: wait_for("tag")
        )

    lines = [json.loads(line) for line in said.splitlines()]
    # A machine that is busy reads two of them at once.
    meanings = {meaning for line in lines for meaning in line["meaning"].split("; ")}
    assert (meanings, {line["dir"] for line in lines}) == ({"tag"}, {None})
    assert not any(line["noise"] for line in lines)
    assert lines[0]["hex"].startswith("02 30 31 30 30 36 33 45 39 41 45 " + "32 35 03")


def test_a_pulled_adapter_is_said_and_its_return_too(tmp_path: Path) -> None:
    with Simulation("rdm6300", {}, Wiring(link=tmp_path / "reader")) as simulation:

        def pull(wait_for: Callable[[str], None]) -> None:
            simulation.act("present", {})
            wait_for(" tag")
            simulation.act("remove", {})
            simulation.set_fault({"kind": "unplug", "on": True})
            wait_for("reader")
            simulation.set_fault({"kind": "unplug", "on": False})
            wait_for("the line is back")
            simulation.act("present", {})
            wait_for(" tag")

        said = said_on(simulation, "--protocol", "rdm6300", hand=pull)

    assert said.index(" tag") < said.index("reader") < said.index("the line is back")
    assert said.index("the line is back") < said.rindex(" tag")


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
        code = main(["device", "watch", "--port", simulation.driver_port])
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
