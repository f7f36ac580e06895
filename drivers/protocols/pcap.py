"""Packet captures, both ways: pcap files with TCP over IPv4 over Ethernet, as every analyser has.

Read: microseconds and nanoseconds, either byte order, VLAN tags. What is no TCP over IPv4, or only
a fragment of it, is passed over; damage is a ``FrameError`` that names the packet's number.

Source: IETF draft-ietf-opsawg-pcap (file format); IEEE 802.3 and 802.1Q; RFC 791 (IPv4); RFC 9293
(TCP).
"""

import dataclasses
import struct
from collections.abc import Iterator
from typing import Final

from drivers.protocols import FrameError

FILE_HEADER_SIZE_BYTES: Final = 24
PACKET_HEADER_SIZE_BYTES: Final = 16
PACKET_SIZE_BYTES_MAX: Final = 262_144
LINK_TYPE_ETHERNET: Final = 1
ETHERNET_HEADER_SIZE_BYTES: Final = 14
VLAN_TAG_SIZE_BYTES: Final = 4
ETHERTYPE_IPV4, ETHERTYPE_VLAN = 0x0800, 0x8100
PROTOCOL_TCP: Final = 6
MORE_FRAGMENTS, FRAGMENT_OFFSET_MASK = 0x2000, 0x1FFF
FIN, SYN, RST, PSH, ACK = 0x01, 0x02, 0x04, 0x08, 0x10
SEGMENTS_HELD_MAX: Final = 64
_MICROSECONDS_MAGIC, _NANOSECONDS_MAGIC = 0xA1B2C3D4, 0xA1B23C4D
_SEQUENCE_MODULO: Final = 1 << 32


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Endpoint:
    """One end of a connection. Attributes: host: four bytes."""

    host: bytes
    port: int

    def __str__(self) -> str:
        return f"{'.'.join(map(str, self.host))}:{self.port}"


@dataclasses.dataclass(frozen=True, slots=True)
class Packet:
    """One packet of a file. Attributes: at_ns: Unix time."""

    number: int
    at_ns: int
    data: bytes


@dataclasses.dataclass(frozen=True, slots=True)
class Segment:
    """One TCP segment. Attributes: flags: ``SYN``, ``FIN``, ..."""

    at_ns: int
    source: Endpoint
    destination: Endpoint
    sequence: int
    flags: int
    data: bytes


def read_packets(raw: bytes) -> Iterator[Packet]:
    """Yield the packets of a file.

    Raises:
        FrameError: It is no pcap file with Ethernet, or ends within a packet.
    """
    order, ticks_ns = _file_header(raw)
    header = struct.Struct(f"{order}IIII")
    at, number = FILE_HEADER_SIZE_BYTES, 0
    while at < len(raw):
        number += 1
        if len(raw) - at < header.size:
            raise FrameError(f"packet {number}: the file ends within its header")
        seconds, fraction, size, _ = header.unpack_from(raw, at)
        at += header.size
        if size > PACKET_SIZE_BYTES_MAX or size > len(raw) - at:
            raise FrameError(f"packet {number}: {size} bytes are said, {len(raw) - at} are there")
        yield Packet(number, seconds * 1_000_000_000 + fraction * ticks_ns, raw[at : at + size])
        at += size


def _file_header(raw: bytes) -> tuple[str, int]:
    """Return the byte order, and nanoseconds of a tick.

    Raises:
        FrameError: It is no pcap file with Ethernet.
    """
    if len(raw) >= FILE_HEADER_SIZE_BYTES:
        for order in "<>":
            magic, _, _, _, _, _, link_type = struct.unpack_from(f"{order}IHHIIII", raw)
            if magic in (_MICROSECONDS_MAGIC, _NANOSECONDS_MAGIC):
                if link_type & 0xFFFF != LINK_TYPE_ETHERNET:
                    raise FrameError(f"link type {link_type} is not read, Ethernet (1) is")
                return order, 1000 if magic == _MICROSECONDS_MAGIC else 1
    if raw[:4] == b"\x0a\x0d\x0d\x0a":
        raise FrameError("this is pcapng: save it as pcap")
    raise FrameError("this is no pcap file")


def segment_of(packet: Packet) -> Segment | None:
    """Return a packet's TCP segment; None if it has none.

    Raises:
        FrameError: A header is damaged, or the packet was cut when it was captured.
    """
    raw, at = packet.data, ETHERNET_HEADER_SIZE_BYTES
    ethertype = int.from_bytes(raw[at - 2 : at], "big")
    if ethertype == ETHERTYPE_VLAN:
        at += VLAN_TAG_SIZE_BYTES
        ethertype = int.from_bytes(raw[at - 2 : at], "big")
    if ethertype != ETHERTYPE_IPV4:
        return None
    if len(raw) < at + 20:
        raise _damaged(packet, "the IPv4 header is cut")
    version_and_size, _, size, _, fragment, _, protocol = struct.unpack_from(">BBHHHBB", raw, at)
    header_size = (version_and_size & 0x0F) * 4
    if version_and_size >> 4 != 4 or not 20 <= header_size <= size <= len(raw) - at:
        raise _damaged(packet, "the IPv4 header does not fit")
    if protocol != PROTOCOL_TCP or fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET_MASK):
        return None
    hosts = raw[at + 12 : at + 16], raw[at + 16 : at + 20]
    # Behind the packet's own length Ethernet may pad.
    return _tcp_segment(packet, hosts, raw[at + header_size : at + size])


def _tcp_segment(packet: Packet, hosts: tuple[bytes, bytes], raw: bytes) -> Segment:
    if len(raw) < 20:
        raise _damaged(packet, "the TCP header is cut")
    source_port, port, sequence, _, offset, flags = struct.unpack_from(">HHIIBB", raw)
    header_size = (offset >> 4) * 4
    if not 20 <= header_size <= len(raw):
        raise _damaged(packet, "the TCP header does not fit")
    return Segment(
        packet.at_ns,
        Endpoint(hosts[0], source_port),
        Endpoint(hosts[1], port),
        sequence,
        flags,
        raw[header_size:],
    )


def _damaged(packet: Packet, why: str) -> FrameError:
    return FrameError(f"packet {packet.number}: {why}")


class Reassembly:
    """One direction of a connection: bytes in their order, each once.

    Attributes:
        gap_count: Times that bytes were missing for good.
    """

    def __init__(self) -> None:
        self._next: int | None = None
        self._held: dict[int, bytes] = {}
        self.gap_count = 0

    def add(self, segment: Segment) -> bytes:
        """Take a segment; returns the bytes that are now in order."""
        if segment.flags & SYN:
            self._next, self._held = (segment.sequence + 1) % _SEQUENCE_MODULO, {}
            return b""
        if not segment.data:
            return b""
        if self._next is None:
            self._next = segment.sequence
        self._held[segment.sequence] = segment.data
        ready = self._take()
        if len(self._held) > SEGMENTS_HELD_MAX:
            self.gap_count += 1
            expected = self._next
            self._next = min(self._held, key=lambda first: (first - expected) % _SEQUENCE_MODULO)
            ready += self._take()
        return ready

    def _take(self) -> bytes:
        ready = bytearray()
        expected = 0 if self._next is None else self._next
        for first in sorted(self._held, key=lambda first: _distance(first, expected)):
            distance = _distance(first, expected)
            if distance > 0:
                break
            new = self._held.pop(first)[-distance:] if distance else self._held.pop(first)
            ready += new
            expected = (expected + len(new)) % _SEQUENCE_MODULO
        self._next = expected
        return bytes(ready)


def _distance(first: int, expected: int) -> int:
    """Return how far a sequence number lies ahead, negative if behind; they wrap round."""
    half = _SEQUENCE_MODULO // 2
    return (first - expected + half) % _SEQUENCE_MODULO - half


class ConversationWriter:
    """Makes a file of one TCP connection, with every header and check sum as on a network.

    The host addresses are made up: what is recorded is what was said, not by which machine.
    """

    def __init__(self, client: Endpoint, server: Endpoint) -> None:
        self._ends = client, server
        self._sequences = [1000, 2000]
        self._packet_id = 0

    def begin(self, at_ns: int) -> bytes:
        """Return the file's header and the connection's three first segments."""
        header = struct.pack(
            "<IHHIIII", _NANOSECONDS_MAGIC, 2, 4, 0, 0, PACKET_SIZE_BYTES_MAX, LINK_TYPE_ETHERNET
        )
        return (
            header
            + self._packet(at_ns, 0, SYN)
            + self._packet(at_ns, 1, SYN | ACK)
            + self._packet(at_ns, 0, ACK)
        )

    def say(self, at_ns: int, data: bytes, *, is_from_client: bool) -> bytes:
        """Return one packet."""
        return self._packet(at_ns, 0 if is_from_client else 1, PSH | ACK, data)

    def end(self, at_ns: int) -> bytes:
        """Return the packets that end the connection."""
        return (
            self._packet(at_ns, 0, FIN | ACK)
            + self._packet(at_ns, 1, FIN | ACK)
            + self._packet(at_ns, 0, ACK)
        )

    def _packet(self, at_ns: int, speaker: int, flags: int, data: bytes = b"") -> bytes:
        source, destination = self._ends[speaker], self._ends[1 - speaker]
        acknowledged = self._sequences[1 - speaker] if flags & ACK else 0
        head = struct.pack(
            ">HHIIBBH",
            source.port,
            destination.port,
            self._sequences[speaker],
            acknowledged,
            5 << 4,
            flags,
            0xFFFF,
        )
        self._sequences[speaker] += len(data) + bool(flags & (SYN | FIN))
        size = len(head) + 4 + len(data)
        pseudo = source.host + destination.host + struct.pack(">HH", PROTOCOL_TCP, size)
        check = checksum(pseudo + head + bytes(4) + data)
        tcp = head + struct.pack(">HH", check, 0) + data
        frame = _ethernet_header(speaker) + self._ip_header(source, destination, size) + tcp
        stamp = struct.pack("<IIII", *divmod(at_ns, 1_000_000_000), len(frame), len(frame))
        return stamp + frame

    def _ip_header(self, source: Endpoint, destination: Endpoint, size: int) -> bytes:
        self._packet_id = self._packet_id + 1 & 0xFFFF
        head = struct.pack(">BBHHHBB", 0x45, 0, 20 + size, self._packet_id, 0x4000, 64, 6)
        addresses = source.host + destination.host
        return head + struct.pack(">H", checksum(head + bytes(2) + addresses)) + addresses


def _ethernet_header(speaker: int) -> bytes:
    """Return a header with locally administered addresses."""
    hosts = bytes.fromhex("02 00 00 00 00 01"), bytes.fromhex("02 00 00 00 00 02")
    return hosts[1 - speaker] + hosts[speaker] + ETHERTYPE_IPV4.to_bytes(2, "big")


def checksum(data: bytes) -> int:
    """Return the internet check sum: RFC 1071. Over sound data with its own sum it is 0."""
    padded = data + b"\x00" * (len(data) % 2)
    total: int = sum(struct.unpack(f">{len(padded) // 2}H", padded))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
