"""The floor plan and the guard's desk: seen, moved by keyboard, taken over."""

import re

import pytest
from playwright.sync_api import Page, expect

from central.security import COOKIE
from config.contract.access import DoorState
from config.contract.nodes import DeviceStatus
from tests.browser import Visitor
from tests.central.bench import Bench, Node
from tests.central.console.test_cameras import keep_both, sending
from tests.central.duty.desks import CARD, with_card
from tests.central.plans.drawings import API, draw

pytestmark = pytest.mark.browser
LANE = "[data-key$='access_point/lane']"
SYMBOL = f".plan-symbols {LANE}"


def enter(visitor: Visitor, bench: Bench, role: str, path: str = "") -> Page:
    """Open a page as somebody who is signed in."""
    session = bench.planted(role).client.cookies[COOKIE]
    visitor.context.add_cookies([{"name": COOKIE, "value": session, "url": bench.url}])
    page = visitor.open(f"{bench.url}/{path}")
    expect(page.locator(".link")).to_have_text("在线")
    return page


def report(node: Node, state: DoorState | None) -> None:
    """Let a terminal say how its gate is; None is lost."""
    gate = DeviceStatus(
        device="gate", kind="speed_gate", access_points=("lane",), is_current=state is not None,
        state=state, since=node.clock(),
    )  # fmt: skip
    node.report(devices=(gate,))


def test_a_symbol_turns_on_what_the_terminal_reads_back(bench: Bench, guard: Visitor) -> None:
    node = bench.node()
    report(node, DoorState.CLOSED)
    page = enter(guard, bench, "security_administrator", "plans")
    symbol = page.locator(SYMBOL)
    expect(symbol).to_have_class("")

    report(node, DoorState.BLOCKED)
    expect(symbol).to_have_class("p2 is-abnormal")
    expect(symbol).to_contain_text("被阻挡")
    report(node, None)

    expect(symbol).to_have_class(re.compile("p3 is-stale is-abnormal"))
    expect(symbol).to_contain_text("设备失联")


def test_a_gate_shows_its_last_snapshot_and_is_seen_through_a_camera_beside_the_plan(
    bench: Bench, guard: Visitor
) -> None:
    node = bench.node()
    report(node, DoorState.CLOSED)
    keep_both(node)
    page = enter(guard, bench, "guard", "plans")
    panel = page.locator(".plan-panel")
    page.locator(f"{SYMBOL} button").press("Enter")
    expect(panel.locator("figure.medium canvas")).to_be_visible()
    expect(panel.get_by_role("button", name="开门、常开、恢复…")).to_be_focused()

    with sending(node):
        panel.locator(".plan-cameras button").click()
        expect(panel.locator(".plan-live time")).not_to_be_empty()
        expect(panel.locator(".plan-live .said")).to_be_empty()
        page.keyboard.press("Escape")

    expect(panel).to_be_hidden()
    expect(page.locator(f"{SYMBOL} button")).to_be_focused()


def test_things_are_placed_by_dragging_and_by_keyboard(bench: Bench, guard: Visitor) -> None:
    draw(bench.administrator)
    page = enter(guard, bench, "security_administrator", "plans")
    page.get_by_role("button", name="布置设备").click()
    page.locator(f".plan-palette {LANE} button").drag_to(page.locator(".plan-editor .plan-sheet"))
    placed = page.locator(".plan-editor .plan-symbol")
    placed.focus()

    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    page.keyboard.press("r")
    page.get_by_role("button", name="保存布置").click()

    expect(page.locator(".plan-editor")).to_have_count(0)
    (kept,) = bench.administrator.get(API).json()["items"][0]["places"]
    assert (kept["id"], kept["angle"]) == ("lane", 15)
    assert abs(kept["x"] - 0.51) < 0.01
    assert abs(kept["y"] - 0.498) < 0.01


def test_a_desk_goes_on_watching_and_the_next_guard_takes_over_without_a_reload(
    bench: Bench, guard: Visitor
) -> None:
    other = with_card(bench)
    page = enter(guard, bench, "guard")
    page.evaluate("window.isSamePage = true")
    lock = page.locator(".duty-lock")
    expect(lock).to_be_hidden()

    page.keyboard.press("L")
    expect(lock).to_contain_text("已锁定")
    expect(page.locator(".link")).to_have_text("在线")
    page.get_by_label("卡号").fill(CARD["number"])
    page.keyboard.press("Enter")
    page.keyboard.type(CARD["pin"])
    page.keyboard.press("Enter")

    expect(lock).to_be_hidden()
    expect(page.locator(".user")).to_have_text("值班 g***")
    session = page.request.get(f"{bench.url}/api/v1/sessions/current").json()
    assert session["username"] == other.username
    assert page.evaluate("window.isSamePage") is True
