"""The little of CSS that drawing programs write: ``.class { name: value }``. Pure.

Source: W3C Scalable Vector Graphics (SVG) 2, 6.6 "Presentation attributes".
"""

import re
from collections.abc import Mapping
from typing import Final

Declarations = dict[str, str]
PROPERTIES: Final = frozenset(
    {
        "clip-path", "clip-rule", "color", "display", "dominant-baseline", "fill", "fill-opacity",
        "fill-rule", "font-family", "font-size", "font-style", "font-weight", "letter-spacing",
        "opacity", "stop-color", "stop-opacity", "stroke", "stroke-dasharray", "stroke-dashoffset",
        "stroke-linecap", "stroke-linejoin", "stroke-miterlimit", "stroke-opacity", "stroke-width",
        "text-anchor", "vector-effect", "visibility",
    }
)  # fmt: skip
_VALUE: Final = re.compile(r"[\w\s.,#%()+\-\"']{1,200}")
"""No colon, no slash, no backslash: nothing that could be an address."""
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_RULE: Final = re.compile(r"([^{}]+)\{([^{}]*)\}")
_CLASS: Final = re.compile(r"\.([\w\-]{1,100})")


def declarations(text: str) -> Declarations:
    """Return what ``name: value; ...`` says, as far as a drawing needs it."""
    found: Declarations = {}
    for part in text.split(";"):
        name, _, value = part.partition(":")
        name, value = name.strip().lower(), value.replace("!important", "").strip()
        if name in PROPERTIES and _VALUE.fullmatch(value):
            found[name] = value
    return found


def rules_of(sheet: str) -> Mapping[str, Declarations]:
    """Return what a sheet says of each class; other selectors are passed over."""
    rules = dict[str, Declarations]()
    for selectors, body in _RULE.findall(_COMMENT.sub("", sheet)):
        said = declarations(body)
        for selector in selectors.split(","):
            if found := _CLASS.fullmatch(selector.strip()):
                rules.setdefault(found[1], {}).update(said)
    return rules
