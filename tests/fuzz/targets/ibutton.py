"""Any bytes on the line of an iButton reader, in every order."""

from drivers.protocols import ibutton
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass, whole and in pieces; both find the same keys."""
    sizes = [1 + data[0] % 16] if data else [1]
    for order in ibutton.Order:
        whole, _ = frames_of(ibutton.Decoder(order), [data[:4096]])
        pieces, _ = frames_of(ibutton.Decoder(order), cut(data[:4096], sizes))
        assert whole == pieces
