"""XML from the far end, read safely: no entities, no namespaces' prefixes to guess, bounded."""

import re
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from drivers.protocols import FrameError

SIZE_BYTES_MAX: Final = 1_000_000
_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)?", re.ASCII
)


def parse(data: bytes) -> Element:
    """Return the root of a document.

    Raises:
        FrameError: It is none, is too long, or has entities.
    """
    if len(data) > SIZE_BYTES_MAX:
        raise FrameError(f"an answer of {len(data)} bytes is too long")
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise FrameError(f"no XML: {data[:60]!r}") from error
    return root


def name_of(element: Element) -> str:
    """Return an element's name without its namespace."""
    return element.tag.rpartition("}")[2]


def all_of(root: Element, name: str) -> list[Element]:
    """Return all elements of a name, whatever their namespace, in the order of the document."""
    return [element for element in root.iter() if name_of(element) == name]


def text_of(root: Element, name: str) -> str:
    """Return the text of the first element of a name.

    Raises:
        FrameError: There is none, or it is empty.
    """
    found = next((e.text for e in all_of(root, name) if e.text and e.text.strip()), None)
    if found is None:
        raise FrameError(f"the answer has no {name}")
    return found.strip()


def time_of(text: str) -> datetime:
    """Return a moment, aware UTC; one without a zone is UTC.

    Raises:
        FrameError: It is none.
    """
    found = _TIME.fullmatch(text.strip())
    if found is None:
        raise FrameError(f"{text[:40]!r} is no time")
    day, clock, fraction, zone = found.groups()
    try:
        at = datetime.fromisoformat(f"{day}T{clock}.{(fraction or '0').ljust(6, '0')}")
        offset = datetime.fromisoformat(f"2000-01-01T00:00:00{zone or 'Z'}").utcoffset()
        return (at - offset if offset else at).replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise FrameError(f"{text[:40]!r} is no time") from error


def stamp(at: datetime) -> str:
    """Return a moment as these protocols write it, in whole seconds of UTC."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
