"""Recordings: written, read, refused where they are broken, and replayed as tests."""

import contextlib
import io
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.base import DeviceUnreachableError, InputChanged, PassageCounted, ReadingChanged, Side
from drivers.protocols import modbus_rtu as rtu
from drivers.protocols.jsonl_recording import (
    Bytes,
    End,
    Entry,
    Failed,
    Header,
    Observed,
    decode_entry,
    decode_header,
    encode_entry,
    encode_header,
)
from drivers.recorder import Recorder, observation_fields
from drivers.recording import load

HEADER = Header(port="COM3", driver="waveshare_relay", settings={"unit_id": 3}, poll_s=0.2)
ASK = rtu.encode_read_coils(3, address=0, count=8)
TELL = rtu.encode_reply(ASK, b"\x01")
HEAD_LINE = encode_header(HEADER) + "\n"


def recorded(suffix: str) -> bytes:
    """Return the file of one exchange, an observation, an error and the end."""
    file = io.BytesIO()
    recorder = Recorder(file, suffix, HEADER, began_s=100.0)
    recorder(100.5, is_sent=True, data=ASK.frame)
    recorder(100.625, is_sent=False, data=TELL)
    recorder.tell(100.75, InputChanged(2, active=True))
    recorder.tell(100.75, DeviceUnreachableError("gone"))
    recorder.end(101.0)
    return file.getvalue()


def kept(folder: Path, name: str, content: bytes | str) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_what_is_recorded_is_read_again(tmp_path: Path) -> None:
    recording = load(kept(tmp_path, "line.jsonl", recorded(".jsonl")))

    assert recording.header.settings == {"unit_id": 3}
    assert recording.entries == (
        Bytes(0.5, True, ASK.frame),
        Bytes(0.625, False, TELL),
        Observed(0.75, "InputChanged", {"channel": 2, "active": True}),
        Failed(0.75, "DeviceUnreachableError"),
        End(1.0),
    )


def test_modbus_tcp_is_kept_as_packets_and_read_as_the_driver_saw_it(tmp_path: Path) -> None:
    recording = load(kept(tmp_path, "line.pcap", recorded(".pcap")))

    assert [(e.is_sent, e.data) for e in recording.entries if isinstance(e, Bytes)] == [
        (True, ASK.frame),
        (False, TELL),
    ]
    assert recording.duration_s == pytest.approx(0.125)


def test_osdp_is_kept_as_other_tools_read_it(tmp_path: Path) -> None:
    file = io.BytesIO()
    recorder = Recorder(file, ".osdpcap", Header(), began_s=0.0)
    recorder(0.0, is_sent=True, data=bytes.fromhex("FF 53 00 08 00 04 60 EB AA"))
    recorder(0.25, is_sent=False, data=bytes.fromhex("FF 53 80 08 00 05 40 68 9F"))
    recorder.end(1.0)

    recording = load(kept(tmp_path, "line.osdpcap", file.getvalue()))

    assert [(e.t, e.is_sent) for e in recording.entries if isinstance(e, Bytes)] == [
        (0.0, True),
        (0.25, False),
    ]


def test_a_public_osdp_capture_is_read_from_the_panels_side(shared: Path) -> None:
    recording = load(shared / "captures" / "osdp" / "1-poll-cycle.osdpcap")

    directions = [entry.is_sent for entry in recording.entries if isinstance(entry, Bytes)]
    assert directions[:4] == [True, False, True, False]


@pytest.mark.parametrize(
    ("name", "request_count", "reply_count"),
    [("modbus_test_data_part2", 141, 140), ("fuzz-72", 1, 1), ("fuzz-1011", 1, 1)],
)
def test_public_captures_hold_requests_and_replies(
    shared: Path, name: str, request_count: int, reply_count: int
) -> None:
    recording = load(shared / "captures" / "modbus" / f"{name}.pcap")

    directions = [entry.is_sent for entry in recording.entries if isinstance(entry, Bytes)]
    assert (directions.count(True), directions.count(False)) == (request_count, reply_count)


def test_of_several_connections_one_is_chosen(shared: Path) -> None:
    path = shared / "captures" / "modbus" / "modbusSmall.pcap"

    assert len(load(path, conversation=2).entries) == 2
    with pytest.raises(ValueError, match="holds 16 connections"):
        load(path)
    with pytest.raises(ValueError, match=r"has connections 1\.\.16, not 17"):
        load(path, conversation=17)


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("a.jsonl", "", "is empty"),
        ("a.jsonl", "{}", "line 1: the first line has no format"),
        ("a.jsonl", HEAD_LINE.replace(": 1,", ": 9,", 1), "line 1: version 1 is read here"),
        ("a.jsonl", HEAD_LINE.replace("0.2", "0.0"), "line 1: poll_s"),
        ("a.jsonl", HEAD_LINE.replace('"COM3"', "3"), "line 1: port of the header"),
        ("a.jsonl", HEAD_LINE + "\nnonsense", "line 3: the line is no JSON object"),
        ("a.jsonl", HEAD_LINE + '{"t": 1, "dir": "in", "hex": "0"}', "line 2: hex holds no bytes"),
        ("a.jsonl", HEAD_LINE + '{"t": true, "end": true}', "line 2: t is no number"),
        ("a.jsonl", HEAD_LINE + '{"t": 1}', "line 2: the line has neither"),
        ("a.jsonl", HEAD_LINE + '{"t":1,"end":true}\n{"t":0,"end":true}', "line 3: t goes back"),
        ("a.jsonl", b"\xff\xfe", "no UTF-8 text"),
        ("a.osdpcap", '{"osdpTraceVersion": "7"}', "line 1: trace version 1"),
        ("a.pcap", "hello", "no pcap file"),
        ("a.txt", "", "a recording's name ends in"),
    ],
)
def test_a_broken_recording_is_refused_with_the_line(
    tmp_path: Path, name: str, content: bytes | str, complaint: str
) -> None:
    path = kept(tmp_path, name, content)

    with pytest.raises(ValueError, match=complaint) as refusal:
        load(path)

    assert "\n" not in str(refusal.value)


@given(st.binary(max_size=300))
def test_any_line_is_an_entry_or_refused(junk: bytes) -> None:
    line = junk.decode("utf-8", "replace")

    for decode in (decode_entry, decode_header):
        with contextlib.suppress(ValueError):
            decode(line)


@given(
    st.one_of(
        st.builds(Bytes, st.floats(0, 1e6), st.booleans(), st.binary()),
        st.builds(Observed, st.floats(0, 1e6), st.text(), st.dictionaries(st.text(), st.text())),
        st.builds(Failed, st.floats(0, 1e6), st.text()),
        st.builds(End, st.floats(0, 1e6)),
    )
)
def test_every_entry_survives_its_line(entry: Entry) -> None:
    again = decode_entry(encode_entry(entry))

    assert again.t == pytest.approx(entry.t, abs=1e-6)
    assert encode_entry(again) == encode_entry(entry)


def test_observations_are_kept_as_json_values() -> None:
    reading = ReadingChanged("energy", Decimal("1.50"), "kWh")

    assert observation_fields(reading) == {"quantity": "energy", "value": "1.50", "unit": "kWh"}
    assert observation_fields(PassageCounted(Side.IN, 1)) == {"side": "in", "count": 1}
