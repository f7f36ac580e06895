"""GB/T 26875.3-2011, between a user information transmitter and a fire monitoring centre.

::

    40 40 | serial 2 | version 2 | time 6 | source 6 | destination 6 | length 2 | command
          | data | sum | 23 23

Numbers are lowest byte first; time is second to year in plain binary. Start and end bytes may stand
in the data, so frames are found by their length and check sum, never by splitting.

Source: GB/T 26875.3-2011, "Urban fire remote monitoring system, part 3: transmission protocol of
fire alarm information", clauses 5 to 8.
"""

import dataclasses
import struct
from enum import IntEnum
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

START, END = b"@@", b"##"
HEAD: Final = struct.Struct("<2sH2B6s6s6sHB")
DATA_SIZE_BYTES_MAX: Final = 1024
FRAME_SIZE_BYTES_MIN: Final = HEAD.size + 3
BUFFER_SIZE_BYTES_MAX: Final = 4 * (FRAME_SIZE_BYTES_MIN + DATA_SIZE_BYTES_MAX)
VERSION: Final = (1, 1)
ADDRESS_SIZE_BYTES, TEXT_SIZE_BYTES, TIME_SIZE_BYTES = 6, 31, 6

Time = tuple[int, int, int, int, int, int]
"""Second, minute, hour, day, month, year (00..99)."""


class Command(IntEnum):
    """Table 2."""

    CONTROL = 1
    SEND = 2
    ACKNOWLEDGE = 3
    REQUEST = 4
    RESPONSE = 5
    REFUSE = 6


class UnitType(IntEnum):
    """Table 3, type flags of the application unit."""

    SYSTEM_STATUS = 1
    COMPONENT_STATUS = 2
    COMPONENT_ANALOG = 3
    OPERATION = 4
    SYSTEM_VERSION = 5
    SYSTEM_CONFIGURATION = 6
    COMPONENT_CONFIGURATION = 7
    SYSTEM_TIME = 8
    TRANSMITTER_STATUS = 21
    TRANSMITTER_OPERATION = 24
    TRANSMITTER_VERSION = 25
    TRANSMITTER_CONFIGURATION = 26
    TRANSMITTER_TIME = 28
    READ_TRANSMITTER_STATUS = 81
    READ_TRANSMITTER_TIME = 88
    INITIALISE = 89
    SYNCHRONISE_TIME = 90
    CHECK_DUTY = 91


OBJECT_SIZES: Final = {
    UnitType.SYSTEM_STATUS: 10,
    UnitType.COMPONENT_STATUS: 46,
    UnitType.COMPONENT_ANALOG: 16,
    UnitType.OPERATION: 10,
    UnitType.SYSTEM_VERSION: 4,
    UnitType.COMPONENT_CONFIGURATION: 38,
    UnitType.SYSTEM_TIME: 8,
    UnitType.TRANSMITTER_STATUS: 7,
    UnitType.TRANSMITTER_OPERATION: 8,
    UnitType.TRANSMITTER_VERSION: 2,
    UnitType.TRANSMITTER_TIME: 6,
}
"""Of those that a transmitter sends with a fixed size, time label included."""
NORMAL_BIT, FIRE_BIT = 0, 1


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Attributes:
        serial: 0..65535, of one business; a reply repeats it.
        data: The application unit; empty in acknowledgements and heartbeats.
    """

    serial: int
    time: Time
    source: int
    destination: int
    command: int
    data: bytes = b""
    version: tuple[int, int] = VERSION


@dataclasses.dataclass(frozen=True, slots=True)
class Damaged:
    """A frame of the right shape whose check sum is wrong: its sender is told so."""

    serial: int
    source: int
    destination: int


def encode(frame: Frame) -> bytes:
    """Return a frame's bytes.

    Raises:
        ValueError: The data are too long.
    """
    if len(frame.data) > DATA_SIZE_BYTES_MAX:
        raise ValueError(f"an application unit has at most {DATA_SIZE_BYTES_MAX} bytes")
    head = HEAD.pack(
        START,
        frame.serial,
        *frame.version,
        bytes(frame.time),
        frame.source.to_bytes(ADDRESS_SIZE_BYTES, "little"),
        frame.destination.to_bytes(ADDRESS_SIZE_BYTES, "little"),
        len(frame.data),
        frame.command,
    )
    body = head + frame.data
    return body + bytes([_check(body)]) + END


def _check(body: bytes) -> int:
    return sum(body[len(START) :]) & 0xFF


def reply_to(frame: Frame | Damaged, command: Command, time: Time, data: bytes = b"") -> Frame:
    """Return a reply: the same serial, addresses swapped, the replier's time."""
    return Frame(frame.serial, time, frame.destination, frame.source, command, data)


class FrameDecoder:
    """Finds frames; on damage it goes on one byte further, never a frame."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Frame | Damaged | NeedData:
        """Return the next frame, one that was damaged, or ``NEED_DATA``.

        Raises:
            FrameError: What is no frame was thrown away; call again for what follows it.
        """
        begin = self._buffer.find(START)
        if begin != 0:
            is_half_start = begin < 0 and self._buffer.endswith(START[:1])
            end = len(self._buffer) - is_half_start if begin < 0 else begin
            return self._throw_away(end) if end else NEED_DATA
        if len(self._buffer) < HEAD.size:
            return NEED_DATA
        length = int.from_bytes(self._buffer[24:26], "little")
        if length > DATA_SIZE_BYTES_MAX:
            return self._throw_away(1)
        size = FRAME_SIZE_BYTES_MIN + length
        if len(self._buffer) < size:
            return NEED_DATA
        raw = bytes(self._buffer[:size])
        if raw[-2:] != END:
            return self._throw_away(1)
        _, serial, main, user, time, source, destination, _, command = HEAD.unpack_from(raw)
        from_to = int.from_bytes(source, "little"), int.from_bytes(destination, "little")
        if raw[-3] != _check(raw[:-3]):
            del self._buffer[:1]
            return Damaged(serial, *from_to)
        del self._buffer[:size]
        label: Time = (time[0], time[1], time[2], time[3], time[4], time[5])
        return Frame(serial, label, *from_to, command, raw[HEAD.size : -3], (main, user))

    def expire(self) -> None:
        """Give up the frame that is waited for: its length was damaged, or it never ends."""
        del self._buffer[:1]

    @property
    def is_waiting(self) -> bool:
        """Whether part of a frame has come."""
        return bool(self._buffer)

    def _throw_away(self, count: int) -> NeedData:
        junk = bytes(self._buffer[:count])
        del self._buffer[:count]
        raise FrameError(f"no GB/T 26875.3 frame: {spaced_hex(junk[:64])}")


def encode_unit(unit_type: int, *objects: bytes) -> bytes:
    """Return an application unit."""
    return bytes([unit_type, len(objects)]) + b"".join(objects)


def objects_of(data: bytes) -> tuple[int, list[bytes]]:
    """Return the type of an application unit and its objects.

    Raises:
        FrameError: The length does not fit the count.
    """
    if len(data) < 2:
        raise FrameError(f"no application unit: {spaced_hex(data)}")
    unit_type, count, rest = data[0], data[1], data[2:]
    if unit_type not in _SIZES:
        return unit_type, [rest]
    size = _SIZES[unit_type]
    if len(rest) < size * count:
        raise FrameError(f"{count} objects of type {unit_type} do not fit: {spaced_hex(data[:32])}")
    return unit_type, [rest[index * size : (index + 1) * size] for index in range(count)]


_SIZES: Final = {int(kind): size for kind, size in OBJECT_SIZES.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class ComponentStatus:
    """A detector, call point or other part. Attributes: address: as zone and number."""

    system_type: int
    system_address: int
    component_type: int
    zone: int
    number: int
    status: int
    text: str

    @classmethod
    def decode(cls, raw: bytes) -> "ComponentStatus":
        """Return what an object of type 2 says; its time label is left out."""
        *head, text = _COMPONENT.unpack_from(raw)
        system_type, address, kind, zone, number, status = head
        return cls(system_type, address, kind, zone, number, status, _text(text))

    def encode(self, time: Time) -> bytes:
        """Return the object with its time label."""
        text = self.text.encode("gb18030")[:TEXT_SIZE_BYTES]
        head = (self.system_type, self.system_address, self.component_type)
        place = (self.zone, self.number, self.status)
        return _COMPONENT.pack(*head, *place, text) + bytes(time)


_COMPONENT: Final = struct.Struct("<3BHHH31s")
_ANALOG: Final = struct.Struct("<3BHHBh")
_SYSTEM: Final = struct.Struct("<2BH")


def decode_analog(raw: bytes) -> tuple[int, int, int, int, int, int, int]:
    """Return system type and address, component type, zone, number, quantity, value."""
    found: tuple[int, int, int, int, int, int, int] = _ANALOG.unpack_from(raw)
    return found


def encode_analog(values: tuple[int, int, int, int, int, int, int], time: Time) -> bytes:
    """Return an object of type 3; the other way round as ``decode_analog``."""
    return _ANALOG.pack(*values) + bytes(time)


def decode_system(raw: bytes) -> tuple[int, int, int]:
    """Return system type, system address and status of an object of type 1."""
    found: tuple[int, int, int] = _SYSTEM.unpack_from(raw)
    return found


def encode_system(system_type: int, address: int, status: int, time: Time) -> bytes:
    """Return an object of type 1."""
    return _SYSTEM.pack(system_type, address, status) + bytes(time)


def _text(raw: bytes) -> str:
    """Return a text that is padded with zeros or blanks; what is no GB 18030 is marked."""
    plain = raw.split(b"\0", 1)[0].decode("gb18030", "replace").strip()
    return "".join(letter for letter in plain if letter.isprintable())


COMPONENT_TYPES: Final = {
    1: "controller",
    10: "gas detector",
    11: "gas detector",
    12: "gas detector",
    13: "gas detector",
    16: "electrical fire detector",
    17: "electrical fire detector",
    18: "electrical fire detector",
    21: "loop",
    22: "repeater panel",
    23: "manual call point",
    24: "hydrant button",
    25: "detector",
    **dict.fromkeys(range(30, 38), "heat detector"),
    **dict.fromkeys(range(40, 45), "smoke detector"),
    **dict.fromkeys(range(50, 54), "multi-sensor detector"),
    61: "ultraviolet flame detector",
    62: "infrared flame detector",
    69: "flame detector",
    74: "gas detector",
    78: "video detector",
    81: "gas extinguishing controller",
    **dict.fromkeys(range(84, 89), "module"),
    91: "pump",
    92: "tank",
    95: "sprinkler pump",
    96: "flow switch",
    97: "valve",
    98: "alarm valve",
    99: "pressure switch",
    102: "door",
    103: "damper",
    111: "fan",
    117: "shutter controller",
    121: "sounder",
}
"""Table 5, excerpt."""


def describe(frame: Frame | Damaged) -> str:
    """Return a frame in words."""
    if isinstance(frame, Damaged):
        return f"damaged frame {frame.serial} from {frame.source}"
    name = Command(frame.command).name.lower() if frame.command in _COMMANDS else "unknown"
    kind = f", unit type {frame.data[0]} x {frame.data[1]}" if len(frame.data) > 1 else ""
    return f"{name} {frame.serial} from {frame.source} to {frame.destination}{kind}"


_COMMANDS: Final = frozenset(int(command) for command in Command)
