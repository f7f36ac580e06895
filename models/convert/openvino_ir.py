"""The topology file of OpenVINO's intermediate representation: layers, attributes and edges.

What an operation means is ``openvino``'s matter; here is only what is written in the file.

Source: OpenVINO 2023.0 documentation, "OpenVINO IR format".
"""

import dataclasses
import graphlib
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from typing import Final

DIGITS_MAX: Final = 18
"""Longer numbers would not fit the 64 bits of an ONNX dimension."""
_BOOLEANS: Final[Mapping[str, bool]] = {
    "true": True, "True": True, "1": True, "false": False, "False": False, "0": False,
}  # fmt: skip


class OpenVinoFormatError(ValueError):
    """The files are no network that can be converted; the message names the layer."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One layer.

    Attributes:
        inputs: Ids of the layers that feed it, in the order of its ports.
        shape: Of its only output; None where it has none.
    """

    id: str
    name: str
    operation: str
    attributes: Mapping[str, str]
    inputs: tuple[str, ...] = ()
    shape: tuple[int, ...] | None = None

    def error(self, why: str) -> OpenVinoFormatError:
        """Return an error that names this layer."""
        return OpenVinoFormatError(f"layer {self.id} {self.name!r} ({self.operation}): {why}")

    def numbers(self, key: str) -> list[int]:
        """Return an attribute of whole numbers, separated by commas.

        Raises:
            OpenVinoFormatError: It is absent, or holds something else.
        """
        text = self.attributes.get(key)
        if text is None:
            raise self.error(f"has no {key}")
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not all(_is_number(part.removeprefix("-")) for part in parts):
            raise self.error(f"{key}={text!r} are not whole numbers")
        return [int(part) for part in parts]

    def number(self, key: str) -> int:
        """Return an attribute of one whole number.

        Raises:
            OpenVinoFormatError: It is absent, or holds something else.
        """
        numbers = self.numbers(key)
        if len(numbers) != 1:
            raise self.error(f"{key} is not one number")
        return numbers[0]

    def flag(self, key: str) -> bool:
        """Return an attribute that is true or false; false where it is absent.

        Raises:
            OpenVinoFormatError: It holds something else.
        """
        text = self.attributes.get(key, "false")
        if text not in _BOOLEANS:
            raise self.error(f"{key}={text!r} is neither true nor false")
        return _BOOLEANS[text]


def read_topology(xml: bytes) -> Sequence[Layer]:
    """Return the layers, each after those that feed it, the outputs last and as in the file.

    Raises:
        OpenVinoFormatError: The file is malformed, or its layers are not joined up.
    """
    root = _parse(xml)
    elements: dict[str, ET.Element] = {}
    for element in root.iterfind("layers/layer"):
        layer_id = element.get("id", "")
        if layer_id in elements:
            raise OpenVinoFormatError(f"two layers have the id {layer_id!r}")
        elements[layer_id] = element
    sources = _read_edges(root, elements)
    layers = {key: _read_layer(element, sources) for key, element in elements.items()}
    try:
        order = graphlib.TopologicalSorter({key: layers[key].inputs for key in layers})
        inner = [key for key in order.static_order() if layers[key].operation != "Result"]
    except graphlib.CycleError as error:
        raise OpenVinoFormatError("the layers form a circle") from error
    results = [layer for layer in layers.values() if layer.operation == "Result"]
    return [*(layers[key] for key in inner), *results]


def _parse(xml: bytes) -> ET.Element:
    try:
        text = xml.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise OpenVinoFormatError("the xml file is not UTF-8") from error
    if "<!DOCTYPE" in text:
        # Entities of its own could expand without bound; no network needs them.
        raise OpenVinoFormatError("the xml file declares a document type, which no network does")
    try:
        root = ET.fromstring(text)  # noqa: S314 - declares no entities, as just checked
    except ET.ParseError as error:
        raise OpenVinoFormatError(f"the xml file is malformed: {error}") from error
    if root.tag != "net":
        raise OpenVinoFormatError(f"the xml file holds a <{root.tag}>, not a <net>")
    return root


def _read_edges(
    root: ET.Element, elements: Mapping[str, ET.Element]
) -> Mapping[tuple[str, str], str]:
    """Return, by layer and input port, the layer that feeds it."""
    sources: dict[tuple[str, str], str] = {}
    for edge in root.iterfind("edges/edge"):
        source, target, port = (edge.get(k, "") for k in ("from-layer", "to-layer", "to-port"))
        if source not in elements:
            raise OpenVinoFormatError(f"an edge comes from layer {source!r}, which is not there")
        if (target, port) in sources:
            raise OpenVinoFormatError(f"two edges lead to input {port} of layer {target}")
        sources[target, port] = source
    return sources


def _read_layer(element: ET.Element, sources: Mapping[tuple[str, str], str]) -> Layer:
    data, outputs = element.find("data"), element.findall("output/port")
    layer = Layer(
        id=element.get("id", ""),
        name=element.get("name", ""),
        operation=element.get("type", ""),
        attributes={} if data is None else dict(data.attrib),
    )
    if len(outputs) > 1:
        raise layer.error("has more than one output")
    inputs = [port.get("id", "") for port in element.iterfind("input/port")]
    for port in inputs:
        if (layer.id, port) not in sources:
            raise layer.error(f"nothing feeds input {port}")
    dimensions = [d.text or "" for output in outputs for d in output.iterfind("dim")]
    if not all(_is_number(dimension.strip()) for dimension in dimensions):
        raise layer.error("the shape of its output is not fixed")
    return dataclasses.replace(
        layer,
        inputs=tuple(sources[layer.id, port] for port in inputs),
        shape=tuple(int(dimension) for dimension in dimensions) if outputs else None,
    )


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= DIGITS_MAX
