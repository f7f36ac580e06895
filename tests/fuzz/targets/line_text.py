"""Any bytes on the line of a scanner, with every terminator and alphabet."""

from itertools import product

from drivers.protocols.line_text import Alphabet, LineDecoder, Terminator
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass, and no line that does not print; pieces change nothing."""
    sizes = [1 + data[0] % 16] if data else [1]
    for terminator, alphabet in product(Terminator, Alphabet):
        whole, _ = frames_of(_decoder(terminator, alphabet), [data[:4096]])
        pieces, _ = frames_of(_decoder(terminator, alphabet), cut(data[:4096], sizes))
        assert whole == pieces
        assert all(line.isprintable() and 1 <= len(line) <= 32 for line in whole)


def _decoder(terminator: Terminator, alphabet: Alphabet) -> LineDecoder:
    return LineDecoder(terminator=terminator, alphabet=alphabet, length_max=32)
