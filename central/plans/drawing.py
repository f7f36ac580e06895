"""A drawing as a site uploads it, rewritten from a list of what a drawing needs. Pure.

Nothing is taken over that is not named here: no script, no style sheet, no foreign markup, no
address of anything elsewhere. What is left out is counted, so that whoever uploads sees it.

Source: W3C Scalable Vector Graphics (SVG) 2, chapters 5, 8 to 11, 13 and 14; the bombs of the
    documentation of defusedxml 0.7.1.
"""

import dataclasses
import hashlib
import re
from collections import Counter
from collections.abc import Mapping
from typing import Final
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from central.plans.pictures import PictureError, checked_picture
from central.plans.styles import Declarations, declarations, rules_of

SIZE_BYTES_MAX: Final = 4_000_000
ELEMENT_COUNT_MAX: Final = 50_000
DEPTH_MAX: Final = 64
DRAWN_COUNT_MAX: Final = 200_000
"""Elements that a browser draws once every reference is followed."""
SIDE_MAX: Final = 1_000_000.0
SVG: Final = "http://www.w3.org/2000/svg"
XLINK: Final = "http://www.w3.org/1999/xlink"

CONTAINERS: Final = frozenset({"svg", "g", "defs", "symbol", "clipPath"})
TRANSPARENT: Final = frozenset({"a", "switch"})
"""Taken as a group: what is in them is drawn, they themselves do something else."""
SHAPES: Final = frozenset({"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"})
PAINTS: Final = frozenset({"linearGradient", "radialGradient", "stop"})
WORDS: Final = frozenset({"text", "tspan", "title", "desc"})
REFERRING: Final = frozenset({"use", "linearGradient", "radialGradient"})
ELEMENTS: Final = CONTAINERS | SHAPES | PAINTS | WORDS | {"use", "image"}
GEOMETRY: Final = frozenset(
    {
        "x", "y", "x1", "y1", "x2", "y2", "cx", "cy", "r", "rx", "ry", "fx", "fy", "dx", "dy",
        "width", "height", "d", "points", "viewBox", "preserveAspectRatio", "transform", "offset",
        "gradientUnits", "gradientTransform", "spreadMethod", "clipPathUnits", "rotate",
        "textLength", "lengthAdjust",
    }
)  # fmt: skip
_PLAIN: Final = re.compile(r"[\w\s.,#%()+\-]*")
_ID: Final = re.compile(r"[\w.\-]{1,100}")
_NUMBER: Final = re.compile(r"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)\s*(?:px|pt|mm|cm|in)?\s*")
_LOCAL: Final = re.compile(r"url\(\s*[\"']?#([\w.\-]{1,100})[\"']?\s*\)")


class DrawingError(Exception):
    """A file is no drawing that can be used. Attributes: code: ``error.CODE`` has words for it."""

    def __init__(self, code: str, detail: str) -> None:
        """Refuse."""
        super().__init__(detail)
        self.code = code


@dataclasses.dataclass(frozen=True, slots=True)
class Drawing:
    """A drawing that may be shown.

    Attributes:
        content: SVG, without anything but what is drawn.
        width, height: In its own units, above 0.
        left_out: What was left out and how often, by element, or ``@attribute``.
    """

    content: str
    width: float
    height: float
    left_out: Mapping[str, int] = dataclasses.field(default_factory=dict)

    @property
    def sha256(self) -> str:
        """Of the content."""
        return hashlib.sha256(self.content.encode()).hexdigest()


def read_drawing(svg: str) -> Drawing:
    """Return what may be shown of a file.

    Args:
        svg: The whole file.

    Raises:
        DrawingError: It is none, or it is one that a browser would choke on.
    """
    if len(svg.encode("utf-8", "replace")) > SIZE_BYTES_MAX:
        raise DrawingError("too_large", f"at most {SIZE_BYTES_MAX // 1_000_000} MB")
    rewriter = _Rewriter()
    # A DOCTYPE alone does nothing, and old drawing programs write one; what it may declare does.
    parser = DefusedXMLParser(target=rewriter, forbid_dtd=False, forbid_entities=True)
    try:
        # The text is Unicode already: another encoding that it declares is none.
        parser.feed(re.sub(r"^\s*<\?xml[^>]*\?>", "", svg))
        root = parser.close()
    except DefusedXmlException as error:
        raise DrawingError("drawing_declares", "entities and outside parts are refused") from error
    except (ParseError, ValueError) as error:
        raise DrawingError("drawing_unreadable", "this is not XML") from error
    if not isinstance(root, Element) or root.tag != "svg":
        raise DrawingError("drawing_unreadable", "this is not SVG")
    left, top, width, height = _size(root)
    _style(root, rules_of("".join(rewriter.sheets)))
    _refuse_explosion(root)
    root.set("xmlns", SVG)
    root.set("viewBox", f"{left:g} {top:g} {width:g} {height:g}")
    root.set("width", f"{width:g}")
    root.set("height", f"{height:g}")
    return Drawing(tostring(root, encoding="unicode"), width, height, dict(rewriter.left_out))


class _Rewriter:
    """Builds the drawing anew while the file is read, so that a huge one is refused early."""

    def __init__(self) -> None:
        self.left_out = Counter[str]()
        self.sheets = list[str]()
        self._builder = TreeBuilder()
        self._depth, self._count, self._skipped_from = 0, 0, 0
        self._is_sheet = False

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Take an element, or leave it out with all that is in it."""
        self._depth, self._count = self._depth + 1, self._count + 1
        if self._count > ELEMENT_COUNT_MAX or self._depth > DEPTH_MAX:
            raise DrawingError("drawing_too_complex", "too many elements, or too deep")
        if self._skipped_from:
            return
        name = _name_of(tag)
        if name == "style":
            self._is_sheet, self._skipped_from = True, self._depth
        elif name in TRANSPARENT:
            self._builder.start("g", self._kept(attributes, "g"))
        elif name not in ELEMENTS:
            # What drawing programs keep for themselves is in their own namespace: not worth a word.
            if not tag.startswith("{") or tag.startswith(f"{{{SVG}}}"):
                self.left_out[name or tag] += 1
            self._skipped_from = self._depth
        else:
            kept = self._kept(attributes, name)
            if name == "image" and "href" not in kept:
                self.left_out["image"] += 1
                self._skipped_from = self._depth
            else:
                self._builder.start(name, kept)

    def end(self, tag: str) -> None:
        """Close an element."""
        if not self._skipped_from:
            name = _name_of(tag)
            self._builder.end("g" if name in TRANSPARENT else name)
        elif self._depth == self._skipped_from:
            self._skipped_from, self._is_sheet = 0, False
        self._depth -= 1

    def data(self, text: str) -> None:
        """Take text."""
        if self._is_sheet:
            self.sheets.append(text)
        elif not self._skipped_from and self._depth:
            self._builder.data(text)

    def close(self) -> Element | None:
        """Return the root; None where there is none."""
        try:
            return self._builder.close()
        except AssertionError:
            return None

    def _kept(self, attributes: Mapping[str, str], name: str) -> dict[str, str]:
        kept = dict[str, str]()
        for given, value in attributes.items():
            attribute = given.removeprefix(f"{{{XLINK}}}")
            if attribute.startswith("{"):
                continue
            if attribute == "href":
                if (target := self._target(name, value)) is not None:
                    kept["href"] = target
                continue
            if attribute == "class":
                kept["class"] = value
            elif attribute == "style":
                # Later, over what the classes say; here only as plain attributes.
                kept["style"] = value
            elif attribute == "id":
                if _ID.fullmatch(value):
                    kept["id"] = value
            elif attribute in GEOMETRY:
                if _PLAIN.fullmatch(value):
                    kept[attribute] = value
                else:
                    self.left_out[f"@{attribute}"] += 1
            elif (declared := declarations(f"{attribute}:{value}")) and _is_local(declared):
                kept |= declared
            elif attribute.startswith("on") or "href" in attribute:
                self.left_out[f"@{attribute}"] += 1
        return kept

    def _target(self, name: str, value: str) -> str | None:
        """Return where an element may refer to: into the drawing, or a picture within it."""
        if name in REFERRING and value.startswith("#") and _ID.fullmatch(value[1:]):
            return value
        if name == "image":
            try:
                return checked_picture(value)
            except PictureError:
                return None
        self.left_out["@href"] += 1
        return None


def _name_of(tag: str) -> str:
    """Return the name of an element of SVG, or of no namespace; empty for another's."""
    if tag.startswith(f"{{{SVG}}}"):
        return tag.removeprefix(f"{{{SVG}}}")
    return "" if tag.startswith("{") else tag


def _is_local(declared: Declarations) -> bool:
    """Return whether what refers to something refers into the drawing."""
    return all("url" not in v.lower() or _LOCAL.fullmatch(v) for v in declared.values())


def _style(root: Element, rules: Mapping[str, Declarations]) -> None:
    """Write what classes and style attributes say as attributes, so that no sheet is needed."""
    for element in root.iter():
        classes, inline = element.attrib.pop("class", ""), element.attrib.pop("style", "")
        said: Declarations = {}
        for name in classes.split():
            said |= rules.get(name, {})
        said |= declarations(inline)
        element.attrib.update({key: value for key, value in said.items() if _is_local({"": value})})


def _size(root: Element) -> tuple[float, float, float, float]:
    """Return left, top, width and height of what is drawn on."""
    box = root.get("viewBox", "").replace(",", " ").split()
    try:
        found = [float(value) for value in box]
    except ValueError:
        found = []
    if len(found) != 4:
        sides = [_NUMBER.fullmatch(root.get(side, "")) for side in ("width", "height")]
        try:
            found = [0.0, 0.0, *(float(side[1]) for side in sides if side)]
        except ValueError:
            found = []
    if len(found) != 4 or not all(0 < side <= SIDE_MAX for side in found[2:]):
        raise DrawingError("drawing_without_size", "it needs a viewBox, or a width and a height")
    if not all(abs(edge) <= SIDE_MAX for edge in found[:2]):
        raise DrawingError("drawing_without_size", "its viewBox lies too far away")
    return found[0], found[1], found[2], found[3]


def _refuse_explosion(root: Element) -> None:
    """Refuse a drawing whose references draw far more than it holds, or that refer in a circle."""
    by_id = {found: element for element in root.iter() if (found := element.get("id"))}
    weights = dict[Element, int]()
    open_elements = set[Element]()
    # Depth first without recursion: (element, whether what it draws has been weighed).
    waiting = [(root, False)]
    while waiting:
        element, is_weighed = waiting.pop()
        drawn = [*element, *_referred(element, by_id)]
        if is_weighed:
            open_elements.discard(element)
            weights[element] = 1 + sum(weights.get(each, 0) for each in drawn)
            if weights[element] > DRAWN_COUNT_MAX:
                raise DrawingError("drawing_too_complex", "its references draw too much")
        elif element not in weights:
            if element in open_elements:
                raise DrawingError("drawing_too_complex", "it refers to itself")
            open_elements.add(element)
            waiting.append((element, True))
            waiting += [(each, False) for each in drawn if each not in weights]


def _referred(element: Element, by_id: Mapping[str, Element]) -> list[Element]:
    names = [element.get("href", "").removeprefix("#")]
    names += [found[1] for value in element.attrib.values() if (found := _LOCAL.fullmatch(value))]
    return [by_id[name] for name in names if name in by_id]
