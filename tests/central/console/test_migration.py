"""A change of network on the page of people: who must come again, and how far the others are."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.console.conftest import Central
from tests.central.console.stand_in import make_migration

pytestmark = pytest.mark.browser


@pytest.fixture
def outdated(central: Central) -> Central:
    """A building where one person must come again."""
    central.stand_in.people[0]["must_come_again"] = True
    central.stand_in.migration = make_migration(current_count=1, must_come_again_count=1)
    return central


def opened(central: Central, visitor: Visitor) -> Page:
    page = visitor.open(f"{central.url}/people")
    expect(page.locator("tbody tr").first).to_be_visible()
    return page


def test_with_every_face_up_to_date_nothing_is_said(central: Central, guard: Visitor) -> None:
    page = opened(central, guard)

    expect(page.locator(".migration")).to_be_hidden()
    expect(page.locator("tbody tr").nth(0).locator("td").nth(4)).to_have_text("已登记")


def test_who_must_come_again_is_counted_and_marked(outdated: Central, guard: Visitor) -> None:
    page = opened(outdated, guard)

    expect(page.locator(".migration h2")).to_contain_text("需重新采集：1 人")
    expect(page.locator("tbody tr").nth(0).locator("td").nth(4)).to_contain_text("需重新采集")


def test_the_list_shows_only_who_must_come_again_and_everybody_once_more(
    outdated: Central, guard: Visitor
) -> None:
    page = opened(outdated, guard)

    page.get_by_role("button", name="只看这些人").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody tr")).to_contain_text("王小明")
    page.get_by_role("button", name="显示全部").click()

    expect(page.locator("tbody tr")).to_have_count(2)


def test_a_button_in_hand_stays_in_hand_when_it_is_drawn_anew(
    outdated: Central, guard: Visitor
) -> None:
    outdated.stand_in.migration = make_migration(must_come_again_count=1, renewable_count=8)
    page = opened(outdated, guard)
    page.get_by_role("button", name="只看这些人").focus()
    outdated.stand_in.migration = make_migration(must_come_again_count=1, renewable_count=7)
    expect(page.locator(".migration [role=status]")).to_contain_text("7")

    page.keyboard.press("Enter")

    expect(page.locator("tbody tr")).to_have_count(1)


def test_the_list_is_a_file_for_spreadsheets(outdated: Central, guard: Visitor) -> None:
    page = opened(outdated, guard)

    with page.expect_download() as download:
        page.get_by_role("link", name="导出").click()

    assert download.value.suggested_filename == "must-come-again.csv"


def test_faces_that_are_made_anew_are_counted_down(central: Central, guard: Visitor) -> None:
    central.stand_in.migration = make_migration(renewable_count=12)
    page = opened(central, guard)
    expect(page.locator(".migration [role=status]")).to_contain_text("还剩 12 人")

    central.stand_in.migration = make_migration()

    expect(page.locator(".migration")).to_be_hidden()


def test_a_node_that_holds_it_up_is_named(central: Central, guard: Visitor) -> None:
    migration = make_migration(kept_for_nodes_count=2, nodes_behind=["gate-1"])
    central.stand_in.migration = migration

    page = opened(central, guard)

    expect(page.locator(".migration")).to_contain_text("仍在使用旧模型：gate-1")


def test_a_central_without_the_network_says_what_to_do(central: Central, guard: Visitor) -> None:
    central.stand_in.migration = make_migration(network=None, detail="missing: x")

    page = opened(central, guard)

    expect(page.locator(".migration")).to_contain_text("menshen models fetch")


def test_enrolling_again_is_asked_for_until_it_is_done(
    outdated: Central, guard: Visitor, tmp_path: Path
) -> None:
    answer = {"status": "enrolled", "pictures": [], "picture_count": 1}
    outdated.stand_in.face_answer = (201, answer)
    cv2.imwrite(str(tmp_path / "a.jpg"), np.full((300, 200, 3), 90, np.uint8))
    page = opened(outdated, guard)
    page.locator("tbody tr").nth(0).click()
    expect(page.get_by_text("请为此人重新采集")).to_be_visible()

    page.locator("input[type=file]").set_input_files(str(tmp_path / "a.jpg"))

    expect(page.get_by_text("请为此人重新采集")).to_be_hidden()


def test_the_page_speaks_english(outdated: Central, visitors: Visitors) -> None:
    page = opened(outdated, visitors.meet(language="en-US"))

    expect(page.locator(".migration h2")).to_contain_text("Must come again: 1")
    expect(page.get_by_role("link", name="Export (CSV)")).to_be_visible()
    page.get_by_role("button", name="中").click()
    expect(page.locator(".migration h2")).to_contain_text("需重新采集：1 人")
