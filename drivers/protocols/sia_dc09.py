"""SIA DC-09, alarm messages over IP, both roles: a panel sends, a receiver acknowledges.

``LF CRC 0LLL "id"sequence[Rreceiver]Lprefix[#account][data] CR``; the CRC is CRC-16/ARC over what
stands behind the length, as four hexadecimal digits, or as two raw bytes by some senders. With
``*`` before the identifier what follows the bracket is AES-CBC with a zero vector, in hexadecimal.

Source: ANSI/SIA DC-09-2021 (as DC-09-2013 in what is used here), sections 5.5 and 6; SIA DC-03 for
two-letter codes, SIA DC-05 for Contact ID.
"""

import dataclasses
import re
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from drivers.protocols import NEED_DATA, FrameError, NeedData

LINE_FEED, CARRIAGE_RETURN = b"\n", b"\r"
BODY_LENGTH_MAX: Final = 0x0FFF
BUFFER_SIZE_BYTES_MAX: Final = 3 * BODY_LENGTH_MAX
BLOCK_SIZE_BYTES: Final = 16
TIME_FORMAT: Final = "_%H:%M:%S,%m-%d-%Y"
EARLIEST, LATEST = timedelta(seconds=-40), timedelta(seconds=20)
"""How far an encrypted message's time may be from ours (6.1.3)."""
SIA_DCS, ADM_CID, NULL = "SIA-DCS", "ADM-CID", "NULL"
KINDS: Final = (SIA_DCS, ADM_CID, NULL)

_BODY: Final = re.compile(
    r'"(?P<star>\*?)(?P<kind>[A-Z-]{3,10})"(?P<sequence>[0-9]{4})'
    r"(?P<receiver>R[0-9A-Fa-f]{1,6})?(?P<prefix>L[0-9A-Fa-f]{1,6})"
    r"(?:#(?P<account>[0-9A-Fa-f]{3,16}))?\[(?P<rest>.*)",
    re.DOTALL,
)
_SIA: Final = re.compile(
    r"(?:#(?P<account>[0-9A-Fa-f]{3,16}))?\|N?(?:(?:ti|id|pi|ri)(?P<area>[0-9:]*)/?)*"
    r"(?P<code>[A-Z]{2})(?P<point>[0-9]{0,10})(?:\^(?P<text>[^^]*)\^|\*(?P<text2>[^*]*)\*)?"
)
_CONTACT_ID: Final = re.compile(
    r"(?:#(?P<account>[0-9A-Fa-f]{3,16}))?\|(?P<qualifier>[136])(?P<code>[0-9A-F]{3})"
    r" (?P<area>[0-9]{2}) (?P<point>[0-9]{3})"
)


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """One message of a panel, or an answer of ours.

    Attributes:
        kind: ``SIA-DCS``, ``ADM-CID``, ``NULL``, or ``ACK``, ``NAK``, ``DUH``.
        sequence: Four digits, repeated by the answer.
        receiver: With its ``R``, or empty: it is repeated, never invented.
        prefix: With its ``L``.
        content: What stands in the brackets, without them; nothing while it is encrypted.
        encrypted: Hexadecimal digits, if it came so.
        sent_at: Of an encrypted message, aware UTC.
    """

    kind: str
    sequence: str
    receiver: str = ""
    prefix: str = "L0"
    account: str = ""
    content: str = dataclasses.field(default="", repr=False)
    encrypted: str = dataclasses.field(default="", repr=False)
    sent_at: datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Event:
    """What a message reports. Attributes: code: two letters, or three digits of Contact ID."""

    code: str
    area: str
    point: str
    text: str = ""
    is_restore: bool = False


def crc(data: bytes) -> int:
    """Return CRC-16/ARC."""
    value = 0
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ (0xA001 if value & 1 else 0)
    return value


def encode(message: Message, key: bytes | None = None, *, now: datetime | None = None) -> bytes:
    """Return a message's bytes.

    Args:
        message: What to say.
        key: Encrypts it: 16, 24 or 32 bytes.
        now: Time of an encrypted message, or of a refusal, aware UTC.
    """
    star, rest = "", f"[{message.content}]"
    stamp = "" if now is None else now.astimezone(UTC).strftime(TIME_FORMAT)
    if key is not None:
        star, rest = "*", f"[{_encrypted(f'|{message.content}]{stamp}', key)}"
    elif stamp:
        rest += stamp
    account = f"#{message.account}" if message.account else ""
    head = f'"{star}{message.kind}"{message.sequence}{message.receiver}{message.prefix}{account}'
    body = (head + rest).encode("utf-8", "replace")
    return LINE_FEED + f"{crc(body):04X}{len(body):04X}".encode() + body + CARRIAGE_RETURN


def _encrypted(text: str, key: bytes) -> str:
    raw = text.encode("utf-8", "replace")
    # Padding stands before the data, and at least one byte of it; no bracket, bar or quote.
    padding = b"0" * (BLOCK_SIZE_BYTES - len(raw) % BLOCK_SIZE_BYTES)
    encryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK_SIZE_BYTES))).encryptor()
    return (encryptor.update(padding + raw) + encryptor.finalize()).hex().upper()


def decrypt(message: Message, key: bytes) -> Message:
    """Return an encrypted message in the clear.

    Raises:
        FrameError: The key is another one, or there is no time in it.
    """
    try:
        raw = bytes.fromhex(message.encrypted)
        decryptor = Cipher(algorithms.AES(key), modes.CBC(bytes(BLOCK_SIZE_BYTES))).decryptor()
        text = (decryptor.update(raw) + decryptor.finalize()).decode("utf-8")
        padding, _, rest = text.partition("|")
        content, bracket, stamp = rest.rpartition("]")
        sent_at = datetime.strptime(stamp, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError as error:
        raise FrameError("an encrypted message cannot be read: is the key the panel's?") from error
    if not bracket or not padding.isalnum():
        raise FrameError("an encrypted message has no content")
    return dataclasses.replace(message, content=content, encrypted="", sent_at=sent_at)


def is_timely(message: Message, *, now: datetime) -> bool:
    """Return whether an encrypted message's time is near enough to ours."""
    return message.sent_at is None or EARLIEST <= message.sent_at - now <= LATEST


def event_of(message: Message) -> Event | None:
    """Return what a message in the clear reports; None for supervision.

    Raises:
        FrameError: It reports nothing that is known here.
    """
    if message.kind == NULL:
        return None
    pattern = _SIA if message.kind == SIA_DCS else _CONTACT_ID
    content = message.content if "|" in message.content else f"|{message.content}"
    found = pattern.match(content)
    if found is None:
        raise FrameError(f"a {message.kind} message reports nothing that is known here")
    groups = found.groupdict()
    text = groups.get("text") or groups.get("text2") or ""
    return Event(
        groups["code"],
        groups["area"] or "",
        groups["point"],
        "".join(letter for letter in text if letter.isprintable()).removesuffix("NM").strip(),
        is_restore=groups.get("qualifier") == "3",
    )


class MessageDecoder:
    """Finds messages; what is none is thrown away."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Message | NeedData:
        """Return the next message, or ``NEED_DATA``.

        Raises:
            FrameError: What is no message was thrown away; call again for what follows it.
        """
        begin = self._buffer.find(LINE_FEED)
        if begin != 0:
            return self._throw_away(len(self._buffer) if begin < 0 else begin)
        if len(self._buffer) < 2:
            return NEED_DATA
        # Two raw bytes of CRC may be anything: where the length stands tells which kind it is.
        for crc_size in (4, 2):
            at = 1 + crc_size
            length = bytes(self._buffer[at : at + 4])
            if len(length) < 4:
                return NEED_DATA
            if _LENGTH.fullmatch(length):
                return self._message(crc_size, int(length, 16))
        return self._throw_away(1)

    def _message(self, crc_size: int, length: int) -> Message | NeedData:
        begin = 1 + crc_size + 4
        size = begin + length + 1
        if len(self._buffer) < size:
            return NEED_DATA
        raw, body = bytes(self._buffer[:size]), bytes(self._buffer[begin : size - 1])
        given = raw[1 : 1 + crc_size]
        try:
            wanted = int(given, 16) if crc_size == 4 else int.from_bytes(given, "big")
        except ValueError:
            wanted = -1
        if raw[-1:] != CARRIAGE_RETURN or wanted != crc(body):
            return self._throw_away(1)
        found = _BODY.fullmatch(body.decode("utf-8", "replace"))
        if found is None:
            return self._throw_away(size)
        del self._buffer[:size]
        content, _, _ = found["rest"].partition("]")
        is_encrypted = bool(found["star"])
        return Message(
            found["kind"],
            found["sequence"],
            found["receiver"] or "",
            found["prefix"],
            (found["account"] or "").upper(),
            "" if is_encrypted else content,
            found["rest"] if is_encrypted else "",
        )

    def _throw_away(self, count: int) -> NeedData:
        del self._buffer[:count]
        if not count:
            return NEED_DATA
        # Not quoted: a message may name people and places.
        raise FrameError(f"no SIA DC-09 message in {count} bytes")


_LENGTH: Final = re.compile(rb"0[0-9A-Fa-f]{3}")


def describe(message: Message) -> str:
    """Return a message in words."""
    secret = ", encrypted" if message.encrypted else ""
    return f"{message.kind} {message.sequence} of account {message.account or '-'}{secret}"
