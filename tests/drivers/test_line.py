"""The simulated line with its faults."""

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.protocols import NEED_DATA, FrameError
from drivers.protocols import modbus_rtu as rtu
from drivers.simulators.line import FAULTS, LATE_S, RETRANSMISSION_S, Faults, SimulatedLine
from drivers.simulators.speed_gate import Simulator
from drivers.transport import LineError, Transport, open_transport

REQUEST = rtu.encode_read_input_registers(1, address=0, count=8)
REPLY = rtu.encode_reply(REQUEST, bytes(16))
FOREIGN = rtu.encode_reply(rtu.encode_read_coils(2, address=0, count=8), bytes(1))
OF_FRAMES = sorted(set(FAULTS) - {"echo", "unplug"})
"""The other two happen to the line, not to a frame."""


def struck(kind: str, *, seed: int = 1) -> list[tuple[float, bytes]]:
    faults = Faults(seed)
    faults.set(kind, on=True)
    return faults.apply(REPLY, FOREIGN)


@pytest.mark.parametrize("kind", OF_FRAMES)
def test_a_fault_changes_what_is_on_the_line(kind: str) -> None:
    assert struck(kind) != [(0.0, REPLY)]


@pytest.mark.parametrize("kind", OF_FRAMES)
def test_the_same_seed_gives_the_same_fault(kind: str) -> None:
    assert struck(kind, seed=5) == struck(kind, seed=5)


@pytest.mark.parametrize("kind", ["noise", "drop", "truncate", "wrong_baud"])
@pytest.mark.parametrize("seed", range(20))
def test_a_damaged_reply_is_no_reply(kind: str, seed: int) -> None:
    decoder = rtu.ReplyDecoder(REQUEST)

    try:
        decoder.receive_data(b"".join(data for _, data in struck(kind, seed=seed)))
        assert decoder.next_frame() is NEED_DATA
    except FrameError:
        pass


def test_a_late_reply_comes_whole_and_late() -> None:
    assert struck("late") == [(LATE_S, REPLY)]


def test_a_fault_strikes_as_often_as_its_probability_says() -> None:
    faults = Faults()
    faults.set("mute", on=True, probability=0.25)

    silent = sum(not faults.apply(REPLY, FOREIGN) for _ in range(2000))

    assert 400 <= silent <= 600


def test_it_is_counted_how_often_a_fault_struck() -> None:
    faults = Faults()
    faults.set("mute", on=True, probability=0.25)
    faults.set("drop", on=True, probability=0.0)

    silent = sum(not faults.apply(REPLY, FOREIGN) for _ in range(100))

    assert faults.struck["mute"] == silent > 0
    assert faults.struck["drop"] == 0


def test_a_network_s_stream_is_repaired_and_nothing_in_it_comes_twice() -> None:
    faults = Faults()
    faults.set("duplicate", on=True)
    assert faults.apply(REPLY, b"", is_repaired=True) == [(0.0, REPLY)]
    faults.set("noise", on=True)

    assert faults.apply(REPLY, b"", is_repaired=True) == [(RETRANSMISSION_S, REPLY)]


def test_a_fault_can_be_switched_off() -> None:
    faults = Faults()
    faults.set("mute", on=True)
    faults.set("mute", on=False)

    assert faults.active == {}
    assert faults.apply(REPLY, FOREIGN) == [(0.0, REPLY)]


@pytest.mark.parametrize(
    ("kind", "probability"), [("gremlins", 1.0), ("mute", 1.1), ("mute", -1), ("mute", "often")]
)
def test_a_fault_that_is_none_is_refused(kind: str, probability: float) -> None:
    with pytest.raises(ValueError, match=r"no fault|a probability lies"):
        Faults().set(kind, on=True, probability=probability)


def test_a_silence_ends_a_request_that_noise_has_begun() -> None:
    far_end = Simulator(Simulator.Settings())
    far_end.receive_data(bytes.fromhex("01 10 00 00 00 7B F6"))
    assert far_end.receive_data(REQUEST.frame) == []
    for _ in range(20):
        far_end.step(0.01)

    assert far_end.receive_data(REQUEST.frame) == [REPLY]


@pytest.fixture
def line() -> Iterator[SimulatedLine]:
    line = SimulatedLine(Simulator(Simulator.Settings(unit_id=(1, 2))))
    yield line
    line.stop()


def ask(transport: Transport, unit_id: int = 1, *, within_s: float = 60.0) -> rtu.Reply | None:
    """Return the reply to a read of the state, or None when none comes."""
    request = rtu.encode_read_input_registers(unit_id, address=0, count=8)
    transport.send(request.frame)
    decoder, deadline_s = rtu.ReplyDecoder(request), time.monotonic() + within_s
    while time.monotonic() < deadline_s:
        decoder.receive_data(transport.receive(timeout_s=0.05))
        frame = decoder.next_frame()
        if isinstance(frame, rtu.Reply):
            return frame
    return None


def test_each_unit_answers_for_itself_and_nobody_for_a_unit_that_is_not_there(
    line: SimulatedLine, tmp_path: Path
) -> None:
    transport = open_transport(line.start_serial(tmp_path / "gate"))

    first, second, nobody = (
        ask(transport, unit, within_s=within_s)
        for unit, within_s in ((1, 60.0), (2, 60.0), (3, 1.0))
    )
    transport.close()

    assert first is not None
    assert second is not None
    assert (first.unit_id, second.unit_id, nobody) == (1, 2, None)


def test_it_is_reached_by_tcp_and_takes_the_next_client(line: SimulatedLine) -> None:
    url = f"socket://{line.start_tcp('127.0.0.1', 0)}"

    for _ in range(2):
        transport = open_transport(url)
        assert ask(transport) is not None
        transport.close()


def test_a_client_may_close_the_port_and_open_it_again(line: SimulatedLine, tmp_path: Path) -> None:
    port = line.start_serial(tmp_path / "gate")

    for _ in range(3):
        transport = open_transport(port)
        assert ask(transport) is not None
        transport.close()


def test_pulled_and_plugged_in_it_is_found_under_the_same_name(
    line: SimulatedLine, tmp_path: Path
) -> None:
    port = line.start_serial(tmp_path / "gate")
    transport = open_transport(port)

    line.set_fault({"kind": "unplug"})
    with pytest.raises(LineError):
        ask(transport)
    assert not (tmp_path / "gate").is_symlink()
    line.set_fault({"kind": "unplug", "on": False})
    again = open_transport(port)

    assert ask(again) is not None
    again.close()


def test_a_link_that_a_killed_simulator_left_is_taken_over(
    line: SimulatedLine, tmp_path: Path
) -> None:
    (tmp_path / "gate").symlink_to("/dev/pts/nonesuch")

    transport = open_transport(line.start_serial(tmp_path / "gate"))

    assert ask(transport) is not None
    transport.close()


def test_a_file_is_never_replaced_by_a_link(line: SimulatedLine, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("precious", encoding="utf-8")

    with pytest.raises(FileExistsError, match="not replaced"):
        line.start_serial(tmp_path / "notes")

    assert (tmp_path / "notes").read_text(encoding="utf-8") == "precious"


def test_a_link_that_another_simulator_took_over_is_left_to_it(
    line: SimulatedLine, tmp_path: Path
) -> None:
    line.start_serial(tmp_path / "gate")
    other = SimulatedLine(Simulator(Simulator.Settings()))
    other.start_serial(tmp_path / "gate")

    line.stop()
    is_still_there = (tmp_path / "gate").is_symlink()
    other.stop()

    assert is_still_there


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    line = SimulatedLine()
    line.start_serial(tmp_path / "gate")
    open_before = len(list(Path("/proc/self/fd").iterdir()))

    line.stop()
    line.stop()

    assert list(tmp_path.iterdir()) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == open_before - 2


def test_bytes_take_as_long_as_on_a_real_line(tmp_path: Path) -> None:
    line = SimulatedLine(Simulator(Simulator.Settings()), baudrate=2400)
    transport = open_transport(line.start_serial(tmp_path / "gate"), baudrate=2400)
    began_s = time.monotonic()

    try:
        assert ask(transport) is not None
    finally:
        line.stop()
        transport.close()

    assert time.monotonic() - began_s >= (len(REQUEST.frame) + len(REPLY)) * 10 / 2400


def test_tcp_is_let_go_of(line: SimulatedLine) -> None:
    host, _, port = line.start_tcp("127.0.0.1", 0).rpartition(":")

    line.stop()

    with pytest.raises(OSError, match="refused"):
        socket.create_connection((host, int(port)))
