"""Hexadecimal digits between STX and ETX, as readers with an ASCII output send them.

``02``, a fixed number of digits, perhaps CR, LF or both, ``03``. Digits are never ``02`` or ``03``,
so a frame can begin at an STX only. Messages of errors do not quote what came: it may be most of a
credential's number.

Source: as of the modules that use it.
"""

import re
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData

STX, ETX = b"\x02", b"\x03"
BUFFER_SIZE_BYTES_MAX: Final = 4096


class StxHexDecoder:
    """Finds runs of digits of one length in a stream."""

    def __init__(self, digit_count: int) -> None:
        self._whole = re.compile(rb"\x02([0-9A-Fa-f]{%d})\r?\n?\x03" % digit_count)
        self._begun = re.compile(
            rb"\x02(?:[0-9A-Fa-f]{0,%d}|[0-9A-Fa-f]{%d}\r?\n?)" % (digit_count - 1, digit_count)
        )
        self._buffer = bytearray()
        self._is_cut = False

    def receive_data(self, data: bytes) -> None:
        """Take bytes; keeps the last 4096 of them."""
        self._buffer += data
        if len(self._buffer) > BUFFER_SIZE_BYTES_MAX:
            del self._buffer[:-BUFFER_SIZE_BYTES_MAX]
            self._is_cut = True

    def next_frame(self) -> str | NeedData:
        """Return the next frame's digits, in upper case, or ``NEED_DATA``.

        Raises:
            FrameError: Something else was thrown away; call again for what follows it.
        """
        if self._is_cut:
            self._is_cut = False
            raise FrameError("more came at once than is kept")
        self._skip_to_stx()
        if match := self._whole.match(self._buffer):
            digits = match[1].decode("ascii").upper()
            del self._buffer[: match.end()]
            return digits
        if not self._buffer or self._begun.fullmatch(self._buffer):
            return NEED_DATA
        following = self._buffer.find(STX, 1)
        del self._buffer[: following if following > 0 else len(self._buffer)]
        raise FrameError("what stands behind an STX is no number of the right length")

    def _skip_to_stx(self) -> None:
        start = self._buffer.find(STX)
        skipped = bytes(self._buffer if start < 0 else self._buffer[:start])
        del self._buffer[: len(skipped)]
        # Some readers end their line outside the frame.
        if skipped.strip(b"\r\n"):
            raise FrameError("bytes outside a frame")


def encode_stx_hex(digits: str, *, line_end: str = "") -> bytes:
    """Return a frame.

    Args:
        digits: Hexadecimal, in upper case as readers send them.
        line_end: Nothing, CR, LF or both, before the ETX.
    """
    return STX + digits.encode("ascii") + line_end.encode("ascii") + ETX
