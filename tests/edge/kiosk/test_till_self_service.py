"""Diners who serve themselves, and the way to their own page: by touch and keys, both languages."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

from edge.canteen.screen import OwnPageShown, SelfServiceShown
from tests.browser import Visitors, chromium, visitors
from tests.edge.conftest import wait_until
from tests.edge.kiosk.till_page import OVERLAPPING, opened, shown, stand, till, url
from tests.edge.kiosk.tills import TillStand, picked

__all__ = ["chromium", "stand", "till", "url", "visitors"]
pytestmark = pytest.mark.browser
TERMINALS = ({"width": 1280, "height": 800}, {"width": 800, "height": 1280})
MENU: dict[str, object] = {"mode": "menu", "is_attended": False}
CHOSEN: dict[str, object] = {
    **MENU,
    "phase": "choosing",
    "lines": picked(("pork", 1), ("rice", 2)),
    "amount_fen": 1000,
    "self_service": SelfServiceShown(round=1, seconds_left=40),
}
STANDING = {**CHOSEN, "phase": "confirming"}
COUNT: dict[str, object] = {
    "mode": "count",
    "is_attended": False,
    "phase": "choosing",
    "typed": "2",
    "amount_fen": 2400,
}
PAID: dict[str, object] = {"phase": "paid", "amount_fen": 1000, "masked_name": "王**"}
OFFERED = {**PAID, "own_page": OwnPageShown(state="offered", masked_name="王**")}
PAGE = OwnPageShown(state="shown", number=1, masked_name="王**", seconds_left=20, seconds=20)
CODE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="80"><path d="M0 0h80v80H0z"/></svg>'
)
SMALL = """() => [...document.querySelectorAll('.self-service button, .choices button')]
    .filter((e) => e.checkVisibility())
    .map((e) => [e.className, e.getBoundingClientRect()])
    .filter(([, box]) => box.width < 56 || box.height < 56).map(([name]) => name)"""
CUT = """() => [...document.querySelectorAll('.card .more')]
    .filter((e) => e.scrollHeight > e.clientHeight + 1).map((e) => e.textContent)"""


def diner(visitors: Visitors, url: str, language: str = "zh-CN") -> Page:
    return opened(visitors, url, side="diner", language=language)


def test_dishes_are_chosen_put_back_and_paid_by_touch(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = diner(visitors, url)
    shown(page, till, **CHOSEN)

    expect(page.locator(".chosen")).to_have_text("¥10.00共 3 份")
    expect(page.locator(".card.is-chosen .count")).to_have_text(["×1", "×2"])
    expect(page.locator(".card", has_text="自选菜")).to_have_count(0)
    page.locator(".card .more", has_text="清炒时蔬").click()
    page.get_by_role("button", name="减一份：米饭").click()
    page.get_by_role("button", name="去付款").click()
    page.get_by_role("button", name="清空重选").click()

    wait_until(lambda: till.asked == [
        {"do": "dish", "dish": "greens"}, {"do": "put_back", "dish": "rice"},
        {"do": "confirm"}, {"do": "cancel"},
    ])  # fmt: skip


def test_who_comes_next_reads_the_language_of_the_till(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = diner(visitors, url)
    shown(page, till, **MENU)
    page.get_by_role("button", name="EN").click()
    shown(page, till, **CHOSEN)
    expect(page.get_by_role("button", name="Pay", exact=True)).to_be_visible()

    shown(page, till, **MENU)

    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_role("button", name="去付款")).to_be_visible()


def test_a_language_whose_words_are_not_here_yet_is_not_mixed_into_the_page(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = diner(visitors, url)
    shown(page, till, **MENU)
    held: list[Route] = []
    page.route("**/en.json", lambda route: held.append(route))
    with page.expect_request("**/en.json"):
        page.get_by_role("button", name="EN").click()

    shown(page, till, **CHOSEN)

    expect(page.locator(".card", has_text="红烧肉")).to_be_visible()
    held[0].continue_()
    expect(page.get_by_role("button", name="Pay", exact=True)).to_be_visible()
    expect(page.locator(".card", has_text="Braised pork")).to_be_visible()


def test_the_same_is_done_by_keys(visitors: Visitors, url: str, till: TillStand) -> None:
    page = diner(visitors, url)
    shown(page, till, **CHOSEN)

    page.keyboard.press("F2")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("-")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.locator(":focus").evaluate("(e) => e.blur()")
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")

    wait_until(lambda: till.asked == [
        {"do": "dish", "dish": "greens"}, {"do": "dish", "dish": "pork"},
        {"do": "put_back", "dish": "pork"}, {"do": "dish", "dish": "greens"},
        {"do": "confirm"}, {"do": "cancel"},
    ])  # fmt: skip


def test_meals_are_counted_by_touch_and_keys(visitors: Visitors, url: str, till: TillStand) -> None:
    page = diner(visitors, url, "en-US")
    shown(page, till, **COUNT)

    expect(page.locator(".meals b")).to_have_text("2")
    page.get_by_role("button", name="One meal more").click()
    page.get_by_role("button", name="One meal less").click()
    page.keyboard.press("4")
    page.get_by_role("button", name="Pay", exact=True).click()

    wait_until(lambda: till.asked == [
        {"do": "count", "count": 3}, {"do": "count", "count": 1}, {"do": "count", "count": 4},
        {"do": "confirm"},
    ])  # fmt: skip


def test_what_stands_is_changed_or_cancelled_and_nothing_is_chosen_meanwhile(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = diner(visitors, url)
    shown(page, till, **STANDING)

    expect(page.locator(".self-service")).to_be_hidden()
    expect(page.locator(".diner .amount")).to_have_text("¥10.00")
    page.get_by_role("button", name="返回修改").click()
    page.locator(".choices").get_by_role("button", name="取消").click()

    wait_until(lambda: till.asked == [{"do": "key", "key": "back"}, {"do": "cancel"}])


def test_whoever_is_nearly_out_of_time_is_asked_and_goes_on_by_one_touch(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = diner(visitors, url)
    shown(page, till, **CHOSEN)
    expect(page.locator(".still-there")).to_be_hidden()
    shown(page, till, **{**CHOSEN, "self_service": SelfServiceShown(round=2, seconds_left=11)})

    expect(page.locator(".still-there")).to_have_text(re.compile(r"^还在选吗？\d+ 秒后返回继续$"))
    page.get_by_role("button", name="继续").click()

    wait_until(lambda: till.asked == [{"do": "stay"}])
    expect(page.locator(".still-there")).to_be_hidden()


def test_an_attended_tills_diner_chooses_nothing(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = diner(visitors, url)
    shown(page, till, **{**CHOSEN, "is_attended": True, "self_service": None})

    expect(page.locator(".self-service")).to_be_hidden()
    expect(page.locator(".diner .lines li")).to_have_count(2)
    page.keyboard.press("F2")
    page.keyboard.press("ArrowRight")
    assert till.asked == []


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_everything_fits_the_screens_of_terminals_and_can_be_touched(
    visitors: Visitors, url: str, till: TillStand, language: str
) -> None:
    page = diner(visitors, url, language)
    for size in TERMINALS:
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        for state in (CHOSEN, COUNT, STANDING, {**COUNT, "phase": "confirming"}, OFFERED,
                      {**OFFERED, "is_attended": False}):  # fmt: skip
            shown(page, till, **state)
            assert page.evaluate(OVERLAPPING) == []
            assert page.evaluate(SMALL) == []
            assert page.evaluate(CUT) == []
            wide = page.evaluate("document.querySelector('.face').scrollWidth")
            assert wide <= size["width"]


def test_whoever_has_paid_asks_for_their_page_and_sees_its_code(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    till.code_svg = CODE
    page = diner(visitors, url)
    shown(page, till, **OFFERED)
    page.get_by_role("button", name="我的账单").click()
    shown(page, till, own_page=PAGE)

    code = page.locator(".own-page img")
    expect(code).to_be_visible()
    expect(page.locator(".own-page")).to_contain_text("王**请用手机扫码")
    assert code.evaluate("(e) => e.decode().then(() => e.naturalWidth)") == 80
    page.keyboard.press("Escape")
    wait_until(lambda: till.asked == [{"do": "my_page"}, {"do": "hide_page"}])
    shown(page, till)
    expect(page.locator(".own-page")).to_be_hidden()
    expect(code).to_have_count(0)


def test_one_key_asks_for_it_too_and_only_while_it_is_offered(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = diner(visitors, url)
    page.keyboard.press("q")
    shown(page, till, **OFFERED)
    page.keyboard.press("q")

    wait_until(lambda: till.asked == [{"do": "my_page"}])


def test_a_centre_that_is_away_is_said(visitors: Visitors, url: str, till: TillStand) -> None:
    page = diner(visitors, url, "en-US")
    shown(page, till, own_page=PAGE.model_copy(update={"state": "silent"}))

    expect(page.locator(".own-page")).to_contain_text("Your page cannot be shown now")
    expect(page.locator(".own-page")).to_contain_text("ask at the counter")


def test_the_code_is_at_its_address_while_it_is_shown_and_not_at_another(
    visitors: Visitors, url: str, till: TillStand
) -> None:
    page = diner(visitors, url)
    ask = "(n) => fetch(`${location.pathname}/own-page/${n}.svg`).then((r) => r.status)"
    till.code_svg = CODE
    there = [page.evaluate(ask, number) for number in (1, 2)]
    till.code_svg = None

    assert (there, page.evaluate(ask, 1)) == ([200, 404], 404)
