"""Exceptions, disputes, debts and blocks on the canteen's page; a diner's link at its counter."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import Visitors
from tests.central.bench import PASSWORD
from tests.central.canteen.serving import PATH, till_page
from tests.central.console.canteen_cases import Undecided, undecided
from tests.central.console.test_pages import CHINESE, LATIN_WORDS
from tests.central.diner.acting import DINER
from tests.central.office.acting import held

pytestmark = pytest.mark.browser
LISTS = {"exceptions": 3, "disputes": 1, "debts": 1}
"""The lists, in their order, and how many wait on each."""
DATA = {"EN", "boss", "gone"}
"""Latin words of the Chinese page: an operator, and a merchant that the site file does not have."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Undecided]:
    with undecided(tmp_path_factory.mktemp("cases")) as found:
        found.bench.planted("canteen_manager", username="boss")
        found.bench.planted("cashier", username="till-1")
        yield found


def opened(
    visitors: Visitors, site: Undecided, place: str, *, language: str = "en", who: str = "boss"
) -> Page:
    page = visitors.meet(language=language).open(f"{site.bench.url}/canteen#{place}")
    page.locator("input[name=username]").fill(who)
    page.locator("input[name=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("main .tabs button").first).to_be_visible()
    return page


def first_of(page: Page) -> Locator:
    """Open the first line of a list; returns its dialog."""
    page.locator("data-table tbody tr").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    return dialog


def test_no_list_and_no_dialog_mixes_two_languages(visitors: Visitors, site: Undecided) -> None:
    both = [opened(visitors, site, "cases", language=each) for each in ("zh-CN", "en")]
    chinese, english = both
    for at, (name, count) in enumerate(LISTS.items()):
        for page in both:
            page.locator(".cases [role=group] button").nth(at).click()
        for index in range(count):
            for page in both:
                expect(page.locator("data-table tbody tr")).to_have_count(count)
                page.locator("data-table tbody tr").nth(index).click()
                expect(page.get_by_role("dialog")).to_be_visible()
                page.locator("dialog summary").evaluate_all("all => all.map(e => e.click())")

            assert set(LATIN_WORDS.findall(chinese.inner_text("body"))) - DATA == set(), name
            names = {"中", "王小明", "李晓红"}
            assert set(CHINESE.findall(english.inner_text("body"))) <= names, name
            for page in both:
                page.keyboard.press("Escape")
                expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_dispute_is_put_right_at_the_counter_in_one_step_and_answered(
    visitors: Visitors, site: Undecided
) -> None:
    page = opened(visitors, site, "cases/disputes")
    dialog = first_of(page)
    expect(dialog.locator(".receipt")).to_contain_text("Braised pork")
    dialog.get_by_role("button", name="Put it right at the counter").click()
    charge = page.locator(".of-charge")
    expect(charge).to_contain_text("¥12.00")
    assert page.url.endswith(f"#counter/{site.disputed}")
    charge.get_by_role("button", name="Wrong person").click()
    page.get_by_label("Who ate: name or number").fill("0017")
    page.locator("dialog .found button").click()
    page.locator("dialog input[name=reason]").fill("the picture shows Wang")
    page.get_by_role("dialog").get_by_role("button", name="See what would happen").click()
    page.get_by_role("button", name="Do it").click()
    expect(page.get_by_role("dialog").last).to_contain_text("Done: ¥12.00")
    assert held(site.bench, site.li)[1] == 5_000 - 800

    page.reload()
    page.get_by_role("tab", name="Cases").click()
    page.get_by_role("button", name="Disputes").click()
    expect(page.locator("data-table tbody tr", has_text="¥12.00")).to_have_count(1)
    dialog = first_of(page)
    dialog.get_by_label("Accepted").check()
    dialog.locator("input[name=note]").fill("it was somebody else")
    page.keyboard.press("Enter")

    expect(page.locator("data-table tbody tr")).to_have_count(0)
    assert site.bench.row("SELECT decision, note FROM diner_disputes") == (
        "accepted",
        "it was somebody else",
    )


def test_a_debt_shows_both_tills_and_is_waived_with_a_reason(
    visitors: Visitors, site: Undecided
) -> None:
    page = opened(visitors, site, "cases/debts")
    row = page.locator(f"data-table tr[data-key='{site.debt}']")
    expect(row).to_contain_text("Same money at two tills")
    row.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".lines")).to_contain_text("East till")
    expect(dialog.locator(".lines tr.is-chosen")).to_contain_text("West till")
    dialog.get_by_label("Waive it").check()
    dialog.locator("input[name=note]").fill("the line was cut")
    page.keyboard.press("Enter")

    expect(row).to_have_count(0)
    (line,) = site.bench.auditor.get(f"{PATH}/debts", params={"state": "decided"}).json()["items"]
    assert (line["decision"], line["note"]) == ("waived", "the line was cut")


def test_a_void_of_another_amount_is_seen_beside_the_charge_and_posted(
    visitors: Visitors, site: Undecided
) -> None:
    page = opened(visitors, site, "cases/exceptions")
    before = held(site.bench, site.li)[1]
    page.get_by_role("cell", name="The void names another amount").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".told")).to_contain_text("≠ ¥8.00")
    dialog.get_by_label("Post it as it was told").check()
    dialog.locator("input[name=note]").fill("the cashier says so")
    page.keyboard.press("Enter")

    expect(page.locator("data-table tbody tr")).to_have_count(2)
    expect(page.get_by_role("group", name="Cases").locator(".count").first).to_have_text("2")
    assert held(site.bench, site.li)[1] == before + 800


def test_who_is_blocked_is_so_at_the_till_until_somebody_lets_them(
    visitors: Visitors, site: Undecided
) -> None:
    node, page = site.bench.node(), opened(visitors, site, "cases/blocks")
    known = till_page(node).version

    page.locator(".cases input[type=search]").fill("0018")
    page.locator(".found button").click()
    page.locator("dialog input[name=note]").fill("left in a taxi")
    page.keyboard.press("Enter")
    expect(page.locator(".cases section tbody")).to_contain_text("left in a taxi")
    (heard,) = till_page(node, known).accounts
    page.get_by_role("button", name="Let pay again").click()
    page.locator("dialog input[name=note]").fill("a new card")
    page.keyboard.press("Enter")
    expect(page.locator(".cases details")).to_contain_text("Let pay again: 1")

    assert (heard.holder_id, heard.is_blocked) == (site.li, True)
    assert [each.is_blocked for each in till_page(node, heard.version).accounts] == [False]
    lifted = site.bench.auditor.get(f"{PATH}/blocks").json()["lifted"][0]
    assert (lifted["lifted_note"], lifted["lifted_by"]) == ("a new card", "boss")


def test_a_link_at_the_counter_says_when_the_telephone_has_opened_it(
    visitors: Visitors, site: Undecided
) -> None:
    page = opened(visitors, site, f"counter/person/{site.wang}", who="till-1")
    with page.expect_response("**/api/v1/diners/links") as made:
        page.get_by_role("button", name="Page for their telephone").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".link-code svg")).to_be_visible()
    expect(dialog.get_by_role("timer")).to_have_text("9:59")
    secret = made.value.json()["link"].partition("#")[2]
    assert site.bench.client().post(f"{DINER}/session", json={"secret": secret}).is_success

    expect(dialog.get_by_role("status")).to_have_text("✓ Opened")
    expect(dialog.get_by_role("button", name="Make another")).to_be_visible()


def test_ratings_are_a_chart_and_a_table(visitors: Visitors, site: Undecided) -> None:
    page = opened(visitors, site, "ratings")

    expect(page.locator(".ratings .chart rect")).to_have_count(1)
    expect(page.locator(".ratings .card")).to_contain_text("★ 4.0")
    page.get_by_text("As a table").click()
    expect(page.locator(".ratings tbody tr")).to_contain_text("4.0")
