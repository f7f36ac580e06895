"""Reads dlib's serialised objects: the bytes of a ``.dat`` file to layers and arrays. No I/O.

Source: dlib 20.0, ``dlib/serialize.h``, ``dlib/float_details.h``, ``dlib/dnn/core.h``,
``dlib/dnn/layers.h``, ``dlib/dnn/loss.h``, ``dlib/dnn/input.h``,
``dlib/image_processing/shape_predictor.h`` (the order of fields).
"""

import dataclasses
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

_INFINITY, _MINUS_INFINITY, _NOT_A_NUMBER = 32000, 32001, 32002
TENSOR_VERSION: Final = 2
ALIAS_VERSION: Final = 1


class DlibFormatError(ValueError):
    """The bytes are not the dlib object that was asked for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Convolution:
    """A convolution. Attributes: filters: (out, in, rows, columns). bias: (out,)."""

    filters: Array
    bias: Array
    stride: int
    padding: int


@dataclasses.dataclass(frozen=True, slots=True)
class Scale:
    """An affine layer, or a batch normalisation folded into one: ``gamma * x + beta``."""

    gamma: Array
    beta: Array


@dataclasses.dataclass(frozen=True, slots=True)
class Pool:
    """A pooling layer; rows and columns 0 pool everything."""

    kind: str
    rows: int
    columns: int
    stride: int
    padding: int


@dataclasses.dataclass(frozen=True, slots=True)
class Dense:
    """A fully connected layer without bias. Attributes: weights: (inputs, outputs)."""

    weights: Array


@dataclasses.dataclass(frozen=True, slots=True)
class Plain:
    """A layer without parameters: ``relu_`` or ``add_prev_``."""

    name: str


Layer = Convolution | Scale | Pool | Dense | Plain


class DlibReader:
    """Reads one value after the other from the bytes of a file."""

    def __init__(self, raw: bytes) -> None:
        self._raw, self._at = memoryview(raw), 0

    def _take(self, size_bytes: int) -> memoryview:
        end = self._at + size_bytes
        if size_bytes < 0 or end > len(self._raw):
            raise DlibFormatError("the file ends too early")
        part, self._at = self._raw[self._at : end], end
        return part

    def expect_end(self) -> None:
        """Check that nothing is left."""
        if self._at != len(self._raw):
            raise DlibFormatError(f"{len(self._raw) - self._at} bytes are left over")

    def integer(self) -> int:
        """Read an integer: a control byte with sign and length, then the magnitude."""
        control = self._take(1)[0]
        if control & 0x70:
            raise DlibFormatError(f"no integer at byte {self._at - 1}")
        value = int.from_bytes(self._take(control & 0x0F), "little")
        return -value if control & 0x80 else value

    def real(self) -> float:
        """Read a floating point number: mantissa, then exponent."""
        mantissa, exponent = self.integer(), self.integer()
        if exponent in (_INFINITY, _MINUS_INFINITY, _NOT_A_NUMBER):
            raise DlibFormatError("a number is not finite")
        return float(np.ldexp(float(mantissa), exponent))

    def reals(self, count: int) -> list[float]:
        """Read several floating point numbers."""
        return [self.real() for _ in range(count)]

    def boolean(self) -> bool:
        """Read a boolean: the character 1 or 0."""
        return self._take(1)[0] == ord("1")

    def text(self) -> str:
        """Read a string."""
        return bytes(self._take(self.integer())).decode("latin-1")

    def tensor(self) -> Array:
        """Read a tensor, shape (samples, k, rows, columns)."""
        if self.integer() != TENSOR_VERSION:
            raise DlibFormatError("a tensor of another version")
        shape = tuple(self.integer() for _ in range(4))
        count = int(np.prod(shape))
        return np.frombuffer(self._take(4 * count), dtype="<f4").reshape(shape)

    def alias(self) -> tuple[int, ...]:
        """Read the shape of a part of a tensor."""
        if self.integer() != ALIAS_VERSION:
            raise DlibFormatError("an alias of another version")
        return tuple(self.integer() for _ in range(4))

    def matrix(self) -> Array:
        """Read a matrix of floating point numbers."""
        rows, columns = abs(self.integer()), abs(self.integer())
        return np.array(self.reals(rows * columns), dtype=np.float32).reshape(rows, columns)


def read_layers(reader: DlibReader) -> list[Layer]:
    """Read a network from behind its loss layer's own fields, input side first.

    Tags and skips are nothing but a version in the stream and are left out; ``add_prev_`` stays.
    """
    depth: list[int] = []
    while (version := reader.integer()) != 3:
        if version not in (1, 2):
            raise DlibFormatError(f"layer version {version} is not known")
        depth.append(version)
    _read_input(reader)
    layers = [_read_details(reader)]
    _skip_state(reader, tensors=3)
    reader.integer()  # sample expansion factor
    for version in reversed(depth):
        if version == 2:
            layers.append(_read_details(reader))
            _skip_state(reader, tensors=3)
    return layers


def _skip_state(reader: DlibReader, *, tensors: int) -> None:
    for _ in range(3):
        reader.boolean()
    for _ in range(tensors):
        reader.tensor()


def _read_input(reader: DlibReader) -> None:
    name = reader.text()
    reader.reals(3)  # the mean colour, which the code knows
    match name:
        case "input_rgb_image_sized":
            reader.integer(), reader.integer()
        case "input_rgb_image_pyramid":
            pass
        case "input_rgb_image_pyramid2":
            reader.integer(), reader.integer()
        case _:
            raise DlibFormatError(f"input layer {name!r} is not known")


def _read_details(reader: DlibReader) -> Layer:
    name = reader.text()
    try:
        return _DETAILS[name](reader, name)
    except KeyError as error:
        raise DlibFormatError(f"layer {name!r} is not known") from error


def _read_convolution(reader: DlibReader, name: str) -> Layer:
    parameters = reader.tensor().ravel()
    filters_count, _, _, stride_y, stride_x, pad_y, pad_x = (reader.integer() for _ in range(7))
    filters, _ = reader.alias(), reader.alias()
    reader.reals(4)
    if stride_y != stride_x or pad_y != pad_x:
        raise DlibFormatError("a convolution that is not square")
    size = int(np.prod(filters))
    bias = parameters[size:] if len(parameters) > size else np.zeros(filters_count, np.float32)
    return Convolution(parameters[:size].reshape(filters), bias, stride_y, pad_y)


def _read_affine(reader: DlibReader, name: str) -> Layer:
    parameters = reader.tensor().ravel()
    reader.alias(), reader.alias(), reader.integer()
    half = len(parameters) // 2
    return Scale(parameters[:half], parameters[half:])


def _read_batch_normalisation(reader: DlibReader, name: str) -> Layer:
    parameters = reader.tensor().ravel().astype(np.float64)
    reader.alias(), reader.alias()
    reader.tensor(), reader.tensor()
    means, variances = reader.tensor().ravel(), reader.tensor().ravel()
    reader.integer(), reader.integer()
    reader.reals(4)
    epsilon = reader.real()
    half = len(parameters) // 2
    gamma = parameters[:half] / np.sqrt(variances.astype(np.float64) + epsilon)
    beta = parameters[half:] - gamma * means
    return Scale(gamma.astype(np.float32), beta.astype(np.float32))


def _read_pool(reader: DlibReader, name: str) -> Layer:
    rows, columns, stride, _, padding, _ = (reader.integer() for _ in range(6))
    return Pool(name.removesuffix("_2"), rows, columns, stride, padding)


def _read_dense(reader: DlibReader, name: str) -> Layer:
    outputs, inputs = reader.integer(), reader.integer()
    parameters = reader.tensor().ravel()
    reader.alias(), reader.alias()
    if reader.integer() != 1:
        raise DlibFormatError("a dense layer with a bias")
    reader.reals(4)
    return Dense(parameters.reshape(inputs, outputs))


_DETAILS = {
    "con_4": _read_convolution,
    "affine_": _read_affine,
    "bn_con2": _read_batch_normalisation,
    "relu_": lambda reader, name: Plain("relu"),
    "add_prev_": lambda reader, name: Plain("add"),
    "max_pool_2": _read_pool,
    "avg_pool_2": _read_pool,
    "fc_2": _read_dense,
}


def read_descriptor_network(raw: bytes) -> list[Layer]:
    """Read ``dlib_face_recognition_resnet_model_v1.dat``."""
    reader = DlibReader(raw)
    reader.integer(), reader.text(), reader.reals(2)
    layers = read_layers(reader)
    reader.expect_end()
    return layers


def read_detector_network(raw: bytes) -> list[Layer]:
    """Read ``mmod_human_face_detector.dat``."""
    reader = DlibReader(raw)
    reader.integer()
    reader.text()
    reader.integer()
    reader.integer(), reader.integer()
    reader.reals(7)
    layers = read_layers(reader)
    reader.expect_end()
    return layers


@dataclasses.dataclass(frozen=True, slots=True)
class ShapePredictor:
    """An ensemble of regression trees that moves five points (Kazemi and Sullivan, 2014).

    Attributes:
        initial: (points, 2), relative to the box.
        split_pixels: (cascades, trees, splits, 2): which two pixels are compared.
        split_thresholds: (cascades, trees, splits).
        leaves: (cascades, trees, leaves, points, 2).
        anchors: (cascades, pixels): the point that a pixel belongs to.
        deltas: (cascades, pixels, 2): where it lies from there.
    """

    initial: Array
    split_pixels: npt.NDArray[np.int32]
    split_thresholds: Array
    leaves: Array
    anchors: npt.NDArray[np.int32]
    deltas: Array


def read_shape_predictor(raw: bytes) -> ShapePredictor:
    """Read ``shape_predictor_5_face_landmarks.dat``."""
    reader = DlibReader(raw)
    if reader.integer() != 1:
        raise DlibFormatError("a shape predictor of another version")
    initial = reader.matrix().reshape(-1, 2)
    pixels, thresholds, leaves = [], [], []
    for _ in range(reader.integer()):
        for _ in range(reader.integer()):
            for _ in range(reader.integer()):
                pixels += [reader.integer(), reader.integer()]
                thresholds.append(reader.real())
            leaves += [reader.matrix() for _ in range(reader.integer())]
    anchors = [[reader.integer() for _ in range(reader.integer())] for _ in range(reader.integer())]
    deltas = [[reader.reals(2) for _ in range(reader.integer())] for _ in range(reader.integer())]
    reader.expect_end()
    cascades, leaf_count = len(anchors), 16
    trees = len(leaves) // (cascades * leaf_count)
    splits = len(thresholds) // (cascades * trees)
    return ShapePredictor(
        initial=initial,
        split_pixels=np.array(pixels, np.int32).reshape(cascades, trees, splits, 2),
        split_thresholds=np.array(thresholds, np.float32).reshape(cascades, trees, splits),
        leaves=np.array(leaves, np.float32).reshape(cascades, trees, leaf_count, -1, 2),
        anchors=np.array(anchors, np.int32),
        deltas=np.array(deltas, np.float32),
    )
