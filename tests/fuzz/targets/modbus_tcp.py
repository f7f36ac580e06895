"""Any bytes on a Modbus TCP connection."""

from drivers.protocols import modbus_tcp
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a frame that is found is encoded as it came."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for frame in frames_of(modbus_tcp.FrameDecoder(), pieces)[0]:
        assert modbus_tcp.encode(frame) in data
