"""The EB tripod board: frames of its manual, and what a board that never answers can promise."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import CommandRejectedError, DeviceUnreachableError, GateMode, Side
from drivers.bus import Bus
from drivers.eb_tripod import EbTripod
from drivers.protocols import NEED_DATA, FrameError
from drivers.protocols.eb_tripod import Command, Frame, FrameDecoder, encode
from drivers.simulators.eb_tripod import OPEN_S, Simulator
from tests.drivers.heard import cut, frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus

OPEN_LEFT = bytes.fromhex("EB 01 40 00 AA")
frames = st.builds(Frame, st.integers(0, 255), st.sampled_from(Command))


@pytest.mark.parametrize(
    ("command", "raw"),
    [
        (Command.OPEN_LEFT, "EB 01 40 00 AA"),
        (Command.DROP_ARM, "EB 01 42 00 A8"),
        (Command.RAISE_ARM, "EB 01 43 00 A9"),
    ],
)
def test_a_command_is_framed_as_the_manual_has_it(command: Command, raw: str) -> None:
    assert encode(Frame(1, command)) == bytes.fromhex(raw)


@given(sent=st.lists(frames, max_size=5), sizes=st.lists(st.integers(1, 7), min_size=1))
def test_commands_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[Frame], sizes: list[int]
) -> None:
    assert frames_of(FrameDecoder(), cut(b"".join(map(encode, sent)), sizes)) == (sent, [])


@given(junk=st.binary(max_size=30))
def test_junk_before_a_command_hides_it_only_if_it_may_begin_one(junk: bytes) -> None:
    clean = junk.replace(b"\xeb", b"")

    found, _ = frames_of(FrameDecoder(), [clean + OPEN_LEFT])

    assert found == [Frame(1, Command.OPEN_LEFT)]


def test_a_damaged_command_is_quoted_and_the_next_one_found() -> None:
    decoder = FrameDecoder()
    decoder.receive_data(bytes.fromhex("EB 01 40 00 AB") + OPEN_LEFT)

    with pytest.raises(FrameError, match="EB"):
        decoder.next_frame()

    assert frames_of(decoder, [b""])[0] == [Frame(1, Command.OPEN_LEFT)]
    assert decoder.next_frame() is NEED_DATA


def sent_by(*sides: Side, way_in: str) -> list[bytes]:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        driver = EbTripod(bus, EbTripod.Settings(way_in=way_in))
        for side in sides:
            await driver.access(side)

    with_bus(line, act)
    return [data for _, data in line.sent]


@pytest.mark.parametrize(("way_in", "commands"), [("left", "40 41"), ("right", "41 40")])
def test_in_and_out_go_the_way_the_turnstile_was_built(way_in: str, commands: str) -> None:
    sent = sent_by(Side.IN, Side.OUT, way_in=way_in)

    assert [frame[2] for frame in sent] == list(bytes.fromhex(commands))


def test_one_person_needs_one_command_and_it_is_sent_once() -> None:
    simulator = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        driver = EbTripod(bus, EbTripod.Settings())
        await driver.start()
        receipt = await driver.access(Side.IN)

        assert receipt.attempts == 1
        assert (simulator.open_way, simulator.opened_count) == ("left", 1)

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_forbidden_turnstile_opens_for_nobody_until_it_is_controlled_again() -> None:
    simulator = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        driver = EbTripod(bus, EbTripod.Settings())
        await driver.set_mode(Side.IN, GateMode.FORBIDDEN)
        await driver.access(Side.IN)
        assert simulator.open_way == ""
        await driver.set_mode(Side.IN, GateMode.CONTROLLED)
        await driver.access(Side.IN)

        assert simulator.open_way == "left"

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_one_side_alone_cannot_be_free() -> None:
    async def act(bus: Bus) -> None:
        with pytest.raises(CommandRejectedError, match="cannot set side out alone free"):
            await EbTripod(bus, EbTripod.Settings()).set_mode(Side.OUT, GateMode.FREE)

    with_bus(LineInMemory(), act)


def test_the_arm_falls_and_is_raised() -> None:
    simulator = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        driver = EbTripod(bus, EbTripod.Settings())
        await driver.drop_arm()
        assert simulator.act("pass_through", {}) == {"has_passed": True}
        await driver.raise_arm()

        assert simulator.act("pass_through", {}) == {"has_passed": False}

    with_bus(LineInMemory(answers_of(simulator)), act)


def test_a_lost_line_is_seen_by_a_poll_and_its_return_too() -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        driver = EbTripod(bus, EbTripod.Settings())
        line.is_connected = False
        with pytest.raises(DeviceUnreachableError):
            await driver.poll()
        line.is_connected = True
        await asyncio.sleep(0.25)  # the bus tries a port that failed again after 0.2 s

        assert await driver.poll() == []

    with_bus(line, act)


def test_who_does_not_pass_in_time_must_ask_again() -> None:
    simulator = Simulator(Simulator.Settings())
    simulator.receive_data(OPEN_LEFT)

    simulator.step(OPEN_S + 0.1)

    assert simulator.act("pass_through", {}) == {"has_passed": False}


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [({"address": 256}, "address is 0..255"), ({"way_in": "up"}, "way_in is left or right")],
)
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        EbTripod.Settings(**settings)  # type: ignore[arg-type]  # nonsense on purpose


def test_a_release_drops_the_arm_and_its_end_raises_it() -> None:
    simulator = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        driver = EbTripod(bus, EbTripod.Settings())
        await driver.release()
        assert simulator.act("pass_through", {}) == {"has_passed": True}
        await driver.end_release()

        assert simulator.act("pass_through", {}) == {"has_passed": False}

    with_bus(LineInMemory(answers_of(simulator)), act)
