"""The diner's page on a telephone, before a real central and a simulated provider."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitors
from tests.central.bench import Bench, running_central
from tests.central.canteen.serving import top_up
from tests.central.diner.acting import at, eat, plan_meals, secret_for
from tests.central.payments.acting import has, manager, provider_of

pytestmark = pytest.mark.browser
WIDTH, HEIGHT = 390, 844
CHINESE, LATIN = re.compile(r"[㐀-鿿]"), re.compile(r"[A-Za-z]{2,}")
DATA = {"canteen", "EN"}
"""Latin words of the Chinese page: a merchant without a name, the way into the other language."""


@pytest.fixture(scope="module")
def central(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_central(tmp_path_factory.mktemp("diner") / "home") as running:
        plan_meals(running)
        at(running, hour=13)
        yield running


def opened(visitors: Visitors, bench: Bench, person: str, language: str = "zh-CN") -> Page:
    page = visitors.meet(language=language, width=WIDTH, height=HEIGHT).open(
        f"{bench.url}/diner#{secret_for(bench, person)}"
    )
    expect(page.locator(".balances .sum")).to_be_visible()
    return page


def test_a_diner_reads_disputes_rates_and_registers(central: Bench, visitors: Visitors) -> None:
    person = central.person("王小明")
    top_up(central, person, 5_000)
    eat(central, person, times=2)
    page = opened(visitors, central, person)
    first = page.locator(".charges li[data-key]").first
    assert page.url == f"{central.url}/diner"
    assert set(LATIN.findall(page.inner_text("body"))) <= DATA

    first.locator("summary").click()
    first.get_by_role("button", name="4 星").click()
    expect(first.locator(".star[aria-pressed=true]")).to_have_count(4)
    first.get_by_role("button", name="不是我本人消费").click()
    expect(first.locator(".answer")).to_have_text("不是我本人消费：管理员正在核实")
    page.get_by_role("button", name="报餐").click()

    expect(page.locator(".meals .state")).to_have_text("已报餐")
    assert manager(central).get("/api/v1/diners/disputes").json()["items"][0]["holder_id"] == person
    fits = "document.documentElement.scrollWidth <= innerWidth"
    assert page.evaluate(fits)


def test_a_debt_is_told_by_the_page_and_disputed_with_one_tap(
    central: Bench, visitors: Visitors
) -> None:
    person = central.person("李晓红")
    eat(central, person)
    page = opened(visitors, central, person)
    debts = page.locator(".debts")
    expect(debts).to_contain_text("¥12.00")
    with page.expect_response("**/diner/debts/*/dispute"):
        debts.get_by_text("对这笔欠款有异议").click()
        debts.get_by_role("button", name="重复扣款").click()

    expect(debts.locator(".answer")).to_have_text("重复扣款：管理员正在核实")
    page.locator(".charges summary").click()
    expect(page.locator(".charges .dispute")).to_have_count(0)
    office = manager(central).get("/api/v1/canteen/debts", params={"person": person})
    (line,) = office.json()["items"]
    assert (line["dispute"], line["notified_by"]) == ("twice", "")
    assert line["notified_at"] is not None


def test_a_diner_tops_up_on_the_telephone(central: Bench, visitors: Visitors) -> None:
    with provider_of(central):
        person = central.person("Grace Hopper")
        page = opened(visitors, central, person, "en-US")
        assert CHINESE.findall(page.inner_text("body")) == ["中"]
        page.locator(".top-up summary").click()
        page.get_by_role("button", name="¥50").click()
        page.get_by_role("button", name="Top up").click()
        page.get_by_role("button", name="Pay").click()
        expect(page.locator("p").last).to_contain_text("Paid")
        page.goto(f"{central.url}/diner")

        expect(page.locator(".balances .sum")).to_have_text("¥50.00")
        assert has(central, person) == 5_000


def test_a_link_that_is_over_says_where_to_get_another(central: Bench, visitors: Visitors) -> None:
    page = visitors.meet(width=WIDTH, height=HEIGHT).open(f"{central.url}/diner#{'x' * 43}")

    expect(page.locator("main")).to_contain_text("此页面已失效，请到柜台重新获取。")
