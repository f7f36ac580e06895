"""Any bytes on the line of a VISCA camera."""

import contextlib

from drivers.protocols import FrameError
from drivers.protocols.visca import INQUIRE_POSITION, MessageDecoder, ReplyDecoder, nibbles
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for message in frames_of(MessageDecoder(), pieces)[0]:
        with contextlib.suppress(FrameError):
            nibbles(message.body)
    for reply in frames_of(ReplyDecoder(1, INQUIRE_POSITION), pieces)[0]:
        assert reply.sender == 1
