"""Any bytes on a Modbus RTU line, at both ends."""

from drivers.protocols import NEED_DATA
from drivers.protocols import modbus_rtu as rtu
from tests.drivers.heard import cut, frames_of

REQUESTS = (
    rtu.encode_read_coils(1, address=0, count=8),
    rtu.encode_read_input_registers(1, address=0, count=4),
    rtu.encode_write_coil(1, address=0, value=0xFF00),
    rtu.encode_write_registers(1, address=0, values=[1, 2]),
)


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a reply that is found fits its request."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for request in REQUESTS:
        for reply in frames_of(rtu.ReplyDecoder(request), pieces)[0]:
            assert (reply.unit_id, reply.function) == (request.unit_id, request.function)
    server = rtu.RequestDecoder()
    for piece in pieces:
        server.receive_data(piece)
        while server.next_frame() is not NEED_DATA:
            pass
