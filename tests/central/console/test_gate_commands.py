"""A guard opens a gate from the console and sees what came of it, before the real central."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Page, expect

from config.contract.access import DoorState
from config.contract.command_events import CommandAnswered, CommandOutcome
from config.contract.nodes import DeviceStatus
from tests.browser import Visitor, Visitors
from tests.central.bench import Bench, Node
from tests.central.commands.test_endpoints import fetched
from tests.central.console.buildings import opened, running_building
from tests.central.console.test_pages import CHINESE, LATIN_WORDS

pytestmark = pytest.mark.browser


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


def at_the_gate(bench: Bench) -> Node:
    """Return a terminal that has said that its gate is closed."""
    node = bench.node()
    report(bench, node, DoorState.CLOSED)
    return node


def report(bench: Bench, node: Node, state: DoorState) -> None:
    """Let the terminal say what its gate reads back."""
    point, *_ = bench.app.state.services.settings.site.access_point
    gate = DeviceStatus(
        device=point.device,
        kind="speed_gate",
        access_points=(point.id,),
        is_current=True,
        state=state,
        since=bench.clock(),
    )
    node.report(devices=(gate,))


def gate_dialog(visitor: Visitor, building: Bench) -> Page:
    page = opened(visitor, building, "/")
    # By keyboard: the warning of recognition comes a moment later and moves what lies below it.
    page.locator(".gate button").press("Enter")
    expect(page.locator("dialog.gate-dialog")).to_be_visible()
    return page


def test_a_guard_opens_a_gate_once_and_sees_the_answer(building: Bench, guard: Visitor) -> None:
    node = at_the_gate(building)
    page = gate_dialog(guard, building)

    page.fill("[name=reason]", "送货")
    page.locator("dialog .primary").click()
    line = page.locator(".commands li").first
    expect(line).to_have_attribute("data-state", "waiting")
    (command,) = fetched(building, node)
    expect(line).to_have_attribute("data-state", "told")
    answer = CommandAnswered(command_id=UUID(str(command.id)), outcome=CommandOutcome.DONE)
    node.send(node.event(1, fact=answer))

    expect(line).to_have_attribute("data-state", "done")
    expect(line).to_contain_text("送货")
    assert set(LATIN_WORDS.findall(page.inner_text("dialog"))) <= {"admin"}


def test_the_gate_and_not_the_click_turns_its_symbol_and_silence_is_said(
    building: Bench, guard: Visitor
) -> None:
    node = at_the_gate(building)
    page = gate_dialog(guard, building)
    symbol, read_back = page.locator(".gate .state"), page.locator(".read-back")
    page.fill("[name=reason]", "送货")
    page.locator("dialog .primary").click()
    line = page.locator(".commands li").first

    expect(line.locator(".late")).to_contain_text("终端未取走指令，通道未动作")
    fetched(building, node)
    expect(line.locator(".late")).to_contain_text("请先察看通道")
    expect(symbol).to_have_text("关闭")
    report(building, node, DoorState.OPEN)

    expect(symbol).to_have_text("打开")
    expect(read_back).to_contain_text("打开")


def test_nothing_is_sent_without_a_reason(building: Bench, visitors: Visitors) -> None:
    at_the_gate(building)
    page = gate_dialog(visitors.meet(language="en"), building)

    page.locator("dialog .primary").click()

    expect(page.locator("[name=reason]:invalid")).to_be_visible()
    assert building.administrator.get("/api/v1/commands").json()["items"] == []
    assert CHINESE.findall(page.inner_text("dialog")) == []
