"""What a page is made of: the modules that it loads, and the words that they name."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from config.web import STATIC
from config.web.files import WebFile

LANGUAGES: Final = ("zh-CN", "en")

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


def words_of(entry: str, folders: Mapping[str, Path]) -> dict[str, WebFile]:
    """Return the words of a page, by language: the whole dictionary weighs more than most pages.

    Args: see ``modules_of``.
    """
    modules = modules_of(entry, folders)
    dictionaries = {language: all_words(language) for language in LANGUAGES}
    groups = {key.partition(".")[0] for key in dictionaries[LANGUAGES[0]]}
    wanted = groups_named(modules, folders, groups)
    return {language: _dictionary(words, wanted) for language, words in dictionaries.items()}


def all_words(language: str) -> dict[str, str]:
    """Return a whole dictionary."""
    words: dict[str, str] = json.loads((STATIC / f"{language}.json").read_text("utf-8"))
    return words


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


def _dictionary(words: dict[str, str], groups: frozenset[str]) -> WebFile:
    kept = {key: text for key, text in words.items() if key.partition(".")[0] in groups}
    return WebFile(json.dumps(kept, ensure_ascii=False, indent=0).encode(), "application/json")
