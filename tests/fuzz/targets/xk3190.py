"""Any bytes from a weighing indicator, in each of its formats."""

from drivers.protocols import NEED_DATA
from drivers.protocols.xk3190 import FORMATS, QuestionDecoder, WeightDecoder
from tests.drivers.heard import cut, frames_of


def run(data: bytes) -> None:
    """Let only ``FrameError`` pass; a weight has at most seven digits."""
    pieces = cut(data[1:], [1 + data[0] % 16]) if data else []
    for name in FORMATS:
        for weight in frames_of(WeightDecoder(name), pieces)[0]:
            assert abs(weight.weight_kg) < 10_000_000
    questions = QuestionDecoder()
    questions.receive_data(data)
    while questions.next_frame() is not NEED_DATA:
        pass
