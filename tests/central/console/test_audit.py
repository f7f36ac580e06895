"""The audit log as an auditor reads it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.console.conftest import Central

pytestmark = pytest.mark.browser


def opened(central: Central, visitor: Visitor) -> Page:
    page = visitor.open(f"{central.url}/audit")
    expect(page.locator("tbody tr")).to_have_count(2)
    return page


def cells(page: Page, row: int) -> list[str]:
    return page.locator("tbody tr").nth(row).locator("td").all_inner_texts()


def test_an_entry_says_who_what_on_what_from_where_and_why(
    central: Central, guard: Visitor
) -> None:
    page = opened(central, guard)

    expect(page.locator("tbody tr").nth(1)).to_contain_text("2025-11-23 16:02:00")
    assert cells(page, 1)[2:] == ["li.ming", "10.0.0.7", "查看照片", "照片 4711", "事件调查"]


def test_older_entries_come_when_they_are_asked_for(central: Central, guard: Visitor) -> None:
    page = opened(central, guard)

    page.get_by_role("button", name="显示更多").click()

    expect(page.locator("tbody tr")).to_have_count(3)
    assert cells(page, 2)[2:5] == ["中心", "", "生成首次邀请"]
    expect(page.get_by_role("button", name="显示更多")).to_be_hidden()


def test_entries_are_filtered_by_who_what_and_on_what(central: Central, guard: Visitor) -> None:
    page = opened(central, guard)

    page.get_by_label("操作", exact=True).select_option(label="变更人员")
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_label("操作", exact=True).select_option("")
    page.get_by_role("searchbox", name="对象").fill("4711")
    expect(page.locator("tbody tr")).to_contain_text(["查看照片"])
    page.get_by_role("searchbox", name="操作人").fill("nobody")

    expect(page.locator("data-table .empty")).to_have_text("没有此类记录。")


def test_an_entry_opens_as_the_log_holds_it(central: Central, guard: Visitor) -> None:
    page = opened(central, guard)

    page.locator("tbody tr").nth(0).click()

    expect(page.get_by_role("dialog")).to_contain_text('"fields"')
    expect(page.get_by_role("dialog")).to_contain_text('"hash"')


def test_the_end_of_the_chain_is_shown_to_be_noted_down(central: Central, guard: Visitor) -> None:
    expect(opened(central, guard).locator(".head")).to_contain_text("3:0000")


def test_the_page_speaks_english(central: Central, visitors: Visitors) -> None:
    page = opened(central, visitors.meet(language="en-US"))

    assert cells(page, 1)[4:] == ["Picture looked at", "Picture 4711", "Incident"]


def test_whoever_may_not_read_the_log_is_not_led_there(central: Central, guard: Visitor) -> None:
    may = [p for p in central.stand_in.session["permissions"] if p != "audit.read"]
    central.stand_in.session = {**central.stand_in.session, "permissions": may}

    page = guard.open(f"{central.url}/people")

    expect(page.locator("nav")).to_contain_text("人员")
    expect(page.locator("nav")).not_to_contain_text("审计")
