"""The line as the simulated board hears it: console encoding, and the address lines of boards.

Written from docs/board.md and not from ``firmware_bridge.frames``: so the two check each other.

Source: docs/board.md, section 1; Zephyr, "SMP over console".
"""

import base64
import binascii
import struct
from typing import Final

FIRST, FURTHER = b"\x06\x09", b"\x04\x14"
LINE_END: Final = b"\n"
TEXT_SIZE_BYTES_MAX: Final = 124
"""Of the base64 in one line: with its mark and the line feed 127 bytes."""
LINE_SIZE_BYTES_MAX: Final = 512
"""Longer ones are noise; what is in front of a frame without a line feed is cut off, too."""
_SIZE: Final = struct.Struct(">H")


class LineDecoder:
    """Requests out of what passes on the line.

    Attributes:
        bad_count: Frames that were begun and could not be read.
    """

    def __init__(self, *, address: int, size_bytes_max: int) -> None:
        """Listen.

        Args:
            address: 0 answers every frame; 1..247 what follows its own address line.
            size_bytes_max: Of a frame with its check sum.
        """
        self.bad_count = 0
        self._own = b"" if not address else b"\x01%02X" % address
        self._size_bytes_max = size_bytes_max
        self._buffer = bytearray()
        self._frame: bytearray | None = None
        self._is_ours = not address

    @property
    def held_bytes(self) -> int:
        """How much is kept of what is not complete; bounded."""
        return len(self._buffer) + len(self._frame or b"")

    def receive_data(self, data: bytes) -> list[bytes]:
        """Take bytes; returns the frames that are complete and sound."""
        frames = []
        self._buffer += data
        while (end := self._buffer.find(LINE_END)) >= 0:
            line = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            if (frame := self._take(line)) is not None:
                frames.append(frame)
        del self._buffer[:-LINE_SIZE_BYTES_MAX]
        return frames

    def _take(self, line: bytes) -> bytes | None:
        if self._own and line.endswith(self._own):
            self._is_ours, self._frame = True, None
            return None
        first, further = line.rfind(FIRST), line.rfind(FURTHER)
        if first >= 0:
            is_ours = self._is_ours and (not self._own or first == 0)
            self._is_ours = not self._own
            if self._frame is not None:
                self.bad_count += 1
            self._frame = bytearray() if is_ours else None
            return self._add(line[first + len(FIRST) :])
        self._is_ours = not self._own
        return None if further < 0 else self._add(line[further + len(FURTHER) :])

    def _add(self, text: bytes) -> bytes | None:
        """Add a line's base64; returns the frame when it is whole."""
        if self._frame is None:
            return None
        try:
            self._frame += binascii.a2b_base64(text, strict_mode=True)
        except binascii.Error:
            return self._dropped()
        if len(self._frame) < _SIZE.size:
            return self._dropped()
        size_bytes = _SIZE.unpack_from(self._frame)[0]
        if size_bytes > self._size_bytes_max or len(self._frame) > _SIZE.size + size_bytes:
            return self._dropped()
        if len(self._frame) < _SIZE.size + size_bytes:
            return None
        frame = bytes(self._frame[_SIZE.size :])
        if len(frame) < _SIZE.size or binascii.crc_hqx(frame, 0):
            return self._dropped()
        self._frame = None
        return frame[: -_SIZE.size]

    def _dropped(self) -> bytes | None:
        self.bad_count += 1
        self._frame = None
        return None


def encode_lines(frame: bytes, *, address: int) -> bytes:
    """Return a frame as its lines, after the board's address line if it has an address."""
    checked = frame + _SIZE.pack(binascii.crc_hqx(frame, 0))
    text = base64.b64encode(_SIZE.pack(len(checked)) + checked)
    lines = bytearray(b"\x01%02X\n" % address if address else b"")
    for at in range(0, len(text), TEXT_SIZE_BYTES_MAX):
        lines += (FURTHER if at else FIRST) + text[at : at + TEXT_SIZE_BYTES_MAX] + LINE_END
    return bytes(lines)
