"""ISAPI of recorders: what is asked, and what is read of any answer."""

import contextlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import FrameError
from drivers.protocols.isapi_recordings import (
    Search,
    Span,
    decode_found,
    decode_search,
    decode_time,
    encode_found,
    encode_search,
    encode_time,
    replay_path,
)

NOW = datetime(2026, 11, 29, 3, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEARCH = Search("s1", 201, Span(NOW - 24 * HOUR, NOW))
# As public guides show it: another namespace, a zone of its own, items with more in them.
PUBLISHED = b"""<?xml version="1.0" encoding="utf-8"?>
<CMSearchResult version="1.0" xmlns="http://www.hikvision.com/ver20/XMLSchema">
<searchID>s1</searchID><responseStatus>true</responseStatus><numOfMatches>1</numOfMatches>
<matchList><searchMatchItem><sourceID>{0000}</sourceID><trackID>201</trackID><timeSpan>
<startTime>2026-11-28T11:00:00+08:00</startTime><endTime>2026-11-28T12:00:00+08:00</endTime>
</timeSpan><mediaSegmentDescriptor><contentType>video</contentType></mediaSegmentDescriptor>
</searchMatchItem></matchList></CMSearchResult>"""


def test_a_question_is_read_back_as_it_was_asked() -> None:
    assert decode_search(encode_search(SEARCH)) == SEARCH


def test_an_answer_is_read_whatever_its_namespace_and_zone() -> None:
    assert decode_found(PUBLISHED) == [Span(NOW - 24 * HOUR, NOW - 23 * HOUR)]


def test_what_was_found_comes_oldest_first_and_may_be_nothing() -> None:
    spans = [Span(NOW - HOUR, NOW), Span(NOW - 3 * HOUR, NOW - 2 * HOUR)]

    assert decode_found(encode_found(SEARCH, spans)) == spans[::-1]
    assert decode_found(encode_found(SEARCH, [])) == []


def test_a_clock_is_read_in_its_zone_and_one_without_a_zone_says_nothing() -> None:
    assert decode_time(encode_time(datetime.fromisoformat("2026-11-29T11:00:00+08:00"))) == NOW
    assert decode_time(b"<Time><localTime>2026-11-29T11:00:00</localTime></Time>") is None


def test_a_replay_begins_at_its_moment_in_utc() -> None:
    at = datetime.fromisoformat("2026-11-29T11:00:05+08:00")

    assert replay_path(201, at) == "/Streaming/tracks/201?starttime=20261129T030005Z"


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>Welcome</html>",
        PUBLISHED.replace(b"2026-11-28T11", b"2026-99-28T11"),
        PUBLISHED.replace(b"2026-11-28T11:00:00+08:00", b""),
        b'<!DOCTYPE a [<!ENTITY b "c">]><CMSearchResult>&b;</CMSearchResult>',
        b"<CMSearchResult>" + b" " * 1_000_001 + b"</CMSearchResult>",
    ],
    ids=["a page", "no date", "no time", "entities", "no end"],
)
def test_what_is_no_answer_is_refused(answer: bytes) -> None:
    with pytest.raises(FrameError):
        decode_found(answer)


@given(st.binary(max_size=200))
def test_garbage_is_no_answer(data: bytes) -> None:
    for decode in (decode_found, decode_time, decode_search):
        with pytest.raises(FrameError):
            decode(data)


@given(st.integers(0, len(PUBLISHED) - 1), st.integers(0, 255))
def test_one_damaged_byte_never_escapes_as_anything_else(index: int, byte: int) -> None:
    damaged = PUBLISHED[:index] + bytes([byte]) + PUBLISHED[index + 1 :]
    with contextlib.suppress(FrameError):
        assert len(decode_found(damaged)) <= 1
