"""Any bytes on the line of such a board."""

from drivers.protocols.kerong import FrameDecoder, encode
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a frame that is found stands in the data."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for frame in frames_of(FrameDecoder(), pieces)[0]:
        assert encode(frame) in data
