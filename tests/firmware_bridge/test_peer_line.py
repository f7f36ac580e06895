"""The board's own reading of the line, against the client's encoding and the library's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from smp import packet

from firmware_bridge import frames
from firmware_bridge.peer_line import LineDecoder, encode_lines

FRAME = bytes.fromhex("0A 00 00 01 03 6D 05 02 A0")
FRAMES = st.binary(min_size=1, max_size=900)
MODBUS = bytes.fromhex("63 03 02 00 2A C0 53")


def heard(data: bytes, *, address: int = 0, piece_size_bytes: int = 4096) -> list[bytes]:
    """Return the frames that a board hears."""
    decoder = LineDecoder(address=address, size_bytes_max=1024)
    found = []
    for start in range(0, len(data), piece_size_bytes):
        found += decoder.receive_data(data[start : start + piece_size_bytes])
    return found


def test_the_example_of_the_page_is_read_and_written() -> None:
    sent = bytes.fromhex("01 31 32 0A 06 09") + b"AAsKAAABA20FAqAcxg==\n"

    assert encode_lines(FRAME, address=18) == sent
    assert heard(sent, address=18) == [FRAME]


@given(FRAMES, st.integers(0, 247))
def test_it_says_what_the_client_says(frame: bytes, address: int) -> None:
    assert encode_lines(frame, address=address) == frames.encode_lines(frame, address=address)


@given(FRAMES)
def test_it_hears_what_the_library_says(frame: bytes) -> None:
    assert heard(b"".join(packet.encode(frame, line_length=128))) == [frame]


@given(st.lists(FRAMES, max_size=3), st.integers(1, 50))
def test_it_hears_the_same_in_pieces_of_any_size(sent: list[bytes], piece_size_bytes: int) -> None:
    data = b"".join(encode_lines(frame, address=0) for frame in sent)

    assert heard(data, piece_size_bytes=piece_size_bytes) == sent


@pytest.mark.parametrize("noise", [b"login: \r\n", MODBUS, b"\x04\x14QUJD\n", b"\x00" * 2000])
def test_what_stands_between_frames_is_passed_over(noise: bytes) -> None:
    data = noise + encode_lines(FRAME, address=0) + noise + encode_lines(FRAME, address=0)

    assert heard(data) == [FRAME, FRAME]


def test_a_board_with_an_address_answers_only_its_own() -> None:
    mine, another = encode_lines(FRAME, address=18), encode_lines(FRAME, address=19)

    assert heard(another + mine + encode_lines(FRAME, address=0), address=18) == [FRAME]


@pytest.mark.parametrize("between", [b"noise\n", b"\x04\x14QUJD\n", b"\x0119\n", MODBUS])
def test_only_what_directly_follows_the_address_counts(between: bytes) -> None:
    assert heard(b"\x0112\n" + between + encode_lines(FRAME, address=0), address=18) == []


def test_a_board_without_an_address_ignores_address_lines() -> None:
    assert heard(encode_lines(FRAME, address=18)) == [FRAME]


def test_a_first_line_while_a_frame_is_incomplete_begins_anew() -> None:
    whole = encode_lines(bytes(300), address=0)

    assert heard(whole[:130] + encode_lines(FRAME, address=0)) == [FRAME]


@given(FRAMES, st.data())
def test_a_damaged_frame_is_not_heard(frame: bytes, data: st.DataObject) -> None:
    sent = bytearray(encode_lines(frame, address=0))
    at = data.draw(st.integers(0, len(sent) - 1))
    sent[at] ^= 1 << data.draw(st.integers(0, 7))

    assert heard(bytes(sent)) in ([], [frame])


@given(st.lists(st.binary(max_size=300) | st.just(b"\x06\x09") | st.just(b"\n"), max_size=20))
def test_any_bytes_are_passed_over(pieces: list[bytes]) -> None:
    decoder = LineDecoder(address=0, size_bytes_max=1024)

    for piece in pieces:
        decoder.receive_data(piece)

    assert decoder.receive_data(b"\n" + encode_lines(FRAME, address=0)) == [FRAME]


def test_noise_without_an_end_is_not_kept() -> None:
    decoder = LineDecoder(address=0, size_bytes_max=1024)

    decoder.receive_data(bytes(10_000))

    assert decoder.held_bytes <= 512


def test_a_frame_longer_than_the_buffer_is_passed_over() -> None:
    assert heard(encode_lines(bytes(1023), address=0)) == []
    assert heard(encode_lines(bytes(1022), address=0)) == [bytes(1022)]
