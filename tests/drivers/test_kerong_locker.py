"""Locker boards: frames of the sheet, and openings that are confirmed by asking the lock."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceUnreachableError, DoorMonitorChanged, ProtocolViolationError
from drivers.bus import Bus
from drivers.kerong_locker import BETWEEN_OPENINGS_S, KerongLocker
from drivers.protocols import FrameError
from drivers.protocols.kerong import (
    OPEN,
    OPEN_CODE,
    QUERY,
    QUERY_CODE,
    Frame,
    FrameDecoder,
    ReplyDecoder,
    encode,
)
from drivers.simulators.kerong_locker import Simulator
from tests.drivers.heard import cut, frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus

frames = st.builds(
    Frame,
    st.sampled_from([OPEN, QUERY]),
    st.integers(0, 255),
    st.integers(0, 255),
    st.integers(0, 255),
)


@pytest.mark.parametrize(
    ("frame", "raw"),
    [
        (Frame(OPEN, 1, 1, OPEN_CODE), "8A 01 01 11 9B"),
        (Frame(QUERY, 1, 1, QUERY_CODE), "80 01 01 33 B3"),
        (Frame(OPEN, 1, 1, 0x00), "8A 01 01 00 8A"),
    ],
)
def test_a_frame_is_as_the_sheet_has_it(frame: Frame, raw: str) -> None:
    assert encode(frame) == bytes.fromhex(raw)
    assert frames_of(FrameDecoder(), [bytes.fromhex(raw)]) == ([frame], [])


@given(sent=st.lists(frames, max_size=4), sizes=st.lists(st.integers(1, 9), min_size=1))
def test_frames_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[Frame], sizes: list[int]
) -> None:
    assert frames_of(FrameDecoder(), cut(b"".join(map(encode, sent)), sizes)) == (sent, [])


def test_the_echo_of_a_query_is_no_answer_to_it() -> None:
    query = Frame(QUERY, 1, 1, QUERY_CODE)
    decoder = ReplyDecoder(query)
    decoder.receive_data(encode(query) + encode(Frame(OPEN, 1, 1, 0x11)))

    with pytest.raises(FrameError, match="not the answer of board 1"):
        decoder.next_frame()

    assert decoder.next_frame() == Frame(OPEN, 1, 1, 0x11)


def board(closed_code: int = 0x11) -> Simulator:
    return Simulator(Simulator.Settings(closed_code=closed_code))


@pytest.mark.parametrize("closed_code", [0x00, 0x11])
def test_a_door_is_opened_and_its_lock_asked_whichever_way_it_is_wired(closed_code: int) -> None:
    simulator = board(closed_code)

    async def act(bus: Bus) -> None:
        driver = KerongLocker(bus, KerongLocker.Settings(closed_code=closed_code))
        receipt = await driver.access_door(2)

        assert receipt.attempts == 1
        assert simulator.is_open == [False, False, True, *[False] * 5]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_jammed_door_is_tried_again_and_is_no_success() -> None:
    simulator = board()
    simulator.act("jam", {"door": 0})

    async def act(bus: Bus) -> None:
        driver = KerongLocker(bus, KerongLocker.Settings(attempt_count=2))
        with pytest.raises(ProtocolViolationError, match="does it jam"):
            await driver.access_door(0)

        assert simulator.opened_count == 2

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_two_openings_are_half_a_second_apart() -> None:
    line = LineInMemory(answers_of(board()))

    async def act(bus: Bus) -> None:
        driver = KerongLocker(bus, KerongLocker.Settings())
        await driver.access_door(0)
        await driver.access_door(1)

    with_bus(line, act)
    opened_at_s = [at_s for at_s, raw in line.sent if raw[0] == OPEN]
    assert opened_at_s[1] - opened_at_s[0] >= BETWEEN_OPENINGS_S - 0.01


def test_doors_are_reported_once_and_when_they_change() -> None:
    simulator = board()

    async def act(bus: Bus) -> None:
        driver = KerongLocker(bus, KerongLocker.Settings())
        assert len(await driver.poll()) == 8
        simulator.act("pull_open", {"door": 3})
        found = [o for _ in range(8) for o in await driver.poll()]

        assert found == [DoorMonitorChanged(3, is_open=True)]

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_all_doors_are_opened_by_their_own_command_only() -> None:
    simulator = board()

    async def act(bus: Bus) -> None:
        await KerongLocker(bus, KerongLocker.Settings()).open_all()

        assert all(simulator.is_open)

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_silent_board_is_unreachable_and_soon() -> None:
    async def act(bus: Bus) -> None:
        driver = KerongLocker(bus, KerongLocker.Settings(timeout_s=0.02, attempt_count=1))
        began_s = time.monotonic()
        with pytest.raises(DeviceUnreachableError):
            await driver.start()

        assert time.monotonic() - began_s < 5

    with_bus(LineInMemory(), act)


@pytest.mark.parametrize("door", [-1, 8])
def test_a_door_that_is_none_is_our_mistake(door: int) -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(ValueError, match="door is 0"):
            await KerongLocker(bus, KerongLocker.Settings()).access_door(door)

    with_bus(LineInMemory(), act)


@pytest.mark.parametrize("settings", [{"address": 0}, {"lock_count": 51}, {"closed_code": 1}])
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=f"kerong_locker: {next(iter(settings))} is"):
        KerongLocker.Settings(**settings)
