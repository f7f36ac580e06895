"""Pelco-D and VISCA: frames of the manuals, and a stop that is never lost for long."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    DriverError,
    PositionChanged,
    ProtocolViolationError,
)
from drivers.bus import Bus
from drivers.pelco_d import PelcoD
from drivers.protocols import FrameError, pelco_d, visca
from drivers.registry import create
from drivers.simulators import pelco_d as pelco_simulator
from drivers.simulators import visca as visca_simulator
from drivers.visca import Visca
from tests.drivers.heard import cut, frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus

Simulator = pelco_simulator.Simulator | visca_simulator.Simulator
Driver = PelcoD | Visca
KINDS = ["pelco_d", "visca"]
pelco_frames = st.builds(pelco_d.Frame, *[st.integers(0, 255)] * 5)


@pytest.mark.parametrize(
    ("frame", "raw"),
    [
        (pelco_d.move(1, pan=0, tilt=0, zoom=0), "FF 01 00 00 00 00 01"),
        (pelco_d.move(1, pan=1, tilt=0, zoom=0), "FF 01 00 02 3F 00 42"),
        (pelco_d.move(1, pan=-0.5, tilt=1, zoom=0), "FF 01 00 0C 20 3F 6C"),
        (pelco_d.Frame(1, 0, pelco_d.CALL_PRESET, 0, 5), "FF 01 00 07 00 05 0D"),
    ],
)
def test_a_pelco_command_is_framed_as_the_manual_has_it(frame: pelco_d.Frame, raw: str) -> None:
    assert pelco_d.encode(frame) == bytes.fromhex(raw)


@pytest.mark.parametrize(
    ("body", "raw"),
    [
        (visca.drive(pan=0, tilt=0), "81 01 06 01 01 01 03 03 FF"),
        (visca.drive(pan=-1, tilt=1), "81 01 06 01 18 17 01 01 FF"),
        (visca.zoom(0), "81 01 04 07 00 FF"),
        (visca.INQUIRE_POSITION, "81 09 06 12 FF"),
        (visca.preset(3, action=2), "81 01 04 3F 02 03 FF"),
    ],
)
def test_a_visca_message_is_framed_as_the_manual_has_it(body: bytes, raw: str) -> None:
    assert visca.encode_command(1, body) == bytes.fromhex(raw)


@given(sent=st.lists(pelco_frames, max_size=4), sizes=st.lists(st.integers(1, 9), min_size=1))
def test_pelco_frames_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[pelco_d.Frame], sizes: list[int]
) -> None:
    stream = b"".join(map(pelco_d.encode, sent))

    assert frames_of(pelco_d.FrameDecoder(), cut(stream, sizes)) == (sent, [])


def test_noise_before_a_visca_message_does_not_hide_it() -> None:
    raw = bytes.fromhex("12 34 90 50 00 00 01 02 FF")

    (message,), _ = frames_of(visca.MessageDecoder(), [raw])

    assert (message.sender, message.body) == (1, bytes.fromhex("50 00 00 01 02"))


def test_a_number_in_nibbles_has_four_bits_a_byte() -> None:
    assert visca.signed(visca.nibbles(bytes.fromhex("0F 0F 0F 0E"))) == -2
    with pytest.raises(FrameError):
        visca.nibbles(b"\x10")


def head_of(kind: str) -> Simulator:
    module = {"pelco_d": pelco_simulator, "visca": visca_simulator}[kind]
    made: Simulator = module.Simulator(module.Simulator.Settings())
    return made


def moved(
    kind: str,
    simulator: Simulator,
    act: Callable[[Driver, LineInMemory], Awaitable[None]],
    **settings: object,
) -> None:
    """Run a test with a driver on the line of a simulated head."""
    line = LineInMemory(answers_of(simulator))

    async def run(bus: Bus) -> None:
        driver = create(kind, bus, {"timeout_s": 0.05, **settings})
        assert isinstance(driver, Driver)
        await driver.start()
        await act(driver, line)
        await driver.close()

    with_bus(line, run)


async def still(simulator: Simulator) -> None:
    """Wait until the head stands; the test's own time-out ends it otherwise."""
    while simulator.head.is_moving:  # noqa: ASYNC110 - the head knows no event loop
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("kind", KINDS)
def test_a_movement_ends_by_itself(kind: str) -> None:
    simulator = head_of(kind)

    async def act(driver: Driver, line: LineInMemory) -> None:
        await driver.move(pan=0.5, tilt=-0.5, zoom=0.0, duration_s=0.1)
        assert simulator.head.is_moving
        await still(simulator)

    moved(kind, simulator, act)


@pytest.mark.parametrize("kind", KINDS)
def test_a_line_that_was_lost_while_the_head_moved_is_told_to_stop_it_when_it_is_back(
    kind: str,
) -> None:
    simulator = head_of(kind)

    async def act(driver: Driver, line: LineInMemory) -> None:
        await driver.move(pan=1.0, tilt=0.0, zoom=0.0, duration_s=0.1)
        line.is_connected = False
        await asyncio.sleep(0.3)  # the movement's time is over, and nobody can say so
        assert simulator.head.is_moving
        line.is_connected = True
        await still(simulator)

    moved(kind, simulator, act)


def test_a_pelco_head_that_lost_its_stop_is_told_again() -> None:
    simulator = pelco_simulator.Simulator(pelco_simulator.Simulator.Settings())

    async def act(driver: Driver, line: LineInMemory) -> None:
        await driver.move(pan=1.0, tilt=0.0, zoom=0.0, duration_s=10.0)
        simulator.act("lose_stops", {"count": 1})
        await driver.stop()

        assert not simulator.head.is_moving

    moved("pelco_d", simulator, act)


def test_a_pelco_head_without_queries_is_told_to_stop_three_times() -> None:
    settings = pelco_simulator.Simulator.Settings(has_queries=False)
    simulator = pelco_simulator.Simulator(settings)

    async def act(driver: Driver, line: LineInMemory) -> None:
        await driver.move(pan=1.0, tilt=0.0, zoom=0.0, duration_s=10.0)
        simulator.act("lose_stops", {"count": 2})
        await driver.stop()

        assert not simulator.head.is_moving

    moved("pelco_d", simulator, act, has_queries=False)


@pytest.mark.parametrize("kind", KINDS)
def test_another_movement_replaces_the_one_before_and_its_end(kind: str) -> None:
    simulator = head_of(kind)

    async def act(driver: Driver, line: LineInMemory) -> None:
        await driver.move(pan=1.0, tilt=0.0, zoom=0.0, duration_s=0.1)
        await driver.move(pan=-1.0, tilt=0.0, zoom=0.0, duration_s=30.0)
        await asyncio.sleep(0.2)  # the first one's end would have come

        assert simulator.head.is_moving

    moved(kind, simulator, act)
    assert not simulator.head.is_moving


@pytest.mark.parametrize("kind", KINDS)
def test_where_the_head_stands_is_reported_when_it_changes(kind: str) -> None:
    simulator = head_of(kind)

    async def act(driver: Driver, line: LineInMemory) -> None:
        (first,), second = await driver.poll(), await driver.poll()
        simulator.act("turn", {"pan": 90.0})
        (third,) = await driver.poll()

        assert isinstance(first, PositionChanged)
        assert second == []
        assert isinstance(third, PositionChanged)
        assert third.pan in (90.0, 1296.0)

    moved(kind, simulator, act)


@pytest.mark.parametrize("kind", KINDS)
def test_a_position_is_stored_and_driven_to(kind: str) -> None:
    simulator = head_of(kind)

    async def act(driver: Driver, line: LineInMemory) -> None:
        simulator.head.pan = 45.0
        await driver.set_preset(5)
        simulator.head.pan = 90.0
        await driver.call_preset(5)

        assert simulator.head.pan == 45.0
        with pytest.raises(ValueError, match="a preset is"):
            await driver.call_preset(256)

    moved(kind, simulator, act)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "wrong", [{"pan": 1.1}, {"tilt": -2.0}, {"zoom": 9.0}, {"duration_s": 0.0}]
)
def test_a_movement_that_is_none_moves_nothing(kind: str, wrong: dict[str, float]) -> None:
    simulator = head_of(kind)
    movement = {"pan": 0.5, "tilt": 0.0, "zoom": 0.0, "duration_s": 1.0, **wrong}

    async def act(driver: Driver, line: LineInMemory) -> None:
        with pytest.raises(ValueError, match=f"{next(iter(wrong))} is"):
            await driver.move(**movement)

        assert simulator.moved_count == 0

    moved(kind, simulator, act)


def test_a_visca_camera_whose_buffer_is_full_is_asked_again() -> None:
    simulator = visca_simulator.Simulator(visca_simulator.Simulator.Settings())

    async def act(driver: Driver, line: LineInMemory) -> None:
        simulator.act("fill_buffer", {"count": 2})
        await driver.move(pan=0.5, tilt=0.0, zoom=0.0, duration_s=5.0)

        assert simulator.head.is_moving

    moved("visca", simulator, act)


def test_a_visca_camera_s_error_has_its_name() -> None:
    error = bytes.fromhex("90 60 41 FF")

    async def act(bus: Bus) -> None:
        with pytest.raises(CommandRejectedError, match="not executable now") as caught:
            await Visca(bus, Visca.Settings()).call_preset(1)

        assert caught.value.code == 0x41

    with_bus(LineInMemory(lambda _: [(0.0, error)]), act)


def test_an_angle_that_is_none_is_not_believed() -> None:
    def answer(data: bytes) -> list[tuple[float, bytes]]:
        (query,), _ = frames_of(pelco_d.FrameDecoder(), [data])
        reply = pelco_d.REPLIES.get(query.command2)
        return [] if reply is None else [(0.0, pelco_d.encode(pelco_d.Frame(1, 0, reply, 255, 0)))]

    async def act(bus: Bus) -> None:
        with pytest.raises(ProtocolViolationError, match="stands at no angle"):
            await PelcoD(bus, PelcoD.Settings()).poll()

    with_bus(LineInMemory(answer), act)


@pytest.mark.parametrize("driver_class", [PelcoD, Visca])
def test_a_silent_head_is_unreachable(driver_class: type[Driver]) -> None:
    async def act(bus: Bus) -> None:
        settings = driver_class.Settings(timeout_s=0.02, attempt_count=1)
        driver = driver_class(bus, settings)  # type: ignore[arg-type]  # its own
        with pytest.raises(DeviceUnreachableError):
            await driver.start()
        with pytest.raises(DriverError):
            await driver.poll()

    with_bus(LineInMemory(), act)


@pytest.mark.parametrize(
    ("driver_class", "address"), [(PelcoD, 0), (PelcoD, 256), (Visca, 0), (Visca, 8)]
)
def test_an_address_that_is_none_is_refused(driver_class: type[Driver], address: int) -> None:
    with pytest.raises(ValueError, match="address is 1"):
        driver_class.Settings(address=address)
