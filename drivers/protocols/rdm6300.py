"""The 125 kHz reader module RDM6300: numbers of EM4100 tags, 9600 baud 8N1.

``02``, ten hexadecimal digits, two digits of check sum (exclusive or of the five bytes), ``03``;
repeated while the tag is held to the reader. Variants put CR LF before the ``03``.

Source: ITEAD, RDM6300 data sheet (version unconfirmed), and EM Microelectronic, EM4100 data sheet
(version unconfirmed), for the forty data bits.
"""

import dataclasses
import re
from functools import reduce
from operator import xor
from typing import Final

from drivers.protocols import FrameError, NeedData
from drivers.protocols.stx_hex import StxHexDecoder, encode_stx_hex

NUMBER_DIGIT_COUNT: Final = 10
FRAME_DIGIT_COUNT: Final = 12
_NUMBER = re.compile(r"[0-9A-F]{10}")


@dataclasses.dataclass(frozen=True, slots=True)
class Tag:
    """A tag as it was read. Attributes: number: ten hexadecimal digits in upper case."""

    number: str = dataclasses.field(repr=False)


class Decoder:
    """Finds tags in what a reader sends."""

    def __init__(self) -> None:
        self._frames = StxHexDecoder(FRAME_DIGIT_COUNT)

    def receive_data(self, data: bytes) -> None:
        """Take bytes; keeps a bounded number of them."""
        self._frames.receive_data(data)

    def next_frame(self) -> Tag | NeedData:
        """Return the next tag, or ``NEED_DATA``.

        Raises:
            FrameError: What is no tag was thrown away; call again for what follows it.
        """
        digits = self._frames.next_frame()
        if isinstance(digits, NeedData):
            return digits
        number = digits[:NUMBER_DIGIT_COUNT]
        if digits != number + _check_digits(number):
            raise FrameError("the check sum of a tag does not fit")
        return Tag(number)


def encode_tag(number: str, *, line_end: str = "") -> bytes:
    """Return the frame that a reader sends.

    Raises:
        ValueError: The number is not ten hexadecimal digits in upper case.
    """
    return encode_stx_hex(_checked(number) + _check_digits(number), line_end=line_end)


def printed_10(number: str) -> str:
    """Return the ten decimal digits that are printed on many tags: the low four bytes."""
    return f"{int(_checked(number)[2:], 16):010d}"


def printed_3_5(number: str) -> str:
    """Return the other printed form, ``099,59822``: the third byte, and the last two."""
    low = int(_checked(number), 16) & 0xFFFFFF
    return f"{low >> 16:03d},{low & 0xFFFF:05d}"


def _checked(number: str) -> str:
    if not _NUMBER.fullmatch(number):
        raise ValueError("a tag's number is ten hexadecimal digits in upper case")
    return number


def _check_digits(number: str) -> str:
    return f"{reduce(xor, bytes.fromhex(number)):02X}"
