"""SNTP over UDP: one request, one reply, and what the reply says of our clock.

Source: RFC 4330, sections 3 (timestamps), 4 (message) and 5 (client checks); RFC 5905, sections 7.3
and 7.4 (kiss codes). A request tells nothing of this machine: its time is a random number, which
the reply must repeat (RFC 4330, section 5, ``Originate Timestamp``).
"""

import dataclasses
import struct
from datetime import UTC, datetime, timedelta
from typing import Final

from drivers.protocols import FrameError

PORT: Final = 123
SIZE_BYTES: Final = 48
VERSION: Final = 4
MODE_CLIENT, MODE_SERVER = 3, 4
NOT_SYNCHRONISED: Final = 3
STRATUM_MAX: Final = 15
ROOT_DISTANCE_S_MAX: Final = 16.0
"""MAXDISP: a server that is further from its own source than this does not know the time."""
_PACKET: Final = struct.Struct("!BBbbIII4Q")
_EPOCH: Final = datetime(1900, 1, 1, tzinfo=UTC)
_ERA_S: Final = 1 << 32
_FRACTION: Final = 1 << 32


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """What a server says.

    Attributes:
        received_at: When it had the request, by its clock, aware UTC.
        sent_at: When it answered.
        stratum: 1 has a clock of its own, 2 asks one of those.
        root_distance_s: So far its time may be from its source's.
    """

    received_at: datetime
    sent_at: datetime
    stratum: int
    root_distance_s: float


@dataclasses.dataclass(frozen=True, slots=True)
class Measured:
    """What a reply is worth.

    Attributes:
        offset_s: The server's time less ours.
        error_s: The offset may be so far off: half of the way, and what the server says of itself.
    """

    offset_s: float
    error_s: float


def encode_request(nonce: int) -> bytes:
    """Return a request. Args: nonce: Random, 64 bits, not 0."""
    return _PACKET.pack(VERSION << 3 | MODE_CLIENT, 0, 0, 0, 0, 0, 0, 0, 0, 0, nonce)


def decode_request(data: bytes) -> tuple[int, int]:
    """Return version and transmit timestamp of a request, for a server.

    Raises:
        FrameError: It is none.
    """
    if len(data) < SIZE_BYTES:
        raise FrameError(f"{len(data)} bytes are no NTP packet")
    first, *_, transmit = _PACKET.unpack_from(data)
    if first & 7 != MODE_CLIENT:
        raise FrameError(f"mode {first & 7} is no request")
    return first >> 3 & 7, transmit


def encode_reply(
    reply: Reply, *, nonce: int, version: int = VERSION, leap: int = 0, code: bytes = b"LOCL"
) -> bytes:
    """Return a server's reply.

    Args:
        reply: What it says.
        nonce: The request's transmit timestamp.
        version: The request's.
        leap: Leap indicator; 3 says that the server does not know the time.
        code: Reference, or the kiss code where the stratum is 0.
    """
    return _PACKET.pack(
        leap << 6 | version << 3 | MODE_SERVER,
        reply.stratum,
        6,
        -20,
        0,
        int(reply.root_distance_s * 65_536),
        int.from_bytes(code, "big"),
        _encoded(reply.received_at),
        nonce,
        _encoded(reply.received_at),
        _encoded(reply.sent_at),
    )


def decode_reply(data: bytes, *, nonce: int) -> Reply:
    """Return what a server says, checked as RFC 4330 wants it.

    Args:
        data: One datagram.
        nonce: Of the request.

    Raises:
        FrameError: It is no answer to this request, or its sender does not know the time.
    """
    if len(data) < SIZE_BYTES:
        raise FrameError(f"{len(data)} bytes are no NTP packet")
    first, stratum, _, _, delay, dispersion, code, _, origin, received, sent = _PACKET.unpack_from(
        data
    )
    leap, version, mode = first >> 6, first >> 3 & 7, first & 7
    if mode != MODE_SERVER or not 3 <= version <= VERSION:
        raise FrameError(f"version {version}, mode {mode} is no answer of a server")
    if origin != nonce:
        raise FrameError("the answer is to another request")
    if stratum == 0:
        name = code.to_bytes(4, "big").decode("ascii", "replace").rstrip("\0")
        raise FrameError(f"the server refuses ({name})")
    if leap == NOT_SYNCHRONISED or stratum > STRATUM_MAX or not (received and sent):
        raise FrameError("the server does not know the time")
    distance_s = (delay / 2 + dispersion) / 65_536
    if distance_s >= ROOT_DISTANCE_S_MAX:
        raise FrameError(f"the server is unsure by {distance_s:.0f} s")
    return Reply(_decoded(received), _decoded(sent), stratum, distance_s)


def measure(reply: Reply, *, asked_at: datetime, took_s: float) -> Measured:
    """Return our clock's offset.

    Args:
        reply: To a request.
        asked_at: When it was sent, by our wall clock, aware UTC.
        took_s: Until the reply was here, monotonic: a clock that is set meanwhile changes nothing.

    Raises:
        FrameError: The server says that it took longer than the whole took.
    """
    there_s = (reply.sent_at - reply.received_at).total_seconds()
    way_s = took_s - there_s
    if there_s < 0 or way_s < 0:
        raise FrameError("the server's times contradict themselves")
    offset = reply.received_at - asked_at - timedelta(seconds=way_s / 2)
    return Measured(offset.total_seconds(), way_s / 2 + reply.root_distance_s)


def _encoded(at: datetime) -> int:
    since = at - _EPOCH
    seconds = since.days * 86_400 + since.seconds
    return (seconds % _ERA_S) << 32 | since.microseconds * _FRACTION // 1_000_000


def _decoded(timestamp: int) -> datetime:
    seconds, fraction = divmod(timestamp, _FRACTION)
    # RFC 4330, section 3: with the first bit 0 it is the era that begins in 2036.
    seconds += 0 if seconds & 0x80000000 else _ERA_S
    return _EPOCH + timedelta(seconds=seconds, microseconds=fraction * 1_000_000 // _FRACTION)
