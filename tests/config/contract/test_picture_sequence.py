from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contract.picture_sequence import (
    JPEG_BEGIN,
    NoSequenceError,
    Picture,
    decode_sequence,
    encode_sequence,
)

NOW = datetime(2026, 11, 29, 3, 12, 41, 250_000, tzinfo=UTC)
PICTURES = [Picture(JPEG_BEGIN + bytes([n]) * n, NOW + n * timedelta(seconds=0.2)) for n in (1, 9)]


def test_a_sequence_reads_back_as_its_pictures() -> None:
    assert decode_sequence(encode_sequence(PICTURES)) == PICTURES


@given(st.binary(max_size=60))
def test_a_boundary_inside_a_picture_cuts_nothing(content: bytes) -> None:
    picture = Picture(JPEG_BEGIN + b"\r\n--menshen-picture\r\n" + content, NOW)

    assert decode_sequence(encode_sequence([picture])) == [picture]


@given(st.binary(max_size=200))
def test_garbage_is_no_sequence(data: bytes) -> None:
    with pytest.raises(NoSequenceError):
        decode_sequence(data)


@given(st.data())
def test_a_sequence_with_a_changed_byte_is_refused_or_keeps_its_form(data: st.DataObject) -> None:
    whole = bytearray(encode_sequence(PICTURES))
    whole[data.draw(st.integers(0, len(whole) - 1))] ^= data.draw(st.integers(1, 255))

    try:
        pictures = decode_sequence(bytes(whole))
    except NoSequenceError:
        return
    assert [picture.jpeg[:3] for picture in pictures] == [JPEG_BEGIN] * 2


def test_a_sequence_that_was_cut_off_is_refused() -> None:
    with pytest.raises(NoSequenceError):
        decode_sequence(encode_sequence(PICTURES)[:-1])


def test_a_sequence_without_a_picture_is_none() -> None:
    with pytest.raises(NoSequenceError, match="without a picture"):
        decode_sequence(encode_sequence([]))
