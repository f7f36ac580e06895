"""The parking display: its frame, and a number that is shown again after an absence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceUnreachableError
from drivers.bus import Bus
from drivers.protocols.xunpeng import NUMBER_MAX, Frame, FrameDecoder, encode
from drivers.simulators.xunpeng_led import Simulator
from drivers.xunpeng_led import XunpengLed
from tests.drivers.heard import cut, frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus

frames = st.builds(Frame, st.integers(0, 3), st.integers(0, NUMBER_MAX))


def test_a_frame_has_the_low_byte_first_and_a_sum() -> None:
    assert encode(Frame(2, 300)) == bytes.fromhex("3A 02 2C 01 01 6A 0A")


@given(sent=st.lists(frames, max_size=4), sizes=st.lists(st.integers(1, 9), min_size=1))
def test_frames_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[Frame], sizes: list[int]
) -> None:
    assert frames_of(FrameDecoder(), cut(b"".join(map(encode, sent)), sizes)) == (sent, [])


def test_a_damaged_frame_does_not_hide_the_good_one_behind_it() -> None:
    good = encode(Frame(1, 7))

    found, refusals = frames_of(FrameDecoder(), [good[:3] + b"\xff" + good[4:] + good])

    assert found == [Frame(1, 7)]
    assert refusals


def test_a_number_is_shown_and_again_when_the_display_is_set_up_anew() -> None:
    simulator = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        driver = XunpengLed(bus, XunpengLed.Settings(colour="red"))
        await driver.start()
        assert simulator.state()["shown_count"] == 0
        await driver.show("0042")
        await driver.start()

        assert simulator.state() == {"number": 42, "colour": 1, "shown_count": 2}

    with_bus(LineInMemory(answers_of(simulator)), act)


@pytest.mark.parametrize("text", ["", "-1", "10000", "12.5", "full", "４２"])
def test_what_is_no_number_is_refused_and_nothing_is_sent(text: str) -> None:
    line = LineInMemory()

    async def act(bus: Bus) -> None:
        with pytest.raises(ValueError, match=r"shows a number 0\.\.9999"):
            await XunpengLed(bus, XunpengLed.Settings()).show(text)

    with_bus(line, act)
    assert line.sent == []


def test_a_lost_line_is_seen_by_a_poll() -> None:
    line = LineInMemory()
    line.is_connected = False

    async def act(bus: Bus) -> None:
        with pytest.raises(DeviceUnreachableError):
            await XunpengLed(bus, XunpengLed.Settings()).poll()

    with_bus(line, act)


def test_a_colour_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="xunpeng_led: colour is red, green, yellow, not 'blue'"):
        XunpengLed.Settings(colour="blue")
