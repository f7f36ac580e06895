"""Any bytes to a customer display."""

from drivers.bus import Decoder
from drivers.protocols.pole_display import Cleared, CommandDecoder, Line, describe
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a line that is found stands in the data."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    decoder: Decoder[Line | Cleared] = CommandDecoder()
    for frame in frames_of(decoder, pieces)[0]:
        assert describe(frame)
        assert not isinstance(frame, Line) or frame.data in data
