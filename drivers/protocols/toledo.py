"""The Mettler-Toledo continuous output, both roles.

``02 SWA SWB SWC weight6 tare6 0D [check]``: status word A says where the decimal point is, B what
kind of weight it is, C what it is counted in. The check is the two's complement of the low seven
bits of the sum. One letter, upper case and without anything behind it, does what a key of the
scale does; it is heard beside the continuous output and never answered.

Source: Mettler-Toledo, "Standard continuous output" and "ASCII input commands" (Wildcat technical
manual, 12/00, appendices 2 and 3; the manuals of five other indicators agree, versions
unconfirmed); status word C: Triner TS-700 owner's manual.
"""

import dataclasses
from decimal import Decimal
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData

STX, CARRIAGE_RETURN = 0x02, 0x0D
SIZE_BYTES: Final = 17
BUFFER_SIZE_BYTES_MAX: Final = 256
POINTS: Final = {0: 2, 1: 1, 2: 0, 3: -1, 4: -2, 5: -3, 6: -4, 7: -5}
"""Status word A, bits 0 to 2: the power of ten of the last digit."""
NET, NEGATIVE, OUT_OF_RANGE, MOTION, KILOGRAMS, POWER_UP = 1, 2, 4, 8, 16, 64
"""Bits of status word B."""
UNITS: Final = {0: "", 1: "g", 2: "t"}
"""Status word C, bits 0 to 2; 0 is kilograms or pounds, as word B says. Others are not known."""
EXPANDED: Final = 0x10
"""Bit of status word C: ten times finer than the scale is certified for; not to be sold by."""
TARE, CLEAR_TARE, ZERO = b"T", b"C", b"Z"
COMMAND_PAUSE_S: Final = 0.5
"""Between two commands, by the manual."""
ALWAYS: Final = 0x20
"""Bit 5 of every status word."""
KILOGRAMS_PER: Final = {
    "kg": Decimal(1),
    "g": Decimal("0.001"),
    "t": Decimal(1000),
    "lb": Decimal("0.45359237"),
}
"""All exact: a pound is defined so."""


@dataclasses.dataclass(frozen=True, slots=True)
class Weight:
    """One weight.

    Attributes:
        weight_kg: None while it is out of range, just switched on, or in a unit that is not known.
        unit: As sent: ``kg``, ``g``, ``t`` or ``lb``.
    """

    weight_kg: Decimal | None
    is_stable: bool
    is_net: bool
    is_overload: bool
    unit: str = "kg"


def check_of(body: bytes) -> int:
    """Return the check byte of a frame, its first and its last byte included."""
    return -sum(byte & 0x7F for byte in body) & 0x7F


def encode(
    digits: int,
    *,
    decimals: int,
    status: int,
    tare: int = 0,
    has_check: bool = False,
    unit_word: int = 0,
) -> bytes:
    """Return a frame.

    Args:
        digits: The weight in steps of its last digit, 0..999999; the sign is in ``status``.
        decimals: Behind the point, 0..5.
        status: Bits of status word B.
        tare: As ``digits``.
        has_check: Add the check byte.
        unit_word: Bits of status word C.
    """
    word_a = ALWAYS | next(code for code, power in POINTS.items() if power == -decimals) | 0x08
    head = bytes([STX, word_a, ALWAYS | status, ALWAYS | unit_word])
    body = head + f"{digits:6d}{tare:6d}".encode() + bytes([CARRIAGE_RETURN])
    return body + (bytes([check_of(body)]) if has_check else b"")


class WeightDecoder:
    """Finds weights; what is none is thrown away byte by byte."""

    def __init__(self, *, has_check: bool = False) -> None:
        self._size = SIZE_BYTES + has_check
        self._has_check = has_check
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
        if not self._buffer:
            return NEED_DATA
        if self._buffer[0] != STX:
            begin = self._buffer.find(STX)
            return self._throw_away(len(self._buffer) if begin < 0 else begin)
        if len(self._buffer) < self._size:
            return NEED_DATA
        raw = bytes(self._buffer[: self._size])
        weight = self._weight(raw)
        if weight is None:
            return self._throw_away(1)
        del self._buffer[: self._size]
        return weight

    def _weight(self, raw: bytes) -> Weight | None:
        words, text = raw[1:4], raw[4:10].strip()
        is_sound = raw[16] == CARRIAGE_RETURN and all(word & ALWAYS for word in words)
        is_sound = is_sound and text.isdigit() and raw[10:16].strip().isdigit()
        if not is_sound or (self._has_check and raw[17] != check_of(raw[:17])):
            return None
        status = words[1]
        number = Decimal(int(text)).scaleb(POINTS[words[0] & 7])
        unit = UNITS.get(words[2] & 7)
        if unit == "":
            unit = "kg" if status & KILOGRAMS else "lb"
        is_overload = bool(status & OUT_OF_RANGE)
        is_known = not is_overload and not status & POWER_UP
        if unit is None or words[2] & EXPANDED:
            unit, is_known = "kg", False
        number *= KILOGRAMS_PER[unit]
        return Weight(
            (-number if status & NEGATIVE else number) if is_known else None,
            is_stable=not status & MOTION,
            is_net=bool(status & NET),
            is_overload=is_overload,
            unit=unit,
        )

    def _throw_away(self, count: int) -> NeedData:
        del self._buffer[:count]
        raise FrameError(f"no weight in {count} bytes")


def describe(weight: Weight) -> str:
    """Return a weight in words."""
    return f"{'net' if weight.is_net else 'gross'} {weight.weight_kg} kg"
