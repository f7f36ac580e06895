"""The button that calls somebody, on the screen of a lane, and the line for staff."""

import contextlib
import re
from collections.abc import Iterator
from typing import Literal

import httpx
import pytest
from playwright.sync_api import Page, expect

from config.site import Assistance
from edge.kiosk.state import CallState, Standing
from tests.browser import Visitors, chromium, visitors
from tests.edge.conftest import wait_until
from tests.edge.kiosk.lanes import KEY, Terminal
from tests.serving import serving

Language = Literal["zh-CN", "en"]
__all__ = ["chromium", "visitors"]
ASK: dict[Language, str] = {"zh-CN": "值班室 8110", "en": "the guard room, 8110"}


ANSWERS: dict[CallState, str] = {
    "calling": "正在呼叫",
    "asked": "已呼叫工作人员",
    "coming": "工作人员正在赶来",
    "unreachable": "请联系：值班室 8110",
}


@pytest.fixture
def terminal() -> Terminal:
    return Terminal(assistance=Assistance(ask=ASK))


@pytest.fixture
def url(terminal: Terminal) -> Iterator[str]:
    with serving(terminal.app()) as address:
        yield address


def becomes(terminal: Terminal, call: CallState, *, is_outdated: bool = False) -> None:
    terminal.standing = Standing(call=call, is_outdated=is_outdated, is_cut_off=is_outdated)


def opened(visitors: Visitors, url: str, language: str) -> Page:
    page = visitors.meet(language=language, width=1280, height=800).open(
        f"{url}/kiosk/west?key={KEY}"
    )
    expect(page.locator(".call")).to_be_visible()
    return page


@pytest.mark.browser
def test_a_person_calls_by_touch_and_reads_what_became_of_it(
    visitors: Visitors, url: str, terminal: Terminal
) -> None:
    page = opened(visitors, url, "zh-CN")
    answer = page.locator(".answer")

    page.get_by_role("button", name="呼叫协助").click()
    wait_until(lambda: terminal.rings == ["west"])
    for call, words in ANSWERS.items():
        becomes(terminal, call)
        expect(answer).to_contain_text(words)

    expect(page.locator(".staff")).to_be_empty()
    becomes(terminal, "none", is_outdated=True)
    expect(page.locator(".staff")).to_have_text("本机数据已过期 · 与中心的连接已断开")
    expect(answer).to_be_empty()
    assert re.findall(r"[A-Za-z]{2,}", page.inner_text(".assistance")) == []


@pytest.mark.browser
def test_the_keyboard_calls_too_and_without_the_terminal_it_is_said_whom_to_ask(
    visitors: Visitors, terminal: Terminal
) -> None:
    with serving(terminal.app()) as url:
        page = opened(visitors, url, "en-US")
        page.locator(".call").focus()
        page.keyboard.press("Enter")
        wait_until(lambda: terminal.rings == ["west"])

    expect(page.locator(".title")).to_have_text("One moment please")
    page.keyboard.press("Space")

    expect(page.locator(".answer")).to_contain_text("Please ask: the guard room, 8110")


@contextlib.contextmanager
def client(url: str) -> Iterator[httpx.Client]:
    """Give a browser that has opened the link with the key."""
    with httpx.Client(base_url=url, follow_redirects=True) as made:
        made.get("/", params={"key": KEY})
        yield made


def test_the_page_s_cookie_rings_from_the_page_alone(url: str, terminal: Terminal) -> None:
    with client(url) as browser:
        path = "/kiosk/west/assistance"
        others = [{}, {"Origin": "http://127.0.0.1:1"}, {"Origin": "null"}]
        refused = [browser.post(path, headers=headers).status_code for headers in others]
        rung = browser.post(path, headers={"Origin": url})
        elsewhere = browser.post("/kiosk/west", headers={"Origin": url})

    assert (refused, rung.status_code) == ([401] * 3, 204)
    assert elsewhere.status_code == 401
    assert terminal.rings == ["west"]


def test_a_button_that_the_site_has_switched_off_rings_nowhere() -> None:
    terminal = Terminal(assistance=Assistance(has_button=False))
    with serving(terminal.app()) as url, client(url) as browser:
        reply = browser.post("/kiosk/west/assistance", headers={"Origin": url})

    assert (reply.status_code, terminal.rings) == (404, [])
