"""Any bytes on the line of a DL/T 645 meter."""

from drivers.protocols.dlt645 import FrameDecoder, ReplyDecoder, encode, read_request
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a frame that is found is encoded as it came."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for frame in frames_of(FrameDecoder(), pieces)[0]:
        assert encode(frame, preamble_count=0) in data
    request = read_request("000000000161", 0x00010000)
    for reply in frames_of(ReplyDecoder(request), pieces)[0]:
        assert reply.address == request.address
