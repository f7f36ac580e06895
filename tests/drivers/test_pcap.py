"""Packet captures: real ones, fuzzed ones, and those that we write ourselves."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.protocols import FrameError
from drivers.protocols.pcap import (
    PSH,
    SEGMENTS_HELD_MAX,
    SYN,
    ConversationWriter,
    Endpoint,
    Packet,
    Reassembly,
    Segment,
    checksum,
    read_packets,
    segment_of,
)

CLIENT, SERVER = Endpoint(bytes([10, 0, 0, 1]), 50_000), Endpoint(bytes([10, 0, 0, 2]), 502)


def written() -> bytes:
    """Return a file with one request and one reply."""
    writer = ConversationWriter(CLIENT, SERVER)
    return (
        writer.begin(1_000)
        + writer.say(2_000_000_001, b"ask", is_from_client=True)
        + writer.say(3_000_000_000, b"told!", is_from_client=False)
        + writer.end(4_000_000_000)
    )


def segments_of(raw: bytes) -> list[Segment]:
    return [segment for packet in read_packets(raw) if (segment := segment_of(packet)) is not None]


def segment(sequence: int, data: bytes, flags: int = PSH) -> Segment:
    return Segment(0, CLIENT, SERVER, sequence, flags, data)


@pytest.mark.parametrize(
    ("name", "packet_count", "data_count"),
    [
        ("modbusSmall", 166, 32),
        ("modbus_test_data_part1", 118, 50),
        ("modbus_test_data_part2", 350, 281),
        ("modbusBig", 13_622, 7_521),
    ],
)
def test_public_captures_are_read_to_their_end(
    shared: Path, name: str, packet_count: int, data_count: int
) -> None:
    raw = (shared / "captures" / "modbus" / f"{name}.pcap").read_bytes()

    packets = list(read_packets(raw))
    segments = segments_of(raw)

    assert len(packets) == packet_count
    assert sum(bool(one.data) for one in segments) == data_count


@pytest.mark.parametrize("name", ["fuzz-72", "fuzz-1011"])
def test_fuzzed_captures_end_in_frame_errors_at_most(shared: Path, name: str) -> None:
    raw = (shared / "captures" / "modbus" / f"{name}.pcap").read_bytes()
    refusals = list[str]()

    for packet in read_packets(raw):
        try:
            segment_of(packet)
        except FrameError as error:
            refusals.append(str(error))

    assert all(refusal.startswith("packet ") for refusal in refusals)
    assert refusals


def test_what_is_written_is_read_again() -> None:
    said = [one for one in segments_of(written()) if one.data]

    assert [one.data for one in said] == [b"ask", b"told!"]
    assert [one.at_ns for one in said] == [2_000_000_001, 3_000_000_000]
    assert [str(one.source) for one in said] == ["10.0.0.1:50000", "10.0.0.2:502"]


def test_every_check_sum_that_is_written_is_right() -> None:
    for packet in read_packets(written()):
        ip, tcp = packet.data[14:34], packet.data[34:]
        pseudo = ip[12:20] + bytes([0, 6]) + len(tcp).to_bytes(2, "big")

        assert checksum(ip) == 0
        assert checksum(pseudo + tcp) == 0


def test_each_segment_begins_where_its_speakers_last_one_ended() -> None:
    expected = dict[Endpoint, int]()

    for one in segments_of(written()):
        assert expected.setdefault(one.source, one.sequence) == one.sequence
        expected[one.source] += len(one.data) + bool(one.flags & 0x03)


def test_a_file_of_the_other_byte_order_is_read() -> None:
    header = bytes.fromhex("A1B2C3D4 0002 0004 00000000 00000000 00040000 00000001")

    packets = list(read_packets(header + bytes.fromhex("00000002 00000003 00000001 00000001 AA")))

    assert packets == [Packet(1, 2_000_003_000, b"\xaa")]


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        (b"", "no pcap file"),
        (b"{}" * 20, "no pcap file"),
        (bytes.fromhex("0A0D0D0A") + bytes(30), "save it as pcap"),
        (written()[:20] + b"\x65\x00\x00\x00" + written()[24:], "link type 101"),
        (written()[:-1], "bytes are said"),
        (written() + b"\x00", "within its header"),
    ],
)
def test_what_is_no_capture_is_refused(raw: bytes, complaint: str) -> None:
    with pytest.raises(FrameError, match=complaint):
        list(read_packets(raw))


def test_other_packets_are_passed_over() -> None:
    arp = bytes(12) + bytes.fromhex("08 06") + bytes(28)
    udp = bytes(12) + bytes.fromhex("08 00 45 00 00 14 00 00 00 00 40 11") + bytes(10)

    assert segment_of(Packet(1, 0, arp)) is None
    assert segment_of(Packet(1, 0, udp)) is None


@given(st.binary(max_size=200), st.integers(0, 300))
@settings(max_examples=200)
def test_any_packet_gives_a_segment_or_a_frame_error(junk: bytes, at: int) -> None:
    raw = bytearray(written())
    raw[at : at + len(junk)] = junk

    with contextlib.suppress(FrameError):
        segments_of(bytes(raw))


def test_a_stream_is_put_in_order_and_repeats_are_dropped() -> None:
    stream = Reassembly()

    ready = [
        stream.add(one)
        for one in (
            segment(99, b"", SYN),
            segment(100, b"ab"),
            segment(104, b"ef"),
            segment(100, b"abcd"),
            segment(102, b"cd"),
        )
    ]

    assert ready == [b"", b"ab", b"", b"cdef", b""]


def test_a_stream_whose_number_wraps_goes_on() -> None:
    stream = Reassembly()

    ready = stream.add(segment(2**32 - 2, b"abcd")) + stream.add(segment(2, b"ef"))

    assert ready == b"abcdef"


def test_what_was_lost_for_good_is_given_up() -> None:
    stream = Reassembly()
    stream.add(segment(0, b"a"))

    ready = b"".join(stream.add(segment(10 + i, b"x")) for i in range(SEGMENTS_HELD_MAX + 1))

    assert ready == b"x" * (SEGMENTS_HELD_MAX + 1)
    assert stream.gap_count == 1
