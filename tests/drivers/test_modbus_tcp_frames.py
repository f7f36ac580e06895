"""Modbus TCP framing; the frame is the one of the MODBUS Messaging guide's read of a register."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import NEED_DATA, FrameError
from drivers.protocols.modbus_tcp import Frame, FrameDecoder, encode

READ = Frame(0x1501, 0xFF, bytes.fromhex("03 00 04 00 01"))
READ_BYTES = bytes.fromhex("15 01 00 00 00 06 FF 03 00 04 00 01")
frames = st.builds(
    Frame,
    st.integers(0, 0xFFFF),
    st.integers(0, 255),
    st.binary(min_size=1, max_size=253),
)


def test_a_request_is_framed_as_the_guide_has_it() -> None:
    assert encode(READ) == READ_BYTES


@given(sent=st.lists(frames, min_size=1, max_size=4), cuts=st.lists(st.integers(1, 9)))
def test_frames_come_out_as_they_went_in_whatever_the_pieces(
    sent: list[Frame], cuts: list[int]
) -> None:
    decoder, stream = FrameDecoder(), b"".join(map(encode, sent))
    found = []

    for size in (*cuts, len(stream)):
        decoder.receive_data(stream[:size])
        stream = stream[size:]
        while not isinstance(frame := decoder.next_frame(), type(NEED_DATA)):
            found.append(frame)

    assert found == sent


def test_what_is_no_header_is_thrown_away_and_the_frame_behind_it_found() -> None:
    decoder = FrameDecoder()
    decoder.receive_data(b"\xff\xff\xff" + READ_BYTES)

    with pytest.raises(FrameError, match="FF"):
        decoder.next_frame()

    assert decoder.next_frame() == READ


@given(garbage=st.binary(max_size=3000))
def test_garbage_never_escapes_as_anything_but_a_frame_error(garbage: bytes) -> None:
    decoder = FrameDecoder()
    decoder.receive_data(garbage)

    for _ in range(len(garbage) + 1):
        try:
            if decoder.next_frame() is NEED_DATA:
                return
        except FrameError:
            continue
    raise AssertionError("the decoder never asks for more")
