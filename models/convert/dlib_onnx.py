"""dlib's two face networks as ONNX graphs, built from their layers.

Source: the graphs follow dlib 20.0, ``examples/dnn_face_recognition_ex.cpp`` and
``examples/dnn_mmod_face_detection_ex.cpp``.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, TypeVar

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.convert.dlib_stream import (
    Convolution,
    Dense,
    DlibFormatError,
    Layer,
    Plain,
    Pool,
    Scale,
)

OPSET: Final = 17
MEAN_RGB: Final = (122.782, 117.001, 104.298)
"""What both networks subtract before they divide by 256."""


_Kind = TypeVar("_Kind", Convolution, Dense, Plain, Pool, Scale)


class _Graph:
    """Nodes and constants of a graph that grows."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operation: str, *inputs: str, **attributes: int | list[int]) -> str:
        output = f"{operation.lower()}_{len(self.nodes)}"
        node = helper.make_node(operation, list(inputs), [output])
        node.attribute.extend(helper.make_attribute(*item) for item in attributes.items())
        self.nodes.append(node)
        return output

    def constant(self, value: np.ndarray) -> str:
        name = f"constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def convolution(self, x: str, layer: Convolution) -> str:
        return self.add(
            "Conv",
            x,
            self.constant(layer.filters),
            self.constant(layer.bias),
            strides=[layer.stride] * 2,
            pads=[layer.padding] * 4,
        )

    def model(
        self, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto], name: str
    ) -> bytes:
        graph = helper.make_graph(self.nodes, name, inputs, outputs, self.constants)
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="menshen"
        )
        model.ir_version = 9
        onnx.checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())


def _fold(layers: Sequence[Layer]) -> list[Layer]:
    """Fold every scale into the convolution before it, in float64."""
    folded: list[Layer] = []
    for layer in layers:
        before = folded[-1] if folded else None
        if isinstance(layer, Scale) and isinstance(before, Convolution):
            gamma = layer.gamma.astype(np.float64)
            folded[-1] = Convolution(
                (before.filters * gamma[:, None, None, None]).astype(np.float32),
                (before.bias * gamma + layer.beta).astype(np.float32),
                before.stride,
                before.padding,
            )
        else:
            folded.append(layer)
    return folded


def _fold_normalisation(layer: Convolution) -> Convolution:
    """Fold (x - mean) / 256 into a convolution without padding, so that it takes 0..255."""
    filters = layer.filters.astype(np.float64) / 256
    mean = np.array(MEAN_RGB)[None, :, None, None]
    bias = layer.bias - (filters * mean).sum(axis=(1, 2, 3))
    return Convolution(
        filters.astype(np.float32), bias.astype(np.float32), layer.stride, layer.padding
    )


def descriptor_model(layers: Sequence[Layer]) -> bytes:
    """Return the descriptor network: uint8 (n, 150, 150, 3) RGB chips to float32 (n, 128)."""
    source = iter(_fold(layers))
    graph = _Graph()
    x = graph.add("Cast", "chips", to=TensorProto.FLOAT)
    x = graph.add("Transpose", x, perm=[0, 3, 1, 2])
    x = graph.convolution(x, _fold_normalisation(_next(source, Convolution)))
    _next(source, Plain)
    x = graph.add("Relu", x)
    pool = _next(source, Pool)
    x = graph.add("MaxPool", x, kernel_shape=[pool.rows, pool.columns], strides=[pool.stride] * 2)
    size, channels = 35, 32
    layer = next(source)
    while isinstance(layer, Convolution):
        x, size, channels = _block(graph, x, layer, source, size, channels)
        layer = next(source)
    if not isinstance(layer, Pool):
        raise DlibFormatError("the descriptor's head is not where it should be")
    x = graph.add("GlobalAveragePool", x)
    x = graph.add("Flatten", x)
    graph.nodes.append(
        helper.make_node(
            "MatMul", [x, graph.constant(_next(source, Dense).weights)], ["descriptors"]
        )
    )
    return graph.model(
        [helper.make_tensor_value_info("chips", TensorProto.UINT8, ["n", 150, 150, 3])],
        [helper.make_tensor_value_info("descriptors", TensorProto.FLOAT, ["n", 128])],
        "dlib_face_descriptor",
    )


def _block(
    graph: _Graph, x: str, first: Convolution, source: Iterator[Layer], size: int, channels: int
) -> tuple[str, int, int]:
    """Add one residual block; a convolution of stride 2 makes it one that halves the picture.

    dlib's addition pads the smaller operand with zeros at its end, in every dimension.
    """
    _next(source, Plain)
    second = _next(source, Convolution)
    main = graph.convolution(graph.add("Relu", graph.convolution(x, first)), second)
    if first.stride == 1:
        _next(source, Plain)
        _next(source, Plain)
        return graph.add("Relu", graph.add("Add", main, x)), size, channels
    pool = _next(source, Pool)
    _next(source, Plain)
    _next(source, Plain)
    skip = graph.add(
        "AveragePool", x, kernel_shape=[pool.rows, pool.columns], strides=[pool.stride] * 2
    )
    main_size, skip_size, out = (size - 3) // 2 + 1, (size - 2) // 2 + 1, second.filters.shape[0]
    if out > channels:
        skip = _pad(graph, skip, channels=out - channels, edge=0)
    if skip_size > main_size:
        main = _pad(graph, main, channels=0, edge=skip_size - main_size)
    return graph.add("Relu", graph.add("Add", main, skip)), skip_size, out


def _pad(graph: _Graph, x: str, *, channels: int, edge: int) -> str:
    pads = np.array([0, 0, 0, 0, 0, channels, edge, edge], dtype=np.int64)
    return graph.add("Pad", x, graph.constant(pads))


def detector_model(layers: Sequence[Layer]) -> bytes:
    """Return the detector: float32 (1, 3, h, w) RGB, normalised, to scores (1, 1, r, c)."""
    graph = _Graph()
    x = "canvas"
    folded = _fold(layers)
    for layer, after in pairwise([*folded, Plain("end")]):
        if isinstance(layer, Convolution):
            x = graph.convolution(x, layer)
            if isinstance(after, Plain) and after.name == "relu":
                x = graph.add("Relu", x)
    graph.nodes[-1].output[0] = "scores"
    return graph.model(
        [helper.make_tensor_value_info("canvas", TensorProto.FLOAT, [1, 3, "height", "width"])],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, 1, "rows", "columns"])],
        "dlib_mmod_face_detector",
    )


def _next(source: Iterator[Layer], kind: type[_Kind]) -> _Kind:
    layer = next(source)
    if not isinstance(layer, kind):
        raise DlibFormatError(f"expected {kind.__name__}, found {type(layer).__name__}")
    return layer
