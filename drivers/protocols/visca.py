"""VISCA over a serial line, both roles.

``8x ... FF`` to a camera, ``z0 ... FF`` from it, with z = x + 8; at most 16 bytes. A command is
acknowledged when it is taken and reported complete when it is done.

Source: Sony EVI-D70/D100 technical manuals, "VISCA/RS-232C commands" (versions unconfirmed).
"""

import dataclasses
from typing import Final

from drivers.protocols import NEED_DATA, FrameError, NeedData, spaced_hex

END: Final = 0xFF
SIZE_BYTES_MAX, SIZE_BYTES_MIN = 16, 3
BUFFER_SIZE_BYTES_MAX: Final = 256
BROADCAST: Final = 8
PAN_SPEED_MAX, TILT_SPEED_MAX, ZOOM_SPEED_MAX = 0x18, 0x17, 7

SET_ADDRESSES: Final = bytes.fromhex("88 30 01 FF")
CLEAR: Final = bytes.fromhex("88 01 00 01 FF")
ERRORS: Final = {
    0x01: "message too long",
    0x02: "syntax error",
    0x03: "command buffer full",
    0x04: "command cancelled",
    0x05: "no such socket",
    0x41: "not executable now",
}
BUFFER_FULL, NOT_EXECUTABLE = 0x03, 0x41


@dataclasses.dataclass(frozen=True, slots=True)
class Message:
    """One message. Attributes: head: its first byte. body: without head and end."""

    head: int
    body: bytes

    @property
    def sender(self) -> int:
        """Of a message from a camera: its address, 1..7."""
        return (self.head >> 4) - 8

    @property
    def is_acknowledgement(self) -> bool:
        """Whether a command was taken."""
        return len(self.body) == 1 and self.body[0] >> 4 == 4

    @property
    def is_completion(self) -> bool:
        """Whether a command is done, or this answers an inquiry."""
        return bool(self.body) and self.body[0] >> 4 == 5

    @property
    def error(self) -> int | None:
        """The error code; None if it is none."""
        is_error = len(self.body) == 2 and self.body[0] >> 4 == 6
        return self.body[1] if is_error else None


def encode_command(address: int, body: bytes) -> bytes:
    """Return a message to a camera."""
    return bytes([0x80 | address]) + body + bytes([END])


def encode_reply(address: int, body: bytes) -> bytes:
    """Return a message from a camera."""
    return bytes([(address + 8) << 4]) + body + bytes([END])


def drive(*, pan: float, tilt: float) -> bytes:
    """Return the body of a pan-tilt drive; speeds -1..1, right and up are positive."""
    pan_way = 2 if pan > 0 else 1 if pan < 0 else 3
    tilt_way = 1 if tilt > 0 else 2 if tilt < 0 else 3
    speeds = bytes(
        [max(1, round(abs(pan) * PAN_SPEED_MAX)), max(1, round(abs(tilt) * TILT_SPEED_MAX))]
    )
    return bytes.fromhex("01 06 01") + speeds + bytes([pan_way, tilt_way])


def zoom(speed: float) -> bytes:
    """Return the body of a zoom; speed -1..1, tele is positive, 0 is stop."""
    level = max(0, round(abs(speed) * ZOOM_SPEED_MAX))
    code = 0 if not speed else (0x20 if speed > 0 else 0x30) | level
    return bytes.fromhex("01 04 07") + bytes([code])


def preset(number: int, *, action: int) -> bytes:
    """Return the body of a preset: action 0 resets, 1 sets, 2 recalls."""
    return bytes.fromhex("01 04 3F") + bytes([action, number])


INQUIRE_POSITION: Final = bytes.fromhex("09 06 12")
INQUIRE_ZOOM: Final = bytes.fromhex("09 04 47")


def nibbles(raw: bytes) -> int:
    """Return a number of which each byte holds four bits, signed if it has four of them.

    Raises:
        FrameError: A byte holds more.
    """
    if any(byte > 0x0F for byte in raw):
        raise FrameError(f"no number in nibbles: {spaced_hex(raw)}")
    value = 0
    for byte in raw:
        value = value << 4 | byte
    return value


def signed(value: int) -> int:
    """Return a 16-bit number with its sign."""
    return value - 0x10000 if value & 0x8000 else value


def encode_nibbles(value: int) -> bytes:
    """Return 16 bits as four bytes."""
    return bytes(value >> shift & 0x0F for shift in (12, 8, 4, 0))


class MessageDecoder:
    """Cuts a stream at its end bytes; what is too long or too short is thrown away."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line; of a flood only the end is kept."""
        self._buffer += data
        del self._buffer[:-BUFFER_SIZE_BYTES_MAX]

    def next_frame(self) -> Message | NeedData:
        """Return the next message, or ``NEED_DATA``.

        Raises:
            FrameError: What is no message was thrown away; call again for what follows it.
        """
        end = self._buffer.find(END)
        if end < 0:
            return NEED_DATA
        raw = bytes(self._buffer[: end + 1])
        del self._buffer[: end + 1]
        # Noise before a message has no end byte of its own: the message begins at its own head.
        begin = next((i for i in range(len(raw) - 2) if raw[i] & 0x80), None)
        if begin is None or not SIZE_BYTES_MIN <= len(raw) - begin <= SIZE_BYTES_MAX:
            raise FrameError(f"no VISCA message: {spaced_hex(raw[:64])}")
        return Message(raw[begin], raw[begin + 1 : -1])


class ReplyDecoder:
    """Finds one camera's answer: the completion of an inquiry, or a command's acknowledgement."""

    def __init__(self, address: int, body: bytes) -> None:
        self._address, self._is_inquiry = address, body[:1] == b"\x09"
        self._messages = MessageDecoder()

    def receive_data(self, data: bytes) -> None:
        """Take bytes from the line."""
        self._messages.receive_data(data)

    def next_frame(self) -> Message | NeedData:
        """Return the answer, or ``NEED_DATA``.

        Raises:
            FrameError: What is no answer was thrown away; call again for what follows it.
        """
        message = self._messages.next_frame()
        if isinstance(message, NeedData):
            return NEED_DATA
        is_ours = message.sender == self._address
        is_data = message.is_completion and len(message.body) > 1
        is_answer = is_data if self._is_inquiry else message.is_acknowledgement
        if not is_ours or not (is_answer or message.error is not None):
            raise FrameError(f"not the answer of camera {self._address}: {describe(message)}")
        return message


def describe(message: Message) -> str:
    """Return a message in words."""
    return f"head {message.head:02X}, body {spaced_hex(message.body)}"
