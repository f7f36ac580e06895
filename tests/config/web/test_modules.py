import json
import re
from pathlib import Path

import pytest
from starlette.datastructures import Headers

from central.console import STATIC, pages
from config.web import STATIC as SHARED
from config.web.files import WebFile
from config.web.modules import keys_named, modules_of, section_words, words_of

FOLDERS = pages.FOLDERS
TEXT = {path.name: path.read_text("utf-8") for path in STATIC.glob("*.js")}
SHARED_TEXT = {path.name: path.read_text("utf-8") for path in SHARED.glob("*.js")}
KEYS = frozenset(json.loads((SHARED / "en.json").read_text("utf-8")))


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "page.js").write_text(
        'import { a } from "./part.js";\n/** @type {import("./other.js").B} */\n'
        'const c = () => import("./later.js");\nt("page.title");\n'
    )
    (tmp_path / "part.js").write_text(
        'import "./page.js";\nterm("day", x); t(`hour.${y}`);\nchoice(x, "late_word", "other");\n'
    )
    (tmp_path / "later.js").write_text('t("late.word");\n')
    (tmp_path / "other.js").write_text('t("other.word");\n')
    return {"/static/": tmp_path}


def test_a_page_loads_what_its_modules_import(folders: dict[str, Path]) -> None:
    assert modules_of("/static/page.js", folders, at_once=True) == [
        "/static/page.js",
        "/static/part.js",
    ]


def test_types_are_not_loaded_and_what_comes_later_is(folders: dict[str, Path]) -> None:
    loaded = modules_of("/static/page.js", folders)

    assert {Path(address).name for address in loaded} == {"page.js", "part.js", "later.js"}


def test_words_are_those_that_the_modules_name(folders: dict[str, Path]) -> None:
    modules = modules_of("/static/page.js", folders)

    keys = ["page.title", "page.other", "day.mon", "hour.1", "late.word", "late_word.1", "other.1"]
    named = keys_named(modules, folders, keys)

    assert named == {"page.title", "day.mon", "hour.1", "late.word", "late_word.1"}


@pytest.mark.parametrize("page", sorted(pages.WITH_SECTIONS))
def test_a_section_brings_its_words_and_a_page_begins_with_all_others(page: str) -> None:
    entry = f"/static/{page}.js"
    begin = words_in(words_of(entry, FOLDERS, has_sections=True))
    sections = {name: words_in(found) for name, found in section_words(entry, FOLDERS).items()}

    assert begin.union(*sections.values()) == words_in(words_of(entry, FOLDERS))
    assert "purpose.title" in begin
    assert all(begin.isdisjoint(own) for own in sections.values())


def words_in(found: dict[str, WebFile]) -> set[str]:
    return set(json.loads(bytes(found["en"].response(Headers({})).body)))


@pytest.mark.parametrize("page", pages.page_names())
def test_a_page_has_the_words_of_each_key_that_it_writes_out(page: str) -> None:
    modules = modules_of(f"/static/{page}.js", FOLDERS)
    text = "\n".join((TEXT | SHARED_TEXT)[Path(module).name] for module in modules)

    written = set(re.findall(r'\bt\(\s*"([a-z_]+\.[a-z_0-9]+)"', text))

    assert written - keys_named(modules, FOLDERS, KEYS) == set()
    assert "error.other" in written


@pytest.mark.parametrize("page", pages.page_names())
def test_a_page_is_a_module_of_its_name(page: str) -> None:
    assert f"{page}.js" in TEXT


def test_every_module_is_part_of_a_page() -> None:
    loaded = {
        module
        for page in pages.page_names()
        for module in modules_of(f"/static/{page}.js", FOLDERS)
    }

    assert {f"/static/{name}" for name in TEXT} - loaded == set()
