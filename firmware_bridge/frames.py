"""SMP frames on a serial line and in datagrams, both roles; see docs/board.md, section 1.

Source: Zephyr Project documentation, "SMP Protocol Specification" and "SMP Transport Specification"
(UART/serial and console), as of Zephyr 4.2; the address line is our own.
"""

import base64
import binascii
import dataclasses
import re
import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

HEADER: Final = struct.Struct("!BBHHBB")
FIRST, CONTINUED, END = b"\x06\x09", b"\x04\x14", b"\n"
LINE_LENGTH_MAX: Final = 127
CHARACTERS_MAX: Final = (LINE_LENGTH_MAX - len(FIRST + END)) // 4 * 4
ADDRESSES: Final = range(1, 248)
FRAME_SIZE_BYTES_MAX: Final = 16_384
"""No board has a larger buffer; what claims to be longer is noise."""
BUFFER_SIZE_BYTES_MAX: Final = 65_536
DATAGRAM_SIZE_BYTES_MAX: Final = 1400

_CRC: Final = struct.Struct("!H")
_QUOTED_BYTES: Final = 24
_ADDRESS_LENGTH: Final = 4
_START: Final = re.compile(rb"\x06\x09|\x04\x14|\x01[0-9A-F]{2}\x0a")
_BEGUN: Final = re.compile(rb"(?:\x06|\x04|\x01[0-9A-F]{0,2})\Z")
_LINE: Final = re.compile(rb"[A-Za-z0-9+/]*={0,2}")


class Op(IntEnum):
    """What a frame is."""

    READ = 0
    READ_ANSWER = 1
    WRITE = 2
    WRITE_ANSWER = 3

    @property
    def is_answer(self) -> bool:
        """Whether a board says it."""
        return bool(self & 1)


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One SMP frame.

    Attributes:
        group, command, sequence: 16, 8 and 8 bits.
        body: CBOR, not looked into here.
        version: 0 or 1; says how a refusal looks.
    """

    op: Op
    group: int
    command: int
    sequence: int
    body: bytes
    version: int = 1

    def __bytes__(self) -> bytes:
        """Return header and body."""
        first = self.op | self.version << 3
        size_bytes = len(self.body)
        return (
            HEADER.pack(first, 0, size_bytes, self.group, self.sequence, self.command) + self.body
        )

    def answer(self, body: bytes) -> "Frame":
        """Return the answer to this request."""
        return dataclasses.replace(self, op=Op(self.op | 1), body=body)


@dataclasses.dataclass(frozen=True, slots=True)
class Received:
    """A frame from a line. Attributes: address: of the line right before it; 0 without one."""

    frame: Frame
    address: int = 0


def decode(raw: bytes) -> Frame:
    """Return the frame that a datagram, or what console lines carry, is.

    Raises:
        FrameError: It is none.
    """
    if len(raw) < HEADER.size:
        raise FrameError(f"shorter than a header: {_quoted(raw)}")
    first, _, size_bytes, group, sequence, command = HEADER.unpack_from(raw)
    body = raw[HEADER.size :]
    if first & 7 not in iter(Op) or first >> 3 & 3 > 1:
        raise FrameError(f"an unknown operation or version: {_quoted(raw)}")
    if size_bytes != len(body):
        raise FrameError(f"{len(body)} bytes of body, {size_bytes} announced: {_quoted(raw)}")
    return Frame(Op(first & 7), group, command, sequence, body, first >> 3 & 3)


def encode_lines(raw: bytes, *, address: int = 0) -> bytes:
    """Return a frame as console lines.

    Args:
        raw: Header and body.
        address: The board's, 1..247; 0 sends no address line.

    Raises:
        ValueError: No such address, or the frame is too long.
    """
    if address and address not in ADDRESSES:
        raise ValueError(f"a board's address is 1..247, not {address}")
    if len(raw) > FRAME_SIZE_BYTES_MAX:
        raise ValueError(f"a frame of {len(raw)} bytes; {FRAME_SIZE_BYTES_MAX} at most")
    check = _CRC.pack(binascii.crc_hqx(raw, 0))
    text = base64.b64encode(_CRC.pack(len(raw) + len(check)) + raw + check)
    lines = [text[at : at + CHARACTERS_MAX] for at in range(0, len(text), CHARACTERS_MAX)]
    encoded = FIRST + (END + CONTINUED).join(lines) + END
    return encode_address(address) + encoded if address else encoded


def encode_address(address: int) -> bytes:
    """Return the line that stands before a frame for, or of, one of several boards."""
    return b"\x01%02X\n" % address


class FrameDecoder:
    """Finds frames between console text and other protocols' bytes; both roles."""

    def __init__(self, *, frame_size_bytes_max: int = FRAME_SIZE_BYTES_MAX) -> None:
        self._frame_size_bytes_max = frame_size_bytes_max
        self._buffer = bytearray()
        self._address = self._addressed = 0
        self._assembled = bytearray()
        self._is_assembling = False

    @property
    def held_bytes(self) -> int:
        """What it keeps in memory."""
        return len(self._buffer) + len(self._assembled)

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Received | NeedData:
        """Return the next frame, or ``NEED_DATA``.

        Raises:
            FrameError: A damaged frame or line was thrown away; call again for what follows it.
        """
        while (start := _START.search(self._buffer)) is not None:
            if start.start():
                self._address = 0
            marker = start.group()
            if len(marker) == _ADDRESS_LENGTH:
                self._address = int(marker[1:3], 16)
                del self._buffer[: start.end()]
                continue
            line = self._next_line(start.start())
            if isinstance(line, NeedData):
                return line
            received = self._take_line(line, is_first=marker == FIRST)
            if not isinstance(received, NeedData):
                return received
        self._forget_text()
        return NEED_DATA

    def _next_line(self, start: int) -> bytes | NeedData:
        """Return the next line's characters.

        Raises:
            FrameError: It is none: its marker was a part of something else, or its end is lost.
        """
        del self._buffer[:start]
        found = _LINE.match(self._buffer, len(FIRST))
        end = len(FIRST) if found is None else found.end()
        if end >= LINE_LENGTH_MAX or self._buffer[end : end + 1] not in (b"", END):
            quoted = _quoted(self._buffer)
            self._address = 0
            del self._buffer[:1]
            raise FrameError(f"a line of a frame is damaged: {quoted}")
        if end == len(self._buffer):
            return NEED_DATA
        line = bytes(self._buffer[len(FIRST) : end])
        del self._buffer[: end + len(END)]
        return line

    def _take_line(self, line: bytes, *, is_first: bool) -> Received | NeedData:
        address, self._address = self._address, 0
        if is_first:
            self._assembled.clear()
            self._is_assembling, self._addressed = True, address
        elif not self._is_assembling:
            return NEED_DATA
        try:
            self._assembled += base64.b64decode(line, validate=True)
        except ValueError as error:
            self._is_assembling = False
            raise FrameError(f"a line of a frame is no base64: {line[:_QUOTED_BYTES]!r}") from error
        return self._assembled_frame()

    def _assembled_frame(self) -> Received | NeedData:
        if len(self._assembled) < _CRC.size:
            return NEED_DATA
        size_bytes = _CRC.size + _CRC.unpack_from(self._assembled)[0]
        if len(self._assembled) < size_bytes <= self._frame_size_bytes_max + 2 * _CRC.size:
            return NEED_DATA
        self._is_assembling = False
        raw = bytes(self._assembled[_CRC.size : -_CRC.size])
        if len(self._assembled) != size_bytes or size_bytes < HEADER.size + 2 * _CRC.size:
            raise FrameError(f"a frame is not as long as it says: {_quoted(self._assembled)}")
        # The check sum of a frame with its check sum behind it is 0.
        if binascii.crc_hqx(self._assembled[_CRC.size :], 0) != 0:
            raise FrameError(f"a frame with a wrong check sum: {_quoted(self._assembled)}")
        return Received(decode(raw), self._addressed)

    def _forget_text(self) -> None:
        begun = _BEGUN.search(self._buffer)
        kept = 0 if begun is None else len(begun.group())
        if kept < len(self._buffer):
            self._address = 0
        del self._buffer[: len(self._buffer) - kept]


class DatagramDecoder:
    """The same of datagrams: each is one frame."""

    def __init__(self) -> None:
        self._datagrams: list[bytes] = []

    def receive_data(self, data: bytes) -> None:
        """Take one datagram; of many, the newest are kept."""
        self._datagrams.append(data[: FRAME_SIZE_BYTES_MAX + 1])
        del self._datagrams[:-8]

    def next_frame(self) -> Received | NeedData:
        """Return the next frame, or ``NEED_DATA``.

        Raises:
            FrameError: A datagram is none.
        """
        if not self._datagrams:
            return NEED_DATA
        return Received(decode(self._datagrams.pop(0)))


class AnswerDecoder:
    """Finds the answer to one request; what else a line carries is passed over."""

    def __init__(self, request: Frame, *, address: int = 0, is_datagram: bool = False) -> None:
        """Expect an answer.

        Args:
            request: What it repeats group, command and sequence of.
            address: Whose answer it must be.
            is_datagram: It comes over UDP.
        """
        self._request, self._address = request, address
        self._frames = DatagramDecoder() if is_datagram else FrameDecoder()

    def receive_data(self, data: bytes) -> None:
        """Take bytes."""
        self._frames.receive_data(data)

    def next_frame(self) -> Frame | NeedData:
        """Return the answer, or ``NEED_DATA``.

        Raises:
            FrameError: A damaged frame was thrown away; call again for what follows it.
        """
        for received in self._sound():
            frame, request = received.frame, self._request
            is_answer = received.address == self._address and frame.op == request.op | 1
            if is_answer and _names(frame) == _names(request):
                return frame
        return NEED_DATA

    def _sound(self) -> Iterator[Received]:
        while not isinstance(received := self._frames.next_frame(), NeedData):
            yield received


def _names(frame: Frame) -> tuple[int, int, int]:
    return frame.group, frame.command, frame.sequence


def _quoted(raw: bytes | bytearray) -> str:
    dots = " …" if len(raw) > _QUOTED_BYTES else ""
    return spaced_hex(bytes(raw[:_QUOTED_BYTES])) + dots
