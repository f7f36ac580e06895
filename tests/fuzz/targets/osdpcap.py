"""Any bytes: a line of an OSDPCAP file."""

import contextlib

from drivers.protocols import FrameError
from drivers.protocols.osdpcap import decode_line, encode_line


def run(data: bytes) -> None:
    """Let nothing but the codec's own errors out; what is read is written as it was meant."""
    with contextlib.suppress(ValueError, FrameError):
        record = decode_line(data.decode("utf-8", "replace"))
        assert decode_line(encode_line(record)) == record
