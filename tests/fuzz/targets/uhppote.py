"""Any datagram to or from a controller."""

import contextlib

from drivers.protocols import FrameError
from drivers.protocols.uhppote import GET_EVENT, Packet, PacketDecoder, ReplyDecoder, encode
from tests.drivers.heard import frames_of

REQUEST = Packet(GET_EVENT, 405419896, b"\x01\x00\x00\x00")


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass, also from a datagram of the right size."""
    sized = (encode(REQUEST)[:8] + data)[:64].ljust(64, b"\0")
    for decoder in (PacketDecoder(), ReplyDecoder(REQUEST)):
        for packet in frames_of(decoder, [data, sized])[0]:
            with contextlib.suppress(FrameError):
                assert packet.event.index >= 0
