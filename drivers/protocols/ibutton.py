"""iButton keys (DS1990A) as readers with an ASCII output print them, 9600 or 19200 baud.

A key has 64 bits: a family code, a serial number of 48 bits, low byte first, and a check byte over
the seven before it. Readers print them between ``02`` and ``03``, in one of five orders.

Source: Maxim, DS1990A data sheet and application note 27 (versions unconfirmed), for the 64 bits
and the check byte; In-Touch Solutions, "iButton Wedge Configurations" (0016-S1 to S5; version
unconfirmed), for the orders; Promag's ASCII output (version unconfirmed) for the frame.
"""

import dataclasses
from enum import StrEnum
from typing import Final

from drivers.protocols import FrameError, NeedData
from drivers.protocols.stx_hex import StxHexDecoder, encode_stx_hex

DS1990A_FAMILY: Final = 0x01
CRC_POLYNOMIAL_REFLECTED: Final = 0x8C
SERIAL_SIZE_BYTES: Final = 6


class Order(StrEnum):
    """What a reader prints, in the order of the digits; (S1) to (S5) are In-Touch's names."""

    ENGRAVED = "crc_serial_family"
    """As on the key's face, serial number with its high byte first (S1)."""
    SERIAL = "serial"
    """High byte first, without family and check byte (S2)."""
    WIRE = "family_lsb_serial_crc"
    """As it comes over the wire, serial number with its low byte first (S3)."""
    WIRE_SERIAL = "lsb_serial"
    """Low byte first, without family and check byte (S4)."""
    FAMILY_SERIAL = "family_serial"
    """High byte first, without check byte (S5)."""


DIGIT_COUNTS: Final = {
    Order.ENGRAVED: 16,
    Order.SERIAL: 12,
    Order.WIRE: 16,
    Order.WIRE_SERIAL: 12,
    Order.FAMILY_SERIAL: 14,
}
WITH_CHECK_BYTE: Final = (Order.ENGRAVED, Order.WIRE)


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """A key as it was read.

    Attributes:
        family: 1 is a DS1990A.
        serial: Six bytes, high byte first.
    """

    family: int
    serial: bytes = dataclasses.field(repr=False)

    @property
    def wire(self) -> bytes:
        """The 64 bits as the key sends them."""
        head = bytes([self.family]) + self.serial[::-1]
        return head + bytes([crc8(head)])

    @property
    def number(self) -> str:
        """The canonical number: 16 digits as engraved, whatever order the reader prints."""
        return self.wire[::-1].hex().upper()


class Decoder:
    """Finds keys in what a reader sends."""

    def __init__(self, order: Order, *, family: int = DS1990A_FAMILY) -> None:
        """Read one reader's output.

        Args:
            order: What the reader prints. Without a check byte a damaged digit goes unseen.
            family: Other families are refused; one that is not printed is taken to be this.
        """
        self._order, self._family = order, family
        self._frames = StxHexDecoder(DIGIT_COUNTS[order])

    def receive_data(self, data: bytes) -> None:
        """Take bytes; keeps a bounded number of them."""
        self._frames.receive_data(data)

    def next_frame(self) -> Key | NeedData:
        """Return the next key, or ``NEED_DATA``.

        Raises:
            FrameError: What is no key was thrown away; call again for what follows it.
        """
        digits = self._frames.next_frame()
        if isinstance(digits, NeedData):
            return digits
        raw = bytes.fromhex(digits)
        if self._order in WITH_CHECK_BYTE:
            self._check(raw)
        key = _key(raw, self._order, self._family)
        if key.family != self._family:
            raise FrameError(f"a key of family {key.family:02X} instead of {self._family:02X}")
        return key

    def _check(self, raw: bytes) -> None:
        wire = raw if self._order is Order.WIRE else raw[::-1]
        if crc8(wire) == 0:
            return
        if crc8(wire[::-1]) == 0:
            other = next(order for order in WITH_CHECK_BYTE if order is not self._order)
            raise FrameError(f"the check byte does not fit; it would in the order {other}")
        raise FrameError("the check byte of a key does not fit")


def encode_key(key: Key, order: Order, *, line_end: str = "") -> bytes:
    """Return the frame that a reader sends."""
    wire = key.wire
    family, serial, check = wire[:1], wire[1:7], wire[7:]
    printed = {
        Order.ENGRAVED: wire[::-1],
        Order.SERIAL: serial[::-1],
        Order.WIRE: family + serial + check,
        Order.WIRE_SERIAL: serial,
        Order.FAMILY_SERIAL: family + serial[::-1],
    }[order]
    return encode_stx_hex(printed.hex().upper(), line_end=line_end)


def crc8(data: bytes) -> int:
    """Return the check byte of application note 27; over a key with its own it is 0."""
    register = 0
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (CRC_POLYNOMIAL_REFLECTED if register & 1 else 0)
    return register


def _key(raw: bytes, order: Order, family: int) -> Key:
    match order:
        case Order.ENGRAVED:
            return Key(raw[7], raw[1:7])
        case Order.WIRE:
            return Key(raw[0], raw[6:0:-1])
        case Order.FAMILY_SERIAL:
            return Key(raw[0], raw[1:])
        case Order.WIRE_SERIAL:
            return Key(family, raw[::-1])
        case Order.SERIAL:
            return Key(family, raw)
