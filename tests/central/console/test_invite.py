import pytest
from playwright.sync_api import expect

from tests.browser import Visitor
from tests.central.console.conftest import Central
from tests.central.console.stand_in import PASSWORD

pytestmark = pytest.mark.browser


def test_the_first_administrator_begins_by_the_link(central: Central, guard: Visitor) -> None:
    central.stand_in.is_signed_in = False
    page = guard.open(f"{central.url}/invite#the-secret")
    page.get_by_label("用户名").fill("li.ming")
    page.get_by_label("密码", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="开始使用").click()

    expect(page.locator(".rows li")).to_have_count(2)
    body = {"secret": "the-secret", "username": "li.ming", "password": PASSWORD}
    assert central.stand_in.requests == [("POST", "/invitations/accept", body)]


def test_the_secret_leaves_the_address_at_once(central: Central, guard: Visitor) -> None:
    page = guard.open(f"{central.url}/invite#the-secret")
    expect(page.locator("form")).to_be_visible()

    assert page.url == f"{central.url}/invite"


def test_a_short_password_is_not_sent(central: Central, guard: Visitor) -> None:
    page = guard.open(f"{central.url}/invite#the-secret")
    page.get_by_label("用户名").fill("li.ming")
    page.get_by_label("密码", exact=False).first.press_sequentially("short")
    page.get_by_role("button", name="开始使用").click()

    expect(page.locator("input:invalid")).to_have_count(1)
    assert central.stand_in.requests == []


def test_half_a_link_says_so(central: Central, guard: Visitor) -> None:
    page = guard.open(f"{central.url}/invite")

    expect(page.locator("main")).to_contain_text("此链接不完整")
