"""Any bytes as the bits of a Wiegand number."""

from drivers.protocols import FrameError, wiegand


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; the bits that came are kept."""
    bit_length = 8 * (len(data) - 1) - data[0] % 8 if data else 0
    try:
        bits = wiegand.decode_left_aligned(data[1:], bit_length)
        assert len(bits.left_aligned) == len(data) - 1
        card = wiegand.decode_26(bits)
        assert wiegand.encode_26(card) == bits
    except FrameError:
        pass
