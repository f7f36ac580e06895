"""Any bytes from an alarm panel."""

import contextlib

from drivers.protocols import FrameError
from drivers.protocols.sia_dc09 import KINDS, MessageDecoder, crc, decrypt, event_of
from tests.drivers.heard import cut, frames_of

KEY = bytes(16)


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; the content is also tried behind a sound check sum."""
    body = b'"SIA-DCS"0001L0#1234[' + data
    framed = b"\n" + f"{crc(body):04X}{len(body) & 0xFFF:04X}".encode() + body + b"\r"
    for stream in (data, framed):
        pieces = cut(stream, [1 + data[0] % 16]) if data else []
        for message in frames_of(MessageDecoder(), pieces)[0]:
            with contextlib.suppress(FrameError):
                decrypt(message, KEY)
            if message.kind in KINDS:
                with contextlib.suppress(FrameError):
                    event_of(message)
