"""The shift log: read by its kinds, written in by a guard, printed in daylight."""

import pytest
from playwright.sync_api import expect

from tests.browser import Visitor
from tests.central.bench import Bench
from tests.central.commands.areas import free
from tests.central.console.test_pages import LATIN_WORDS
from tests.central.console.test_plan import enter

pytestmark = pytest.mark.browser


def test_a_guard_writes_in_the_shift_log_finds_it_and_prints_it(
    bench: Bench, guard: Visitor
) -> None:
    assert free(bench).status_code == 201
    page = enter(guard, bench, "guard", "shifts")
    rows = page.locator(".log tbody tr")
    expect(rows).to_have_count(1)

    page.keyboard.press("n")
    page.keyboard.type("西门漏水，已报物业")
    page.keyboard.press("Enter")

    expect(rows.first).to_contain_text("西门漏水")
    expect(rows).to_have_count(2)
    page.get_by_role("button", name="指令", exact=True).click()
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("开门一次")
    names = {"admin", "lane", "drill", "guard", "Test", "EN"}
    assert set(LATIN_WORDS.findall(page.inner_text("main"))) <= names
    page.emulate_media(media="print")
    expect(page.locator(".signed")).to_contain_text("接班人签字")
    expect(page.locator(".shell")).to_be_hidden()
    assert page.locator(".log").evaluate("e => getComputedStyle(e).color") == "rgb(0, 0, 0)"
