"""A guard frees a whole area, and is told which gate did not do it and what to do."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import expect

from config.contract.access import DoorState
from config.contract.command_events import CommandAnswered, CommandOutcome, CommandRefusal
from config.contract.nodes import DeviceStatus
from tests.browser import Visitor
from tests.central.bench import Bench, Node
from tests.central.commands.test_endpoints import fetched
from tests.central.console.buildings import opened, running_building
from tests.central.console.test_pages import LATIN_WORDS

pytestmark = pytest.mark.browser
ANSWERS = {
    "east": (CommandOutcome.DONE, None),
    "west": (CommandOutcome.REFUSED, CommandRefusal.DEVICE_SILENT),
}


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


def report(node: Node, state: DoorState) -> None:
    """Let the terminal say how the gate of all its lanes is."""
    gate = DeviceStatus(
        device="gate", kind="speed_gate", access_points=("east", "west", "exit"), is_current=True,
        state=state, since=node.clock(),
    )  # fmt: skip
    node.report(devices=(gate,))


def test_a_guard_holds_an_area_open_and_is_told_which_gate_did_not_do_it(
    building: Bench, guard: Visitor
) -> None:
    node = building.node()
    report(node, DoorState.CLOSED)
    page = opened(guard, building, "/")
    page.keyboard.press("r")
    dialog = page.locator("dialog.area-dialog")
    dialog.locator("[value=hold_open]").check()
    dialog.locator("[name=minutes]").select_option("30")
    dialog.locator("[name=reason]").fill("送货")
    assert dialog.locator(".area-gates li").count() == 2, "and the exit is no way of the hall"

    page.keyboard.press("Enter")
    rows = {lane: dialog.locator(f"[data-key={lane}]") for lane in ANSWERS}
    expect(rows["west"]).to_have_attribute("data-state", "waiting")
    for number, command in enumerate(fetched(building, node), 1):
        what = command.what.model_dump()
        ahead = datetime.fromisoformat(str(what["until"])) - building.clock()
        assert abs(ahead.total_seconds() - 1800) < 60
        outcome, refusal = ANSWERS[what["access_point"]]
        told = CommandAnswered(command_id=UUID(str(command.id)), outcome=outcome, refusal=refusal)
        node.send(node.event(number, fact=told))

    expect(rows["east"]).to_have_attribute("data-state", "done")
    expect(rows["east"].locator(".state")).to_contain_text("关闭")
    expect(rows["west"]).to_contain_text("请派人到现场")
    expect(dialog.locator(".area-said")).to_contain_text("未完成：西门")
    report(node, DoorState.OPEN)
    expect(rows["east"].locator(".state")).to_contain_text("打开")
    assert set(LATIN_WORDS.findall(page.inner_text("dialog"))) == set()
    dialog.get_by_role("button", name="向未完成的 1 个通道重新下达").click()
    expect(rows["west"]).to_have_attribute("data-state", "waiting")
