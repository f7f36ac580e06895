"""The provider in Chromium: set up by an administrator, and the way there and back.

Central is at 127.0.0.1 and the provider at localhost, which are two sites to a browser: whatever
depends on a cookie's ``SameSite`` is as it is between two machines.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from central.security import COOKIE
from tests.browser import Visitors, chromium, visitors
from tests.central.bench import Bench, running_central
from tests.central.identity.provider import (
    CLIENT_ID,
    CLIENT_SECRET,
    PROVIDER_PASSWORD,
    RunningProvider,
    connect,
    running_provider,
)
from tests.serving import free_port

__all__ = ["chromium", "visitors"]
pytestmark = pytest.mark.browser
LATIN = re.compile(r"[A-Za-z]{3,}")


@pytest.fixture
def provider() -> Iterator[RunningProvider]:
    with running_provider() as running:
        yield running


@pytest.fixture
def central(provider: RunningProvider, tmp_path: Path) -> Iterator[Bench]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running_central(tmp_path / "home", port=port, url=url) as bench:
        provider.expects(url)
        yield bench


def sign_in_there(page: Page, name: str) -> None:
    expect(page.locator('input[name="login"]')).to_be_visible()
    page.locator('input[name="login"]').fill(name)
    page.locator('input[name="login"]').press("Enter")
    page.locator('input[name="password"]').fill(PROVIDER_PASSWORD)
    page.locator('input[name="password"]').press("Enter")
    page.wait_for_url("http://127.0.0.1:*/**")


def test_an_administrator_sets_it_up_and_a_guard_comes_and_goes(
    central: Bench, provider: RunningProvider, visitors: Visitors
) -> None:
    provider.person("zhang", "guards")
    office = visitors.meet()
    cookie = {"name": COOKIE, "value": central.administrator.cookies[COOKIE], "url": central.url}
    office.context.add_cookies([cookie])  # type: ignore[list-item]  # keys as it wants them
    page = office.open(f"{central.url}/operators")
    page.get_by_role("button", name="设置", exact=True).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("地址（issuer）").fill(provider.url)
    dialog.get_by_label("客户端标识").fill(CLIENT_ID)
    dialog.get_by_label("客户端密钥").fill(CLIENT_SECRET)
    dialog.get_by_label("范围").fill("profile email groups")
    dialog.get_by_role("button", name="添加用户组").click()
    dialog.get_by_label("用户组", exact=True).fill("guards")
    dialog.get_by_label("角色").select_option(label="保安")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog).to_have_count(0)
    page.get_by_role("button", name="检查").click()
    expect(page.get_by_text("支持统一退出")).to_be_visible()

    guard = visitors.meet()
    desk = guard.open(f"{central.url}/audit")
    desk.get_by_role("button", name="使用单位账号登录").click()
    sign_in_there(desk, "zhang")

    expect(desk.get_by_role("button", name="退出")).to_be_visible()
    assert desk.url == f"{central.url}/audit"
    desk.get_by_role("button", name="退出").click()
    expect(desk.get_by_role("button", name="使用单位账号登录")).to_be_visible()
    # There, too: whoever comes next is asked who they are.
    desk.get_by_role("button", name="使用单位账号登录").click()
    expect(desk.locator('input[name="login"]')).to_be_visible()
    page.reload()
    expect(page.locator("tbody")).to_contain_text("zhang")
    words = LATIN.findall(page.inner_text("section.identity-provider"))
    assert set(words) <= {"http", "localhost"}


def test_a_refusal_is_said_in_words_and_local_sign_in_stays(
    central: Bench, provider: RunningProvider, visitors: Visitors
) -> None:
    connect(central, provider, label="员工账号")
    provider.person("stranger", "others")
    stranger = visitors.meet()
    page = stranger.open(f"{central.url}/")

    page.get_by_role("button", name="员工账号").click()
    sign_in_there(page, "stranger")

    expect(page.get_by_role("alert").first).to_contain_text("您所在的用户组在此没有角色")
    assert page.url == f"{central.url}/"
    expect(page.get_by_label("用户名")).to_be_editable()
