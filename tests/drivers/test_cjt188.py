"""CJ/T 188-2004: frames and the driver. The public sample of a reply is a bad vector."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import (
    CommandRejectedError,
    DeviceUnreachableError,
    FaultsChanged,
    ProtocolViolationError,
    ReadingChanged,
)
from drivers.bus import Bus
from drivers.cjt188 import Cjt188
from drivers.protocols import FrameError
from drivers.protocols.cjt188 import (
    ERROR,
    READ,
    REPLY,
    Frame,
    FrameDecoder,
    Reading,
    ReplyDecoder,
    decode_reading,
    encode,
    encode_reading,
    read_request,
)
from drivers.simulators.cjt188 import Simulator
from tests.drivers.heard import cut, frames_of
from tests.drivers.lines import LineInMemory, answers_of, with_bus

METER = "33007811223344"
REQUEST = bytes.fromhex("68 10 44 33 22 11 00 33 78 01 03 1F 90 00 80 16")
READING = Reading(Decimal("123.45"), Decimal("120.00"), "m3", "open", has_low_battery=False)
frames = st.builds(
    Frame,
    st.sampled_from([0x10, 0x30]),
    st.integers(0, 10**14 - 1).map(lambda number: f"{number:014d}"),
    st.integers(0, 255),
    st.binary(max_size=40),
)


def test_a_request_is_framed_as_the_standard_has_it() -> None:
    (frame,), _ = frames_of(FrameDecoder(), [REQUEST])

    assert encode(frame, preamble_count=0) == REQUEST
    assert frame == read_request(0x10, "78330011223344", "1F90", 0)


@given(sent=st.lists(frames, max_size=4), sizes=st.lists(st.integers(1, 9), min_size=1))
def test_frames_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[Frame], sizes: list[int]
) -> None:
    assert frames_of(FrameDecoder(), cut(b"".join(map(encode, sent)), sizes)) == (sent, [])


def test_a_damaged_frame_does_not_hide_the_good_one_behind_it() -> None:
    found, refusals = frames_of(FrameDecoder(), [REQUEST[:3] + b"\xff" + REQUEST[4:] + REQUEST])

    assert len(found) == 1
    assert refusals


def test_a_reading_is_read_as_it_was_written() -> None:
    reading = dataclasses.replace(READING, valve="closed", has_low_battery=True)

    data = encode_reading(reading, "1F90", 7)

    assert len(data) == 0x16
    assert decode_reading(data) == reading


@pytest.mark.parametrize(
    ("at", "byte", "complaint"), [(3, 0xAA, "no reading"), (7, 0x77, "no reading")]
)
def test_a_reading_with_a_wrong_digit_or_unit_is_refused(
    at: int, byte: int, complaint: str
) -> None:
    data = bytearray(encode_reading(READING, "1F90", 0))
    data[at] = byte

    with pytest.raises(FrameError, match=complaint):
        decode_reading(bytes(data))


def test_the_answer_to_an_earlier_question_is_passed_over() -> None:
    decoder = ReplyDecoder(read_request(0x10, METER, "1F90", 2))
    late, right = (
        encode(Frame(0x10, METER, READ | REPLY, encode_reading(READING, "1F90", sequence)))
        for sequence in (1, 2)
    )

    found, refusals = frames_of(decoder, [late + right])

    assert (len(found), len(refusals)) == (1, 1)


@pytest.mark.parametrize("order", ["1F90", "901F"])
def test_the_first_poll_reports_all_and_the_next_what_changed(order: str) -> None:
    meter = Simulator(Simulator.Settings(order=order))

    async def act(bus: Bus) -> None:
        driver = Cjt188(bus, Cjt188.Settings(order=order))
        assert list(await driver.poll()) == [
            ReadingChanged("volume", Decimal("123.45"), "m3"),
            ReadingChanged("volume_settled", Decimal(120), "m3"),
        ]
        meter.act("draw", {"litres": 50})

        assert await driver.poll() == [ReadingChanged("volume", Decimal("123.5"), "m3")]

    with_bus(LineInMemory(answers_of(meter)), act)


def test_a_low_battery_and_a_stuck_valve_are_faults() -> None:
    meter = Simulator(Simulator.Settings())

    async def act(bus: Bus) -> None:
        driver = Cjt188(bus, Cjt188.Settings())
        await driver.poll()
        meter.act("battery", {})
        meter.act("valve", {})
        assert await driver.poll() == [FaultsChanged(("low_battery", "valve"))]
        meter.act("battery", {"low": False})
        meter.act("valve", {"state": "closed"})

        assert await driver.poll() == [FaultsChanged(())]

    with_bus(LineInMemory(answers_of(meter)), act)


def test_a_meter_with_the_other_byte_order_is_silent_to_us() -> None:
    meter = Simulator(Simulator.Settings(order="901F"))

    async def act(bus: Bus) -> None:
        settings = Cjt188.Settings(timeout_s=0.02, attempt_count=1)
        with pytest.raises(DeviceUnreachableError):
            await Cjt188(bus, settings).start()

    with_bus(LineInMemory(answers_of(meter)), act)


@pytest.mark.parametrize(
    ("control", "data", "error"),
    [
        (READ | REPLY | ERROR, b"\x00", CommandRejectedError),
        (READ | REPLY, b"\x1f\x90\x01" + b"\xaa" * 19, ProtocolViolationError),
    ],
)
def test_a_refusal_and_nonsense_are_told_apart(
    control: int, data: bytes, error: type[Exception]
) -> None:
    reply = encode(Frame(0x10, METER, control, data))

    async def act(bus: Bus) -> None:
        with pytest.raises(error):
            await Cjt188(bus, Cjt188.Settings(attempt_count=1)).start()

    with_bus(LineInMemory(lambda _: [(0.0, reply)]), act)


@pytest.mark.parametrize("settings", [{"address": "1"}, {"type": "heat"}, {"order": "0000"}])
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"cjt188: {next(iter(settings))} is"):
        Cjt188.Settings(**settings)  # type: ignore[arg-type]  # texts all
