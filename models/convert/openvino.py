"""OpenVINO intermediate representation (IR, an xml file and a bin file) as an ONNX graph.

Only the operations of the Open Model Zoo networks in the catalogue are known, with every attribute
that changes a result; anything else is refused, for a network that is converted wrongly still
answers. FP16 constants become FP32 and the graph computes in FP32. The result depends on the two
files alone: the same bytes give the same graph.

Source: OpenVINO 2023.0 documentation, "Operation Sets" opset1 and "OpenVINO IR format".
"""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from models.convert.openvino_ir import Layer, OpenVinoFormatError, read_topology

OPSET: Final = 17
SINK_SUFFIX: Final = "/sink_port_0"
"""What the Model Optimizer appends to the name of an output."""
_ELEMENT_TYPES: Final[Mapping[str, str]] = {"f16": "<f2", "f32": "<f4", "i32": "<i4", "i64": "<i8"}
_FLOATS: Final = ("f16", "f32")


def convert(xml: bytes, weights: bytes) -> bytes:
    """Return the ONNX file of a network.

    Inputs and outputs keep the names that they have in the xml file, and its order.

    Args:
        xml: The topology.
        weights: The bin file that belongs to it.

    Raises:
        OpenVinoFormatError: The files are damaged, or hold an operation that is not known here.
    """
    graph = _Graph(weights)
    for layer in read_topology(xml):
        known = _OPERATIONS.get(layer.operation)
        if known is None:
            raise layer.error("this operation is unknown")
        emit, input_count, attributes = known
        if len(layer.inputs) != input_count:
            raise layer.error(f"has {len(layer.inputs)} inputs instead of {input_count}")
        if unknown := set(layer.attributes) - attributes:
            raise layer.error(f"unknown attribute {min(unknown)}")
        emit(graph, layer)
    return graph.model()


class _Graph:
    """The ONNX graph that grows, and the constants that no node has used yet."""

    def __init__(self, weights: bytes) -> None:
        self._weights = weights
        self._nodes: list[onnx.NodeProto] = []
        self._initializers: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []
        self._values: list[onnx.ValueInfoProto] = []
        self._constants: dict[str, np.ndarray] = {}
        self._shapes: dict[str, Sequence[int]] = {}
        self._names: dict[str, str] = {}

    def constant(self, layer: Layer, index: int) -> np.ndarray:
        """Return the value of an input that must be a constant."""
        value = self._constants.get(layer.inputs[index])
        if value is None:
            raise layer.error(f"input {index} is not a constant")
        return value

    def name(self, layer: Layer, index: int) -> str:
        """Return the tensor of an input; a constant becomes one of the graph's."""
        source = layer.inputs[index]
        if source not in self._names:
            self._names[source] = self.store(self.constant(layer, index))
        return self._names[source]

    def shape(self, layer: Layer, index: int) -> Sequence[int]:
        """Return the stated shape of an input that is no constant."""
        if layer.inputs[index] not in self._shapes:
            raise layer.error(f"input {index} does not depend on the network's input")
        return self._shapes[layer.inputs[index]]

    def store(self, value: np.ndarray) -> str:
        """Write a constant into the graph."""
        name = f"constant_{len(self._initializers)}"
        self._initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def add(
        self,
        layer: Layer,
        operation: str,
        inputs: Sequence[str],
        **attributes: int | Sequence[int],
    ) -> None:
        """Add the node of a layer, whose stated shape the checker compares with the real one."""
        if layer.shape is None:
            raise layer.error("has no output")
        output = f"value_{layer.id}"
        node = helper.make_node(operation, inputs, [output], name=layer.name)
        node.attribute.extend(helper.make_attribute(*item) for item in attributes.items())
        self._nodes.append(node)
        self._values.append(helper.make_tensor_value_info(output, TensorProto.FLOAT, layer.shape))
        self._names[layer.id], self._shapes[layer.id] = output, layer.shape

    def define(self, layer: Layer, value: np.ndarray) -> None:
        """Keep the value of a constant."""
        self._constants[layer.id] = value

    def read(self, layer: Layer, *, offset: int, size: int) -> bytes:
        """Return a part of the bin file."""
        if offset < 0 or size < 0 or offset + size > len(self._weights):
            raise layer.error(
                f"needs bytes {offset} to {offset + size} of the bin file, "
                f"which has {len(self._weights)}"
            )
        return self._weights[offset : offset + size]

    def open_input(self, layer: Layer, shape: Sequence[int]) -> None:
        """Make a layer an input of the graph."""
        self._inputs.append(helper.make_tensor_value_info(layer.name, TensorProto.FLOAT, shape))
        self._names[layer.id], self._shapes[layer.id] = layer.name, shape

    def close_output(self, layer: Layer) -> None:
        """Make what feeds a layer an output of the graph, under its own name."""
        name, shape = layer.name.removesuffix(SINK_SUFFIX), self.shape(layer, 0)
        self._nodes.append(helper.make_node("Identity", [self.name(layer, 0)], [name]))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))

    def model(self) -> bytes:
        """Return the checked ONNX file."""
        if not self._inputs or not self._outputs:
            raise OpenVinoFormatError("the xml file holds no network with an input and an output")
        graph = helper.make_graph(
            self._nodes,
            "openvino",
            self._inputs,
            self._outputs,
            self._initializers,
            value_info=self._values,
        )
        model = helper.make_model(
            graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="menshen"
        )
        model.ir_version = 9
        try:
            onnx.checker.check_model(model, full_check=True)
        except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
            reason = " ".join(str(error).split())
            raise OpenVinoFormatError(f"the layers do not fit together: {reason}") from error
        return bytes(model.SerializeToString())


def _emit_parameter(graph: _Graph, layer: Layer) -> None:
    if layer.attributes.get("element_type") not in _FLOATS:
        raise layer.error("takes no floating point numbers")
    shape = layer.numbers("shape")
    if min(shape, default=0) < 1:
        raise layer.error("has no fixed shape")
    graph.open_input(layer, shape)


def _emit_constant(graph: _Graph, layer: Layer) -> None:
    element_type = layer.attributes.get("element_type", "")
    if element_type not in _ELEMENT_TYPES:
        raise layer.error(f"element type {element_type!r} is unknown")
    dtype = np.dtype(_ELEMENT_TYPES[element_type])
    shape = layer.numbers("shape")
    offset, size = layer.number("offset"), layer.number("size")
    if min(shape, default=1) < 1 or size != math.prod(shape) * dtype.itemsize:
        raise layer.error(f"{size} bytes do not make a tensor of shape {shape}")
    value = np.frombuffer(graph.read(layer, offset=offset, size=size), dtype).reshape(shape)
    if element_type in _FLOATS:
        value = value.astype(np.float32)
        if not np.isfinite(value).all():
            raise layer.error("holds a number that is not finite")
        graph.define(layer, value)
    else:
        graph.define(layer, value.astype(np.int64))


def _emit_convert(graph: _Graph, layer: Layer) -> None:
    """Only FP16 constants to FP32, which ``_emit_constant`` has done already."""
    if layer.attributes.get("destination_type") != "f32":
        raise layer.error("converts to something other than f32")
    value = graph.constant(layer, 0)
    if value.dtype != np.float32:
        raise layer.error("converts something other than floating point numbers")
    graph.define(layer, value)


def _emit_convolution(graph: _Graph, layer: Layer) -> None:
    _emit_conv(graph, layer, graph.constant(layer, 1), group=1)


def _emit_group_convolution(graph: _Graph, layer: Layer) -> None:
    """(group, out, in, rows, columns) here, (group x out, in, rows, columns) in ONNX."""
    filters = graph.constant(layer, 1)
    if filters.ndim != 5:
        raise layer.error(f"filters have {filters.ndim} dimensions, not 5")
    group, count, *rest = filters.shape
    _emit_conv(graph, layer, filters.reshape(group * count, *rest), group=group)


def _emit_conv(graph: _Graph, layer: Layer, filters: np.ndarray, *, group: int) -> None:
    if any(layer.numbers("output_padding") if "output_padding" in layer.attributes else []):
        raise layer.error("output_padding is not supported")
    graph.add(
        layer,
        "Conv",
        [graph.name(layer, 0), graph.store(filters)],
        **_window(layer),
        dilations=layer.numbers("dilations"),
        group=group,
    )


def _window(layer: Layer) -> dict[str, list[int]]:
    """Return strides and padding; padding by rule instead of by number is refused."""
    if layer.attributes.get("auto_pad", "explicit") != "explicit":
        raise layer.error("auto_pad is not supported")
    return {
        "strides": layer.numbers("strides"),
        "pads": [*layer.numbers("pads_begin"), *layer.numbers("pads_end")],
    }


def _emit_average_pool(graph: _Graph, layer: Layer) -> None:
    is_counted = not layer.flag("exclude-pad")
    _emit_pool(graph, layer, "AveragePool", count_include_pad=int(is_counted))


def _emit_max_pool(graph: _Graph, layer: Layer) -> None:
    _emit_pool(graph, layer, "MaxPool")


def _emit_pool(graph: _Graph, layer: Layer, operation: str, **attributes: int) -> None:
    rounding = layer.attributes.get("rounding_type", "floor")
    if rounding not in ("floor", "ceil"):
        raise layer.error(f"rounding_type={rounding!r} is neither floor nor ceil")
    graph.add(
        layer,
        operation,
        [graph.name(layer, 0)],
        **_window(layer),
        kernel_shape=layer.numbers("kernel"),
        ceil_mode=int(rounding == "ceil"),
        **attributes,
    )


def _emit_prelu(graph: _Graph, layer: Layer) -> None:
    """Slopes belong to the second axis here; ONNX lines shapes up from the last one."""
    slopes = graph.constant(layer, 1)
    if slopes.size != 1:
        slopes = slopes.reshape(slopes.size, *[1] * (len(graph.shape(layer, 0)) - 2))
    graph.add(layer, "PRelu", [graph.name(layer, 0), graph.store(slopes)])


def _emit_reshape(graph: _Graph, layer: Layer) -> None:
    shape = graph.store(graph.constant(layer, 1).astype(np.int64))
    is_literal = not layer.flag("special_zero")
    graph.add(layer, "Reshape", [graph.name(layer, 0), shape], allowzero=int(is_literal))


def _emit_product(graph: _Graph, layer: Layer) -> None:
    if len(layer.shape or ()) != 2:
        raise layer.error("multiplies something other than two matrices")
    graph.add(
        layer,
        "Gemm",
        [graph.name(layer, 0), graph.name(layer, 1)],
        transA=int(layer.flag("transpose_a")),
        transB=int(layer.flag("transpose_b")),
    )


def _elementwise(operation: str) -> Callable[[_Graph, Layer], None]:
    def emit(graph: _Graph, layer: Layer) -> None:
        if layer.attributes.get("auto_broadcast", "numpy") != "numpy":
            raise layer.error("auto_broadcast is supported as numpy does it only")
        names = [graph.name(layer, index) for index in range(len(layer.inputs))]
        graph.add(layer, operation, names)

    return emit


_WINDOW: Final = frozenset({"strides", "pads_begin", "pads_end", "auto_pad"})
_CONVOLUTION: Final = _WINDOW | {"dilations", "output_padding"}
_POOL: Final = _WINDOW | {"kernel", "rounding_type"}
_NONE: Final[frozenset[str]] = frozenset()
_OPERATIONS: Final[Mapping[str, tuple[Callable[[_Graph, Layer], None], int, frozenset[str]]]] = {
    "Parameter": (_emit_parameter, 0, frozenset({"shape", "element_type"})),
    "Const": (_emit_constant, 0, frozenset({"shape", "element_type", "offset", "size"})),
    "Convert": (_emit_convert, 1, frozenset({"destination_type"})),
    "Result": (_Graph.close_output, 1, _NONE),
    "Convolution": (_emit_convolution, 2, _CONVOLUTION),
    "GroupConvolution": (_emit_group_convolution, 2, _CONVOLUTION),
    "Add": (_elementwise("Add"), 2, frozenset({"auto_broadcast"})),
    "Multiply": (_elementwise("Mul"), 2, frozenset({"auto_broadcast"})),
    "PReLU": (_emit_prelu, 2, _NONE),
    "ReLU": (_elementwise("Relu"), 1, _NONE),
    "Sigmoid": (_elementwise("Sigmoid"), 1, _NONE),
    "AvgPool": (_emit_average_pool, 1, _POOL | {"exclude-pad"}),
    "MaxPool": (_emit_max_pool, 1, _POOL),
    "Reshape": (_emit_reshape, 2, frozenset({"special_zero"})),
    "MatMul": (_emit_product, 2, frozenset({"transpose_a", "transpose_b"})),
}
"""By name: what emits it, how many inputs it has, and the attributes that are understood."""
