"""What a page is made of: the modules that it loads, and the groups of words that they name."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
"""Types are imported in comments; nothing is loaded for them."""
_STATIC: Final = re.compile(r'\b(?:from|import) "([^"]+)"')
_LATER: Final = re.compile(r'\bimport\("([^"]+)"\)')
_GROUP: Final = re.compile(r"[\"'`]([a-z_]+)\.|\(\s*[\"']([a-z_]+)[\"']|[\"']([a-z]+_[a-z_]+)[\"']")
"""A key, a first argument, or two words: a bare word elsewhere is rather something else."""


def modules_of(entry: str, folders: Mapping[str, Path], *, at_once: bool = False) -> list[str]:
    """Return the addresses of the modules that a page loads, the first one first.

    Args:
        entry: Address of the page's own module.
        folders: What is served, by the address that it begins with, such as ``/static/``.
        at_once: Without what is loaded only when it is wanted.
    """
    found, waiting = list[str](), [entry]
    while waiting:
        address = waiting.pop(0)
        if address in found:
            continue
        found.append(address)
        text = _code(address, folders)
        names = _STATIC.findall(text) + ([] if at_once else _LATER.findall(text))
        base = address[: address.rindex("/") + 1]
        waiting += [base + n.removeprefix("./") if n.startswith("./") else n for n in names]
    return found


def groups_named(
    modules: Iterable[str], folders: Mapping[str, Path], groups: Iterable[str]
) -> frozenset[str]:
    """Return the groups of words that modules name: ``"group.key"``, or ``term("group"``."""
    found = (match for m in modules for match in _GROUP.findall(_code(m, folders)))
    named = {name for names in found for name in names}
    return frozenset(named.intersection(groups))


def _code(address: str, folders: Mapping[str, Path]) -> str:
    base, _, name = address.rpartition("/")
    return _COMMENT.sub("", (folders[f"{base}/"] / name).read_text("utf-8"))
