"""Any bytes from an STM32's ROM loader, whatever was asked, and any to a simulated one."""

from firmware_bridge.peer_rom_loader import Simulator
from firmware_bridge.rom_frames import AnswerDecoder, Follows
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a chip answers less than it hears, in whole flash."""
    size_bytes = data[0] if data else 0
    pieces = cut(data[1:], [1 + size_bytes % 16]) if data else []
    for follows in Follows:
        answers = frames_of(AnswerDecoder(follows, size_bytes=size_bytes), pieces)[0]
        assert all(len(answer.data) <= size_bytes for answer in answers)
    chip = Simulator(Simulator.Settings(flash_size_bytes=4096))
    chip.receive_data(b"\x7f")
    for piece in pieces:
        chip.receive_data(piece)
    assert len(chip.flash) == 4096
