"""Four-bit copies of templates: an eighth of the memory to read, with a bound on what is lost.

Every row is stored as integers of four bits times a step of its own, after the mean of all rows is
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

Vector = npt.NDArray[np.float32]
Matrix = npt.NDArray[np.float32]

BITS: Final = 4
ZERO_CODE: Final = 8
"""What stands for 0: codes are 0..15 for -8..7."""
BLOCK_LENGTH_MAX: Final = 256
"""Longest run of values with one step that the operator's fast kernels take."""
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
        centre = rows.mean(axis=0)
        centred = rows - centre
        codes, steps = _quantise(centred)
        copies = (codes.astype(np.float32) - ZERO_CODE) * steps[:, None]
        lost = np.linalg.norm(centred - copies, axis=1)
        self._centre = centre.astype(np.float64)
        self._lost: Vector = lost * np.float32(1 + 1e-5)
        self._offsets: Vector = (centred * centred).sum(axis=1) / -2
        self._length_max = float(np.linalg.norm(copies, axis=1).max())
        self._root = float(np.sqrt(rows.shape[1]))
        self._session = open_session(_model(codes, steps))
        self._check(copies)

    @property
    def size_bytes(self) -> int:
        """Memory that these copies take, without the session's own overhead."""
        row_bytes = len(self._centre) * BITS // 8 + 2 * 4
        return len(self._lost) * row_bytes

    @property
    def offsets(self) -> Vector:
        """Shape (n,); what is added to ``upper_bounds``, so that it bounds nearness."""
        return self._offsets

    def upper_bounds(self, probe: npt.NDArray[np.float64]) -> tuple[Vector, float]:
        """Return what minus half the squared distance to each row cannot exceed, less offsets.

        Returns:
            A new array, shape (n,), and a number to add to all of it.
        """
        moved = probe - self._centre
        bounds = self._products(moved)
        length = float(np.linalg.norm(moved))
        bounds += self._lost * np.float32(length)
        return bounds, self._probe_loss(moved) - length * length / 2

    def _products(self, moved: npt.NDArray[np.float64]) -> Vector:
        products: Vector = self._session.run(None, {"probe": moved.astype(np.float32)[None]})[0][0]
        return products

    def _probe_loss(self, moved: npt.NDArray[np.float64]) -> float:
        """Return how much the operator's rounding of the probe can change a product at most."""
        half_step = float(np.abs(moved).max()) / PROBE_LEVELS / 2
        return half_step * self._root * self._length_max

    def _check(self, copies: Matrix) -> None:
        generator = np.random.default_rng(0)
        for _ in range(CHECK_PROBE_COUNT):
            probe: npt.NDArray[np.float64] = generator.standard_normal(copies.shape[1:])
            off = float(np.abs(self._products(probe) - copies @ probe.astype(np.float32)).max())
            if off > self._probe_loss(probe):
                raise KernelError(f"MatMulNBits is off by {off:.2g} on this machine")


def _quantise(centred: Matrix) -> tuple[npt.NDArray[np.uint8], Vector]:
    """Return codes, shape (n, dimension), and each row's step."""
    largest = np.abs(centred).max(axis=1)
    steps = np.maximum(largest / (ZERO_CODE - 0.5), np.finfo(np.float32).tiny).astype(np.float32)
    levels = np.rint(centred / steps[:, None])
    codes = np.clip(levels, -ZERO_CODE, ZERO_CODE - 1) + ZERO_CODE
    return codes.astype(np.uint8), steps


def _model(codes: npt.NDArray[np.uint8], steps: Vector) -> bytes:
    """Return a network of one operator: probe (1, dimension) in, products (1, n) out."""
    count, dimension = codes.shape
    run = min(BLOCK_LENGTH_MAX, max(16, 1 << (dimension - 1).bit_length()))
    run_count = -(-dimension // run)
    padded = np.full((count, run_count * run), ZERO_CODE, np.uint8)
    padded[:, :dimension] = codes
    packed = padded[:, ::2] | padded[:, 1::2] << BITS
    scales = np.repeat(steps, run_count)
    node = helper.make_node(
        "MatMulNBits",
        ["probe", "codes", "scales"],
        ["products"],
        domain="com.microsoft",
        K=dimension,
        N=count,
        bits=BITS,
        block_size=run,
        accuracy_level=4,
    )
    graph = helper.make_graph(
        [node],
        "codes",
        [helper.make_tensor_value_info("probe", TensorProto.FLOAT, [1, dimension])],
        [helper.make_tensor_value_info("products", TensorProto.FLOAT, [1, count])],
        [
            helper.make_tensor(
                "codes",
                TensorProto.UINT8,
                [count, run_count, run * BITS // 8],
                packed.tobytes(),
                raw=True,
            ),
            helper.make_tensor(
                "scales", TensorProto.FLOAT, [len(scales)], scales.tobytes(), raw=True
            ),
        ],
    )
    imports = [helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=imports, ir_version=8)
    return bytes(model.SerializeToString())
