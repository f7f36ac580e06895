"""Operators and one's own account in Chromium, before the real central."""

import re

import pytest
from playwright.sync_api import Page, expect

from central.security import COOKIE
from tests.browser import Visitor, Visitors
from tests.central.bench import PASSWORD, Bench
from tests.central.users.acting import STEP, code_of, make_token

pytestmark = pytest.mark.browser
CHINESE = re.compile(r"[\u3400-\u9fff]+")
LATIN = re.compile(r"[A-Za-z]{3,}")


def opened(bench: Bench, visitor: Visitor, path: str, cookie: str) -> Page:
    visitor.context.add_cookies([{"name": COOKIE, "value": cookie, "url": bench.url}])
    return visitor.open(f"{bench.url}/{path}")


def row(page: Page, name: str) -> list[str]:
    return page.locator("tbody tr").filter(has_text=name).locator("td").all_inner_texts()


def test_an_operator_is_invited_seen_and_shut_out(bench: Bench, visitors: Visitors) -> None:
    guard = bench.planted("guard")
    make_token(guard.client, "site.read")
    page = opened(bench, visitors.meet(), "operators", bench.administrator.cookies[COOKIE])
    expect(page.locator("tbody tr")).to_have_count(2)
    assert row(page, guard.username)[1:] == ["保安", "未启用", "1", "1", "启用"]

    page.get_by_role("button", name="邀请操作员").click()
    page.get_by_label("角色").select_option(label="值班长")
    page.get_by_role("button", name="生成链接").click()
    expect(page.locator("pre.token")).to_contain_text("/invite#")
    page.get_by_role("button", name="关闭").click()
    page.get_by_role("button", name=guard.username).click()
    expect(page.locator("dialog .held").first).to_contain_text("10.0.0.1")
    page.get_by_role("button", name="结束").click()
    expect(page.get_by_role("dialog")).to_contain_text("没有打开的会话。")
    page.get_by_role("button", name="停用").click()

    expect(page.locator("tbody")).to_contain_text("已停用")
    assert row(page, guard.username)[2:5] == ["未启用", "0", "0"]
    assert set(LATIN.findall(page.inner_text("main"))) <= {"admin", "guard"} | set(
        LATIN.findall(guard.username)
    )


def test_a_second_factor_is_set_up_and_asked_for_when_signing_in(
    bench: Bench, visitors: Visitors
) -> None:
    guard = bench.planted("guard")
    page = opened(bench, visitors.meet(), "account", guard.client.cookies[COOKIE])
    page.get_by_role("button", name="启用二次验证").click()
    page.get_by_role("dialog").get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="下一步").click()
    expect(page.get_by_role("img", name="身份验证器的二维码")).to_be_visible()
    page.wait_for_function("document.querySelector('img.code').naturalWidth > 100")
    secret = page.locator("pre.token").inner_text()
    page.get_by_label("验证码").fill(code_of(secret, bench.clock()))
    page.get_by_role("button", name="确认").click()
    expect(page.get_by_role("dialog")).to_contain_text("恢复码")
    page.get_by_role("button", name="我已抄下").click()
    expect(page.locator("main")).to_contain_text("剩余恢复码 10 个")

    bench.clock.now += STEP
    page.get_by_role("button", name="退出").click()
    page.get_by_label("用户名").fill(guard.username)
    page.get_by_label("密码").fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_label("验证码").fill("000000")
    page.get_by_role("button", name="登录").click()
    expect(page.get_by_role("alert").first).to_contain_text("验证码不对")
    page.get_by_label("验证码").fill(code_of(secret, bench.clock()))
    page.get_by_role("button", name="登录").click()

    # On the console, which others see, a name is masked.
    expect(page.locator(".user")).to_contain_text(f"值班 {guard.username[0]}***")


def test_both_pages_speak_english(bench: Bench, visitors: Visitors) -> None:
    visitor = visitors.meet(language="en-US")
    page = opened(bench, visitor, "operators", bench.administrator.cookies[COOKIE])
    expect(page.locator("tbody tr")).to_have_count(1)
    assert row(page, "admin")[1:] == ["Administrator", "Off", "1", "0", "Active"]
    assert CHINESE.findall(page.inner_text("main")) == []

    page.goto(f"{bench.url}/account")

    expect(page.locator("h1")).to_have_text("admin · Administrator")
    expect(page.locator("main")).to_contain_text("Make a token")
    assert CHINESE.findall(page.inner_text("main")) == []


def test_a_link_for_a_new_password_opens_a_form_without_a_name(
    bench: Bench, guard: Visitor
) -> None:
    lost = bench.planted("guard")
    path = f"/api/v1/users/{lost.user_id}/reset"
    link = bench.administrator.post(path).json()["link"]
    page = guard.open(f"{bench.url}/invite#{link.partition('#')[2]}")
    expect(page.get_by_label("用户名")).to_have_count(0)

    page.get_by_label("密码", exact=False).first.fill("another good long password")
    page.get_by_role("button", name="开始使用").click()

    expect(page.get_by_role("dialog")).to_contain_text("请登录")
