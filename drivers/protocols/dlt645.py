"""DL/T 645-2007, the protocol of Chinese electricity meters, both roles.

``68 A0..A5 68 C L DATA CS 16``: the address is six BCD bytes, lowest first; every data byte has 33H
added on the wire; ``CS`` is the sum of everything before it.

Source: DL/T 645-2007, "Multi-function watt-hour meter communication protocol", sections 5 and 7
(frame, control codes), annex A (data identifiers).
"""

import dataclasses
from decimal import Decimal
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

START, END, PREAMBLE = 0x68, 0x16, 0xFE
OFFSET: Final = 0x33
ADDRESS_SIZE_BYTES: Final = 6
HEAD_SIZE_BYTES: Final = 10
DATA_SIZE_BYTES_MAX: Final = 200
"""Of a read; longer answers come in several frames (7.1.2)."""
BUFFER_SIZE_BYTES_MAX: Final = 1024
BROADCAST_ADDRESS: Final = "999999999999"
ANY_ADDRESS: Final = "AAAAAAAAAAAA"

READ, READ_FOLLOWING, READ_ADDRESS, SET_TIME = 0x11, 0x12, 0x13, 0x08
REPLY, ERROR, MORE = 0x80, 0x40, 0x20
"""Bits of the control code: from the meter, refused, more frames follow."""
ERRORS: Final = {
    0: "other error",
    1: "no such data",
    2: "wrong password or no permission",
    3: "baud rate cannot be changed",
    4: "too many year zones",
    5: "too many day schedules",
    6: "too many tariffs",
}
"""The error byte, by bit (7.1.3)."""


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One frame. Attributes: address: twelve digits. data: without the 33H of the wire."""

    address: str
    control: int
    data: bytes = b""

    @property
    def is_refusal(self) -> bool:
        """Whether the meter refuses."""
        return bool(self.control & REPLY and self.control & ERROR)

    @property
    def refusal(self) -> str:
        """What the meter says is wrong."""
        bits = self.data[0] if self.data else 0
        return ", ".join(text for bit, text in ERRORS.items() if bits >> bit & 1) or "no reason"


def encode(frame: Frame, *, preamble_count: int = 4) -> bytes:
    """Return a frame's bytes, with preamble.

    Raises:
        ValueError: The address is none.
    """
    if len(frame.address) != 2 * ADDRESS_SIZE_BYTES:
        raise ValueError(f"an address has 12 digits, not {frame.address!r}")
    address = bytes.fromhex(frame.address)[::-1]
    data = bytes(byte + OFFSET & 0xFF for byte in frame.data)
    body = bytes([START]) + address + bytes([START, frame.control, len(data)]) + data
    return bytes([PREAMBLE]) * preamble_count + body + bytes([sum(body) & 0xFF, END])


def read_request(address: str, identifier: int) -> Frame:
    """Return the request for one item. Args: identifier: as ``0x00010000``."""
    return Frame(address, READ, identifier.to_bytes(4, "little"))


def following_request(address: str, identifier: int, number: int) -> Frame:
    """Return the request for the next frame of a long answer; numbered from 1."""
    return Frame(address, READ_FOLLOWING, identifier.to_bytes(4, "little") + bytes([number]))


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
        self._skip_preamble()
        if not self._buffer:
            return NEED_DATA
        if self._buffer[0] != START:
            begin = self._buffer.find(START)
            return self._throw_away(len(self._buffer) if begin < 0 else begin)
        if len(self._buffer) > 7 and self._buffer[7] != START:
            return self._throw_away(1)
        if len(self._buffer) < HEAD_SIZE_BYTES:
            return NEED_DATA
        size = HEAD_SIZE_BYTES + self._buffer[9] + 2
        if self._buffer[9] > DATA_SIZE_BYTES_MAX:
            return self._throw_away(1)
        if len(self._buffer) < size:
            return NEED_DATA
        raw = bytes(self._buffer[:size])
        if raw[-1] != END or raw[-2] != sum(raw[:-2]) & 0xFF:
            return self._throw_away(1)
        del self._buffer[:size]
        data = bytes(byte - OFFSET & 0xFF for byte in raw[HEAD_SIZE_BYTES:-2])
        return Frame(raw[6:0:-1].hex().upper(), raw[8], data)

    def _skip_preamble(self) -> None:
        count = len(self._buffer) - len(self._buffer.lstrip(bytes([PREAMBLE])))
        del self._buffer[:count]

    def _throw_away(self, count: int) -> NeedData:
        junk = bytes(self._buffer[:count])
        del self._buffer[:count]
        raise FrameError(f"no DL/T 645 frame: {spaced_hex(junk[:64])}")


class ReplyDecoder:
    """Finds the reply to one request: its meter, its control code, its identifier."""

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
        is_ours = frame.address == asked.address or asked.address == ANY_ADDRESS
        kind = frame.control & ~(ERROR | MORE)
        if not is_ours or kind != asked.control | REPLY:
            raise FrameError(f"not the answer of meter {asked.address}: {describe(frame)}")
        # An address is six bytes; a reading repeats what was asked for.
        if not frame.is_refusal and asked.data and frame.data[:4] != asked.data[:4]:
            raise FrameError(f"not the reading that was asked for: {describe(frame)}")
        return frame


def bcd(raw: bytes) -> int:
    """Return a BCD number, lowest byte first.

    Raises:
        FrameError: A digit is none.
    """
    digits = raw[::-1].hex()
    if not digits.isdecimal():
        raise FrameError(f"no BCD number: {spaced_hex(raw)}")
    return int(digits)


def encode_bcd(number: int, size_bytes: int) -> bytes:
    """Return a number as BCD, lowest byte first.

    Raises:
        ValueError: It does not fit.
    """
    digits = f"{number:0{2 * size_bytes}d}"
    if number < 0 or len(digits) > 2 * size_bytes:
        raise ValueError(f"{number} does not fit into {size_bytes} bytes")
    return bytes.fromhex(digits)[::-1]


@dataclasses.dataclass(frozen=True, slots=True)
class Item:
    """What a meter can be asked for. Attributes: size_bytes: of its BCD number."""

    identifier: int
    quantity: str
    size_bytes: int
    scale: Decimal
    unit: str
    is_signed: bool = False

    def value(self, raw: bytes) -> Decimal:
        """Return what the data say after the identifier.

        Raises:
            FrameError: The length or a digit is wrong.
        """
        if len(raw) != self.size_bytes:
            raise FrameError(f"{self.quantity} has {self.size_bytes} bytes, not {len(raw)}")
        is_negative = self.is_signed and raw[-1] & 0x80
        plain = raw[:-1] + bytes([raw[-1] & 0x7F]) if is_negative else raw
        value = bcd(plain) * self.scale
        return -value if is_negative else value

    def encode(self, value: Decimal) -> bytes:
        """Return a value as the meter sends it.

        Raises:
            ValueError: It does not fit.
        """
        raw = encode_bcd(int(abs(value) / self.scale), self.size_bytes)
        if value < 0 and self.is_signed:
            return raw[:-1] + bytes([raw[-1] | 0x80])
        return raw


def _item(
    identifier: int, quantity: str, size_bytes: int, scale: str, unit: str, *, signed: bool = False
) -> Item:
    return Item(identifier, quantity, size_bytes, Decimal(scale), unit, signed)


ITEMS: Final = {
    item.quantity: item
    for item in (
        _item(0x00010000, "energy_import", 4, "0.01", "kWh"),
        _item(0x00020000, "energy_export", 4, "0.01", "kWh"),
        _item(0x02010100, "voltage_l1", 2, "0.1", "V"),
        _item(0x02010200, "voltage_l2", 2, "0.1", "V"),
        _item(0x02010300, "voltage_l3", 2, "0.1", "V"),
        _item(0x02020100, "current_l1", 3, "0.001", "A", signed=True),
        _item(0x02020200, "current_l2", 3, "0.001", "A", signed=True),
        _item(0x02020300, "current_l3", 3, "0.001", "A", signed=True),
        _item(0x02030000, "power_total", 3, "0.0001", "kW", signed=True),
        _item(0x02060000, "power_factor", 2, "0.001", "", signed=True),
        _item(0x02800002, "frequency", 2, "0.01", "Hz"),
    )
}
"""Annex A, tables A.1 and A.3; readings of this project, by quantity."""


def describe(frame: Frame) -> str:
    """Return a frame in words."""
    return f"meter {frame.address}, control {frame.control:02X}, data {spaced_hex(frame.data)}"
