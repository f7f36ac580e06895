"""Vectors: the public captures of libosdp-conformance, and frames computed apart."""

import contextlib
from binascii import crc_hqx
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import NEED_DATA, FrameError, osdp, osdpcap
from tests.fuzz.targets.osdp import run

POLL = bytes.fromhex("FF 53 00 08 00 04 60 EB AA")
ACK = bytes.fromhex("FF 53 80 08 00 05 40 68 9F")
POWER_FAILED = bytes.fromhex("FF 53 80 0A 00 04 48 00 01 0F A1")
SECURE_POLL = osdp.encode_frame(
    5, osdp.Command.POLL, sequence=2, security=bytes([osdp.SCS_15]), mac=b"\x01\x02\x03\x04"
)


def decoded(data: bytes, piece_size: int = 4096) -> list[osdp.Frame]:
    """Return the frames in bytes that come in pieces."""
    decoder, frames = osdp.Decoder(), []
    for start in range(0, len(data), piece_size):
        decoder.receive_data(data[start : start + piece_size])
        frame: object = None
        while frame is not NEED_DATA:
            with contextlib.suppress(FrameError):
                frame = decoder.next_frame()
                frames += [frame] if isinstance(frame, osdp.Frame) else []
    return frames


def test_a_poll_of_the_captures_is_read() -> None:
    (frame,) = decoded(POLL)

    assert (frame.address, frame.is_reply, frame.sequence) == (0, False, 0)
    assert (frame.name, frame.data, frame.raw) == ("POLL", b"", POLL[1:])


def test_a_reply_of_the_captures_is_read() -> None:
    (frame,) = decoded(POWER_FAILED)

    assert (frame.address, frame.is_reply, frame.name) == (0, True, "LSTATR")
    assert osdp.describe(frame) == "< reader 0 LSTATR sequence 0, tamper no, power failed"


@pytest.mark.parametrize("name", ["1-poll-cycle", "2-lstatr-power"])
def test_every_frame_of_a_public_capture_is_sound(shared: Path, name: str) -> None:
    text = (shared / "captures" / "osdp" / f"{name}.osdpcap").read_text("utf-8")

    records = [osdpcap.decode_line(line) for line in text.splitlines()]

    assert records
    for record in records:
        (frame,) = decoded(record.data)
        assert frame.is_reply is (record.direction is osdpcap.Direction.OUT)
        assert frame.name in ("POLL", "ACK", "LSTATR")


@pytest.mark.parametrize("vector", [POLL, ACK, POWER_FAILED])
def test_frames_of_the_captures_are_written_as_they_were(vector: bytes) -> None:
    (frame,) = decoded(vector)

    raw = osdp.encode_frame(
        frame.address, frame.code, frame.data, sequence=frame.sequence, is_reply=frame.is_reply
    )

    assert raw == vector[1:]


def test_a_check_sum_serves_where_there_is_no_crc() -> None:
    raw = osdp.encode_frame(1, osdp.Command.ID, b"\x00", sequence=1, has_crc=False)

    assert raw == bytes.fromhex("53 01 08 00 01 61 00 42")
    assert decoded(raw)[0].name == "ID"


def test_a_security_block_and_its_mac_are_taken_apart() -> None:
    (frame,) = decoded(SECURE_POLL)

    assert (frame.name, frame.data, frame.mac) == ("POLL", b"", b"\x01\x02\x03\x04")
    assert frame.security == bytes([osdp.SCS_15])
    assert not frame.is_encrypted
    assert osdp.describe(frame) == "> reader 5 POLL sequence 2, secure channel 15"


def test_encrypted_data_is_not_explained() -> None:
    raw = osdp.encode_frame(
        5, osdp.Reply.NAK, bytes(16), sequence=2, is_reply=True, security=b"\x18", mac=bytes(4)
    )

    (frame,) = decoded(raw)

    assert frame.refusal is None
    assert "16 bytes encrypted" in osdp.describe(frame)


@pytest.mark.parametrize(("code", "reason"), [(4, "sequence"), (0x77, "code 119")])
def test_a_refusal_says_why(code: int, reason: str) -> None:
    raw = osdp.encode_frame(3, osdp.Reply.NAK, bytes([code]), sequence=1, is_reply=True)

    (frame,) = decoded(raw)

    assert osdp.describe(frame) == f"< reader 3 NAK sequence 1, refused: {reason}"


def test_a_card_is_described_by_its_length_alone() -> None:
    data = bytes.fromhex("00 01 1A 00 12 34 56 40")

    (frame,) = decoded(osdp.encode_frame(3, osdp.Reply.RAW, data, sequence=1, is_reply=True))

    assert osdp.describe(frame) == "< reader 3 RAW sequence 1, card of 26 bits"
    assert "12345640" not in repr(frame)


def test_unknown_codes_have_numbers_for_names() -> None:
    commands = decoded(osdp.encode_frame(0x7F, 0x99, b"\x01", sequence=0))
    replies = decoded(osdp.encode_frame(0, 0x99, sequence=0, is_reply=True))

    assert osdp.describe(commands[0]) == "> everybody command 99 sequence 0, 1 bytes"
    assert replies[0].name == "reply 99"


@given(pieces=st.integers(1, 20), follows=st.binary(max_size=6))
def test_pieces_of_any_size_give_the_same(pieces: int, follows: bytes) -> None:
    names = [frame.name for frame in decoded(POLL + ACK + SECURE_POLL + follows, pieces)]

    assert names == ["POLL", "ACK", "POLL"]


@given(at=st.integers(1, len(POWER_FAILED) - 1), bit=st.integers(0, 7))
def test_a_damaged_frame_is_refused_and_does_not_hide_what_follows(at: int, bit: int) -> None:
    damaged = bytearray(POWER_FAILED)
    damaged[at] ^= 1 << bit

    # A length that became larger waits for as much: what comes meanwhile is found again.
    names = [frame.name for frame in decoded(bytes(damaged) + ACK * 250)]

    assert names == ["ACK"] * 250


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("53 00 07 00 04 60 EB AA", "no frame has this length"),
        ("53 00 FF FF 04 60 EB AA", "no frame has this length"),
        ("53 00 08 00 04 60 EB AB", "wrong check characters: 53 00 08 00 04 60"),
        ("01 02 03", "outside a frame: 01 02 03"),
    ],
)
def test_what_is_thrown_away_is_quoted(text: str, why: str) -> None:
    decoder = osdp.Decoder()
    decoder.receive_data(bytes.fromhex(text))

    with pytest.raises(FrameError, match=why):
        decoder.next_frame()


@pytest.mark.parametrize("block", ["00", "01", "FF 15", "02 15 60", "03 15"])
def test_a_security_block_that_does_not_fit_is_refused(block: str) -> None:
    body = bytes.fromhex(block)
    # The first byte of the block stands where the code would.
    sound = osdp.encode_frame(1, body[0], body[1:], sequence=1)
    with_flag = bytearray(sound[:-2])
    with_flag[4] |= osdp.SECURITY_FLAG
    check = crc_hqx(with_flag, 0x1D0F).to_bytes(2, "little")
    decoder = osdp.Decoder()
    decoder.receive_data(bytes(with_flag) + check)

    with pytest.raises(FrameError, match="security block"):
        decoder.next_frame()


def test_a_flood_is_bounded() -> None:
    frames = decoded(bytes([osdp.SOM]) * 100_000 + ACK)

    assert [frame.name for frame in frames] == ["ACK"]


@pytest.mark.parametrize(("address", "sequence", "size"), [(128, 0, 0), (0, 4, 0), (0, 0, 1433)])
def test_impossible_frames_are_not_written(address: int, sequence: int, size: int) -> None:
    with pytest.raises(ValueError, match=r"a frame has at most|an address is"):
        osdp.encode_frame(address, osdp.Command.MFG, bytes(size), sequence=sequence)


@given(st.binary(max_size=300))
def test_any_bytes_give_frames_or_the_codec_s_own_error(data: bytes) -> None:
    run(data)
