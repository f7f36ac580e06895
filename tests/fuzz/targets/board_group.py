"""Any body that a board or a gateway could send in the board group, and what is signed."""

from contextlib import suppress

from drivers.protocols import FrameError
from firmware_bridge.bodies import encode_map
from firmware_bridge.frames import Frame, Op
from firmware_bridge.group import (
    Beat,
    Configuration,
    Identity,
    Signed,
    State,
    decode_answer,
    decode_request,
)
from firmware_bridge.group_events import decode_event, encode_event
from firmware_bridge.refusals import BoardRefusedError
from firmware_bridge.signing import is_signed_by, read_order

KEY = bytes.fromhex("03A107BFF3CE10BE1D70DD18E74BC09967E4D6309BA50D5F1DDC8664125531B8")


def run(data: bytes) -> None:
    """Let only a refusal and ``FrameError`` pass; what is read is said and read again."""
    first, body = data[0] if data else 0, data[1:]
    request = Frame(Op(first & 2), 877, first >> 2 & 15, 1, body, first >> 7)
    with suppress(FrameError, BoardRefusedError):
        read = decode_request(request)
        again = Frame(request.op, 877, request.command, 1, encode_map(read.to_map()))
        assert decode_request(again) == read
    for wanted in (Identity, State, Beat, Configuration):
        with suppress(FrameError, BoardRefusedError):
            answer = decode_answer(request.answer(body), wanted)
            for event in answer.events if isinstance(answer, State) else ():
                assert decode_event(encode_event(event)) == event
    signed = Signed(body=body, signature=bytes(64))
    assert not is_signed_by(signed, KEY, serial_number="A1-0042")
    with suppress(BoardRefusedError):
        read_order(signed).request()
