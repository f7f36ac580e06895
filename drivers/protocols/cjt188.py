"""CJ/T 188-2004, the protocol of Chinese water, heat and gas meters, both roles.

``68 T A0..A6 C L DATA CS 16``: the address is seven BCD bytes, lowest first; ``CS`` is the sum of
everything before it. Unlike DL/T 645 nothing is added to the data.

Source: CJ/T 188-2004, "Technical conditions of data transmission from household measuring meters",
chapter 6. The sample reply that is widely copied does not check: its sum is 13, not 08.
"""

import dataclasses
from decimal import Decimal
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

START, END, PREAMBLE = 0x68, 0x16, 0xFE
HEAD_SIZE_BYTES: Final = 11
DATA_SIZE_BYTES_MAX: Final = 100
BUFFER_SIZE_BYTES_MAX: Final = 512
ANY_ADDRESS: Final = "AA" * 7
READ, READ_ADDRESS, REPLY, ERROR = 0x01, 0x03, 0x80, 0x40
TYPES: Final = {0x10: "cold_water", 0x11: "hot_water", 0x20: "heat", 0x30: "gas", 0x40: "energy"}
ORDERS: Final = {"1F90": bytes.fromhex("1F 90"), "901F": bytes.fromhex("90 1F")}
"""The identifier of current readings; meters differ in its byte order."""
UNITS: Final = {0x02: "Wh", 0x05: "kWh", 0x08: "MWh", 0x2C: "m3", 0x29: "L", 0x14: "W", 0x17: "kW"}
READING_SIZE_BYTES: Final = 0x16
VALVES: Final = {0: "open", 1: "closed", 3: "fault"}


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One frame. Attributes: type: of the meter. address: fourteen digits."""

    type: int
    address: str
    control: int
    data: bytes = b""


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What a water or gas meter says.

    Attributes:
        valve: ``open``, ``closed``, ``fault``, or empty where it is none of them.
    """

    current: Decimal
    settled: Decimal
    unit: str
    valve: str
    has_low_battery: bool


def encode(frame: Frame, *, preamble_count: int = 3) -> bytes:
    """Return a frame's bytes, with preamble.

    Raises:
        ValueError: The address is none.
    """
    if len(frame.address) != 14:
        raise ValueError(f"an address has 14 digits, not {frame.address!r}")
    address = bytes.fromhex(frame.address)[::-1]
    head = bytes([START, frame.type]) + address + bytes([frame.control, len(frame.data)])
    body = head + frame.data
    return bytes([PREAMBLE]) * preamble_count + body + bytes([sum(body) & 0xFF, END])


def read_request(meter_type: int, address: str, order: str, sequence: int) -> Frame:
    """Return the request for the current reading; ``order`` is one of ``ORDERS``."""
    return Frame(meter_type, address, READ, ORDERS[order] + bytes([sequence]))


def encode_reading(reading: Reading, order: str, sequence: int) -> bytes:
    """Return the data of a reply."""
    unit = next(code for code, name in UNITS.items() if name == reading.unit)
    values = b"".join(
        bytes.fromhex(f"{int(value * 100):08d}")[::-1] + bytes([unit])
        for value in (reading.current, reading.settled)
    )
    valve = next((code for code, name in VALVES.items() if name == reading.valve), 2)
    status = bytes([valve | reading.has_low_battery << 2, 0])
    return ORDERS[order] + bytes([sequence]) + values + bytes(7) + status


def decode_reading(data: bytes) -> Reading:
    """Return what the data of a reply say.

    Raises:
        FrameError: A digit, the unit or the length is wrong.
    """
    if len(data) != READING_SIZE_BYTES:
        raise FrameError(f"a reading has {READING_SIZE_BYTES} bytes, not {len(data)}")
    values, units = [], []
    for begin in (3, 8):
        digits = data[begin : begin + 4][::-1].hex()
        code = data[begin + 4]
        if not digits.isdecimal() or code not in UNITS:
            raise FrameError(f"no reading: {spaced_hex(data[begin : begin + 5])}")
        values.append(Decimal(digits) / 100)
        units.append(UNITS[code])
    status = data[-2]
    return Reading(values[0], values[1], units[0], VALVES.get(status & 3, ""), bool(status & 4))


class FrameDecoder:
    """Finds frames; what is none is thrown away byte by byte."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Frame | NeedData:
        """Return the next frame, or ``NEED_DATA``.

        Raises:
            FrameError: What is no frame was thrown away; call again for what follows it.
        """
        count = len(self._buffer) - len(self._buffer.lstrip(bytes([PREAMBLE])))
        del self._buffer[:count]
        if not self._buffer:
            return NEED_DATA
        if self._buffer[0] != START:
            begin = self._buffer.find(START)
            return self._throw_away(len(self._buffer) if begin < 0 else begin)
        if len(self._buffer) < HEAD_SIZE_BYTES:
            return NEED_DATA
        length = self._buffer[HEAD_SIZE_BYTES - 1]
        if length > DATA_SIZE_BYTES_MAX:
            return self._throw_away(1)
        size = HEAD_SIZE_BYTES + length + 2
        if len(self._buffer) < size:
            return NEED_DATA
        raw = bytes(self._buffer[:size])
        if raw[-1] != END or raw[-2] != sum(raw[:-2]) & 0xFF:
            return self._throw_away(1)
        del self._buffer[:size]
        return Frame(raw[1], raw[8:1:-1].hex().upper(), raw[9], raw[HEAD_SIZE_BYTES:-2])

    def _throw_away(self, count: int) -> NeedData:
        junk = bytes(self._buffer[:count])
        del self._buffer[:count]
        raise FrameError(f"no CJ/T 188 frame: {spaced_hex(junk[:64])}")


class ReplyDecoder:
    """Finds the reply to one request: its meter, its control code, its sequence."""

    def __init__(self, request: Frame) -> None:
        self._request, self._frames = request, FrameDecoder()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line."""
        self._frames.receive_data(data)

    def next_frame(self) -> Frame | NeedData:
        """Return the reply, or ``NEED_DATA``.

        Raises:
            FrameError: What is no answer was thrown away; call again for what follows it.
        """
        frame = self._frames.next_frame()
        if isinstance(frame, NeedData):
            return NEED_DATA
        asked = self._request
        is_ours = asked.address in (frame.address, ANY_ADDRESS)
        if not is_ours or frame.control & ~ERROR != asked.control | REPLY:
            raise FrameError(f"not the answer of meter {asked.address}: {describe(frame)}")
        if not frame.control & ERROR and frame.data[:3] != asked.data[:3]:
            raise FrameError(f"not the answer to this question: {describe(frame)}")
        return frame


def describe(frame: Frame) -> str:
    """Return a frame in words."""
    kind = TYPES.get(frame.type, f"type {frame.type:02X}")
    return f"{kind} meter {frame.address}, control {frame.control:02X}"
