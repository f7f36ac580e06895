"""Any bytes to a receipt printer, and any from one."""

from drivers.protocols.escpos import (
    ASK_PRINTED,
    CommandDecoder,
    PrintedDecoder,
    StatusDecoder,
    describe,
    faults_of,
)
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; what was understood is less than what came."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    commands = frames_of(CommandDecoder(), pieces)[0]
    assert sum(len(command.data) for command in commands) <= len(data)
    assert all(describe(command) for command in commands)
    for decoder in (StatusDecoder(), PrintedDecoder(b"receipt" + ASK_PRINTED)):
        for status in frames_of(decoder, pieces)[0]:
            assert describe(status)
            assert not (faults_of(status) and status.can_print) or status.is_paper_low
