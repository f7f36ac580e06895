import itertools
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitors, chromium, visitors
from tests.edge.conftest import wait_until
from tests.edge.kiosk.till_page import (
    EVERY_STATE,
    OVERLAPPING,
    SIZES,
    opened,
    page,
    shown,
    stand,
    tab,
    till,
    url,
)
from tests.edge.kiosk.tills import KEY, TillStand, screen
from tests.serving import serving

__all__ = ["chromium", "page", "stand", "tab", "till", "url", "visitors"]
pytestmark = pytest.mark.browser
CUT_OFF = """() => [...document.querySelectorAll('.till *')]
    .filter((e) => e.checkVisibility() && !e.closest('svg'))
    .filter((e) => !e.closest('.grid, .work .lines, .orders ul'))
    .filter((e) => getComputedStyle(e).display !== 'inline' && e.clientWidth > 0)
    .filter((e) => e.scrollWidth > e.clientWidth + 1
        || e.getBoundingClientRect().bottom > innerHeight + 1)
    .map((e) => `${e.tagName}.${e.className} ${e.textContent}`)"""


def test_what_is_paid_is_said_to_both_and_no_balance_to_anybody(
    page: Page, till: TillStand
) -> None:
    shown(page, till, phase="paid", amount_fen=1250, masked_name="王**")

    expect(page.locator(".diner .message")).to_have_text("已付¥12.50王**")
    expect(page.locator(".diner .sign-large svg")).to_be_visible()
    expect(page.locator(".now .phase")).to_have_text("已付")
    expect(page.locator(".now .phase svg")).to_be_visible()
    expect(page.locator(".now .sum")).to_have_text("¥12.50")


def test_paid_and_refused_are_heard_once(visitors: Visitors, url: str, till: TillStand) -> None:
    person = visitors.meet(width=1280, height=800)
    person.context.add_init_script(
        "window.heard = []; const Tone = OscillatorNode;"
        " window.OscillatorNode = class extends Tone {"
        " constructor(audio, made) { super(audio, made); heard.push(made.frequency); } };"
    )
    page = person.open(url)
    shown(page, till)
    page.keyboard.press("1")
    page.wait_for_function("navigator.locks.query().then(({ held }) => held.length > 0)")

    shown(page, till, phase="paid", amount_fen=1250)
    shown(page, till, phase="paid", amount_fen=1250, typed="7")
    shown(page, till, phase="refused", refusal="short")

    paid, refused = page.evaluate("[heard.slice(0, 2), heard.slice(2)]")
    assert paid[0] < paid[1]
    assert refused[0] > refused[1]
    assert len(refused) == 2


def test_a_fire_lies_over_everything_and_no_key_sells(page: Page, till: TillStand) -> None:
    page.keyboard.press("Delete")
    shown(page, till, phase="fire")

    expect(page.locator(".diner .message")).to_have_text("火警请立即离开")
    box = page.locator(".cashier .fire").bounding_box()
    assert box == page.locator(".cashier").bounding_box()
    page.keyboard.press("Enter")
    shown(page, till)
    page.keyboard.press("5")
    wait_until(lambda: till.asked == [{"do": "key", "key": "5"}])


def test_a_command_without_an_answer_is_said_and_nothing_is_kept_for_later(
    page: Page, till: TillStand
) -> None:
    till.answers.clear()
    page.keyboard.press("1")
    expect(page.locator(".hint")).to_contain_text("终端没有应答")
    page.keyboard.press("2")

    till.answers.set()
    expect(page.locator(".hint")).to_be_hidden()
    page.keyboard.press("3")
    wait_until(lambda: [each["key"] for each in till.asked] == ["1", "3"])


def test_a_terminal_that_is_gone_is_plain_to_both_and_it_comes_back(
    visitors: Visitors,
) -> None:
    with serving(TillStand().app()) as address:
        page = opened(visitors, f"{address}/till/till-1?key={KEY}")
        expect(page.locator(".now .phase")).to_be_visible()
    expect(page.locator(".cashier .silent")).to_contain_text("终端没有应答请勿收款")
    expect(page.locator(".diner .message .title")).to_have_text("请稍候")
    page.keyboard.press("5")

    again = TillStand(shown=screen(phase="paid", amount_fen=900, masked_name="李*"))
    with serving(again.app(), port=int(address.rpartition(":")[2])):
        expect(page.locator(".diner .message")).to_have_text("已付¥9.00李*")
        expect(page.locator(".cashier .silent")).to_be_hidden()
        assert again.asked == []


@pytest.mark.parametrize("side", ["diner", "cashier"])
def test_two_screens_have_a_half_each(
    visitors: Visitors, url: str, till: TillStand, side: str
) -> None:
    page = opened(visitors, url, side=side)
    shown(page, till, **EVERY_STATE["is it you"])

    assert page.locator("main > section").evaluate_all("(all) => all.map((e) => e.className)") == [
        side
    ]
    page.keyboard.press("Enter")
    wait_until(lambda: till.asked == [{"do": "confirm"}])


@pytest.mark.parametrize("language", ["zh-CN", "en-US"])
def test_every_state_fits_and_speaks_one_language(
    visitors: Visitors, url: str, till: TillStand, language: str
) -> None:
    page = opened(visitors, url, language=language)
    foreign = r"(?<!F)[A-Za-z]{2,}" if language == "zh-CN" else r"[一-鿿]{2,}(?<!欧阳)"
    wrong = list[str]()
    for (name, state), size in itertools.product(EVERY_STATE.items(), SIZES):
        page.set_viewport_size(size)
        shown(page, till, **state)
        found = [f"{each} is cut off" for each in page.evaluate(CUT_OFF)]
        found += page.evaluate(OVERLAPPING)
        found += [each for each in re.findall(foreign, page.inner_text("main")) if each != "EN"]
        wrong += [f"{name}, {size['width']}: {each}" for each in found]

    assert wrong == []


def test_touch_targets_are_large_enough(page: Page, till: TillStand) -> None:
    shown(page, till, **EVERY_STATE["is it you"])

    small = page.evaluate(
        "[...document.querySelectorAll('button')].filter((e) => e.checkVisibility())"
        ".map((e) => [e.textContent, e.getBoundingClientRect()])"
        ".filter(([, box]) => Math.min(box.width, box.height) < 44).map(([words]) => words)"
    )

    assert small == []


def test_loudness_follows_the_hour(page: Page) -> None:
    steps = [{"begins": "07:00:00", "percent": 80}, {"begins": "21:00:00", "percent": 20}]

    heard = page.evaluate(
        "async (steps) => { const { loudness } = await import('/till-static/till-sound.js');"
        " return ['06:59:59', '07:00:00', '20:59:00', '23:00:00', ''].map((at) =>"
        " loudness(at ? steps : [], at)); }",
        steps,
    )

    assert heard == [0.2, 0.8, 0.8, 0.2, 0]


def test_the_page_is_light(visitors: Visitors, url: str) -> None:
    person = visitors.meet()
    sizes: dict[str, int] = {}
    person.context.on(
        "requestfinished",
        lambda request: (
            None
            if "stream" in request.url
            else sizes.__setitem__(request.url, request.sizes()["responseBodySize"])
        ),
    )

    page = person.open(url)
    expect(page.locator(".now .phase")).to_be_visible()

    assert len(sizes) > 12
    assert sum(sizes.values()) <= 60_000
