"""Lines of OSDPCAP; the captures themselves are read in ``test_osdp_frames``."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.protocols import osdpcap
from drivers.protocols.osdpcap import Direction, Record

LINE = (
    '{ "timeSec" : "1693167786", "timeNano" : "033907099", "io" : "in", "data" : " ff 53 00 08 00'
    ' 04 60 eb aa", "osdpTraceVersion":"1", "osdpSource":"libosdp-conformance 1.33-2" }'
)


def test_a_line_of_a_public_capture_is_read() -> None:
    record = osdpcap.decode_line(LINE)

    assert record == Record(
        1_693_167_786_033_907_099,
        Direction.IN,
        bytes.fromhex("FF 53 00 08 00 04 60 EB AA"),
        source="libosdp-conformance 1.33-2",
    )


def test_the_public_captures_survive_reading_and_writing(shared: Path) -> None:
    files = sorted((shared / "captures" / "osdp").glob("*.osdpcap"))
    lines = [line for file in files for line in file.read_text("utf-8").splitlines()]

    records = [osdpcap.decode_line(line) for line in lines]

    assert len(records) == 18
    assert [osdpcap.decode_line(osdpcap.encode_line(record)) for record in records] == records


@given(
    at_ns=st.integers(0, 10**19), direction=st.sampled_from(Direction), data=st.binary(max_size=99)
)
def test_what_is_written_is_read(at_ns: int, direction: Direction, data: bytes) -> None:
    record = Record(at_ns, direction, data)

    assert osdpcap.decode_line(osdpcap.encode_line(record)) == record


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("", "no JSON object"),
        ("[]", "no JSON object"),
        ("[" * 10_000, "no JSON object"),
        (LINE.replace('"osdpTraceVersion":"1"', '"osdpTraceVersion":"2"'), "trace version 1"),
        (LINE.replace("timeNano", "nano"), "lacks 'timeNano'"),
        (LINE.replace('"in"', '"sideways"'), "not what it should be"),
        (LINE.replace("eb aa", "eb a"), "not what it should be"),
        (LINE.replace('"1693167786"', "[]"), "not what it should be"),
        (LINE + " " * 20_000, "at most 16384"),
    ],
)
def test_what_is_no_record_is_refused(line: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        osdpcap.decode_line(line)
