"""Integrations as the administrator sees them: the real central, and a program that listens."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.bench import Bench
from tests.central.integrations.acting import add_webhook
from tests.central.integrations.receiver import receiving

pytestmark = pytest.mark.browser


def opened(bench: Bench, visitor: Visitor) -> Page:
    """Return the page of an administrator."""
    for name, value in bench.administrator.cookies.items():
        visitor.context.add_cookies([{"name": name, "value": value, "url": bench.url}])
    page = visitor.open(f"{bench.url}/integrations")
    expect(page.locator("nav a[aria-current]")).to_have_text("系统对接")
    return page


def test_a_webhook_is_made_tried_and_shows_what_was_sent(bench: Bench, visitors: Visitors) -> None:
    with receiving() as receiver:
        page = opened(bench, visitors.meet())
        expect(page.locator("main")).to_contain_text("尚无事件推送")
        page.get_by_role("button", name="新增事件推送").click()
        page.locator("dialog input[name=name]").fill("电梯群控")
        page.locator("dialog input[name=url]").fill(receiver.url)
        page.get_by_role("button", name="保存").click()
        expect(page.locator("dialog code.secret")).to_have_text(re.compile("^whsec_"))
        page.locator("dialog button.close").click()

        row = page.locator("section").first.locator("tbody tr").first
        expect(row).to_contain_text("已启用")
        row.click()
        page.get_by_role("button", name="测试").click()
        expect(page.locator("dialog [role=status]")).to_contain_text("对方已接收")
        expect(page.locator("dialog tbody tr").first).to_contain_text("204")
        page.get_by_role("button", name="更换密钥").click()
        expect(page.locator("dialog code.secret")).to_be_visible()
    assert len(receiver.messages) == 1


def test_an_outside_system_gets_a_token_and_who_fails_is_said(
    bench: Bench, visitors: Visitors
) -> None:
    add_webhook(bench)
    node = bench.node()
    node.send(node.event(1))
    page = opened(bench, visitors.meet())
    expect(page.locator("section").first).to_contain_text(re.compile("起未接收"))

    page.get_by_role("button", name="新增外部系统").click()
    for name, words in (("name", "电梯"), ("source_id", "lifts"), ("vendor", "acme")):
        page.locator(f"dialog input[name={name}]").fill(words)
    page.get_by_role("button", name="保存").click()
    expect(page.locator("dialog code.secret")).to_have_text(re.compile("^menshen_ext_"))
    page.locator("dialog button.close").click()

    expect(page.locator("section").last).to_contain_text("ext.acme.")
    page.get_by_role("button", name="EN", exact=True).click()
    expect(page.locator("section").last).to_contain_text("Outside systems")
