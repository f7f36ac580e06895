"""UHPPOTE door controllers: packets of 64 bytes over UDP, both roles.

``17 operation 00 00 serial`` and fields at fixed places, numbers lowest byte first, dates and times
as BCD digits. A datagram is a packet; UDP's own check sum is all the protection there is.

Source: the packets that the public ``uhppoted`` libraries (0.9.1.1) encode and decode; the maker
publishes none.
"""

import dataclasses
from collections import deque
from datetime import datetime
from enum import IntEnum
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

PORT: Final = 60_000
SIZE_BYTES: Final = 64
START, START_V6_62 = 0x17, 0x19
GET_STATUS, SET_TIME, GET_TIME, OPEN_DOOR, GET_EVENT = 0x20, 0x30, 0x32, 0x40, 0xB0
SET_DOOR, GET_DOOR = 0x80, 0x82
DOOR_COUNT: Final = 4
PACKET_COUNT_MAX: Final = 64
LAST_EVENT: Final = 0xFFFFFFFF
"""As an index: the newest."""
NO_TIME: Final = bytes(7)


class DoorMode(IntEnum):
    """How a door treats people."""

    NORMALLY_OPEN = 1
    NORMALLY_CLOSED = 2
    CONTROLLED = 3


@dataclasses.dataclass(frozen=True, slots=True)
class DoorSetUp:
    """Of one door. Attributes: door: 1-based. delay_s: that it stays open for one person."""

    door: int
    mode: int
    delay_s: int

    def to_bytes(self) -> bytes:
        """Return it as it stands in a body."""
        return bytes([self.door, self.mode, self.delay_s])


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """What a controller decided. Attributes: door: 1-based. time: of its own clock."""

    index: int
    type: int
    is_granted: bool
    door: int
    direction: int
    card: int
    time: datetime | None
    reason: int


@dataclasses.dataclass(frozen=True, slots=True)
class Packet:
    """One packet. Attributes: body: the 56 bytes behind the serial number."""

    operation: int
    serial: int
    body: bytes

    @property
    def event(self) -> Event:
        """The event of a status or of a fetched event.

        Raises:
            FrameError: Its time is none.
        """
        body = self.body
        return Event(
            int.from_bytes(body[0:4], "little"),
            body[4],
            bool(body[5]),
            body[6],
            body[7],
            int.from_bytes(body[8:12], "little"),
            decode_time(body[12:19]),
            body[19],
        )

    @property
    def door(self) -> DoorSetUp:
        """Of a door's set-up: as it is now."""
        return DoorSetUp(self.body[0], self.body[1], self.body[2])

    @property
    def open_doors(self) -> tuple[bool, ...]:
        """Of a status: whether each door's contact is open."""
        return tuple(bool(byte) for byte in self.body[20:24])


def encode(packet: Packet) -> bytes:
    """Return a packet's bytes."""
    head = bytes([START, packet.operation, 0, 0]) + packet.serial.to_bytes(4, "little")
    return (head + packet.body).ljust(SIZE_BYTES, b"\0")


def encode_event(event: Event) -> bytes:
    """Return an event as it stands in a body."""
    return (
        event.index.to_bytes(4, "little")
        + bytes([event.type, event.is_granted, event.door, event.direction])
        + event.card.to_bytes(4, "little")
        + encode_time(event.time)
        + bytes([event.reason])
    )


def encode_time(time: datetime | None) -> bytes:
    """Return a time as seven bytes of BCD, century first; nothing is zeros."""
    return NO_TIME if time is None else bytes.fromhex(time.strftime("%Y%m%d%H%M%S"))


def decode_time(raw: bytes) -> datetime | None:
    """Return a time, without a zone; zeros are none.

    Raises:
        FrameError: It is no time.
    """
    if raw == NO_TIME:
        return None
    try:
        return datetime.strptime(raw.hex(), "%Y%m%d%H%M%S")  # noqa: DTZ007 - the device's own clock
    except ValueError as error:
        raise FrameError(f"no time: {spaced_hex(raw)}") from error


class PacketDecoder:
    """Takes datagrams; what is no packet is thrown away."""

    def __init__(self) -> None:
        self._datagrams: deque[bytes] = deque(maxlen=PACKET_COUNT_MAX)

    def receive_data(self, data: bytes) -> None:
        """Take a datagram."""
        if data:
            self._datagrams.append(data[: 2 * SIZE_BYTES])

    def next_frame(self) -> Packet | NeedData:
        """Return the next packet, or ``NEED_DATA``.

        Raises:
            FrameError: What is no packet was thrown away; call again for what follows it.
        """
        if not self._datagrams:
            return NEED_DATA
        raw = self._datagrams.popleft()
        is_event = raw[:2] == bytes([START_V6_62, GET_STATUS])
        if len(raw) != SIZE_BYTES or not (raw[0] == START or is_event):
            raise FrameError(f"no packet of a controller: {len(raw)} bytes, {spaced_hex(raw[:8])}")
        return Packet(raw[1], int.from_bytes(raw[4:8], "little"), raw[8:])


class ReplyDecoder:
    """Finds the answer of one controller to one operation; of a fetched event, to its index."""

    def __init__(self, request: Packet) -> None:
        self._request, self._packets = request, PacketDecoder()

    def receive_data(self, data: bytes) -> None:
        """Take a datagram."""
        self._packets.receive_data(data)

    def next_frame(self) -> Packet | NeedData:
        """Return the answer, or ``NEED_DATA``.

        Raises:
            FrameError: What is no answer was thrown away; call again for what follows it.
        """
        packet = self._packets.next_frame()
        if isinstance(packet, NeedData):
            return NEED_DATA
        asked = self._request
        # An opened door, and a mode or clock that was set, are answered with the question's bytes.
        if asked.operation in (GET_STATUS, GET_EVENT, GET_DOOR) and encode(packet) == encode(asked):
            raise FrameError("our own question came back")
        if (packet.operation, packet.serial) != (asked.operation, asked.serial):
            raise FrameError(f"not the answer of controller {asked.serial}: {describe(packet)}")
        if asked.operation == GET_EVENT and packet.body[:4] not in (asked.body[:4], bytes(4)):
            raise FrameError(f"another event of controller {asked.serial}")
        if asked.operation in (SET_DOOR, GET_DOOR) and packet.body[0] not in (asked.body[0], 0):
            raise FrameError(f"another door of controller {asked.serial}")
        return packet


def describe(packet: Packet) -> str:
    """Return a packet in words."""
    return f"operation {packet.operation:02X} of controller {packet.serial}"
