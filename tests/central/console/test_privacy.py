"""Data protection as whoever looks after the law sees it, before the real central."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.bench import Bench

pytestmark = pytest.mark.browser


def opened(bench: Bench, visitor: Visitor) -> Page:
    """Return the page of an administrator."""
    for name, value in bench.administrator.cookies.items():
        visitor.context.add_cookies([{"name": name, "value": value, "url": bench.url}])
    page = visitor.open(f"{bench.url}/privacy")
    expect(page.locator("tbody tr").first).to_be_visible()
    return page


def row(page: Page, name: str) -> list[str]:
    return page.locator("tbody tr").filter(has_text=name).locator("td").all_inner_texts()


def test_the_table_says_how_long_what_is_kept_and_what_is_late(
    bench: Bench, visitors: Visitors
) -> None:
    bench.node().report()

    page = opened(bench, visitors.meet())

    assert row(page, "通行与拒绝记录")[:4] == ["通行与拒绝记录", "中心", "180 天", "30 至 1095 天"]
    assert row(page, "审计日志")[2:4] == ["730 天", "不少于 180 天"]
    assert row(page, "被隔离的损坏文件")[1] == "gate-1"
    assert "逾期" in row(page, "被隔离的损坏文件")[6]
    expect(page.locator("main > [role=status]")).to_contain_text("2 项清理逾期")
    expect(page.locator("nav a[aria-current]")).to_have_text("数据保护")
    page.get_by_role("button", name="EN", exact=True).click()
    expect(page.locator("tbody")).to_contain_text("Faces of people who left")


def test_a_new_key_is_one_button_and_its_progress_is_shown(
    bench: Bench, visitors: Visitors
) -> None:
    page = opened(bench, visitors.meet())
    expect(page.locator(".keys")).to_contain_text(re.compile(r"全部 \d 项"))

    page.get_by_role("button", name="更换密钥").click()
    page.get_by_role("dialog").get_by_role("button", name="更换密钥").click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".keys")).to_contain_text(re.compile(r"已重新加密 (\d) / \1 项"))
    expect(page.locator("main section button")).to_be_disabled()


def test_a_stolen_terminal_is_shut_out_on_its_own_line(bench: Bench, visitors: Visitors) -> None:
    node = bench.node()
    node.report()
    opened(bench, visitor := visitors.meet())
    page = visitor.open(f"{bench.url}/nodes")
    page.get_by_role("button", name="gate-1").click()

    page.get_by_role("dialog").locator("summary", has_text="停用此终端").click()
    page.get_by_role("dialog").get_by_role("button", name="停用此终端").click()

    expect(page.get_by_role("dialog")).to_contain_text("gate-1 已停用")
    assert node.request("GET", "/api/v1/replica?after=0").status_code == 401


def test_the_impact_assessment_opens_in_the_page_s_language(
    bench: Bench, visitors: Visitors
) -> None:
    page = opened(bench, visitors.meet())
    with page.context.expect_page() as chinese:
        page.get_by_role("link", name="影响评估报告").click()
    page.get_by_role("button", name="EN", exact=True).click()
    with page.context.expect_page() as english:
        page.get_by_role("link", name="Impact assessment").click()

    expect(chinese.value.locator("h1")).to_have_text("个人信息与人脸识别影响评估报告")
    expect(english.value.locator("h1")).to_have_text("Impact assessment: personal data and faces")
    assert english.value.locator("section").count() == 9
    column = english.value.locator("th").first
    assert column.evaluate("e => getComputedStyle(e).backgroundColor") == "rgb(238, 238, 238)"
