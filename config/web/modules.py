"""What a page is made of: the modules that it loads, and the words that they name."""

import dataclasses
import functools
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final

from starlette.routing import Route

from config.web import STATIC
from config.web.files import WebFile

LANGUAGES: Final = ("zh-CN", "en")
_JSON: Final = "application/json"

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


@dataclasses.dataclass(frozen=True, slots=True)
class _Module:
    """What is looked for in a module's text: see the expressions above."""

    at_once: tuple[str, ...]
    later: tuple[str, ...]
    keys: frozenset[str]
    groups: frozenset[str]


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
        module = _module(address, folders)
        names = module.at_once if at_once else (*module.at_once, *module.later)
        base = address[: address.rindex("/") + 1]
        waiting += [base + n.removeprefix("./") if n.startswith("./") else n for n in names]
    return found


def words_of(
    entry: str,
    folders: Mapping[str, Path],
    *,
    without: frozenset[str] = frozenset(),
    has_sections: bool = False,
) -> dict[str, WebFile]:
    """Return the words of a page, by language: the whole dictionary weighs more than most pages.

    Args:
        entry: See ``modules_of``.
        folders: See there.
        without: Groups that a page fetches when it needs them; keys written out are there anyhow.
        has_sections: What the page's own module imports when it is wanted brings its own words
            (``section_words``); what shared modules import so, waits for nobody.
    """
    return _dictionaries(_begin(entry, folders, without, has_sections=has_sections))


def section_words(
    entry: str, folders: Mapping[str, Path], *, without: frozenset[str] = frozenset()
) -> dict[str, dict[str, WebFile]]:
    """Return the words that a page's sections add, by section: see ``words_of``."""
    base = entry[: entry.rindex("/") + 1]
    names = [name.removeprefix("./") for name in _module(entry, folders).later]
    begin = _begin(entry, folders, without, has_sections=True)
    return {
        name.removesuffix(".js"): _dictionaries(
            _named(_all_of([base + name], folders), folders, without) - begin
        )
        for name in names
    }


def word_routes(
    at: str,
    entry: str,
    folders: Mapping[str, Path],
    *,
    without: frozenset[str] = frozenset(),
    has_sections: bool = False,
) -> list[Route]:
    """Return the routes of a page's words; see ``words_of``.

    Args:
        at: Ends with ``/``; those of a section are below it, at the section's name.
        entry: See there.
        folders: See there.
        without: See there.
        has_sections: See there.
    """
    found = functools.cache(
        lambda: words_of(entry, folders, without=without, has_sections=has_sections)
    )
    names = [name.removeprefix("./") for name in _module(entry, folders).later]
    sections = functools.cache(lambda: section_words(entry, folders, without=without))
    # Found when they are asked for: a start waits for the words of no page.
    places: dict[str, Callable[[], dict[str, WebFile]]] = {"": found}
    if has_sections:
        for name in (each.removesuffix(".js") for each in names):
            places[f"{name}/"] = functools.partial(_of_section, sections, name)
    return [
        Route(
            f"{at}{below}{language}.json", WebFile(functools.partial(_words, made, language), _JSON)
        )
        for below, made in places.items()
        for language in LANGUAGES
    ]


def group_words(group: str) -> dict[str, WebFile]:
    """Return the words of one group, by language."""
    return {
        language: _dictionary(words, frozenset(k for k in words if k.startswith(f"{group}.")))
        for language, words in ((each, all_words(each)) for each in LANGUAGES)
    }


def all_words(language: str) -> dict[str, str]:
    """Return a whole dictionary."""
    path = STATIC / f"{language}.json"
    return _read_words(path, path.stat().st_mtime_ns).copy()


def keys_named(
    modules: Iterable[str],
    folders: Mapping[str, Path],
    keys: Iterable[str],
    *,
    without: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Return the keys that modules name: ``"group.key"``, or all of ``term("group", name)``."""
    read = [_module(address, folders) for address in modules]
    written = {key for module in read for key in module.keys}
    found = {name for module in read for name in module.groups} - without
    begins = tuple(name if "." in name else f"{name}." for name in found)
    wanted = (key for key in keys if key in written or "." not in key or key.startswith(begins))
    return frozenset(wanted)


def _of_section(
    sections: Callable[[], dict[str, dict[str, WebFile]]], name: str
) -> dict[str, WebFile]:
    return sections()[name]


def _words(made: Callable[[], dict[str, WebFile]], language: str) -> bytes:
    return made()[language].content


def _all_of(modules: Iterable[str], folders: Mapping[str, Path]) -> list[str]:
    return list(dict.fromkeys(each for one in modules for each in modules_of(one, folders)))


def _begin(
    entry: str, folders: Mapping[str, Path], without: frozenset[str], *, has_sections: bool
) -> frozenset[str]:
    begun = modules_of(entry, folders, at_once=has_sections)
    modules = [entry, *_all_of(begun[1:], folders)] if has_sections else begun
    return _named(modules, folders, without)


def _named(
    modules: Iterable[str], folders: Mapping[str, Path], without: frozenset[str]
) -> frozenset[str]:
    return keys_named(modules, folders, all_words(LANGUAGES[0]), without=without)


def _dictionaries(wanted: frozenset[str]) -> dict[str, WebFile]:
    return {language: _dictionary(all_words(language), wanted) for language in LANGUAGES}


def _module(address: str, folders: Mapping[str, Path]) -> _Module:
    base, _, name = address.rpartition("/")
    path = folders[f"{base}/"] / name
    return _read_module(path, path.stat().st_mtime_ns)


@functools.lru_cache(maxsize=1_000)
def _read_module(path: Path, _changed_at_ns: int) -> _Module:
    code = _COMMENT.sub("", path.read_text("utf-8"))
    return _Module(
        at_once=tuple(_STATIC.findall(code)),
        later=tuple(_LATER.findall(code)),
        keys=frozenset(_KEY.findall(code)),
        groups=frozenset(name for names in _GROUP.findall(code) for name in names if name),
    )


@functools.lru_cache(maxsize=len(LANGUAGES))
def _read_words(path: Path, _changed_at_ns: int) -> dict[str, str]:
    words: dict[str, str] = json.loads(path.read_text("utf-8"))
    return words


def _dictionary(words: dict[str, str], wanted: frozenset[str]) -> WebFile:
    kept = {key: text for key, text in words.items() if key in wanted}
    return WebFile(json.dumps(kept, ensure_ascii=False, indent=0).encode(), _JSON)
