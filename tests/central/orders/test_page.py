"""Ordering on a telephone, before a real central."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitors
from tests.central.bench import Bench, running_central
from tests.central.canteen.serving import DINING, top_up
from tests.central.diner.acting import secret_for
from tests.central.orders.acting import diner, order, take_orders

pytestmark = pytest.mark.browser
WIDTH, HEIGHT = 360, 740
CHINESE, LATIN = re.compile(r"[㐀-鿿]"), re.compile(r"[A-Za-z]{2,}")
NUMBER = ".ticket .number"


@pytest.fixture(scope="module")
def central(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home = tmp_path_factory.mktemp("orders") / "home"
    with running_central(home, site=DINING) as running:
        take_orders(running)
        yield running


def opened(visitors: Visitors, bench: Bench, person: str, language: str = "zh-CN") -> Page:
    page = visitors.meet(language=language, width=WIDTH, height=HEIGHT).open(
        f"{bench.url}/diner#{secret_for(bench, person)}"
    )
    expect(page.locator(".balances .sum")).to_be_visible()
    return page


def test_a_diner_orders_with_their_thumb_sees_number_and_code_and_takes_it_back(
    central: Bench, visitors: Visitors
) -> None:
    person = central.person("王小明")
    top_up(central, person, 1_000)
    page = opened(visitors, central, person)
    assert set(LATIN.findall(page.inner_text("body"))) <= {"EN"}

    for _ in range(2):
        page.get_by_role("button", name="加一份：包子").click()
    page.get_by_role("button", name="加一份：汤").click()
    expect(page.locator(".sums")).to_have_text("合计¥8.50预订后可用¥1.50")
    page.get_by_role("button", name="加一份：汤").click()
    expect(page.get_by_role("button", name="提交预订")).to_be_disabled()
    expect(page.locator(".ordering .problem")).to_have_text("余额不足，请先充值或减少菜品。")
    page.get_by_role("button", name="减一份：汤").click()
    page.get_by_role("button", name="提交预订").click()

    number = page.locator(NUMBER).inner_text()
    expect(page.locator(".done")).to_have_text(f"预订成功，取餐号 {number}。")
    expect(page.locator(".balances .sum")).to_have_text("¥1.50")
    assert page.locator(".ticket .code").evaluate("image => image.naturalWidth > 0")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("button", name="取消预订").click()
    page.get_by_role("button", name="保留预订").click()
    expect(page.locator(NUMBER)).to_have_text(number)
    page.get_by_role("button", name="取消预订").click()
    page.get_by_role("button", name="确定取消").click()
    expect(page.locator(".my-orders .state")).to_have_text("已取消")
    expect(page.locator(".balances .sum")).to_have_text("¥10.00")


def test_a_diner_orders_by_keyboard_alone(central: Bench, visitors: Visitors) -> None:
    person = central.person("Grace Hopper")
    top_up(central, person, 2_000)
    page = opened(visitors, central, person, "en-US")
    assert CHINESE.findall(page.inner_text("body")) == ["中"]

    page.locator(".window input").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator(".steps output").first).to_have_text("2")
    page.get_by_role("button", name="Order", exact=True).press("Enter")

    expect(page.locator(".ticket")).to_contain_text("Tomorrow 17:00–19:00 · Canteen")
    expect(page.locator(".ticket .receipt")).to_have_text("Buns ×2¥6.00Kept for it¥6.00")


def test_second_tab_is_told_of_the_firsts_order_and_shows_it(
    central: Bench, visitors: Visitors
) -> None:
    person, telephone = diner(central, "李雷")
    page = opened(visitors, central, person)
    page.get_by_role("button", name="加一份：包子").click()
    made = order(telephone)

    page.get_by_role("button", name="提交预订").click()

    expect(page.locator(".ordering .problem")).to_contain_text("您已在另一页面预订了该时段")
    expect(page.locator(NUMBER)).to_have_text(made["number"])
    expect(page.locator(".steps output").first).to_have_text("1")


def test_lost_answer_is_asked_for_again_and_is_one_order(
    central: Bench, visitors: Visitors
) -> None:
    person = central.person("韩梅梅")
    top_up(central, person, 2_000)
    page = opened(visitors, central, person)
    page.route("**/api/v1/diner/orders", lambda route: (route.fetch(), route.abort())[1], times=1)
    page.get_by_role("button", name="加一份：包子").click()

    page.get_by_role("button", name="提交预订").click()
    expect(page.locator(".ordering .problem")).not_to_be_empty()
    page.get_by_role("button", name="提交预订").click()

    expect(page.locator(NUMBER)).to_have_count(1)
    expect(page.locator(".balances .sum")).to_have_text("¥17.00")
