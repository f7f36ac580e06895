"""The frame layer of NXP's PN532 on its serial port (HSU), and the few commands that read a UID.

``00 00 FF LEN LCS TFI data DCS 00``: LEN + LCS is 0, TFI + data + DCS is 0, both modulo 256. TFI is
D4 to the PN532 and D5 from it. It acknowledges every sound command, then answers it. Messages of
errors do not quote data: it may be a card's UID.

Source: NXP UM0701-02, "PN532 User Manual", Rev. 02 (2007-11-05, firmware V1.6), sections 6.2 and 7.
"""

import dataclasses
from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

from drivers.protocols import NEED_DATA, FrameError, NeedData

_Answer = TypeVar("_Answer")

START: Final = b"\x00\xff"
ACK: Final = bytes.fromhex("00 00 FF 00 FF 00")
NACK: Final = bytes.fromhex("00 00 FF FF 00 00")
SYNTAX_ERROR: Final = bytes.fromhex("00 00 FF 01 FF 7F 81 00")
WAKE_UP: Final = b"\x55\x55" + bytes(14)
"""The zeros give its oscillator time; to the frame behind them they are a preamble (6.2.1.6)."""
FROM_HOST, TO_HOST, ERROR_TFI = 0xD4, 0xD5, 0x7F
DATA_SIZE_BYTES_MAX: Final = 264
BUFFER_SIZE_BYTES_MAX: Final = 2048
UID_LENGTHS: Final = (4, 7, 10)
SEL_RES_WITH_ATS: Final = 0x20


@dataclasses.dataclass(frozen=True, slots=True)
class Ack:
    """The last frame was received."""


@dataclasses.dataclass(frozen=True, slots=True)
class Nack:
    """The last response was not received; the PN532 shall send it again."""


@dataclasses.dataclass(frozen=True, slots=True)
class SyntaxErrorFrame:
    """The PN532 does not know the command, or not like that."""


@dataclasses.dataclass(frozen=True, slots=True)
class Information:
    """A command or a response. Attributes: code: a response's is the command's + 1."""

    tfi: int
    code: int
    data: bytes = dataclasses.field(repr=False)


Frame = Ack | Nack | SyntaxErrorFrame | Information


class FrameDecoder:
    """Finds frames in either direction, of both lengths."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes; keeps the last 2048 of them."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Frame | NeedData:
        """Return the next frame, or ``NEED_DATA``.

        Raises:
            FrameError: Something else was thrown away; call again for what follows it.
        """
        self._skip_to_start()
        head = bytes(self._buffer[2:4])
        if len(head) < 2:
            return NEED_DATA
        if head in _SHORT_FRAMES:
            del self._buffer[:4]
            return _SHORT_FRAMES[head]
        return self._information(head)

    def _skip_to_start(self) -> None:
        """Drop what stands before the start code; preamble, postamble and wake-up say nothing."""
        if self._dropped_to_start(0).strip(b"\x00\x55"):
            raise FrameError("bytes outside a frame")

    def _dropped_to_start(self, begin: int) -> bytes:
        """Drop and return what stands before the first start code from there on."""
        start = self._buffer.find(START, begin)
        if start < 0:
            start = len(self._buffer) - self._buffer.endswith(b"\x00")
        dropped = bytes(self._buffer[:start])
        del self._buffer[:start]
        return dropped

    def _information(self, head: bytes) -> Frame | NeedData:
        begin, length = 4, head[0]
        if head == b"\xff\xff":
            head = bytes(self._buffer[4:7])
            if len(head) < 3:
                return NEED_DATA
            begin, length = 7, int.from_bytes(head[:2], "big")
        if sum(head) & 0xFF or not 1 <= length <= DATA_SIZE_BYTES_MAX + 1:
            raise self._damaged(f"the length {length} of a frame does not fit its check byte")
        body = bytes(self._buffer[begin : begin + length + 1])
        if len(body) <= length:
            return NEED_DATA
        if sum(body) & 0xFF:
            raise self._damaged("the check byte of a frame's data does not fit")
        if body[0] == ERROR_TFI and length == 1:
            del self._buffer[: begin + length + 1]
            return SyntaxErrorFrame()
        if body[0] not in (FROM_HOST, TO_HOST) or length < 2:
            raise self._damaged("a frame is neither a command nor a response")
        del self._buffer[: begin + length + 1]
        return Information(body[0], body[1], body[2:-1])

    def _damaged(self, message: str) -> FrameError:
        """Drop what cannot begin a frame: a sound one may stand within the damaged one."""
        self._dropped_to_start(1)
        return FrameError(message)


_SHORT_FRAMES: Final[dict[bytes, Frame]] = {b"\x00\xff": Ack(), b"\xff\x00": Nack()}


def encode_information(frame: Information) -> bytes:
    """Return a command's or a response's bytes; long ones in the extended form.

    Raises:
        ValueError: It has more than 264 bytes with its code.
    """
    body = bytes([frame.tfi, frame.code]) + frame.data
    if len(body) > DATA_SIZE_BYTES_MAX + 1:
        raise ValueError(f"a frame has at most {DATA_SIZE_BYTES_MAX} bytes, not {len(body) - 1}")
    length = bytes([len(body)]) if len(body) <= 0xFF else len(body).to_bytes(2, "big")
    head = length + _complement(length)
    if len(length) == 2:
        head = b"\xff\xff" + head
    return b"\x00" + START + head + body + _complement(body) + b"\x00"


def _complement(data: bytes) -> bytes:
    return bytes([-sum(data) & 0xFF])


@dataclasses.dataclass(frozen=True, slots=True)
class Command(Generic[_Answer]):
    """A command and how to read its answer.

    Attributes:
        parse: Makes the answer from a response's data; raises ``FrameError``.
    """

    code: int
    data: bytes
    parse: Callable[[bytes], _Answer]

    @property
    def frame(self) -> bytes:
        """The command's bytes."""
        return encode_information(Information(FROM_HOST, self.code, self.data))


class ReplyDecoder(Generic[_Answer]):
    """Finds the answer to one command: its acknowledgement first, then its response."""

    def __init__(self, command: Command[_Answer]) -> None:
        self._command, self._frames, self._is_acknowledged = command, FrameDecoder(), False

    def receive_data(self, data: bytes) -> None:
        """Take bytes; keeps a bounded number of them."""
        self._frames.receive_data(data)

    def next_frame(self) -> _Answer | NeedData:
        """Return the answer, or ``NEED_DATA``.

        Raises:
            FrameError: What is no answer was thrown away; call again for what follows it.
        """
        while isinstance(frame := self._frames.next_frame(), Ack):
            self._is_acknowledged = True
        match frame:
            case NeedData():
                return frame
            case Information(tfi=tfi, code=code, data=data):
                if tfi != TO_HOST or code != self._command.code + 1:
                    raise FrameError(f"{tfi:02X} {code:02X} does not answer {self._name}")
                if not self._is_acknowledged:
                    raise FrameError(f"an answer to {self._name} that was not acknowledged before")
                return self._command.parse(data)
            case SyntaxErrorFrame():
                raise FrameError(f"the reader does not accept {self._name}")
            case _:
                raise FrameError(f"a negative acknowledgement of {self._name}")

    @property
    def _name(self) -> str:
        return f"command {self._command.code:02X}"


@dataclasses.dataclass(frozen=True, slots=True)
class FirmwareVersion:
    """What chip answers. Attributes: ic: 0x32 for a PN532."""

    ic: int
    version: int
    revision: int


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """A card in the field.

    Attributes:
        sens_res: ATQA, as the PN532 gives it.
        sel_res: SAK.
        uid: 4, 7 or 10 bytes.
    """

    sens_res: bytes
    sel_res: int
    uid: bytes = dataclasses.field(repr=False)

    @property
    def is_random(self) -> bool:
        """Whether the card draws another UID each time (ISO/IEC 14443-3: four bytes from 08)."""
        return len(self.uid) == 4 and self.uid[0] == 0x08


def encode_targets(targets: tuple[Target, ...]) -> bytes:
    """Return the data of a response to ``IN_LIST_PASSIVE_TARGET``, without ATS."""
    blocks = [
        bytes([number]) + card.sens_res + bytes([card.sel_res, len(card.uid)]) + card.uid
        for number, card in enumerate(targets, start=1)
    ]
    return bytes([len(targets)]) + b"".join(blocks)


def _parse_nothing(data: bytes) -> None:
    if data:
        raise FrameError("an answer that should be empty is not")


def _parse_firmware_version(data: bytes) -> FirmwareVersion:
    if len(data) != 4:
        raise FrameError(f"a firmware version of {len(data)} bytes")
    return FirmwareVersion(*data[:3])


def _parse_targets(data: bytes) -> tuple[Target, ...]:
    if not data or data[0] > 1:
        raise FrameError("a list of more cards than were asked for, or no list")
    if data[0] == 0:
        _parse_nothing(data[1:])
        return ()
    if len(data) < 6 or data[5] not in UID_LENGTHS:
        raise FrameError("a card whose UID has not 4, 7 or 10 bytes")
    end = 6 + data[5]
    target = Target(data[2:4], data[4], data[6:end])
    ats = data[end:]
    has_ats = bool(target.sel_res & SEL_RES_WITH_ATS) and len(ats) > 0
    if len(data) < end or len(ats) != (ats[0] if has_ats else 0):
        raise FrameError("a card whose length does not fit the answer's")
    return (target,)


GET_FIRMWARE_VERSION: Final = Command(0x02, b"", _parse_firmware_version)
SAM_CONFIGURATION: Final = Command(0x14, b"\x01", _parse_nothing)
"""Normal mode: no security module. It also ends the low-battery mode after power-up."""
MAX_RETRIES: Final = Command(0x32, b"\x05\xff\x01\x01", _parse_nothing)
"""RFConfiguration, item 5: look for a card once more, then answer that there is none. Without it
the PN532 answers only when a card comes."""
IN_LIST_PASSIVE_TARGET: Final = Command(0x4A, b"\x01\x00", _parse_targets)
"""Look for one card of ISO/IEC 14443 type A at 106 kbit/s."""
COMMANDS: Final[tuple[Command[Any], ...]] = (
    GET_FIRMWARE_VERSION,
    SAM_CONFIGURATION,
    MAX_RETRIES,
    IN_LIST_PASSIVE_TARGET,
)
