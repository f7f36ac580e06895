"""The page Fire before the real central, and the strip over the other pages."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.contract.fire_events import FirePathChanged, FireTestChanged
from tests.browser import Visitor
from tests.central.bench import Bench
from tests.central.console.buildings import opened, running_building
from tests.central.fire.telling import API, ZONE, Telling, ask_duty, begin_test

pytestmark = pytest.mark.browser


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


def picture(page: Page, name: str) -> None:
    """Keep a picture for whoever wants to look."""
    if folder := os.environ.get("MENSHEN_PICTURES"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


def test_a_guard_sees_a_fire_closes_the_lane_and_signs_nothing_unseen(
    building: Bench, guard: Visitor
) -> None:
    node = building.node()
    node.report()
    telling = Telling(building, node)
    page = opened(guard, building, "/fire")
    zone = page.locator(f"[data-zone={ZONE}]")
    expect(zone).to_have_attribute("data-phase", "normal")
    picture(page, "fire-normal")
    fire_id = telling.confirm(access_points=("east",))
    telling.answer(fire_id, point="east")

    expect(zone).to_have_attribute("data-phase", "fire")
    expect(zone.locator("[data-subject=east]")).to_contain_text("已释放")
    expect(page.locator(".fire-strip li")).to_contain_text("火警")
    picture(page, "fire-zh")
    zone.get_by_role("button", name="关闭释放").click()
    page.locator("dialog input[name=reason]").fill("现场已确认")
    page.locator("dialog footer button").click()
    expect(page.locator("dialog")).to_have_count(0)
    telling.end(fire_id)
    telling.close(fire_id, point="east", asked_by=building.planted("guard").user_id)
    expect(zone).to_have_attribute("data-phase", "normal")
    expect(page.locator(f"[data-fire='{fire_id}']")).to_contain_text("1 / 1")
    expect(page.locator("[data-cell='building/east/ours']")).to_contain_text("未测试")


def test_a_drill_is_asked_for_with_its_scope_and_a_test_is_seen_on_other_pages(
    building: Bench, guard: Visitor
) -> None:
    node = building.node()
    node.report()
    telling = Telling(building, node)
    page = opened(guard, building, "/fire")
    page.get_by_role("button", name="EN").click()
    page.locator(f"[data-zone={ZONE}]").get_by_role("button", name="Begin a drill").click()
    expect(page.locator("dialog")).to_contain_text("Scope:")
    picture(page, "fire-drill-en")
    page.locator("dialog input[name=reason]").fill("yearly drill")
    page.locator("dialog footer button").click()
    expect(page.locator(".zone .drill")).to_contain_text("yearly drill")
    test_id = begin_test(building).json()["test_id"]
    telling.tell(FireTestChanged(test_id=test_id, zone=ZONE, points=("1.*",), is_on=True))
    telling.tell(FirePathChanged(zone=ZONE, is_up=False, is_wired_only=True, detail="panel"))
    expect(page.locator(".wired-only")).to_contain_text("wired release only")
    expect(page.locator(".test")).to_contain_text("1.*")
    picture(page, "fire-en")

    ask_duty(building)
    other = opened(guard, building, "/muster")
    expect(other.locator(".fire-strip [data-kind=test]")).to_contain_text("1.*")
    picture(other, "muster-strip")
    other.locator(".fire-strip [data-kind=duty] button").click()
    expect(other.locator(".fire-strip [data-kind=duty]")).to_have_count(0)
    (check,) = building.administrator.get(f"{API}/fire").json()["duty"]
    assert check["answered_by"] is not None
