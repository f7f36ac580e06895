"""A new colleague's code, given and cancelled on the person's page before the real central."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.bench import Bench
from tests.central.console.buildings import opened, running_building
from tests.central.console.test_pages import CHINESE, LATIN_WORDS

pytestmark = pytest.mark.browser


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        bench.person("1001")
        yield bench


def person_page(visitor: Visitor, building: Bench) -> Page:
    page = opened(visitor, building, "/people")
    page.locator("tbody button.plain").first.click()
    expect(page.locator(".codes li")).to_have_count(1)
    return page


def test_a_code_is_given_shown_and_cancelled(building: Bench, guard: Visitor) -> None:
    page = person_page(guard, building)

    page.get_by_role("button", name="发放临时码").click()
    expect(page.locator(".codes img")).to_be_visible()
    expect(page.locator(".codes")).to_contain_text("23:59")
    words = LATIN_WORDS.findall(page.inner_text("dialog"))
    page.get_by_role("button", name="作废").click()

    expect(page.locator(".codes img")).to_have_count(0)
    assert words == []


def test_an_english_page_says_it_in_english(building: Bench, visitors: Visitors) -> None:
    page = person_page(visitors.meet(language="en"), building)

    page.get_by_role("button", name="Give a temporary code").click()
    expect(page.locator(".codes img")).to_be_visible()

    assert CHINESE.findall(page.inner_text("dialog")) == []
