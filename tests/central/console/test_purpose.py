"""Why somebody looks, asked by the page before the real central, in both languages."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.audit.log import entries
from tests.central.bench import Bench

pytestmark = pytest.mark.browser
LOOK_BACK = "import('/static/api.js').then(({ get }) => get('/events?limit=1')).then(() => 'seen')"
WORDS = {
    "zh-CN": ("查看用途", "立案调查", "继续", "用途：立案调查 ×"),
    "en-US": ("Why do you look?", "Investigation", "Go on", "Purpose: Investigation ×"),
}


def opened(bench: Bench, visitor: Visitor) -> Page:
    """Return a page of an administrator that lists people."""
    for name, value in bench.administrator.cookies.items():
        visitor.context.add_cookies([{"name": name, "value": value, "url": bench.url}])
    page = visitor.open(f"{bench.url}/people")
    expect(page.locator("tbody tr").first).to_be_visible()
    return page


@pytest.mark.parametrize("language", WORDS)
def test_daily_work_asks_nothing_and_looking_back_asks_once(
    bench: Bench, visitors: Visitors, language: str
) -> None:
    title, purpose, go_on, kept = WORDS[language]
    bench.person("司徒明月" if language == "zh-CN" else "Ada Lovelace")
    page = opened(bench, visitors.meet(language=language))
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert entries(bench, action="people_get")[0]["purpose"] == "personnel"

    page.evaluate(f"window.looked = {LOOK_BACK}; null")
    dialog = page.get_by_role("dialog")
    expect(dialog.locator("h2")).to_have_text(title)
    choices = dialog.locator("option").all_inner_texts()
    dialog.locator("select").select_option(label=purpose)
    dialog.get_by_role("button", name=go_on).click()
    expect(dialog.locator("input:invalid")).to_have_count(1)
    dialog.locator("input").fill("案-7" if language == "zh-CN" else "case 7")
    dialog.get_by_role("button", name=go_on).click()

    assert page.evaluate("window.looked") == "seen"
    assert page.evaluate(LOOK_BACK) == "seen", "the second look asks nobody"
    assert len(choices) == 6, "neither standing purpose can be chosen"
    (entry,) = entries(bench, action="events_get")
    assert entry["purpose"] == "investigation"
    page.get_by_role("button", name=kept).click()
    expect(page.get_by_role("button", name=kept)).to_have_count(0)
