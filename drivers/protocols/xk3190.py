"""Weighing indicators of the XK3190 family, their ways of saying a weight, both roles.

* ``continuous`` (tf=0): ``02 sign 6 digits decimals check check 03``; the check is the exclusive-or
  of the eight bytes before it, each nibble as a character.
* ``polled`` (tf=1): ``02 address command check check 03`` asks; the answer is the continuous frame
  with address and command behind its first byte.
* ``equals``: ``=`` and seven digits with a point, backwards, then ``0`` or ``-``; no check at all.
* ``a12e``: ``W G 004.139 kg hh CR LF``; the check is the exclusive-or of the first eleven bytes.

Source: Yaohua XK3190-A9, -A23p, -A26 and -A12E user manuals, appendix "serial communication"
(versions unconfirmed; the manual of the A12E calls its exclusive-or a check sum).
"""

import dataclasses
import re
from decimal import Decimal
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData

STX, ETX = 0x02, 0x03
HANDSHAKE, GROSS, TARE, NET = "A", "B", "C", "D"
FORMATS: Final = ("continuous", "polled", "equals", "a12e")
BUFFER_SIZE_BYTES_MAX: Final = 256
_CONTINUOUS: Final = re.compile(rb"\x02([+-])([0-9]{6})([0-4])([0-9A-F]{2})\x03")
_POLLED: Final = re.compile(rb"\x02([A-Z])([ABCD])([+-])([0-9]{6})([0-4])([0-9A-F]{2})\x03")
_EQUALS: Final = re.compile(rb"=([0-9.]{7})([0-])")
_A12E: Final = re.compile(rb"W([GN])([ -])?([0-9]{1,4}\.[0-9]{1,4})kg([0-9a-fA-F]{2})\r\n")
SIZES: Final = {"continuous": 12, "polled": 14, "equals": 9, "a12e": 15}


@dataclasses.dataclass(frozen=True, slots=True)
class Weight:
    """One weight. Attributes: is_net: as far as the format says it."""

    weight_kg: Decimal
    is_net: bool = False


def check_of(body: bytes) -> bytes:
    """Return the exclusive-or of some bytes as two characters."""
    value = 0
    for byte in body:
        value ^= byte
    return f"{value:02X}".encode()


def _scaled(sign: bytes, digits: bytes, decimals: bytes) -> Decimal:
    number = Decimal(int(digits)).scaleb(-int(decimals))
    return -number if sign == b"-" else number


def encode_continuous(weight_kg: Decimal, *, decimals: int) -> bytes:
    """Return a continuous frame.

    Raises:
        ValueError: It has more than six digits.
    """
    body = _body(weight_kg, decimals)
    return bytes([STX]) + body + check_of(body) + bytes([ETX])


def encode_answer(address: str, command: str, weight_kg: Decimal, *, decimals: int) -> bytes:
    """Return the answer to a question."""
    body = f"{address}{command}".encode() + _body(weight_kg, decimals)
    return bytes([STX]) + body + check_of(body) + bytes([ETX])


def encode_question(address: str, command: str) -> bytes:
    """Return a question, as ``A`` and ``B`` for the gross weight of indicator A."""
    body = f"{address}{command}".encode()
    return bytes([STX]) + body + check_of(body) + bytes([ETX])


def encode_equals(weight_kg: Decimal, *, decimals: int) -> bytes:
    """Return a frame of the ``=`` format."""
    text = f"{abs(weight_kg):.{decimals}f}".zfill(7)
    return b"=" + text[::-1].encode() + (b"-" if weight_kg < 0 else b"0")


def encode_a12e(weight_kg: Decimal, *, is_net: bool = False) -> bytes:
    """Return a frame of the A12E."""
    body = f"W{'N' if is_net else 'G'}{abs(weight_kg):07.3f}kg".encode()
    return body + check_of(body).lower() + b"\r\n"


def _body(weight_kg: Decimal, decimals: int) -> bytes:
    number = int(abs(weight_kg).scaleb(decimals))
    if number > 999_999:
        raise ValueError(f"{weight_kg} kg with {decimals} decimals has more than six digits")
    return f"{'-' if weight_kg < 0 else '+'}{number:06d}{decimals}".encode()


class WeightDecoder:
    """Finds weights of one format; what is none is thrown away byte by byte."""

    def __init__(self, format_name: str, *, address: str = "A", command: str = GROSS) -> None:
        """Decode one format.

        Args:
            format_name: One of ``FORMATS``.
            address: Of the indicator that is asked, for ``polled``.
            command: Of the question, for ``polled``.
        """
        self._format, self._question = format_name, (address + command).encode()
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Weight | NeedData:
        """Return the next weight, or ``NEED_DATA``.

        Raises:
            FrameError: What is no weight was thrown away; call again for what follows it.
        """
        start = {"equals": b"=", "a12e": b"W"}.get(self._format, b"\x02")
        if not self._buffer:
            return NEED_DATA
        if not self._buffer.startswith(start):
            begin = self._buffer.find(start)
            return self._throw_away(len(self._buffer) if begin < 0 else begin)
        match self._format:
            case "continuous":
                found = self._continuous()
            case "polled":
                found = self._polled()
            case "equals":
                found = self._equals()
            case _:
                found = self._a12e()
        if found is not None:
            return found
        if len(self._buffer) < SIZES[self._format] and start not in self._buffer[1:]:
            return NEED_DATA
        return self._throw_away(1)

    def _continuous(self) -> Weight | None:
        found = _CONTINUOUS.match(bytes(self._buffer))
        if found is None or check_of(bytes(self._buffer[1:9])) != found[4]:
            return None
        del self._buffer[: found.end()]
        return Weight(_scaled(found[1], found[2], found[3]))

    def _polled(self) -> Weight | None:
        found = _POLLED.match(bytes(self._buffer))
        if found is None or check_of(bytes(self._buffer[1:11])) != found[6]:
            return None
        if found[1] + found[2] != self._question:
            return None
        del self._buffer[: found.end()]
        is_net = found[2] == NET.encode()
        return Weight(_scaled(found[3], found[4], found[5]), is_net)

    def _equals(self) -> Weight | None:
        found = _EQUALS.match(bytes(self._buffer))
        text = b"" if found is None else found[1][::-1]
        if found is None or text.count(b".") > 1 or not text.replace(b".", b""):
            return None
        del self._buffer[: found.end()]
        number = Decimal(text.decode())
        return Weight(-number if found[2] == b"-" else number)

    def _a12e(self) -> Weight | None:
        found = _A12E.match(bytes(self._buffer))
        if found is None or check_of(bytes(self._buffer[: found.start(4)])) != found[4].upper():
            return None
        del self._buffer[: found.end()]
        number = Decimal(found[3].decode())
        return Weight(-number if found[2] == b"-" else number, found[1] == b"N")

    def _throw_away(self, count: int) -> NeedData:
        del self._buffer[:count]
        raise FrameError(f"no weight in {count} bytes")


class QuestionDecoder:
    """The indicator's side of ``polled``: finds questions as two letters."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> str | NeedData:
        """Return the next question, or ``NEED_DATA``."""
        found = re.search(rb"\x02([A-Z])([ABCD])([0-9A-F]{2})\x03", bytes(self._buffer))
        if found is None:
            return NEED_DATA
        del self._buffer[: found.end()]
        body = found[1] + found[2]
        return body.decode() if check_of(body) == found[3] else NEED_DATA


def describe(weight: Weight) -> str:
    """Return a weight in words."""
    return f"{'net' if weight.is_net else 'gross'} {weight.weight_kg} kg"
