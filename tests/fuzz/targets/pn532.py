"""Any bytes from a PN532 to every command, and to a PN532."""

from drivers.protocols import pn532
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass, whole and in pieces; both find the same frames."""
    sizes = [1 + data[0] % 16] if data else [1]
    whole, _ = frames_of(pn532.FrameDecoder(), [data[:2048]])
    pieces, _ = frames_of(pn532.FrameDecoder(), cut(data[:2048], sizes))
    assert whole == pieces
    for command in pn532.COMMANDS:
        frames_of(pn532.ReplyDecoder(command), [pn532.ACK, data])
