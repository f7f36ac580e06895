"""Integrations as the administrator sees them: the real central, and a program that listens."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.bench import Bench
from tests.central.connectors.acting import put_doors, put_syslog
from tests.central.connectors.peer import eventually
from tests.central.integrations.acting import add_webhook
from tests.central.integrations.receiver import receiving
from tests.central.mqtt.broker import PASSWORD, Broker, running_broker

pytestmark = pytest.mark.browser


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    folder = tmp_path / "broker"
    folder.mkdir()
    with running_broker(folder) as running:
        yield running


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
    hooks = f"{bench.url}/api/v1/integrations/webhooks"
    eventually(lambda: bench.administrator.get(hooks).json()["items"][0]["attempts"])
    page = opened(bench, visitors.meet())
    expect(page.locator("section").first).to_contain_text(re.compile("起未接收"))

    page.get_by_role("button", name="新增外部系统").click()
    for name, words in (("name", "电梯"), ("source_id", "lifts"), ("vendor", "acme")):
        page.locator(f"dialog input[name={name}]").fill(words)
    page.get_by_role("button", name="保存").click()
    expect(page.locator("dialog code.secret")).to_have_text(re.compile("^menshen_ext_"))
    page.locator("dialog button.close").click()

    outside = page.locator("section").nth(1)
    expect(outside).to_contain_text("ext.acme.")
    page.get_by_role("button", name="EN", exact=True).click()
    expect(outside).to_contain_text("Outside systems")


def test_a_broker_is_tried_set_up_may_open_a_door_and_is_removed(
    bench: Bench, broker: Broker, visitors: Visitors
) -> None:
    sizes, visitor = dict[str, int](), visitors.meet()
    visitor.context.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )
    page = opened(bench, visitor)
    section, doors = page.locator("section.mqtt"), page.locator("section.doors")
    dialog = page.locator("dialog")
    expect(section).to_contain_text("尚未设置消息服务器")
    section.get_by_role("button", name="设置").click()
    wish = broker.settings()["settings"]
    for name in ("url", "username", "ca_certificate"):
        dialog.locator(f"[name={name}]").fill(wish[name])
    dialog.locator("[name=password]").fill("wrong")
    dialog.get_by_role("button", name="测试连接").click()
    expect(dialog.locator("[role=status]")).to_contain_text("不接受用户名或密码")
    dialog.locator("[name=password]").fill(PASSWORD)
    dialog.get_by_role("button", name="测试连接").click()
    expect(dialog.locator("[role=status]")).to_contain_text("连接成功")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog).to_be_hidden()
    assert 0 < sum(size for url, size in sizes.items() if "/api/" not in url) <= 60_000
    told = f"{bench.url}/api/v1/connectors"
    eventually(lambda: bench.administrator.get(told).json()["states"][0]["is_connected"])
    page.reload()
    expect(section).to_contain_text("已连接")
    section.get_by_role("button", name="修改").click()
    expect(dialog.locator("[name=password]")).to_have_value("")
    dialog.locator("button.close").click()

    doors.get_by_role("button", name="选择门").click()
    expect(dialog).to_contain_text("menshen/test/access_point/…/open")
    dialog.locator("[name=lane]").check()
    dialog.get_by_role("button", name="保存").click()
    expect(doors).to_contain_text(f"{wish['url']} 可以开启")

    section.get_by_role("button", name="停用").click()
    expect(section).to_contain_text("已停用")
    section.get_by_role("button", name="测试连接").click()
    page.get_by_role("button", name="EN", exact=True).click()
    expect(section.locator("[role=status]")).to_contain_text("It let central in")
    expect(section).not_to_contain_text(re.compile("[\u4e00-\u9fff]"))
    section.get_by_role("button", name="Remove").click()
    dialog.get_by_role("button", name="Remove").click()
    expect(section).to_contain_text("No broker is set up")
    expect(doors).to_contain_text("none may open a door")


def test_each_administrator_sees_what_is_theirs(bench: Bench, visitors: Visitors) -> None:
    put_doors(bench, "lane")
    put_syslog(bench)

    def sections(role: str) -> list[str]:
        visitor = visitors.meet()
        for name, value in bench.planted(role).client.cookies.items():
            visitor.context.add_cookies([{"name": name, "value": value, "url": bench.url}])
        page = visitor.open(f"{bench.url}/integrations")
        expect(page.locator("nav a[aria-current]")).to_have_text("系统对接")
        expect(page.locator("section h2").last).not_to_be_empty()
        return page.locator("section.connector h2").all_inner_texts()

    assert sections("system_administrator") == ["消息服务器（MQTT）", "审计日志外送（syslog）"]
    assert sections("security_administrator") == ["经 MQTT 开门"]
