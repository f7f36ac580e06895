"""SNTP, RFC 4330: what is asked, and which answers are worth something."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import FrameError
from drivers.protocols.sntp import (
    Reply,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
    measure,
)

AT = datetime(2026, 11, 30, 12, 0, 0, 500_000, tzinfo=UTC)
NONCE = 0x0123456789ABCDEF
REPLY = Reply(AT, AT + timedelta(milliseconds=2), 2, 0.25)
SOUND = encode_reply(REPLY, nonce=NONCE)


def changed(at: int, value: int) -> bytes:
    return SOUND[:at] + bytes([value]) + SOUND[at + 1 :]


def test_a_request_is_version_4_of_a_client_and_tells_nothing_but_its_nonce() -> None:
    request = encode_request(NONCE)

    assert request.hex(" ", 4) == (
        "23000000 00000000 00000000 00000000 00000000 00000000"
        " 00000000 00000000 00000000 00000000 01234567 89abcdef"
    )
    assert decode_request(request) == (4, NONCE)


def test_the_unix_epoch_is_2208988800_s_after_1900() -> None:
    """RFC 868: the time 2,208,988,800 corresponds to 00:00 1 Jan 1970 GMT."""
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    raw = encode_reply(Reply(epoch, epoch, 1, 0.0), nonce=NONCE)

    assert raw[32:40].hex() == f"{2_208_988_800:08x}00000000"


@given(
    st.datetimes(datetime(1968, 2, 1), datetime(2104, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.integers(1, 15),
)
def test_what_a_server_says_is_read_in_both_eras(at: datetime, stratum: int) -> None:
    reply = Reply(at, at, stratum, 0.25)

    read = decode_reply(encode_reply(reply, nonce=NONCE), nonce=NONCE)

    assert abs((read.sent_at - at).total_seconds()) <= 2e-6
    assert dataclasses.replace(read, received_at=at, sent_at=at) == reply


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (SOUND[:47], "47 bytes"),
        (changed(0, 0x23), "mode 3"),
        (changed(0, 0x14), "version 2"),
        (changed(0, 0xE4), "does not know the time"),
        (changed(1, 16), "does not know the time"),
        (changed(31, 0), "another request"),
        (encode_reply(dataclasses.replace(REPLY, stratum=0), nonce=NONCE, code=b"RATE"), "RATE"),
        (encode_reply(dataclasses.replace(REPLY, root_distance_s=17), nonce=NONCE), "17 s"),
        (SOUND[:40] + bytes(8), "does not know the time"),
    ],
)
def test_an_answer_that_is_worth_nothing_says_why(raw: bytes, why: str) -> None:
    with pytest.raises(FrameError, match=why):
        decode_reply(raw, nonce=NONCE)


@given(st.floats(-1e6, 1e6), st.floats(0, 3), st.floats(0, 3), st.floats(0, 1))
def test_the_offset_is_within_its_error(
    offset_s: float, there_s: float, back_s: float, work_s: float
) -> None:
    received = AT + timedelta(seconds=offset_s + there_s)
    reply = Reply(received, received + timedelta(seconds=work_s), 2, 0.0)

    found = measure(reply, asked_at=AT, took_s=there_s + work_s + back_s + 1e-5)

    assert abs(found.offset_s - offset_s) <= found.error_s + 1e-4


@pytest.mark.parametrize(("work_s", "took_s"), [(-1.0, 1.0), (2.0, 1.0)])
def test_times_that_contradict_themselves_are_refused(work_s: float, took_s: float) -> None:
    reply = Reply(AT, AT + timedelta(seconds=work_s), 2, 0.0)

    with pytest.raises(FrameError, match="contradict"):
        measure(reply, asked_at=AT, took_s=took_s)
