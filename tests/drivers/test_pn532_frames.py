"""Vectors: NXP UM0701-02 Rev. 02, sections 6.2.1 and 7.2.2, and the frames of MIFARE cards."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import pn532
from drivers.protocols.pn532 import (
    Ack,
    FirmwareVersion,
    FrameDecoder,
    Information,
    Nack,
    ReplyDecoder,
    SyntaxErrorFrame,
    Target,
    encode_information,
)
from tests.drivers.heard import cut, frames_of
from tests.fuzz.targets import pn532 as fuzz_target

COMMANDS: dict[str, pn532.Command[Any]] = {
    "00 00 FF 02 FE D4 02 2A 00": pn532.GET_FIRMWARE_VERSION,
    "00 00 FF 03 FD D4 14 01 17 00": pn532.SAM_CONFIGURATION,
    "00 00 FF 06 FA D4 32 05 FF 01 01 F4 00": pn532.MAX_RETRIES,
    "00 00 FF 04 FC D4 4A 01 00 E1 00": pn532.IN_LIST_PASSIVE_TARGET,
}
FIRMWARE = bytes.fromhex("00 00 FF 06 FA D5 03 32 01 06 07 E8 00")
UIDS = ["DEADBEEF", "04A1B2C3D4E5F6", "04112233445566778899"]


def response(code: int, data: bytes) -> bytes:
    return encode_information(Information(pn532.TO_HOST, code, data))


def listed(block: str) -> tuple[list[tuple[Target, ...]], list[str]]:
    decoder = ReplyDecoder(pn532.IN_LIST_PASSIVE_TARGET)
    return frames_of(decoder, [pn532.ACK + response(0x4B, bytes.fromhex(block))])


@pytest.mark.parametrize("frame", COMMANDS)
def test_commands_are_the_manual_s(frame: str) -> None:
    assert COMMANDS[frame].frame == bytes.fromhex(frame)


@pytest.mark.parametrize(
    ("frame", "meaning"),
    [(pn532.ACK, Ack()), (pn532.NACK, Nack()), (pn532.SYNTAX_ERROR, SyntaxErrorFrame())],
)
def test_the_short_frames_are_the_manual_s(frame: bytes, meaning: pn532.Frame) -> None:
    assert frames_of(FrameDecoder(), [frame, frame]) == ([meaning] * 2, [])


def test_the_firmware_version_is_read() -> None:
    decoder = ReplyDecoder(pn532.GET_FIRMWARE_VERSION)

    assert frames_of(decoder, [pn532.ACK, FIRMWARE]) == ([FirmwareVersion(0x32, 1, 6)], [])


@given(st.binary(max_size=263), st.lists(st.integers(1, 60), min_size=1))
def test_a_frame_of_any_length_is_the_same_in_pieces(data: bytes, sizes: list[int]) -> None:
    frame = Information(pn532.FROM_HOST, 0x40, data)

    assert frames_of(FrameDecoder(), cut(encode_information(frame), sizes)) == ([frame], [])


def test_a_long_frame_has_the_extended_form() -> None:
    frame = encode_information(Information(pn532.TO_HOST, 0x41, bytes(262)))

    # LENM 01, LENL 08, and 01 + 08 + F7 is 0.
    assert frame[:9] == bytes.fromhex("00 00 FF FF FF 01 08 F7 D5")


def test_a_frame_that_is_too_long_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="at most 264"):
        encode_information(Information(pn532.FROM_HOST, 0x40, bytes(264)))


def test_a_wake_up_and_long_preambles_say_nothing() -> None:
    data = pn532.WAKE_UP + pn532.SAM_CONFIGURATION.frame + bytes(20) + pn532.ACK

    frames, refusals = frames_of(FrameDecoder(), [data])

    assert frames == [Information(pn532.FROM_HOST, 0x14, b"\x01"), Ack()]
    assert refusals == []


@given(st.integers(0, 8 * 12 - 1))
def test_a_damaged_frame_does_not_hide_the_good_one_behind_it(bit: int) -> None:
    damaged = bytearray(FIRMWARE)
    damaged[bit // 8] ^= 1 << bit % 8

    # A damaged length may ask for the longest frame: so much must come before it is sure.
    frames, _ = frames_of(FrameDecoder(), [bytes(damaged), FIRMWARE, bytes(300), FIRMWARE])

    assert Information(pn532.TO_HOST, 0x03, bytes.fromhex("32 01 06 07")) == frames[-1]


def test_damaged_data_is_refused_and_not_quoted() -> None:
    damaged = FIRMWARE.replace(b"\x32", b"\x33")

    frames, refusals = frames_of(FrameDecoder(), [damaged + FIRMWARE])

    assert len(frames) == 1
    assert refusals == ["the check byte of a frame's data does not fit"]


@pytest.mark.parametrize("uid", UIDS)
def test_uids_of_all_three_lengths_are_read(uid: str) -> None:
    targets, _ = listed(f"01 01 00 04 08 {len(uid) // 2:02X} {uid}")

    assert targets == [(Target(b"\x00\x04", 0x08, bytes.fromhex(uid)),)]


def test_a_card_with_an_ats_is_read() -> None:
    targets, _ = listed("01 01 03 44 20 07 04A1B2C3D4E5F6 06 75 77 81 02 80")

    assert targets[0][0].uid == bytes.fromhex("04A1B2C3D4E5F6")


def test_no_card_is_an_answer_too() -> None:
    assert listed("00") == ([()], [])


@pytest.mark.parametrize(
    "block",
    [
        "",
        "00 00",
        "02",
        "01 01 00 04 08",
        "01 01 00 04 08 05 0102030405",
        "01 01 00 04 08 00",
        "01 01 00 04 08 07 01020304",
        "01 01 00 04 08 04 0102030405",
        "01 01 00 04 20 04 01020304 06 75",
    ],
)
def test_lists_that_contradict_themselves_are_refused(block: str) -> None:
    targets, refusals = listed(block)

    assert targets == []
    assert len(refusals) == 1


@pytest.mark.parametrize(
    "data",
    [
        FIRMWARE,
        pn532.ACK + response(0x15, b""),
        pn532.ACK + pn532.GET_FIRMWARE_VERSION.frame,
        pn532.ACK + pn532.SYNTAX_ERROR,
        pn532.NACK,
        pn532.ACK + response(0x03, b"\x32"),
    ],
    ids=["unacknowledged", "other command", "echo", "syntax error", "nack", "length"],
)
def test_a_sound_frame_that_is_not_the_answer_is_refused(data: bytes) -> None:
    decoder = ReplyDecoder(pn532.GET_FIRMWARE_VERSION)

    answers, refusals = frames_of(decoder, [data])

    assert answers == []
    assert len(refusals) == 1


def test_a_random_uid_is_known_as_such() -> None:
    assert Target(b"\x00\x04", 0x20, bytes.fromhex("08 11 22 33")).is_random
    assert not Target(b"\x00\x44", 0x00, bytes.fromhex("08 11 22 33 44 55 66")).is_random


def test_a_line_that_babbles_fills_no_memory() -> None:
    frames, refusals = frames_of(FrameDecoder(), [b"\xaa" * 100_000 + pn532.ACK])

    assert frames == [Ack()]
    assert refusals == ["bytes outside a frame"]


@given(st.binary(max_size=300))
def test_the_fuzz_target_holds(data: bytes) -> None:
    fuzz_target.run(data)
