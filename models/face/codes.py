"""Four-bit copies of templates: an eighth of the memory to read, with a bound on what is lost.

Every row is stored as integers of four bits times steps of its own, after the mean of all rows is
taken off. The length of what the rounding took away is kept for each row, so by the inequality of
Cauchy and Schwarz a scan of the copies gives, for each row, a value that the true one cannot
exceed. Whoever looks up exactly the rows whose bound is high enough has an exact search.

Source: ONNX Runtime, contrib operator ``com.microsoft.MatMulNBits`` (``accuracy_level`` 4 lets it
round the left side to int8, one step per block, as ``upper_bounds`` allows for).
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from onnx import TensorProto, helper

from models.face.onnx_session import open_session
from models.face.search import ROUNDING, whole_groups

Vector = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float32]

BITS: Final = 4
ZERO_CODE: Final = 8
"""What stands for 0: codes are 0..15 for -8..7."""
ZERO_PAIR: Final = ZERO_CODE | ZERO_CODE << BITS
RUN_LENGTH: Final = 64
"""So many values of a row share a step: shorter runs lose less, and take more memory."""
CHUNK: Final = 16_384
"""Most rows that are copied at once."""
THREADED_LENGTH: Final = 65_536
"""From so many rows on the copies do not fit a core's cache, and a second thread takes half."""
PROBE_LEVELS: Final = 127
"""The operator rounds the probe to so many steps each side of 0."""
CHECK_PROBE_COUNT: Final = 2


class KernelError(Exception):
    """This machine's kernel does not keep to the bound, so its results must not be used."""


class Codes:
    """The four-bit copies of some rows."""

    def __init__(self, rows: Matrix) -> None:
        """Copy the rows.

        Args:
            rows: Shape (n, dimension), float32, n at least 1.

        Raises:
            KernelError: The operator's results on this machine are off by more than its rounding.
        """
        count, dimension = rows.shape
        centre = rows.mean(axis=0)
        run_count = -(-dimension // RUN_LENGTH)
        length = whole_groups(count)
        packed = np.full((length, run_count, RUN_LENGTH * BITS // 8), ZERO_PAIR, np.uint8)
        steps = np.ones((length, run_count), np.float32)
        offsets = np.full(length, -np.inf, np.float32)
        lost, lengths = np.empty((2, count), np.float32)
        for start in range(0, count, CHUNK):
            part = slice(start, min(start + CHUNK, count))
            centred = rows[part] - centre
            codes, steps[part] = _quantise(centred)
            packed[part] = codes[:, :, ::2] | codes[:, :, 1::2] << BITS
            offsets[part] = (centred * centred).sum(axis=1) / -2
            copies = _copies(codes, steps[part])[:, :dimension]
            lost[part] = np.linalg.norm(centred - copies, axis=1)
            lengths[part] = np.linalg.norm(copies, axis=1)
        self._centre = centre.astype(np.float64)
        self._lost: Vector = lost * np.float32(1 + 1e-5)
        self._lost_max = float(self._lost.max())
        self._length_max = float(lengths.max())
        self._root = float(np.sqrt(dimension))
        self._size_bytes: int = sum(a.nbytes for a in (packed, steps, offsets, lost))
        self._session = open_session(
            _model(packed, steps, offsets, dimension=dimension),
            thread_count=2 if count >= THREADED_LENGTH else 1,
        )
        self._check(rows[:CHUNK] - centre, offsets)

    @property
    def size_bytes(self) -> int:
        """Memory that these copies take, without the session's own overhead."""
        return self._size_bytes

    @property
    def losses(self) -> Vector:
        """Shape (n,); length of what the rounding took from each row."""
        return self._lost

    @property
    def loss_max(self) -> float:
        """The largest of them."""
        return self._lost_max

    def scores(self, probe: npt.NDArray[np.float64]) -> tuple[Vector, float, float]:
        """Return what bounds minus half the squared distance to each row.

        Returns:
            A new array of whole groups, minus infinity beyond the last row; an addend; and a
            reach. Score, addend, and the row's loss times the reach are what it cannot exceed.
        """
        moved = probe - self._centre
        length = float(np.sqrt(moved @ moved))
        addend = self._probe_loss(moved) - length * length / 2
        return self._scored(moved), addend, length

    def _scored(self, moved: npt.NDArray[np.float64]) -> Vector:
        scores: Vector = self._session.run(None, {"probe": moved.astype(np.float32)[None]})[0][0]
        return scores

    def _probe_loss(self, moved: npt.NDArray[np.float64]) -> float:
        """Return how much the operator's rounding of the probe can change a product at most."""
        half_step = float(np.abs(moved).max()) / PROBE_LEVELS / 2
        return half_step * self._root * self._length_max

    def _check(self, centred: Matrix, offsets: Vector) -> None:
        """Compare the operator with what the first rows' copies give in plain arithmetic."""
        copies, count = _copies(*_quantise(centred))[:, : centred.shape[1]], len(centred)
        generator = np.random.default_rng(0)
        for _ in range(CHECK_PROBE_COUNT):
            probe: npt.NDArray[np.float64] = generator.standard_normal(copies.shape[1:])
            right = copies @ probe.astype(np.float32) + offsets[:count]
            off = float(np.abs(self._scored(probe)[:count] - right).max())
            if not off <= self._probe_loss(probe) + ROUNDING * float(np.abs(right).max()):
                raise KernelError(f"MatMulNBits is off by {off:.2g} on this machine")


def _quantise(centred: Matrix) -> tuple[npt.NDArray[np.uint8], Vector]:
    """Return codes, shape (n, runs, RUN_LENGTH), and the steps of the runs, shape (n, runs)."""
    count, dimension = centred.shape
    run_count = -(-dimension // RUN_LENGTH)
    padded = np.zeros((count, run_count * RUN_LENGTH), np.float32)
    padded[:, :dimension] = centred
    runs = padded.reshape(count, run_count, RUN_LENGTH)
    largest = np.abs(runs).max(axis=2)
    steps = np.maximum(largest / (ZERO_CODE - 0.5), np.finfo(np.float32).tiny).astype(np.float32)
    levels = np.rint(runs / steps[:, :, None])
    codes = np.clip(levels, -ZERO_CODE, ZERO_CODE - 1) + ZERO_CODE
    return codes.astype(np.uint8), steps


def _copies(codes: npt.NDArray[np.uint8], steps: Vector) -> Matrix:
    """Return what codes and steps stand for, shape (n, runs x RUN_LENGTH)."""
    copies: Matrix = (codes.astype(np.float32) - ZERO_CODE) * steps[:, :, None]
    return copies.reshape(len(codes), -1)


def _model(
    packed: npt.NDArray[np.uint8], steps: Vector, offsets: Vector, *, dimension: int
) -> bytes:
    """Return a network of one operator: probe (1, dimension) in, scores (1, whole groups) out."""
    node = helper.make_node(
        "MatMulNBits",
        ["probe", "codes", "scales", "", "", "offsets"],
        ["scores"],
        domain="com.microsoft",
        K=dimension,
        N=len(offsets),
        bits=BITS,
        block_size=RUN_LENGTH,
        accuracy_level=4,
    )
    tensors = [
        helper.make_tensor("codes", TensorProto.UINT8, packed.shape, packed.tobytes(), raw=True),
        helper.make_tensor("scales", TensorProto.FLOAT, [steps.size], steps.tobytes(), raw=True),
        helper.make_tensor(
            "offsets", TensorProto.FLOAT, offsets.shape, offsets.tobytes(), raw=True
        ),
    ]
    graph = helper.make_graph(
        [node],
        "codes",
        [helper.make_tensor_value_info("probe", TensorProto.FLOAT, [1, dimension])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, len(offsets)])],
        tensors,
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    return bytes(model.SerializeToString())
