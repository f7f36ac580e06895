"""The muster page before the real central: live, by area, printable, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.access.test_endpoints import rules
from tests.central.bench import Bench, Node
from tests.central.console.buildings import opened, running_building
from tests.central.muster.test_endpoints import counted, moved, tell

pytestmark = pytest.mark.browser


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


@pytest.fixture
def node(building: Bench) -> Node:
    """A terminal that has seen one person enter the hall."""
    node = building.node()
    node.report()
    tell(node, moved(building.person("王小明"), "hall", minute=1))
    return node


@pytest.fixture
def muster(building: Bench, node: Node, guard: Visitor) -> Page:
    """The page in Chinese, which has shown who is inside."""
    page = opened(guard, building, "/muster")
    expect(page.locator("[data-area=hall] tbody tr")).to_have_count(1)
    return page


def test_who_is_inside_is_listed_by_area(muster: Page) -> None:
    hall = muster.locator("[data-area=hall]")

    expect(hall.locator("h2")).to_have_text("大厅")
    expect(hall.locator(".size")).to_have_text("1 / 20")
    expect(hall.locator("tbody td").nth(1)).to_have_text("王小明")
    expect(muster.locator("[data-area=lab]")).to_contain_text("无人")


def test_who_moves_is_seen_to_move(building: Bench, node: Node, muster: Page) -> None:
    tell(node, moved(building.person("李梅"), "lab", minute=2), first=2)
    tell(node, counted("lab", 2, minute=3), first=3)

    expect(muster.locator("[data-area=lab] tbody tr")).to_have_count(1)
    expect(muster.locator("[data-area=lab] .unnamed")).to_have_text("无姓名：2 人")
    expect(muster.locator(".total")).to_have_text("在内：4 人")


def test_a_terminal_that_is_not_heard_is_said_to_be_missing(muster: Page) -> None:
    expect(muster.locator(".silent")).to_have_text("gate-2 从未上线：缺少那里的通行记录。")


def test_the_printed_list_has_a_box_for_everybody(muster: Page) -> None:
    box = muster.locator("[data-area=hall] tbody .tick")
    expect(box).to_be_hidden()

    muster.emulate_media(media="print")

    expect(box).to_be_visible()
    expect(muster.get_by_role("button", name="打印")).to_be_hidden()


def test_a_guard_reads_masked_names_on_a_telephone_in_english(
    building: Bench, node: Node, visitors: Visitors
) -> None:
    building.accepted(building.invite("guard"), "guard-1")
    visitor = visitors.meet(language="en", width=360, height=740)

    page = opened(visitor, building, "/muster", username="guard-1")

    expect(page.locator("[data-area=hall] tbody td").nth(1)).to_have_text("王**")
    expect(page.locator("[data-area=hall] .size")).to_have_text("1 of 20")
    assert page.evaluate("document.documentElement.scrollWidth") == 360


def test_somebody_is_forgiven_after_a_question(building: Bench, node: Node, muster: Page) -> None:
    muster.locator("[data-area=hall]").get_by_role("button", name="豁免").click()
    expect(muster.get_by_role("dialog")).to_contain_text("不再记录“王小明”的位置？")
    muster.get_by_role("button", name="确认豁免").click()
    expect(muster.get_by_role("dialog")).to_have_count(0)

    (act,) = rules(node).forgiven
    (person,) = building.administrator.get("/api/v1/people").json()["items"]
    assert (act.number, act.holder_id) == (1, person["holder_id"])


def test_everybody_is_forgiven_after_a_question(
    building: Bench, node: Node, visitors: Visitors
) -> None:
    page = opened(visitors.meet(language="en"), building, "/muster")
    page.get_by_role("button", name="Forgive everybody…").click()
    page.get_by_role("button", name="Forget it").click()
    expect(page.get_by_role("dialog")).to_have_count(0)

    (act,) = rules(node).forgiven
    assert (act.holder_id, act.access_point) == (None, None)


def test_an_auditor_forgives_nobody(building: Bench, node: Node, visitors: Visitors) -> None:
    building.accepted(building.invite("auditor"), "auditor-1")
    page = opened(visitors.meet(language="en"), building, "/muster", username="auditor-1")
    expect(page.locator("[data-area=hall] tbody tr")).to_have_count(1)

    expect(page.get_by_role("button", name="Forgive")).to_have_count(0)


def begun(page: Page, reason: str, *, begin: str, now: str) -> None:
    """Begin a roll-call on a page."""
    page.get_by_role("button", name=begin).click()
    page.get_by_role("dialog").get_by_role("textbox").fill(reason)
    page.get_by_role("dialog").get_by_role("button", name=now, exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_two_guards_hold_a_roll_call_together(
    building: Bench, node: Node, muster: Page, visitors: Visitors
) -> None:
    tell(node, moved(building.person("Grace"), "hall", minute=2), first=2)
    begun(muster, "演练", begin="开始点名…", now="开始")
    sizes = dict[str, int]()
    visitor = visitors.meet(language="en")
    visitor.context.on(
        "requestfinished",
        lambda request: sizes.__setitem__(request.url, request.sizes()["responseBodySize"]),
    )
    other = opened(visitor, building, "/muster")
    hall, there = muster.locator(".roll-call [data-area=hall]"), other.locator(".roll-call")
    expect(there.locator(".missing")).to_have_text("Missing: 2")

    hall.get_by_role("button", name="已到").first.click()

    expect(there.locator("[data-area=hall] tr").last).to_contain_text("admin")
    expect(there.locator(".safe")).to_have_text("Safe: 1")
    expect(hall.locator("tr").first, "nothing moves under the mouse").to_have_class("is-safe")
    muster.mouse.move(0, 0)
    expect(hall.locator("tr").last).to_have_class("is-safe")

    there.get_by_role("button", name="Undo").click()
    there.get_by_label("Name of somebody").fill("Ada")
    there.get_by_role("button", name="Add as safe").click()
    expect(muster.locator(".roll-call .missing")).to_have_text("未到：2 人")
    expect(muster.locator(".roll-call [data-area='']")).to_contain_text("Ada")

    there.get_by_role("button", name="End the roll-call…").click()
    other.get_by_role("button", name="End it").click()
    expect(muster.locator(".roll-call")).to_be_hidden()
    expect(there).to_contain_text("ended by admin")
    expect(muster.locator(".earlier")).to_be_visible()
    assert sum(size for url, size in sizes.items() if "/api/" not in url) <= 60_000
