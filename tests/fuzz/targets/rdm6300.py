"""Any bytes on the line of an RDM6300."""

from drivers.protocols import rdm6300
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass, whole and in pieces; both find the same tags."""
    sizes = [1 + data[0] % 16] if data else [1]
    whole, _ = frames_of(rdm6300.Decoder(), [data[:4096]])
    pieces, _ = frames_of(rdm6300.Decoder(), cut(data[:4096], sizes))
    assert whole == pieces
