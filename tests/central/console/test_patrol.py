"""The page of patrols before the real central: the board, a replay by keyboard, plan and report."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Page, expect

from central.patrol.plan import PatrolPlan
from config.contract.schedules import WEEKDAYS, Interval
from tests.browser import Visitors
from tests.central.bench import Bench
from tests.central.console.buildings import opened
from tests.central.console.test_pages import CHINESE, LATIN_WORDS, WEIGHT_BYTES_MAX
from tests.central.patrol.acting import patrolled, put, scan, work
from tests.central.patrol.planning import night

pytestmark = pytest.mark.browser
DATA = {"admin", "gate", "EN"}
"""Latin words of the Chinese page: an operator, a terminal, the way into the other language."""


def shift_of_today(now: datetime) -> PatrolPlan:
    """Return a plan whose only round begins with the full hour before now."""
    local = now.astimezone(ZoneInfo("Asia/Shanghai"))
    names = {"zh-CN": "楼内", "en": "Inside"}
    plan = night(every_min=None, guards=())
    end = (local + timedelta(hours=1)).strftime("%H:00")
    interval = Interval(days=WEEKDAYS, start=local.strftime("%H:00"), end=end)
    shift = plan.shifts[0].model_copy(
        update={"intervals": (interval,), "name": {"zh-CN": "夜班", "en": "Night"}}
    )
    return PatrolPlan(shifts=(shift,), routes=(plan.routes[0].model_copy(update={"name": names}),))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """Central with one round: its first stop was scanned, its second is missed."""
    # The browser's clock is the machine's, so the round is of the hour before.
    begin = datetime.now(UTC).replace(minute=0, second=0, microsecond=0) - timedelta(hours=1)
    with patrolled(tmp_path_factory.mktemp("site"), at=begin - timedelta(minutes=10)) as bench:
        node = bench.node()
        assert put(bench.administrator, shift_of_today(begin)).status_code == 200
        work(bench)
        bench.clock.now = begin + timedelta(minutes=5)
        scan(node, 1, "gate", holder_id=None)
        for minute in (30, 45):
            bench.clock.now = begin + timedelta(minutes=minute)
            work(bench)
        scan(node, 2, "roof", holder_id=None, at=begin + timedelta(minutes=25))
        work(bench)
        node.report()
        yield bench


def board(visitors: Visitors, site: Bench, language: str) -> Page:
    page = opened(visitors.meet(language=language), site, "/patrol")
    expect(page.locator(".rounds > li").first).to_contain_text("2")
    return page


def test_a_guard_sees_what_is_abnormal_and_replays_the_round_by_keyboard(
    visitors: Visitors, site: Bench
) -> None:
    page = board(visitors, site, "en")
    missed = page.locator(".rounds > li.is-abnormal .stop.missed")
    expect(missed).to_have_count(1)
    assert "Plant room: Missed" in (missed.get_attribute("title") or "")
    page.keyboard.press("j")
    expect(page.locator(".replay tbody tr")).to_have_count(3)
    spots = page.locator(".walk .is-seen")
    expect(spots).to_have_count(2)

    page.keyboard.press("ArrowLeft")

    expect(spots).to_have_count(1)
    page.keyboard.press("ArrowRight")
    expect(spots).to_have_count(2)
    expect(page.locator(".replay tbody tr").nth(2)).to_contain_text("Reported late")


def test_a_route_of_many_checkpoints_is_planned_in_a_few_steps_and_previewed(
    visitors: Visitors, site: Bench
) -> None:
    """LiinooRF/Guard #10: twenty points in less than 15 minutes."""
    page = board(visitors, site, "en")
    page.keyboard.press("2")
    page.get_by_role("button", name="Add a route").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Identifier").fill("roofs")
    dialog.get_by_role("button", name="Add the whole zone").click()
    dialog.get_by_role("button", name="Spread the times evenly").click()
    assert dialog.evaluate("each => each.scrollWidth <= each.clientWidth")
    dialog.get_by_role("button", name="Take over into the draft").click()
    expect(page.locator(".plan")).to_contain_text("roofs")

    page.get_by_role("button", name="Put in force").click()

    expect(page.locator(".draft-bar")).to_be_hidden()
    routes = site.administrator.get("/api/v1/patrol/routes").json()["plan"]["routes"]
    assert [stop["until_min"] for stop in routes[1]["stops"]] == [10, 20, 30]


@pytest.mark.parametrize("key", ["1", "2", "3"])
def test_no_tab_mixes_two_languages(visitors: Visitors, site: Bench, key: str) -> None:
    chinese, english = board(visitors, site, "zh-CN"), board(visitors, site, "en")
    ready = {"1": ".rounds li", "2": ".plan table", "3": ".report table"}[key]

    for page in (chinese, english):
        page.keyboard.press(key)
        expect(page.locator(ready).first).to_be_visible()

    found = set(LATIN_WORDS.findall(chinese.inner_text("body")))
    assert found - DATA - {"roofs"} == set()
    assert set(CHINESE.findall(english.inner_text("body"))) == {"中"}


def test_a_report_is_printed_on_white_paper_with_the_site_and_the_day_whatever_the_screen_is(
    visitors: Visitors, site: Bench
) -> None:
    page = opened(visitors.meet(language="en"), site, "/patrol")
    page.keyboard.press("3")
    page.get_by_role("button", name="Theme").click()
    theme = page.locator("html")
    expect(theme).to_have_attribute("data-theme", "dark")

    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")

    expect(theme).to_have_attribute("data-theme", "light")
    expect(page.locator(".report .printed")).to_have_text(re.compile(r"Test · 20\d\d-\d\d-\d\d"))
    expect(page.get_by_role("button", name="Print")).to_be_hidden()
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    expect(theme).to_have_attribute("data-theme", "dark")


def test_the_page_is_light(visitors: Visitors, site: Bench) -> None:
    visitor, sizes = visitors.meet(language="zh-CN"), dict[str, int]()
    visitor.context.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )

    page = opened(visitor, site, "/patrol")
    expect(page.locator(".rounds > li").first).to_be_visible()

    files = {url: size for url, size in sizes.items() if "/api/" not in url}
    assert sum(files.values()) <= WEIGHT_BYTES_MAX
