"""Any bytes on the line of a TX1500, at both ends."""

from drivers.protocols.digicon import SIGNS, CommandDecoder, SignDecoder, describe, encode_command
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a command that is found stands in the data."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for command in frames_of(CommandDecoder(), pieces)[0]:
        assert encode_command(command.body) == command.raw in data
        assert describe(command)
    for sign in frames_of(SignDecoder(), pieces)[0]:
        assert sign.code in SIGNS
