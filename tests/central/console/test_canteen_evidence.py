"""From a charge to what it rests on: for who may see it, and with a purpose."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitors
from tests.central.bench import Bench
from tests.central.canteen.test_evidence import FACE
from tests.central.console.test_canteen import found, opened
from tests.central.office.acting import API, Till, canteen, do, wish, with_drawer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central after one meal that was paid by face."""
    with canteen(tmp_path_factory.mktemp("site")) as bench:
        wang, till = bench.person("王小明", number="0017"), Till(bench.node())
        boss = bench.planted("canteen_manager", username="boss").client
        assert do(with_drawer(boss), wish("top_up", holder_id=wang, amount_fen=5000)).is_success
        till.open()
        by_face = till.sell(wang, 1250, seen=FACE)
        till.sell(wang, 700)
        bench.planted("auditor", username="checker")
        cashier, telephone = bench.planted("cashier", username="ming").client, bench.client()
        link = cashier.post(f"{API}/diners/links", json={"holder_id": wang}).json()["link"]
        secret = {"secret": link.partition("#")[2]}
        assert telephone.post(f"{API}/diner/session", json=secret).is_success
        said = f"{API}/diner/charges/{by_face}/dispute"
        assert telephone.post(said, json={"reason": "not_me"}).is_success
        yield bench


def asked(visitors: Visitors, site: Bench, language: str, who: str, words: str) -> Page:
    """Find the diner, ask what the meal by face rests on, and say why."""
    page = opened(visitors, site, language, who=who)
    found(page)
    page.get_by_role("button", name=words).click()
    page.locator("dialog select[name=purpose]").select_option("incident")
    page.locator("dialog form button.primary").click()
    return page


def test_the_manager_reads_the_figures_and_is_told_that_there_is_no_picture(
    visitors: Visitors, site: Bench
) -> None:
    page = asked(visitors, site, "zh-CN", "boss", "识别依据")

    shown = page.locator("dialog.evidence")
    expect(shown).to_contain_text("王小明")
    expect(shown.locator(".considered")).to_contain_text("0.710≥ 通过线 0.600")
    expect(shown).to_contain_text("支付时不保存照片")
    expect(shown.locator(".people")).to_have_count(0)


def test_the_auditor_sees_who_else_was_considered(visitors: Visitors, site: Bench) -> None:
    page = asked(visitors, site, "en", "checker", "Recognised how?")

    expect(page.locator("dialog.evidence .people tbody tr")).to_have_count(2)
    expect(page.locator("dialog.evidence")).to_contain_text("saying nothing in the moment for it")


def test_the_cashier_sees_the_charge_and_no_way_to_it(visitors: Visitors, site: Bench) -> None:
    page = opened(visitors, site, "en", who="ming")
    found(page)

    expect(page.locator(".account table tbody tr")).to_have_count(3)
    expect(page.get_by_role("button", name="Recognised how?")).to_have_count(0)


def test_it_is_beside_a_dispute_too(visitors: Visitors, site: Bench) -> None:
    page = opened(visitors, site, "zh-CN")
    page.evaluate("location.hash = 'cases/disputes'")
    page.reload()
    page.locator("data-table tbody tr").click()
    page.locator("dialog").get_by_role("button", name="识别依据").click()
    page.locator("dialog select[name=purpose]").select_option("incident")
    page.locator("dialog form:has(select[name=purpose]) button.primary").click()

    expect(page.locator("dialog.evidence .considered")).to_contain_text("0.710≥ 通过线 0.600")
