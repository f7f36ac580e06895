"""Any bytes on the line of a Pelco-D head."""

from drivers.protocols.pelco_d import QUERY_PAN, Frame, FrameDecoder, ReplyDecoder, encode
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a frame that is found stands in the data."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for frame in frames_of(FrameDecoder(), pieces)[0]:
        assert encode(frame) in data
    for reply in frames_of(ReplyDecoder(Frame(1, 0, QUERY_PAN)), pieces)[0]:
        assert reply.address == 1
