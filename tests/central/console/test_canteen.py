"""The page of the canteen before the real central: preview, second person, day's close, reports."""

import re
from collections.abc import Iterator
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from config.contract.money import ChargeLine
from config.contract.money_events import charges_digest
from tests.browser import Visitors
from tests.central.bench import PASSWORD, Bench
from tests.central.console.test_pages import CHINESE, LATIN_WORDS, WEIGHT_BYTES_MAX
from tests.central.office.acting import Till, canteen, do, held, wish, with_drawer, with_unit

pytestmark = pytest.mark.browser
TABS = {"1": ".account", "2": ".cases data-table", "3": ".grants form", "4": ".units table",
        "5": ".prices form", "6": ".mealplan", "7": ".kitchen .of-day", "8": "data-table tbody tr",
        "9": ".payments h2", "10": ".day table", "11": ".sales table",
        "12": ".ratings .empty"}  # fmt: skip
DATA = {
    "EN",
    "CSV",
    "meals",
    "rice",
    "east",
    "canteen",
    "boss",
    "other",
    "hand",
    "admin",
    "till",
    "lunch",
}
"""Latin words of the Chinese page: operators, identifiers, and the way into the other language."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central after lunch: 12 meals, one void, a blind count that is one too many."""
    with canteen(tmp_path_factory.mktemp("site")) as bench:
        wang, till = bench.person("王小明", number="0017"), Till(bench.node())
        with_unit(bench)
        boss, _ = (bench.planted("canteen_manager", username=n).client for n in ("boss", "other"))
        grant = wish("subsidy", grant="meals", month="2026-12", payer="fund/meals",
                     amounts={"": 30000})  # fmt: skip
        assert do(boss, grant).is_success
        assert do(
            with_drawer(boss, 20_000), wish("top_up", holder_id=wang, amount_fen=5000)
        ).is_success
        till.open()
        meals = list[UUID]()
        for _ in range(12):
            bench.clock.advance(seconds=-6)
            meals.append(till.sell(wang, 1250, ChargeLine(item="rice", amount_fen=1250)))
        till.void(till.sell(wang, 700), 700)
        till.close(
            charge_count=12, charge_fen=15000, void_count=1, void_fen=700, counted_charges=13,
            counted_fen=15000, charge_ids_sha256=charges_digest(meals),
        )  # fmt: skip
        bench.planted("cashier", username="till-1")
        yield bench


def opened(visitors: Visitors, site: Bench, language: str, *, who: str = "boss") -> Page:
    page = visitors.meet(language=language).open(f"{site.url}/canteen")
    page.locator("input[name=username]").fill(who)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".account, .counter").first).to_be_visible()
    return page


def found(page: Page) -> None:
    """Find the diner by a part of the number, with the keyboard alone."""
    page.locator(".counter input[type=search]").fill("0017")
    expect(page.locator(".found button")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page.locator(".figures")).to_be_visible()


def test_a_top_up_is_seen_before_and_done_once_however_often_it_is_pressed(
    visitors: Visitors, site: Bench
) -> None:
    wang = site.row("SELECT holder_id FROM people WHERE number = '0017'")[0]
    page, before = opened(visitors, site, "en"), held(site, wang)[1]
    found(page)
    page.locator("input[name=amount]").fill("50")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("¥50.00")
    assert held(site, wang)[1] == before

    dialog.get_by_role("button", name="Do it").dblclick()

    expect(dialog).to_contain_text("Done: ¥50.00")
    assert held(site, wang)[1] == before + 5000


def test_a_refund_of_a_cashier_waits_for_a_manager_and_is_done_from_the_top(
    visitors: Visitors, site: Bench
) -> None:
    cashier = opened(visitors, site, "en", who="till-1")
    found(cashier)
    cashier.get_by_role("button", name="Refund").first.click()
    cashier.locator("dialog input[name=reason]").fill("12 / 13")
    cashier.locator("dialog").get_by_role("button", name="See what would happen").click()
    cashier.get_by_role("button", name="Ask a second person").click()
    expect(cashier.locator(".waiting")).to_contain_text("Somebody else must approve it")

    boss = opened(visitors, site, "en")
    boss.locator(".waiting").get_by_role("button", name="Approve").click()
    expect(boss.locator(".waiting")).to_be_hidden()
    cashier.reload()
    cashier.locator(".waiting").get_by_role("button", name="Do it").click()

    expect(cashier.locator(".waiting")).to_be_hidden()
    assert site.row("SELECT count(*) FROM office_deeds WHERE kind = 'refund'") == (1,)


def test_a_difference_is_explained_and_the_day_is_signed(visitors: Visitors, site: Bench) -> None:
    page = opened(visitors, site, "en", who="other")
    page.get_by_role("tab", name="Day's close").click()
    expect(page.locator(".day form")).to_contain_text("counted 13, the till has 12")

    page.get_by_placeholder("What is it?").fill("13 - 1 = 12")
    page.get_by_role("button", name="Sign the day").click()

    expect(page.locator(".tab")).to_contain_text(re.compile("Signed by other"))
    expect(page.locator(".tab")).to_contain_text("13 - 1 = 12")


def test_a_drawer_is_counted_blind_explained_and_signed_by_another(
    visitors: Visitors, site: Bench
) -> None:
    site.planted("canteen_manager", username="hand")
    page = opened(visitors, site, "en", who="hand")
    found(page)
    expect(page.locator(".account")).to_contain_text("Open your cash drawer above")
    page.locator("input[name=float]").fill("100")
    page.keyboard.press("Enter")
    page.locator("input[name=amount]").fill("50")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Do it").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Count and close").click()
    page.locator("dialog").locator("input").first.press_sequentially("1")
    page.keyboard.press("Enter")
    page.keyboard.type("1")
    expect(page.locator("dialog .total")).to_have_text("Counted: ¥150.00")
    page.locator("dialog input[name='5000']").fill("")
    page.get_by_role("button", name="Counted").click()
    expect(page.locator("dialog")).not_to_contain_text("there should be")
    page.get_by_role("button", name="Close the drawer").click()
    expect(page.locator("dialog")).to_contain_text("there should be ¥150.00: ¥50.00 is missing")
    page.locator("dialog input[name=words]").fill("50 in the safe")
    page.keyboard.press("Enter")
    expect(page.locator("dialog")).to_contain_text("Somebody else signs the day")

    boss = opened(visitors, site, "en", who="other")
    boss.get_by_role("tab", name="Day's close").click()
    boss.get_by_label("Merchant").select_option("@counter")
    expect(boss.locator(".tab")).to_contain_text("50 in the safe (hand)")
    boss.get_by_placeholder("What is it?").fill("open still")
    boss.get_by_role("button", name="Sign the day").click()

    expect(boss.locator(".tab")).to_contain_text(re.compile("Signed by other"))


def test_no_tab_mixes_two_languages(visitors: Visitors, site: Bench) -> None:
    chinese, english = opened(visitors, site, "zh-CN"), opened(visitors, site, "en")
    for key, ready in TABS.items():
        for page in (chinese, english):
            page.get_by_role("tab").nth(int(key) - 1).click()
            expect(page.locator(ready).first).to_be_visible()

        words = set(LATIN_WORDS.findall(chinese.inner_text("body")))
        assert words - DATA == set(), key
        assert set(CHINESE.findall(english.inner_text("body"))) <= {"中", "办公室", "王小明"}, key


def test_the_page_is_light(visitors: Visitors, site: Bench) -> None:
    visitor, sizes = visitors.meet(language="zh-CN"), dict[str, int]()
    visitor.context.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )
    page = visitor.open(f"{site.url}/canteen")
    page.locator("input[name=username]").fill("boss")
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".counter")).to_be_visible()

    files = {url: size for url, size in sizes.items() if "/api/" not in url}
    assert sum(files.values()) <= WEIGHT_BYTES_MAX
