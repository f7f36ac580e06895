"""The pages of the access rules before the real central: one language, and light."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.bench import Bench
from tests.central.console.buildings import opened, running_building
from tests.central.console.test_pages import CHINESE, LATIN_WORDS, WEIGHT_BYTES_MAX
from tests.central.muster.test_endpoints import moved, tell

pytestmark = pytest.mark.browser
READY = {
    "access": "[data-table=points] tbody tr",
    "muster": "[data-area=hall] tbody tr",
    "visitors": ".empty",
}
DATA = {"admin", "gate", "EN"}
"""Latin words of the Chinese pages: an operator, a terminal, the way into the other language."""


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        tell(bench.node(), moved(bench.person("1001"), "hall", minute=1))
        yield bench


def shown(visitor: Visitor, building: Bench, path: str) -> Page:
    page = opened(visitor, building, f"/{path}")
    expect(page.locator(READY[path]).first).to_be_visible()
    return page


@pytest.mark.parametrize("path", READY)
def test_a_chinese_page_has_no_english_in_it(building: Bench, guard: Visitor, path: str) -> None:
    page = shown(guard, building, path)

    assert set(LATIN_WORDS.findall(page.inner_text("body"))) - DATA == set()


@pytest.mark.parametrize("path", READY)
def test_an_english_page_has_no_chinese_in_it(
    building: Bench, visitors: Visitors, path: str
) -> None:
    page = shown(visitors.meet(language="en"), building, path)

    assert set(CHINESE.findall(page.inner_text("body"))) == {"中"}


@pytest.mark.parametrize("path", READY)
def test_a_page_is_light(building: Bench, guard: Visitor, path: str) -> None:
    sizes: dict[str, int] = {}
    guard.context.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )

    shown(guard, building, path)

    files = {url: size for url, size in sizes.items() if "/api/" not in url}
    assert len(files) > 5
    assert sum(files.values()) <= WEIGHT_BYTES_MAX
