import re
from pathlib import Path

import pytest

from central.console import STATIC as CONSOLE
from central.console import pages
from config.web import STATIC as SHARED
from edge.bench.server import STATIC as BENCH
from edge.kiosk.app import STATIC as KIOSK
from edge.kiosk.app import TILL_STATIC as TILL


def name(path: Path) -> str:
    return f"{path.parents[1].name}/{path.name}"


FOLDERS = {"/web/": SHARED, "/static/": CONSOLE}
FILES = sorted(p for folder in (SHARED, CONSOLE, KIOSK, BENCH, TILL) for p in folder.iterdir())
SCRIPTS = [p for p in FILES if p.suffix == ".js"]
PAGES = {
    **{name(p): p.read_text("utf-8") for p in FILES if p.suffix == ".html"},
    **{page: pages.head(page) for page in pages.page_names()},
}
SVG_NAMESPACE = "http://www.w3.org/2000/svg"
FORBIDDEN = re.compile(
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function"
)


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_data_never_becomes_markup_or_code(path: Path) -> None:
    assert FORBIDDEN.findall(path.read_text("utf-8")) == []


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_a_module_is_small_enough_to_be_read(path: Path) -> None:
    assert len(path.read_text("utf-8").splitlines()) < 300


@pytest.mark.parametrize("path", FILES, ids=name)
def test_no_address_but_our_own_is_named(path: Path) -> None:
    text = path.read_text("utf-8").replace(SVG_NAMESPACE, "")

    assert re.findall(r"(?:https?:|wss?:)?//[a-z0-9.-]+\.[a-z]{2,}", text) == []


@pytest.mark.parametrize("page", PAGES)
def test_a_page_has_no_inline_script_or_style(page: str) -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=")

    assert inline.findall(PAGES[page]) == []


@pytest.mark.parametrize("page", pages.page_names())
def test_a_page_is_laid_out_by_one_of_its_styles(page: str) -> None:
    styles = [CONSOLE / each for each in pages.LOOKS.get(page, pages.OFFICE).styles]

    assert [p.name for p in styles if re.search(rf"#{page}\b", p.read_text("utf-8"))] != []


@pytest.mark.parametrize("path", SCRIPTS, ids=name)
def test_what_a_module_imports_exists(path: Path) -> None:
    imported = re.findall(r'(?:from|import) "([^"]+)"', path.read_text("utf-8"))
    local = {"/web/": SHARED, "/static/": path.parent, "./": path.parent}

    missing = [
        i
        for i in imported
        for at, folder in local.items()
        if i.startswith(at) and not (folder / i.removeprefix(at)).is_file()
    ]

    assert missing == []
