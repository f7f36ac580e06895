"""GB/T 26875.3: frames of the standard's samples, and the centre's duties towards a transmitter."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceUnreachableError, DutyAnswered, PointChanged, PointCondition
from drivers.bus import Bus
from drivers.gbt26875 import STALL_S, Gbt26875
from drivers.protocols import FrameError
from drivers.protocols.gbt26875 import (
    Command,
    ComponentStatus,
    Damaged,
    Frame,
    FrameDecoder,
    UnitType,
    decode_system,
    encode,
    encode_unit,
    objects_of,
    reply_to,
)
from drivers.simulators.gbt26875 import REPEAT_AFTER_S, Simulator, recovered_share
from tests.drivers.heard import ClockOfATest, cut, frames_of
from tests.drivers.lines import LIMIT_S, LineInMemory, with_bus

HEAD = "40 40 01 00 01 01 20 3A 09 1A 09 0C 38 5B 01 00 00 00 79 03 00 00 00 00 "
ACK = bytes.fromhex(
    "40 40 01 00 01 01 23 3A 09 1A 09 0C 38 5B 01 00 00 00 79 03 00 00 00 00 00 00 03 AB 23 23"
)
MAINS = bytes.fromhex(
    "40 40 01 00 01 01 20 3A 09 1A 09 0C 79 03 00 00 00 00 38 5B 01 00 00 00"
    "09 00 02 15 01 08 02 3A 09 1A 09 0C 42 23 23"
)
READ_81 = bytes.fromhex(HEAD + "03 00 04 51 01 00 FE 23 23")
SYNC_90 = bytes.fromhex(HEAD + "08 00 01 5A 01 02 3A 09 1A 09 0C 7D 23 23")
DUTY_91 = bytes.fromhex(HEAD + "03 00 01 5B 01 0A 0F 23 23")
FIRE = bytes.fromhex(
    "40 40 01 00 01 01 02 3a 09 1a 09 0c 79 03 00 00 00 00 38 5b 01 00 00 00 30 00 02"
    "02 01 01 01 28 0a 00 02 00 02 00 41 c7 f8 31 b2 e3 d7 df c0 c8" + "00" * 21 +
    "02 3a 09 1a 09 0c 6c 23 23"
)  # fmt: skip
TRANSMITTER, CENTRE = 0x379, 0x15B38
frames = st.builds(
    Frame,
    st.integers(0, 0xFFFF),
    st.tuples(*[st.integers(0, 255)] * 6),
    st.integers(0, 2**48 - 1),
    st.integers(0, 2**48 - 1),
    st.integers(0, 255),
    st.binary(max_size=60),
)


@pytest.mark.parametrize("raw", [ACK, MAINS, READ_81, SYNC_90, DUTY_91, FIRE])
def test_a_sample_is_read_and_written_byte_for_byte(raw: bytes) -> None:
    (frame,), refusals = frames_of(FrameDecoder(), [raw])

    assert isinstance(frame, Frame)
    assert encode(frame) == raw
    assert refusals == []


def test_the_acknowledgement_that_we_build_is_the_sample() -> None:
    (mains,), _ = frames_of(FrameDecoder(), [MAINS])

    assert isinstance(mains, Frame)
    assert encode(reply_to(mains, Command.ACKNOWLEDGE, (0x23, 58, 9, 26, 9, 12))) == ACK


def test_a_fire_s_text_and_place_are_read() -> None:
    (frame,), _ = frames_of(FrameDecoder(), [FIRE])
    assert isinstance(frame, Frame)

    _, (raw,) = objects_of(frame.data)

    assert ComponentStatus.decode(raw) == ComponentStatus(1, 1, 40, 10, 2, 2, "A区1层走廊")


@given(sent=st.lists(frames, max_size=4), sizes=st.lists(st.integers(1, 9), min_size=1))
def test_frames_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[Frame], sizes: list[int]
) -> None:
    assert frames_of(FrameDecoder(), cut(b"".join(map(encode, sent)), sizes)) == (sent, [])


def test_all_good_frames_are_recovered_among_damaged_ones() -> None:
    assert recovered_share(count=400) == 1.0


def test_a_frame_with_a_wrong_check_sum_says_whose_it_was() -> None:
    damaged = FIRE[:40] + b"\xff" + FIRE[41:]

    found, _ = frames_of(FrameDecoder(), [damaged + ACK])

    assert found[0] == Damaged(1, TRANSMITTER, CENTRE)
    assert isinstance(found[-1], Frame)


@pytest.mark.parametrize("data", [b"\x02", bytes([2, 3]) + bytes(50)])
def test_an_application_unit_that_is_too_short_is_refused(data: bytes) -> None:
    with pytest.raises(FrameError):
        objects_of(data)


class Wire:
    """A transmitter on a line in memory: what it says is let arrive by hand."""

    def __init__(self, bus: Bus, line: LineInMemory, clock: ClockOfATest) -> None:
        self.line, self.clock = line, clock
        self.driver = Gbt26875(bus, Gbt26875.Settings(address=CENTRE), clock)

    async def polled(self, raw: bytes) -> list[object]:
        """Let bytes arrive and poll until they were answered."""
        count = len(self.line.sent)
        self.line.arrive(raw)
        found: list[object] = []
        while len(self.line.sent) == count:
            found += await self.driver.poll()
            await asyncio.sleep(0.001)
        return found + list(await self.driver.poll())

    @property
    def commands(self) -> list[int]:
        return [raw[26] for _, raw in self.line.sent]


def on_a_wire(act: Callable[[Wire], object]) -> None:
    line, clock = LineInMemory(), ClockOfATest()

    async def run(bus: Bus) -> None:
        wire = Wire(bus, line, clock)
        await bus.send(b"", unit_id="x")
        line.sent.clear()
        await act(wire)  # type: ignore[misc]  # a coroutine function

    with_bus(line, run)


def fire_point(*conditions: PointCondition) -> PointChanged:
    return PointChanged("1.1/10.2", tuple(sorted(conditions)), "A区1层走廊", "smoke detector")


def test_a_fire_that_says_test_is_still_a_fire() -> None:
    async def act(wire: Wire) -> None:
        found = await wire.polled(FIRE)

        assert found == [fire_point(PointCondition.FIRE, PointCondition.TEST)]
        assert wire.commands == [Command.ACKNOWLEDGE]

    on_a_wire(act)


def test_a_repetition_is_acknowledged_again_and_told_once() -> None:
    async def act(wire: Wire) -> None:
        first, second = await wire.polled(FIRE), await wire.polled(FIRE)

        assert (len(first), second) == (1, [])
        assert wire.commands == [Command.ACKNOWLEDGE] * 2

    on_a_wire(act)


def test_a_damaged_message_is_refused_so_that_it_comes_again() -> None:
    async def act(wire: Wire) -> None:
        found = await wire.polled(FIRE[:40] + b"\xff" + FIRE[41:])

        assert found == []
        assert wire.commands == [Command.REFUSE]

    on_a_wire(act)


def test_a_transmitter_s_operation_of_the_sample_is_acknowledged() -> None:
    async def act(wire: Wire) -> None:
        await wire.polled(MAINS)

        assert wire.line.sent[0][1][:4] == ACK[:4]
        assert wire.commands == [Command.ACKNOWLEDGE]

    on_a_wire(act)


def test_silence_beyond_the_heartbeat_is_an_absence() -> None:
    async def act(wire: Wire) -> None:
        await wire.polled(FIRE)
        wire.clock.now_s += 59
        assert await wire.driver.poll() == []
        wire.clock.now_s += 2

        with pytest.raises(DeviceUnreachableError, match="silent for 61 s"):
            await wire.driver.poll()

    on_a_wire(act)


def test_a_damaged_length_hides_what_follows_for_five_seconds_at_most() -> None:
    async def act(wire: Wire) -> None:
        endless = FIRE[:24] + b"\xff\x03" + FIRE[26:30]
        wire.line.arrive(endless + FIRE)
        subscription_heard = len(wire.line.sent)
        await wire.driver.poll()
        while await wire.driver.poll() == [] and len(wire.line.sent) == subscription_heard:
            wire.clock.now_s += STALL_S / 10
            await asyncio.sleep(0.001)
        await wire.line.until_sent()

        assert wire.commands == [Command.ACKNOWLEDGE]

    on_a_wire(act)


def test_an_unacknowledged_message_is_repeated_three_times_and_given_up() -> None:
    simulator = Simulator(Simulator.Settings())
    simulator.act("fire", {})

    said = [len(simulator.step(REPEAT_AFTER_S)) for _ in range(8)]

    assert (sum(said), simulator.given_up) == (4, 1)


def test_the_system_status_has_its_own_bits() -> None:
    assert decode_system(bytes.fromhex("01 01 02 01")) == (1, 1, 0x0102)


@pytest.mark.parametrize(
    "settings", [{"address": -1}, {"transmitter": 2**48}, {"heartbeat_s_max": -1.0}]
)
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"gbt26875: {next(iter(settings))} is"):
        Gbt26875.Settings(**settings)  # type: ignore[arg-type]  # nonsense on purpose


def said_by_a_panel(hands: Callable[[Simulator], None]) -> list[object]:
    """Return what the driver reports of what hands do at a simulated transmitter."""
    simulator, found = Simulator(Simulator.Settings(address=TRANSMITTER, centre=CENTRE)), []

    async def act(wire: Wire) -> None:
        hands(simulator)
        while (messages := simulator.step(REPEAT_AFTER_S)) and not simulator.given_up:
            found.extend(await wire.polled(messages[0]))
            simulator.receive_data(wire.line.sent[-1][1])

    on_a_wire(act)
    return found


def test_a_panel_that_was_reset_has_no_fire_any_more_and_may_say_it_anew() -> None:
    def hands(panel: Simulator) -> None:
        panel.do_fire(10, 2, "A", on=True, is_test=False)
        panel.do_system(1 << 13)
        panel.do_fire(10, 2, "A", on=True, is_test=False)

    found = said_by_a_panel(hands)

    places = [(p.point, p.conditions) for p in found if isinstance(p, PointChanged)]
    fire = (PointCondition.FIRE,)
    assert places == [
        ("1.1/10.2", fire),
        ("1.1/10.2", ()),
        ("1.1", (PointCondition.RESET,)),
        ("1.1/10.2", fire),
    ]


def test_whoever_answers_a_duty_check_is_told() -> None:
    assert said_by_a_panel(lambda panel: panel.do_answer_duty()) == [DutyAnswered(operator=1)]


def test_other_operations_of_the_transmitter_answer_no_duty_check() -> None:
    async def act(wire: Wire) -> None:
        reset = encode_unit(UnitType.TRANSMITTER_OPERATION, bytes([1, 7, *bytes(6)]))
        frame = Frame(3, (0,) * 6, TRANSMITTER, CENTRE, Command.SEND, reset)

        assert await wire.polled(encode(frame)) == []

    on_a_wire(act)


def test_what_is_said_wakes_whoever_waits_for_it() -> None:
    async def act(wire: Wire) -> None:
        waiting = asyncio.create_task(wire.driver.wait(timeout_s=LIMIT_S))
        await asyncio.sleep(0)
        wire.line.arrive(FIRE)

        await waiting

        assert await wire.driver.poll() == [fire_point(PointCondition.FIRE, PointCondition.TEST)]
        assert wire.driver.heard_at_s > 0

    on_a_wire(act)
