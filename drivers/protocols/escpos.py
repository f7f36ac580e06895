"""The few commands of ESC/POS that a receipt needs, both roles.

Text goes out in GB18030 with the printer's Chinese mode on (``FS &``): one byte is one column, a
Chinese character two. ``GS !`` sizes Latin characters and, on some printers, Chinese ones too;
``FS !`` sizes Chinese ones on the others, so both are sent. Nothing of a text can be a command:
control characters are left out, and no byte of a GB18030 character is one.

``DLE EOT n`` is answered at once, whatever is being printed: one byte, ``0xx1xx10``. ``GS r 1`` is
answered when all before it has been worked off: one byte, ``0000ppnn``; so it tells that a receipt
is printed.

Source: Epson, "ESC/POS Application Programming Guide" as the command manuals of TM-U220, TM-L60II,
Samsung SRP-350 and HPRT TP80K quote it; Chinese mode: Microcom 814M and SPRT SP series command
manuals (versions unconfirmed). QR: ``GS ( k`` functions 165, 167, 169, 180, 181, same bytes as
python-escpos 3.1 sends.
"""

import dataclasses
import unicodedata
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

ESC, FS, GS, DLE, EOT, LF = 0x1B, 0x1C, 0x1D, 0x10, 0x04, 0x0A
STATUS_KINDS: Final = (1, 2, 3, 4)
"""Printer, reason for being off line, error, paper."""
ASK_STATUS: Final = b"".join(bytes([DLE, EOT, kind]) for kind in STATUS_KINDS)
ASK_PRINTED: Final = bytes([GS, ord("r"), 1])
INITIALISE: Final = bytes([ESC, ord("@"), GS, ord("a"), 0, FS, ord("&")])
"""Forget settings, say nothing unasked, take Chinese."""
CUT: Final = bytes([GS, ord("V"), 66, 0])
"""Feed to the cutter, and cut all but one point."""
BUFFER_SIZE_BYTES_MAX: Final = 4096
TOLD_ONLY: Final = True
"""Its frames go to the device: nobody who only listens takes a talker for one."""
QR_LENGTH_MAX: Final = 400
_STATUS_FIXED, _STATUS_VALUE = 0x93, 0x12
_PAPER_ANSWERS: Final = frozenset({0x00, 0x03, 0x0C, 0x0F})
_REPLACED: Final = str.maketrans(
    {"¥": "\N{FULLWIDTH YEN SIGN}", "–": "-", "\N{NO-BREAK SPACE}": " "}
)
"""GB18030 has them as four bytes only, which no printer has a glyph for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Status:
    """What a printer says of itself."""

    is_offline: bool = False
    is_cover_open: bool = False
    is_paper_out: bool = False
    is_paper_low: bool = False
    has_cutter_error: bool = False
    has_error: bool = False

    @property
    def can_print(self) -> bool:
        """Whether it takes a receipt now."""
        return self == dataclasses.replace(Status(), is_paper_low=self.is_paper_low)


def faults_of(status: Status) -> tuple[str, ...]:
    """Return what is wrong, by name, sorted; off line is one only where nothing explains it."""
    reasons = {
        "cover_open": status.is_cover_open,
        "cutter": status.has_cutter_error,
        "paper_out": status.is_paper_out,
        "printer": status.has_error,
    }
    named = [name for name, stands in reasons.items() if stands]
    named += ["offline"] if status.is_offline and not named else []
    # The sensor before the end sees no paper, too, when there is none at all.
    named += ["paper_low"] if status.is_paper_low and not status.is_paper_out else []
    return tuple(sorted(named))


def cleaned(text: str) -> str:
    """Return a text without control characters, in characters that a printer may have."""
    kept = (c for c in text.translate(_REPLACED) if unicodedata.category(c) not in ("Cc", "Cs"))
    return "".join(kept)


def width_of(text: str) -> int:
    """Return how many columns a cleaned text takes."""
    return sum(1 if ord(character) < 0x80 else 2 for character in text)


def cut_to_columns(text: str, column_count: int) -> list[str]:
    """Return a cleaned text as lines that fit; an empty one is one empty line."""
    lines, line, width = list[str](), "", 0
    for character in text:
        wide = width_of(character)
        if line and width + wide > column_count:
            lines.append(line)
            line, width = "", 0
        line, width = line + character, width + wide
    return [*lines, line]


def encode_text(text: str) -> bytes:
    """Return a cleaned text as the printer takes it."""
    return text.encode("gb18030")


def decode_text(data: bytes) -> str:
    """Return what a printer makes of text; what is none shows as a replacement character."""
    return data.decode("gb18030", "replace")


def encode_line(text: str) -> bytes:
    """Return a line of text and its end."""
    return encode_text(cleaned(text)) + bytes([LF])


def encode_style(
    *, is_centred: bool = False, is_bold: bool = False, is_large: bool = False
) -> bytes:
    """Return how the following lines look."""
    return bytes([ESC, ord("a"), int(is_centred), ESC, ord("E"), int(is_bold)]) + bytes(
        [GS, ord("!"), 0x11 * is_large, FS, ord("!"), 0x0C * is_large]
    )


def encode_feed(line_count: int) -> bytes:
    """Return so many empty lines, 0..255."""
    return bytes([ESC, ord("d"), line_count])


def encode_qr(text: str, *, module_dots: int = 6) -> bytes:
    """Return a QR code, error correction M.

    Args:
        text: Goes into it as UTF-8.
        module_dots: Size of one module, 1..16.

    Raises:
        ValueError: It is empty, too long, or holds control characters.
    """
    data = text.encode()
    if not 1 <= len(data) <= QR_LENGTH_MAX or cleaned(text) != text:
        raise ValueError(f"a QR code on a receipt is 1..{QR_LENGTH_MAX} bytes of plain text")
    return (
        _qr_function(65, b"\x32\x00")
        + _qr_function(67, bytes([module_dots]))
        + _qr_function(69, b"1")
        + _qr_function(80, b"0" + data)
        + _qr_function(81, b"0")
    )


def _qr_function(number: int, parameters: bytes) -> bytes:
    length = len(parameters) + 2
    head = bytes([GS, ord("("), ord("k"), length & 0xFF, length >> 8, ord("1"), number])
    return head + parameters


def encode_status(status: Status, kind: int) -> bytes:
    """Return the answer to ``DLE EOT``; the printer's side."""
    value = _STATUS_VALUE
    match kind:
        case 1:
            value |= 0x08 * status.is_offline
        case 2:
            value |= 0x04 * status.is_cover_open | 0x20 * status.is_paper_out
            value |= 0x40 * (status.has_error or status.has_cutter_error)
        case 3:
            value |= 0x08 * status.has_cutter_error | 0x20 * status.has_error
        case _:
            value |= 0x0C * status.is_paper_low | 0x60 * status.is_paper_out
    return bytes([value])


def encode_printed(status: Status) -> bytes:
    """Return the answer to ``GS r 1``; the printer's side."""
    return bytes([0x03 * status.is_paper_low | 0x0C * status.is_paper_out])


class StatusDecoder:
    """Decodes the four answers to ``ASK_STATUS``."""

    def __init__(self) -> None:
        self._answers = bytearray()
        self._noise = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; those that are no status are thrown away."""
        for byte in data[-BUFFER_SIZE_BYTES_MAX:]:
            is_status = byte & _STATUS_FIXED == _STATUS_VALUE
            (self._answers if is_status else self._noise).append(byte)
        del self._answers[:-BUFFER_SIZE_BYTES_MAX], self._noise[:-16]

    def next_frame(self) -> Status | NeedData:
        """Return the status when all four answers are there, or ``NEED_DATA``.

        Raises:
            FrameError: Something came that is no status; call again.
        """
        if self._noise:
            noise = bytes(self._noise)
            self._noise.clear()
            raise FrameError(f"no status of a printer: {spaced_hex(noise)}")
        if len(self._answers) < len(STATUS_KINDS):
            return NEED_DATA
        raw = bytes(self._answers[: len(STATUS_KINDS)])
        printer, offline, error, paper = raw
        del self._answers[: len(STATUS_KINDS)]
        if paper & 0x0C not in (0, 0x0C) or paper & 0x60 not in (0, 0x60):
            raise FrameError(f"each sensor of the paper has two equal bits: {spaced_hex(raw)}")
        return Status(
            is_offline=bool(printer & 0x08),
            is_cover_open=bool(offline & 0x04),
            is_paper_out=bool(offline & 0x20 or paper & 0x60),
            is_paper_low=bool(paper & 0x0C),
            has_cutter_error=bool(error & 0x08),
            has_error=bool(error & 0x60),
        )


class PrintedDecoder:
    """Decodes the answer to ``GS r 1`` at the end of a receipt; an echo of it is passed over."""

    def __init__(self, request: bytes) -> None:
        self._request, self._buffer = request, bytearray()
        self._is_begun = False

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line."""
        self._buffer += data
        del self._buffer[: -len(self._request) - 16]

    def next_frame(self) -> Status | NeedData:
        """Return what the printer says of its paper, or ``NEED_DATA``.

        Raises:
            FrameError: What is no answer was thrown away; call again.
        """
        if not self._buffer:
            return NEED_DATA
        if not self._is_begun:
            if len(self._buffer) < len(self._request) and self._request.startswith(self._buffer):
                return NEED_DATA
            if self._buffer.startswith(self._request):
                del self._buffer[: len(self._request)]
            self._is_begun = True
            return self.next_frame()
        byte = self._buffer.pop(0)
        if byte in _PAPER_ANSWERS:
            return Status(is_paper_low=bool(byte & 0x03), is_paper_out=bool(byte & 0x0C))
        raise FrameError(f"no answer of a printer: {byte:02X}")


@dataclasses.dataclass(frozen=True, slots=True)
class Command:
    """Something that a printer was told. Attributes: name: as in ``CommandDecoder``."""

    name: str
    data: bytes = b""


_LENGTHS: Final = {
    (ESC, ord("@")): ("initialise", 0),
    (ESC, ord("a")): ("align", 1),
    (ESC, ord("E")): ("bold", 1),
    (ESC, ord("d")): ("feed", 1),
    (GS, ord("!")): ("size", 1),
    (GS, ord("a")): ("unasked", 1),
    (GS, ord("r")): ("ask_printed", 1),
    (FS, ord("&")): ("chinese", 0),
    (FS, ord("!")): ("chinese_size", 1),
    (DLE, EOT): ("ask_status", 1),
}


class CommandDecoder:
    """The printer's side: finds commands; text comes as ``text``, a line's end as ``line``.

    Names: those of ``_LENGTHS``, and ``text``, ``line``, ``cut``, ``qr_store``, ``qr_print``,
    ``qr_set``.
    """

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Command | NeedData:
        """Return the next command, or ``NEED_DATA``.

        Raises:
            FrameError: A byte that begins no known command was thrown away; call again.
        """
        if not self._buffer:
            return NEED_DATA
        first = self._buffer[0]
        if first == LF:
            return self._taken("line", 1)
        if first >= 0x20:
            end = next((i for i, b in enumerate(self._buffer) if b < 0x20), len(self._buffer))
            return self._taken("text", end, data_from=0)
        if first not in (ESC, FS, GS, DLE):
            return self._refused()
        if len(self._buffer) < 2:
            return NEED_DATA
        key = (first, self._buffer[1])
        if key in _LENGTHS:
            name, length = _LENGTHS[key]
            return self._taken(name, 2 + length) if len(self._buffer) >= 2 + length else NEED_DATA
        if key == (GS, ord("V")):
            return self._cut()
        if key == (GS, ord("(")):
            return self._qr()
        return self._refused()

    def _cut(self) -> Command | NeedData:
        if len(self._buffer) < 3:
            return NEED_DATA
        length = 4 if self._buffer[2] in (65, 66) else 3
        return self._taken("cut", length) if len(self._buffer) >= length else NEED_DATA

    def _qr(self) -> Command | NeedData:
        if len(self._buffer) < 7:
            return NEED_DATA
        size = 5 + int.from_bytes(self._buffer[3:5], "little")
        if self._buffer[2] != ord("k") or not 7 <= size <= QR_LENGTH_MAX + 8:
            return self._refused()
        if len(self._buffer) < size:
            return NEED_DATA
        name = {80: "qr_store", 81: "qr_print"}.get(self._buffer[6], "qr_set")
        return self._taken(name, size, data_from=8 if name == "qr_store" else 7)

    def _taken(self, name: str, size: int, *, data_from: int = 2) -> Command:
        data = bytes(self._buffer[data_from:size])
        del self._buffer[:size]
        return Command(name, data)

    def _refused(self) -> NeedData:
        byte = self._buffer.pop(0)
        raise FrameError(f"no command of a receipt printer: {byte:02X}")


def describe(frame: Command | Status) -> str:
    """Return a command, or a printer's state, in words."""
    if isinstance(frame, Status):
        return f"printer: {', '.join(faults_of(frame)) or 'ready'}"
    if frame.name in ("text", "qr_store"):
        return f"{frame.name} {decode_text(frame.data)!r}"
    return f"{frame.name} {spaced_hex(frame.data)}".strip()
