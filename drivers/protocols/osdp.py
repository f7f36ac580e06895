"""OSDP on the wire, both roles: frames found, verified and named; nothing is decrypted here.

``FF`` (mark, optional), ``53`` (SOM), address (bit 7 set in a reply), length (low byte first, of
all but the mark), control (bits 0-1 sequence, bit 2 CRC-16 instead of a check sum, bit 3 security
block), security block, code, data, four bytes of MAC where the security block says so, CRC or sum.
The messages of errors quote no more than a head: what follows may be a credential's number.

Source: SIA OSDP / IEC 60839-11-5, version 2.2 (unconfirmed; the codes agree with libosdp 3.2.9 and
with the public captures of libosdp-conformance 1.33-2).
"""

import dataclasses
from binascii import crc_hqx
from enum import IntEnum
from typing import Final, NoReturn

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

MARK: Final = 0xFF
SOM: Final = 0x53
REPLY_FLAG: Final = 0x80
BROADCAST: Final = 0x7F
SEQUENCE_MASK, CRC_FLAG, SECURITY_FLAG = 0x03, 0x04, 0x08
CRC_START: Final = 0x1D0F
HEAD_SIZE_BYTES: Final = 5
MAC_SIZE_BYTES: Final = 4
FRAME_SIZE_BYTES_MAX: Final = 1440
"""Ours: what claims to be longer is noise. libosdp itself takes less."""
SCS_15, SCS_16, SCS_17, SCS_18 = 0x15, 0x16, 0x17, 0x18
"""Security block types of a secure channel in use: command, reply; with encrypted data."""
_QUOTED_SIZE_BYTES: Final = HEAD_SIZE_BYTES + 1


class Command(IntEnum):
    """What a control panel asks for."""

    POLL = 0x60
    ID = 0x61
    CAP = 0x62
    LSTAT = 0x64
    ISTAT = 0x65
    OSTAT = 0x66
    RSTAT = 0x67
    OUT = 0x68
    LED = 0x69
    BUZ = 0x6A
    TEXT = 0x6B
    COMSET = 0x6E
    BIOREAD = 0x73
    BIOMATCH = 0x74
    KEYSET = 0x75
    CHLNG = 0x76
    SCRYPT = 0x77
    ACURXSIZE = 0x7B
    FILETRANSFER = 0x7C
    MFG = 0x80
    XWR = 0xA1
    ABORT = 0xA2
    PIVDATA = 0xA3
    GENAUTH = 0xA4
    CRAUTH = 0xA5
    KEEPACTIVE = 0xA7


class Reply(IntEnum):
    """What a peripheral device answers."""

    ACK = 0x40
    NAK = 0x41
    PDID = 0x45
    PDCAP = 0x46
    LSTATR = 0x48
    ISTATR = 0x49
    OSTATR = 0x4A
    RSTATR = 0x4B
    RAW = 0x50
    FMT = 0x51
    KEYPAD = 0x53
    COM = 0x54
    BIOREADR = 0x57
    BIOMATCHR = 0x58
    CCRYPT = 0x76
    RMAC_I = 0x78
    BUSY = 0x79
    FTSTAT = 0x7A
    PIVDATAR = 0x80
    GENAUTHR = 0x81
    CRAUTHR = 0x82
    MFGSTATR = 0x83
    MFGERRR = 0x84
    MFGREP = 0x90
    XRD = 0xB1


class Refusal(IntEnum):
    """Why a device answers NAK."""

    CHECK_CHARACTER = 1
    COMMAND_LENGTH = 2
    UNKNOWN_COMMAND = 3
    SEQUENCE = 4
    SECURITY_BLOCK = 5
    SECURITY_CONDITIONS = 6
    BIOMETRIC_TYPE = 7
    BIOMETRIC_FORMAT = 8
    RECORD = 9


@dataclasses.dataclass(frozen=True, slots=True)
class Frame:
    """One sound frame.

    Attributes:
        address: 0..126; 127 is everybody.
        sequence: 0..3; 0 begins anew.
        code: A ``Command`` or a ``Reply``, or one that is not known here.
        data: Behind the code; encrypted if ``is_encrypted``.
        security: Type and data of the security block; empty if there is none.
        mac: Four bytes inside a secure channel, else empty.
        raw: Everything from the SOM on, check sum included.
    """

    address: int
    is_reply: bool
    sequence: int
    code: int
    data: bytes = dataclasses.field(repr=False)
    security: bytes = dataclasses.field(default=b"", repr=False)
    mac: bytes = dataclasses.field(default=b"", repr=False)
    raw: bytes = dataclasses.field(default=b"", repr=False)

    @property
    def is_encrypted(self) -> bool:
        """Whether the data can be read with the session's key only."""
        return self.security[:1] in (bytes([SCS_17]), bytes([SCS_18]))

    @property
    def refusal(self) -> int | None:
        """Why the device refuses; None if this is no NAK, or an encrypted one."""
        is_nak = self.is_reply and self.code == Reply.NAK and not self.is_encrypted
        return self.data[0] if is_nak and self.data else None

    @property
    def name(self) -> str:
        """The code's name in the standard, or its number."""
        try:
            return (Reply if self.is_reply else Command)(self.code).name
        except ValueError:
            return f"{'reply' if self.is_reply else 'command'} {self.code:02X}"


def describe(frame: Frame) -> str:
    """Return a frame's meaning in one line, for a technician; without numbers of credentials."""
    who = "everybody" if frame.address == BROADCAST else f"reader {frame.address}"
    parts = [f"{'<' if frame.is_reply else '>'} {who} {frame.name} sequence {frame.sequence}"]
    if frame.security:
        parts.append(f"secure channel {frame.security[0]:02X}")
    if frame.is_encrypted:
        parts.append(f"{len(frame.data)} bytes encrypted")
    elif frame.refusal is not None:
        known = {reason.value: reason.name.lower() for reason in Refusal}
        parts.append(f"refused: {known.get(frame.refusal, f'code {frame.refusal}')}")
    elif frame.is_reply and frame.code == Reply.LSTATR and len(frame.data) == 2:
        parts.append(f"tamper {'yes' if frame.data[0] else 'no'}")
        parts.append(f"power {'failed' if frame.data[1] else 'normal'}")
    elif frame.is_reply and frame.code == Reply.RAW and len(frame.data) >= 4:
        parts.append(f"card of {int.from_bytes(frame.data[2:4], 'little')} bits")
    elif frame.data:
        parts.append(f"{len(frame.data)} bytes")
    return ", ".join(parts)


class Decoder:
    """Finds commands and replies in what is heard on a line."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    @property
    def has_begun(self) -> bool:
        """Whether bytes wait for the rest of their frame."""
        return bool(self._buffer.strip(bytes([MARK])))

    def receive_data(self, data: bytes) -> None:
        """Take bytes; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[: -2 * FRAME_SIZE_BYTES_MAX]

    def next_frame(self) -> Frame | NeedData:
        """Return the next frame, or ``NEED_DATA``.

        Raises:
            FrameError: What is no frame was thrown away; call again for what follows it.
        """
        self._skip_to_som()
        if len(self._buffer) < HEAD_SIZE_BYTES:
            return NEED_DATA
        size = int.from_bytes(self._buffer[2:4], "little")
        control = self._buffer[4]
        check_size = 2 if control & CRC_FLAG else 1
        if not HEAD_SIZE_BYTES + 1 + check_size <= size <= FRAME_SIZE_BYTES_MAX:
            self._throw_away(1, "no frame has this length")
        if len(self._buffer) < size:
            return NEED_DATA
        raw = bytes(self._buffer[:size])
        if _check_characters(raw[:-check_size], control) != raw[-check_size:]:
            self._throw_away(1, "wrong check characters")
        frame = _parsed(raw, raw[HEAD_SIZE_BYTES:-check_size])
        if frame is None:
            self._throw_away(size, "the security block does not fit into its frame")
        del self._buffer[:size]
        return frame

    def _skip_to_som(self) -> None:
        at = self._buffer.find(SOM)
        skipped = bytes(self._buffer if at < 0 else self._buffer[:at])
        del self._buffer[: len(skipped)]
        if skipped.strip(bytes([MARK])):
            raise FrameError(f"outside a frame: {spaced_hex(skipped[:_QUOTED_SIZE_BYTES])}")

    def _throw_away(self, size: int, why: str) -> NoReturn:
        head = bytes(self._buffer[:_QUOTED_SIZE_BYTES])
        del self._buffer[:size]
        raise FrameError(f"{why}: {spaced_hex(head)}")


def _parsed(raw: bytes, body: bytes) -> Frame | None:
    """Return the frame; None if its security block does not fit into it."""
    security = mac = b""
    if raw[4] & SECURITY_FLAG:
        # The block's first byte counts itself, its second is its type.
        security_size = body[0]
        if security_size < 2 or len(body) < security_size + 1:
            return None
        security, body = body[1:security_size], body[security_size:]
        if SCS_15 <= security[0] <= SCS_18:
            body, mac = body[:-MAC_SIZE_BYTES], body[-MAC_SIZE_BYTES:]
    if not body:
        return None
    return Frame(
        address=raw[1] & ~REPLY_FLAG,
        is_reply=bool(raw[1] & REPLY_FLAG),
        sequence=raw[4] & SEQUENCE_MASK,
        code=body[0],
        data=body[1:],
        security=security,
        mac=mac,
        raw=raw,
    )


def encode_frame(
    address: int,
    code: int,
    data: bytes = b"",
    *,
    sequence: int,
    is_reply: bool = False,
    security: bytes = b"",
    mac: bytes = b"",
    has_crc: bool = True,
) -> bytes:
    """Return a frame without its mark; see ``Frame``.

    Raises:
        ValueError: An address or a sequence number that there is not, or too much data.
    """
    if not 0 <= address <= BROADCAST or not 0 <= sequence <= SEQUENCE_MASK:
        raise ValueError(f"an address is 0..127 and a sequence 0..3, not {address}, {sequence}")
    block = bytes([len(security) + 1]) + security if security else b""
    body = block + bytes([code]) + data + mac
    control = sequence | (CRC_FLAG if has_crc else 0) | (SECURITY_FLAG if security else 0)
    size = HEAD_SIZE_BYTES + len(body) + (2 if has_crc else 1)
    if size > FRAME_SIZE_BYTES_MAX:
        raise ValueError(f"a frame has at most {FRAME_SIZE_BYTES_MAX} bytes, not {size}")
    head = bytes([SOM, address | (REPLY_FLAG if is_reply else 0)])
    checked = head + size.to_bytes(2, "little") + bytes([control]) + body
    return checked + _check_characters(checked, control)


def _check_characters(checked: bytes, control: int) -> bytes:
    """Return CRC-16 (polynomial 1021, start 1D0F, low byte first), or the sum's complement."""
    if control & CRC_FLAG:
        return crc_hqx(checked, CRC_START).to_bytes(2, "little")
    return bytes([-sum(checked) & 0xFF])
