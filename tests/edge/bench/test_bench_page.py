import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from edge.bench.access import Access
from edge.bench.catalogue import catalogue
from edge.bench.server import create_app
from tests.browser import Visitor, Visitors, chromium, visitors
from tests.serving import serving

__all__ = ["chromium", "visitors"]
pytestmark = pytest.mark.browser
DEADLINE_MS = 60_000
"""For what devices and tests do; on a machine that has much else to do."""
SIZE_BYTES_MAX = 60_000
CHINESE = re.compile(r"[一-鿿]")


@pytest.fixture(scope="module")
def access() -> Access:
    return Access("127.0.0.1", 8190)


@pytest.fixture
def link(access: Access) -> Iterator[str]:
    with serving(create_app(catalogue(None), access)) as url:
        yield f"{url}/#token={access.new_token()}"


@pytest.fixture
def technician(visitors: Visitors) -> Visitor:
    return visitors.meet(width=1280, height=800)


@pytest.fixture
def page(technician: Visitor, link: str) -> Page:
    return opened(technician, link)


def opened(visitor: Visitor, link: str) -> Page:
    """Return the page when it can be used."""
    visitor.context.set_default_timeout(DEADLINE_MS)
    page = visitor.open(link)
    expect(page.locator(".welcome h1")).to_be_visible(timeout=DEADLINE_MS)
    return page


def start(page: Page, driver: str) -> None:
    """Start a simulator and open it with its driver, by keyboard where there is a key."""
    page.keyboard.press("s")
    page.locator("dialog [name=driver]").select_option(driver)
    page.locator("dialog .primary").click()
    expect(page.locator(".simulator h2")).to_have_text(f"{driver}-1", timeout=DEADLINE_MS)
    page.locator(".simulator .primary").click()
    expect(page.locator(".middle .title h1")).to_have_text(f"{driver}-1", timeout=DEADLINE_MS)


def test_a_card_that_is_swiped_is_seen_with_its_frame(page: Page) -> None:
    start(page, "rdm6300")

    page.locator("[data-hand=swipe] [name=card]").fill("0100A1B2C3")
    page.locator("[data-hand=swipe] button").click()

    row = page.locator(".registers tr")
    expect(row).to_contain_text("EM4100 卡 · 0100A1B2C3", timeout=DEADLINE_MS)
    expect(page.locator(".frames li").first).to_contain_text("02 30 31 30 30 41 31")


def test_a_mute_device_is_lost_and_nothing_of_it_is_shown_as_current(page: Page) -> None:
    start(page, "waveshare_relay")
    expect(page.locator(".registers tr")).to_have_count(8, timeout=DEADLINE_MS)

    page.locator("[data-fault=mute] input[type=checkbox]").check()

    expect(page.locator(".middle .title .state")).to_contain_text("失联", timeout=DEADLINE_MS)
    expect(page.locator(".registers tr.is-stale")).to_have_count(8)
    expect(page.locator(".trouble")).to_contain_text("没有应答")
    expect(page.locator("[data-count=timed_out]")).to_have_class("is-some")
    page.locator("[data-fault=mute] input[type=checkbox]").uncheck()
    expect(page.locator(".registers tr.is-stale")).to_have_count(0, timeout=DEADLINE_MS)


def test_a_test_fills_in_its_steps_and_ends_in_a_report(page: Page) -> None:
    start(page, "rdm6300")

    page.keyboard.press("t")

    expect(page.locator(".test .verdict")).to_have_text("合格", timeout=DEADLINE_MS)
    expect(page.locator(".steps li").first).to_contain_text("设备应答并完成设置")
    expect(page.locator(".steps .is-failed")).to_have_count(0)
    with page.expect_popup() as popup:
        page.get_by_role("link", name="打印报告").click()
    expect(popup.value.locator("h1")).to_have_text("设备检验报告 · Device conformance report")
    expect(popup.value.locator(".verdict")).to_have_css("border-top-width", "2px")


def test_a_pulled_cable_is_plugged_in_again(page: Page) -> None:
    start(page, "waveshare_relay")
    expect(page.locator(".registers tr")).to_have_count(8, timeout=DEADLINE_MS)

    page.get_by_role("button", name="拔线").click()
    expect(page.locator(".middle .title .state")).to_contain_text("失联", timeout=DEADLINE_MS)
    page.get_by_role("button", name="插回").click()

    expect(page.locator(".middle .title .state")).to_contain_text("在线", timeout=DEADLINE_MS)


def test_frames_hold_still_while_they_are_paused(page: Page) -> None:
    start(page, "waveshare_relay")
    expect(page.locator(".frames li").nth(3)).to_be_visible(timeout=DEADLINE_MS)

    page.keyboard.press("p")
    newest = page.locator(".frames li").first.get_attribute("data-key")

    expect(page.locator("[aria-pressed=true]")).to_contain_text(
        re.compile(r"新增 [1-9]"), timeout=DEADLINE_MS
    )
    assert page.locator(".frames li").first.get_attribute("data-key") == newest


def test_a_mistake_is_one_sentence_in_the_dialog(page: Page) -> None:
    page.keyboard.press("d")
    page.locator("dialog [name=port]").fill("/dev/absent")

    page.locator("dialog .primary").click()

    expect(page.locator("dialog .problem")).to_have_text("没有端口 /dev/absent：适配器插好了吗？")


def test_in_english_nothing_is_chinese(visitors: Visitors, link: str) -> None:
    page = opened(visitors.meet(language="en", width=1280, height=800), link)
    start(page, "speed_gate")
    page.keyboard.press("t")
    expect(page.locator(".test .verdict")).to_have_text("Passed", timeout=DEADLINE_MS)

    words = page.locator("body").inner_text()

    assert CHINESE.findall(words.replace("中", "", 1)) == []
    page.get_by_role("button", name="中").click()
    expect(page.locator(".test .verdict")).to_have_text("合格")


@pytest.mark.parametrize("width", [390, 1024])
def test_nothing_is_cut_off_on_a_narrow_screen(page: Page, width: int) -> None:
    start(page, "speed_gate")
    expect(page.locator(".registers tr").first).to_be_visible(timeout=DEADLINE_MS)

    page.set_viewport_size({"width": width, "height": 800})

    beyond = "[...document.querySelectorAll('#bench *')].filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80))"  # noqa: E501 - one expression
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(beyond) == []


def test_the_token_leaves_the_address_and_opens_nothing_twice(
    page: Page, visitors: Visitors, link: str
) -> None:
    assert "#" not in page.url

    stranger = visitors.meet()
    again = stranger.open(link)

    expect(again.locator("h1")).to_have_text("需要新的链接", timeout=DEADLINE_MS)


def test_the_page_is_light(technician: Visitor, link: str) -> None:
    sizes: dict[str, int] = {}
    technician.context.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )

    opened(technician, link)

    files = {url: size for url, size in sizes.items() if Path(url).suffix}
    assert len(files) > 15
    assert sum(files.values()) <= SIZE_BYTES_MAX
