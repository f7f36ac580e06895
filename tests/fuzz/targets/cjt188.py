"""Any bytes on the line of a CJ/T 188 meter."""

import contextlib

from drivers.protocols import FrameError
from drivers.protocols.cjt188 import (
    FrameDecoder,
    ReplyDecoder,
    decode_reading,
    encode,
    read_request,
)
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a frame that is found stands in the data."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for frame in frames_of(FrameDecoder(), pieces)[0]:
        assert encode(frame, preamble_count=0) in data
    request = read_request(0x10, "33007811223344", "1F90", 0)
    for reply in frames_of(ReplyDecoder(request), pieces)[0]:
        assert reply.address == request.address
    with contextlib.suppress(FrameError):
        decode_reading(data)
