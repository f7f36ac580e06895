import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitors, chromium, visitors
from tests.edge.conftest import wait_until
from tests.edge.kiosk.till_page import (
    EVERY_STATE,
    LUNCH,
    OVERLAPPING,
    SIZES,
    WAITING,
    WHO,
    opened,
    page,
    shown,
    stand,
    tab,
    till,
    url,
)
from tests.edge.kiosk.tills import TillStand

__all__ = ["chromium", "page", "stand", "tab", "till", "url", "visitors"]
pytestmark = pytest.mark.browser
TEXT_HEIGHT_PX_MIN = 80
"""14 mm, to be read at 2 m, on a 10-inch screen of 1280 by 800."""


def test_the_diner_sees_the_amount_the_name_and_a_moment_to_say_no(
    page: Page, till: TillStand
) -> None:
    shown(page, till, **EVERY_STATE["is it you"])

    expect(page.locator(".diner .amount")).to_have_text("¥12.50")
    expect(page.locator(".diner .name")).to_have_text("王**")
    expect(page.locator(".choices .yes")).to_have_text(re.compile(r"^是本人\d\d 秒$"))
    page.get_by_role("button", name="不是我").click()
    wait_until(lambda: till.asked == [{"do": "not_me"}])


def test_a_refusal_is_one_calm_sentence_and_the_way_on(page: Page, till: TillStand) -> None:
    shown(page, till, phase="refused", amount_fen=1250, refusal="unknown_face")

    words = "没有认出您请刷卡、输卡号，或找收银员没有扣款"
    expect(page.locator(".diner .message")).to_have_text(words)
    expect(page.locator(".now .state")).to_have_text("未付款没有认出顾客")


def test_who_is_asked_and_answered_by_number(page: Page, till: TillStand) -> None:
    shown(page, till, phase="asking", amount_fen=1250, question=WHO)

    expect(page.locator(".choices button")).to_have_text(["1王**", "2王*", "都不是"])
    page.keyboard.press("2")
    page.keyboard.press("Escape")

    wait_until(lambda: till.asked == [{"do": "choose", "number": 2}, {"do": "not_me"}])


def test_a_pin_is_typed_on_either_half_and_shown_nowhere(page: Page, till: TillStand) -> None:
    shown(page, till, **EVERY_STATE["pin"])

    expect(page.locator(".dots")).to_have_text("●●●●")
    page.locator(".pin").get_by_role("button", name="7").click()
    page.keyboard.press("8")
    page.keyboard.press("Enter")

    keys = [{"do": "key", "key": "7"}, {"do": "key", "key": "8"}, {"do": "confirm"}]
    wait_until(lambda: till.asked == keys)
    assert "78" not in page.inner_text("main")


def test_a_card_number_is_typed_by_touch(page: Page, till: TillStand) -> None:
    shown(page, till, phase="confirming", amount_fen=1250)

    page.get_by_role("button", name="输入卡号").click()
    for digit in "1002":
        page.locator(".number-pad").get_by_role("button", name=digit, exact=True).click()
    page.keyboard.type("3")
    page.locator(".number-pad").get_by_role("button", name="确定").click()

    wait_until(lambda: till.asked == [{"do": "number", "number": "10023"}])
    expect(page.locator(".number-pad")).to_be_hidden()


@pytest.mark.parametrize("side", ["", "diner"])
def test_whoever_is_to_pay_sees_themselves_and_nobody_else_is_watched(
    visitors: Visitors, url: str, till: TillStand, side: str
) -> None:
    page = opened(visitors, url, side=side, language="en-US")
    for size in SIZES:
        page.set_viewport_size(size)
        shown(page, till, phase="confirming", amount_fen=1250)
        expect(page.locator(".mirror img")).to_be_visible()
        assert page.evaluate(OVERLAPPING) == []
    assert page.evaluate("document.querySelector('.mirror img').naturalWidth") == 640

    shown(page, till)
    expect(page.locator(".mirror")).to_have_count(0)
    shown(page, till, phase="confirming", amount_fen=1250, eyes="lost")
    expect(page.locator(".diner .sign-large svg")).to_be_visible()
    expect(page.locator(".mirror")).to_have_count(0)


def test_the_diners_own_screen_can_do_nothing_that_is_the_cashiers(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = opened(visitors, url, side="diner")
    shown(page, till, mode="menu", phase="choosing", lines=LUNCH, amount_fen=1400)

    for key in ("1", ".", "F2", "Delete", "*", "Escape"):
        page.keyboard.press(key)

    wait_until(lambda: till.asked == [{"do": "not_me"}])


def test_what_the_diner_must_read_is_read_at_two_metres(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = opened(visitors, url, side="diner")
    small = list[str]()
    names = ("standing", "is it you", "paid", "refused", "closed", "fire")
    for name in (*names, "order picked", "hand out", "collected", "order collected"):
        shown(page, till, **EVERY_STATE[name])
        heights = page.evaluate(
            "[...document.querySelectorAll('.amount, .name, .title, .way')]"
            ".filter((e) => e.checkVisibility() && e.textContent)"
            ".map((e) => [e.className, parseFloat(getComputedStyle(e).lineHeight)])"
        )
        small += [f"{name}: {kind} {px}" for kind, px in heights if px < TEXT_HEIGHT_PX_MIN]

    assert small == []


def test_an_order_is_asked_about_by_its_number_its_dishes_and_what_was_paid(
    page: Page, till: TillStand
) -> None:
    shown(page, till, **EVERY_STATE["hand out"])

    expect(page.locator(".diner .amount")).to_have_text("A017")
    expect(page.locator(".diner .message")).to_have_text("王**这是您的预订吗？¥17.00 已付")
    expect(page.locator(".diner .lines")).to_contain_text("清炒时蔬 ×2¥6.00")
    page.get_by_role("button", name="是我的", exact=True).click()
    page.get_by_role("button", name="不是我的").click()
    wait_until(lambda: till.asked == [{"do": "confirm"}, {"do": "not_me"}])


def test_nobody_sees_what_somebody_ordered_before_that_is_proved(
    page: Page, till: TillStand
) -> None:
    shown(page, till, **EVERY_STATE["order picked"])

    expect(page.locator(".diner .message")).to_have_text("王**请本人扫码、刷脸或刷卡")
    expect(page.locator(".diner .lines")).to_be_empty()
    page.get_by_role("button", name="输入号码").click()
    expect(page.locator(".number-pad .title")).to_have_text("请输入卡号或取餐号")


def test_one_of_several_orders_is_chosen_by_touch_or_by_its_place(
    page: Page, till: TillStand
) -> None:
    shown(page, till, **EVERY_STATE["which order"])

    expect(page.locator(".choices button").first).to_have_text("1A017红烧肉、清炒时蔬 ×2、米饭 ×3")
    page.locator(".choices button").first.click()
    page.keyboard.press("3")

    chosen = [{"do": "choose", "number": number} for number in (1, 3)]
    wait_until(lambda: till.asked == chosen)


def test_what_was_collected_is_said_with_a_sign_and_no_more_dishes(
    page: Page, till: TillStand
) -> None:
    shown(page, till, **EVERY_STATE["collected"])

    expect(page.locator(".diner .message")).to_have_text("已取餐A017王**")
    expect(page.locator(".diner .sign-large svg")).to_be_visible()
    expect(page.locator(".diner .lines")).to_be_empty()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ("order collected", r"^这份预订已于 .*12:03 取走（二号台）如不是您取的，请找收银员$"),
        ("order for later", r"^您预订的是 .*12:03–14:03请到时再来$"),
    ],
)
def test_an_order_that_is_not_handed_out_is_one_sentence_without_a_word_of_money(
    page: Page, till: TillStand, state: str, words: str
) -> None:
    shown(page, till, **EVERY_STATE[state])

    expect(page.locator(".diner .message")).to_have_text(re.compile(words))


def test_an_order_of_which_nobody_knows_when_it_was_collected_is_said_so(
    page: Page, till: TillStand
) -> None:
    order = WAITING[0]
    shown(page, till, mode="orders", phase="refused", refusal="order_collected", order=order)

    expect(page.locator(".message .title")).to_have_text("这份预订已经取走")
