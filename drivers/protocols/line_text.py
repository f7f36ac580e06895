"""Lines of text from somebody who may be hostile: codes that a scanner read off anything at all.

Whoever shows a code decides its bytes. Only whole lines of an allowed alphabet come out; what is
too long, not UTF-8, or has another character is refused as a whole: no rest of it is a line. The
messages of errors are fixed sentences and never quote what came.

Source: none; serial scanners send the code's bytes and a terminator that is set up on them. The
default alphabet is RFC 3986, section 2.3, unreserved characters.
"""

import re
import string
from collections.abc import Callable
from enum import StrEnum
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData

UTF8_SIZE_BYTES_MAX: Final = 4
BUFFER_SIZE_BYTES_MIN: Final = 4096


class Terminator(StrEnum):
    """What ends a line. With one of the first three, the other's characters are refused."""

    CR = "cr"
    LF = "lf"
    CRLF = "crlf"
    ANY = "any"
    """CR, LF or both."""


_PATTERNS: Final = {
    Terminator.CR: re.compile(rb"\r"),
    Terminator.LF: re.compile(rb"\n"),
    Terminator.CRLF: re.compile(rb"\r\n"),
    Terminator.ANY: re.compile(rb"[\r\n]"),
}


class Alphabet(StrEnum):
    """Which characters a line may have."""

    DIGITS = "digits"
    CODE = "code"
    """Letters, digits, and ``-._~``: identifiers, base64url, hexadecimal digits."""
    URI = "uri"
    ASCII = "ascii"
    """All that prints, spaces and quotation marks too."""
    TEXT = "text"
    """All of Unicode that prints: nothing invisible, nothing that turns the direction."""


_UNRESERVED: Final = string.ascii_letters + string.digits + "-._~"


def _only(characters: str) -> Callable[[str], bool]:
    allowed = frozenset(characters)
    return lambda text: allowed.issuperset(text)


_IS_ALLOWED: Final[dict[Alphabet, Callable[[str], bool]]] = {
    Alphabet.DIGITS: _only(string.digits),
    Alphabet.CODE: _only(_UNRESERVED),
    Alphabet.URI: _only(_UNRESERVED + ":/?#[]@!$&'()*+,;=%"),
    Alphabet.ASCII: lambda text: text.isascii() and text.isprintable(),
    Alphabet.TEXT: str.isprintable,
}


class LineDecoder:
    """Finds allowed lines in a stream."""

    def __init__(self, *, terminator: Terminator, alphabet: Alphabet, length_max: int) -> None:
        """Read lines.

        Args:
            terminator: What ends a line.
            alphabet: Which characters it may have.
            length_max: How many characters, 1 or more.
        """
        self._end, self._is_allowed = _PATTERNS[terminator], _IS_ALLOWED[alphabet]
        self._length_max = length_max
        self._line_size_bytes_max = UTF8_SIZE_BYTES_MAX * length_max
        self._buffer_size_bytes_max = max(BUFFER_SIZE_BYTES_MIN, 2 * self._line_size_bytes_max)
        self._buffer = bytearray()
        self._is_skipping = False
        self._refusal: str | None = None

    def receive_data(self, data: bytes) -> None:
        """Take bytes; keeps a bounded number of them, the last."""
        self._buffer += data
        if len(self._buffer) > self._buffer_size_bytes_max:
            del self._buffer[: -self._buffer_size_bytes_max]
            # What is left begins in the middle of something.
            self._is_skipping, self._refusal = True, "more came at once than is kept"

    def forget_incomplete(self) -> None:
        """Drop the line that has begun: after a silence what comes is another one."""
        begun_at = max((match.end() for match in self._end.finditer(self._buffer)), default=0)
        if len(self._buffer) > begun_at:
            self._refusal = "a line was not ended"
            del self._buffer[begun_at:]
        if begun_at == 0:
            self._is_skipping = False

    def next_frame(self) -> str | NeedData:
        """Return the next line without its end, or ``NEED_DATA``. Empty lines are passed over.

        Raises:
            FrameError: A line was refused; call again for what follows it.
        """
        if self._refusal is not None:
            message, self._refusal = self._refusal, None
            raise FrameError(message)
        while (match := self._end.search(self._buffer)) is not None:
            raw = bytes(self._buffer[: match.start()])
            del self._buffer[: match.end()]
            if self._is_skipping:
                self._is_skipping = False
            elif raw:
                return self._checked(raw)
        if self._is_skipping:
            # One byte may be the first half of the end.
            del self._buffer[:-1]
        elif len(self._buffer) > self._line_size_bytes_max + 1:
            self._is_skipping = True
            raise FrameError("a line is too long")
        return NEED_DATA

    def _checked(self, raw: bytes) -> str:
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            # Its text quotes the bytes: not even as a cause may it come along.
            raise FrameError("a line is not UTF-8") from None
        if len(text) > self._length_max:
            raise FrameError("a line is too long")
        if not text.isprintable():
            raise FrameError("a line has characters that do not print")
        if not self._is_allowed(text):
            raise FrameError("a line has characters that are not allowed")
        return text


def encode_line(text: str, terminator: Terminator) -> bytes:
    """Return a line as a scanner sends it; ``ANY`` ends it with both."""
    ends = {Terminator.CR: b"\r", Terminator.LF: b"\n"}
    return text.encode("utf-8") + ends.get(terminator, b"\r\n")
