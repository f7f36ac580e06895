"""Any bytes on a line with boards: console text, other protocols, damaged frames."""

from drivers.protocols.modbus_rtu import encode_read_holding_registers
from firmware_bridge.frames import (
    AnswerDecoder,
    DatagramDecoder,
    Frame,
    FrameDecoder,
    Op,
    Received,
    encode_lines,
)
from tests.drivers.heard import cut, frames_of

REQUEST = Frame(Op.WRITE, 877, 2, 5, b"\xa0")
ANSWER = REQUEST.answer(b"\xa0")
BETWEEN = encode_read_holding_registers(3, address=0x0609, count=2).frame


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; an answer behind all of it is found."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for received in frames_of(FrameDecoder(), pieces)[0]:
        again = encode_lines(bytes(received.frame), address=received.address)
        assert frames_of(FrameDecoder(), [again]) == ([received], [])
    frames_of(DatagramDecoder(), pieces)
    behind = [b"\n", BETWEEN, encode_lines(bytes(ANSWER))]
    assert ANSWER in frames_of(AnswerDecoder(REQUEST), [*pieces, *behind])[0]
    assert Received(ANSWER) in frames_of(FrameDecoder(), [*pieces, *behind])[0]
