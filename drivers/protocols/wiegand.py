"""Wiegand numbers: the 26-bit format, and the raw bits of every other.

Of 34, 37 and other lengths several formats are in use that cannot be told apart, so their bits are
kept as they came, leading zeros and parity bits too: that is the credential's number.

Source: SIA AC-01-1996.10, "Access Control Standard Protocol for the 26-Bit Wiegand Reader
Interface" (version unconfirmed).
"""

import dataclasses
from typing import Final

from drivers.protocols import FrameError

BIT_LENGTH_MAX: Final = 512
FACILITY_MAX: Final = 0xFF
CARD_MAX: Final = 0xFFFF


@dataclasses.dataclass(frozen=True, slots=True)
class WiegandBits:
    """Bits as a reader sent them.

    Attributes:
        bit_length: 1..512; leading zeros count.
        value: The bits as a number, the first bit highest.
    """

    bit_length: int
    value: int = dataclasses.field(repr=False)

    def __post_init__(self) -> None:
        if not 1 <= self.bit_length <= BIT_LENGTH_MAX:
            raise ValueError(f"bit_length is 1..{BIT_LENGTH_MAX}, not {self.bit_length}")
        if not 0 <= self.value < 1 << self.bit_length:
            raise ValueError(f"the value does not fit into {self.bit_length} bits")

    @property
    def number(self) -> str:
        """The canonical number: as many hexadecimal digits as the bits need, in upper case."""
        return f"{self.value:0{-(-self.bit_length // 4)}X}"

    @property
    def text(self) -> str:
        """The bits as zeros and ones."""
        return f"{self.value:0{self.bit_length}b}"

    @property
    def left_aligned(self) -> bytes:
        """Whole bytes with the first bit highest; what is over at the end is zero."""
        size_bytes = -(-self.bit_length // 8)
        return (self.value << 8 * size_bytes - self.bit_length).to_bytes(size_bytes, "big")


@dataclasses.dataclass(frozen=True, slots=True)
class Card26:
    """What the 26-bit format says. Attributes: facility: 0..255. card: 0..65535."""

    facility: int
    card: int = dataclasses.field(repr=False)


def decode_left_aligned(data: bytes, bit_length: int) -> WiegandBits:
    """Return bits that came in whole bytes, the first bit highest.

    Raises:
        FrameError: The bytes are not as many as the bits need, or there are no bits.
    """
    if not 1 <= bit_length <= BIT_LENGTH_MAX:
        raise FrameError(f"{bit_length} bits are no Wiegand number")
    if len(data) != -(-bit_length // 8):
        raise FrameError(f"{bit_length} bits do not come in {len(data)} bytes")
    return WiegandBits(bit_length, int.from_bytes(data, "big") >> 8 * len(data) - bit_length)


def decode_26(bits: WiegandBits) -> Card26:
    """Return what 26 bits say.

    Raises:
        FrameError: They are not 26, or a parity does not fit.
    """
    if bits.bit_length != 26:
        raise FrameError(f"{bits.bit_length} bits instead of 26")
    payload = bits.value >> 1 & 0xFFFFFF
    if bits.value != _with_parities(payload):
        raise FrameError("a parity of the 26 bits does not fit")
    return Card26(payload >> 16, payload & 0xFFFF)


def encode_26(card: Card26) -> WiegandBits:
    """Return the bits of a card.

    Raises:
        ValueError: The facility is not 0..255 or the card not 0..65535.
    """
    if not 0 <= card.facility <= FACILITY_MAX or not 0 <= card.card <= CARD_MAX:
        raise ValueError("facility is 0..255 and card 0..65535")
    return WiegandBits(26, _with_parities(card.facility << 16 | card.card))


def _with_parities(payload: int) -> int:
    """Return 24 bits between the even parity of the first and the odd one of the last twelve."""
    even = (payload >> 12).bit_count() & 1
    odd = ~(payload & 0xFFF).bit_count() & 1
    return even << 25 | payload << 1 | odd
