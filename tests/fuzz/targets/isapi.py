"""Any bytes in a terminal's event stream."""

from drivers.protocols.isapi import BOUNDARY, StreamDecoder, encode_part
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a good part behind it all is found."""
    parts = BOUNDARY + b"\r\nContent-Length: %d\r\n\r\n" % len(data) + data
    stream = parts + BOUNDARY + b"\r\n" + encode_part({"eventType": "heartBeat"})
    for pieces in (cut(data, [7]), cut(stream, [1 + len(data) % 16])):
        frames_of(StreamDecoder(), pieces)
