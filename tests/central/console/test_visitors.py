"""The page of visitors before the real central, in both languages."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.contract.access_events import VisitorArrived
from tests.browser import Visitor, Visitors
from tests.central.bench import Bench
from tests.central.console.buildings import opened, running_building

pytestmark = pytest.mark.browser


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


def expected_visit(bench: Bench) -> str:
    wish = {
        "visitor": "周一平", "host_id": bench.person("王小明"), "points": ["east"],
        "valid_from": bench.clock.now.isoformat(),
        "valid_until": (bench.clock.now + timedelta(hours=8)).isoformat(),
    }  # fmt: skip
    return str(bench.administrator.post("/api/v1/visits", json=wish).json()["visit_id"])


def picture_width(page: Page) -> int:
    expect(page.locator(".code")).to_be_visible()
    width: int = page.locator(".code").evaluate(
        "async (image) => { await image.decode(); return image.naturalWidth; }"
    )
    return width


def test_a_visitor_is_invited_and_the_code_is_shown(building: Bench, guard: Visitor) -> None:
    building.person("王小明")
    page = opened(guard, building, "/visitors")
    expect(page.locator("data-table .empty")).to_contain_text("尚无访客")
    page.get_by_role("button", name="邀请访客").click()
    page.get_by_label("访客", exact=True).fill("周一平")
    page.get_by_label("被访人").select_option("王小明")
    page.get_by_label("截止日期").fill("2030-01-01T18:00")
    page.get_by_label("生效日期").fill("2030-01-01T08:00")
    page.get_by_label("入口").select_option("east")
    page.get_by_role("dialog").get_by_role("button", name="邀请访客").click()

    assert picture_width(page) > 100
    expect(page.get_by_role("dialog")).to_contain_text("2030-01-01 08:00 至 2030-01-01 18:00")
    (visit,) = building.administrator.get("/api/v1/visits").json()["items"]
    assert (visit["valid_from"], visit["points"]) == ("2030-01-01T00:00:00Z", ["east"])


def test_an_arrival_is_seen_at_once(building: Bench, visitors: Visitors) -> None:
    visit_id, node = expected_visit(building), building.node()
    page = opened(visitors.meet(language="en", width=360, height=740), building, "/visitors")
    row = page.locator("tbody tr").first
    expect(row).to_contain_text("Expected")

    node.send(node.event(1, fact=VisitorArrived(holder_id=visit_id, access_point="east")))

    expect(row).to_contain_text("Arrived")
    expect(row).to_contain_text("East gate")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_who_arrived_stays_until_the_host_was_told(building: Bench, guard: Visitor) -> None:
    visit_id, node = expected_visit(building), building.node()
    page = opened(guard, building, "/visitors")
    arrived = VisitorArrived(holder_id=visit_id, access_point="east")
    node.send(node.event(1, fact=arrived, time=datetime.now(UTC)))
    notice = page.locator(".arrivals")
    expect(notice).to_contain_text("待告知被访人：1")
    expect(notice.locator("li")).to_contain_text("到达东门，请告知王小明")

    notice.get_by_role("button", name="已告知").click()
    expect(notice).to_be_hidden()
    page.reload()

    expect(page.locator("tbody tr")).to_contain_text("到达，东门")
    expect(notice).to_be_hidden()


def test_a_visit_is_cancelled(building: Bench, visitors: Visitors) -> None:
    expected_visit(building)
    page = opened(visitors.meet(language="en"), building, "/visitors")
    page.locator("tbody tr").first.click()
    page.get_by_role("button", name="Cancel the visit").click()

    expect(page.locator("tbody tr").first).to_contain_text("Cancelled")


def test_an_exit_is_refused_in_words(building: Bench, visitors: Visitors) -> None:
    building.person("Anna")
    page = opened(visitors.meet(language="en"), building, "/visitors")
    page.keyboard.press("n")
    page.get_by_label("Visitor", exact=True).fill("Ada")
    page.get_by_label("Host").select_option("Anna")
    page.get_by_label("Valid until").fill("2030-01-01T18:00")
    page.get_by_label("Valid from").fill("2030-01-01T08:00")
    page.get_by_label("Entrance").select_option("exit")
    page.get_by_role("dialog").get_by_role("button", name="Invite a visitor").click()

    expect(page.locator("dialog .problem").last).to_contain_text("good at entrances")
