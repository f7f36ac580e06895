"""Any bytes from a scale with the Toledo continuous output."""

from drivers.protocols.toledo import WeightDecoder
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for has_check in (False, True):
        for weight in frames_of(WeightDecoder(has_check=has_check), pieces)[0]:
            assert (weight.weight_kg is None) or abs(weight.weight_kg) <= 99_999_900
