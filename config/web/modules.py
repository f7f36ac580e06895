"""What a page is made of: the modules that it loads, and the words that they name."""

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from starlette.routing import Route

from config.web import STATIC
from config.web.files import WebFile

LANGUAGES: Final = ("zh-CN", "en")

_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
"""Types are imported in comments; nothing is loaded for them."""
_STATIC: Final = re.compile(r'\b(?:from|import) "([^"]+)"')
_LATER: Final = re.compile(r'\bimport\("([^"]+)"\)')
_KEY: Final = re.compile(r"[\"'`]([a-z_]+\.\w+)[\"'`]")
"""A key, written out."""
_GROUP: Final = re.compile(
    r"`([a-z_]+\.\w*)\$|[\"']([a-z_]+)\.[\"']|\(\s*[\"']([a-z_]+)[\"']|[\"']([a-z]+_[a-z_]+)[\"']"
)
"""The begin of keys, a first argument, or two words: a bare word elsewhere is something else."""


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


def words_of(
    entry: str, folders: Mapping[str, Path], *, without: frozenset[str] = frozenset()
) -> dict[str, WebFile]:
    """Return the words of a page, by language: the whole dictionary weighs more than most pages.

    Args:
        entry: See ``modules_of``.
        folders: See there.
        without: Groups that a page fetches when it needs them; keys written out are there anyhow.
    """
    modules = modules_of(entry, folders)
    dictionaries = {language: all_words(language) for language in LANGUAGES}
    wanted = keys_named(modules, folders, dictionaries[LANGUAGES[0]], without=without)
    return {language: _dictionary(words, wanted) for language, words in dictionaries.items()}


def word_routes(
    at: str, entry: str, folders: Mapping[str, Path], *, without: frozenset[str] = frozenset()
) -> list[Route]:
    """Return the routes of a page's words; see ``words_of``. Args: at: ends with ``/``."""
    words = words_of(entry, folders, without=without)
    return [Route(f"{at}{language}.json", file) for language, file in words.items()]


def group_words(group: str) -> dict[str, WebFile]:
    """Return the words of one group, by language."""
    return {
        language: _dictionary(words, frozenset(k for k in words if k.startswith(f"{group}.")))
        for language, words in ((each, all_words(each)) for each in LANGUAGES)
    }


def all_words(language: str) -> dict[str, str]:
    """Return a whole dictionary."""
    words: dict[str, str] = json.loads((STATIC / f"{language}.json").read_text("utf-8"))
    return words


def keys_named(
    modules: Iterable[str],
    folders: Mapping[str, Path],
    keys: Iterable[str],
    *,
    without: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Return the keys that modules name: ``"group.key"``, or all of ``term("group", name)``."""
    texts = [_code(module, folders) for module in modules]
    written = {key for text in texts for key in _KEY.findall(text)}
    found = {name for t in texts for names in _GROUP.findall(t) for name in names if name}
    found -= without
    begins = tuple(name if "." in name else f"{name}." for name in found)
    wanted = (key for key in keys if key in written or "." not in key or key.startswith(begins))
    return frozenset(wanted)


def _code(address: str, folders: Mapping[str, Path]) -> str:
    base, _, name = address.rpartition("/")
    return _COMMENT.sub("", (folders[f"{base}/"] / name).read_text("utf-8"))


def _dictionary(words: dict[str, str], wanted: frozenset[str]) -> WebFile:
    kept = {key: text for key, text in words.items() if key in wanted}
    return WebFile(json.dumps(kept, ensure_ascii=False, indent=0).encode(), "application/json")
