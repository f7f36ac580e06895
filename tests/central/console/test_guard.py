"""The guard's path by keyboard, in both languages, before the real central."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from config.contract.events import DoorForcedOpen, DoorSecured, DuressDetected, EventData
from tests.browser import Visitors
from tests.central.alarms.raising import listed, tell
from tests.central.bench import Bench
from tests.central.console.buildings import opened, running_building

pytestmark = pytest.mark.browser
FORCED, SECURED = DoorForcedOpen(device="gate"), DoorSecured(device="gate")
WORDS = {
    "zh-CN": {
        "duress": "胁迫报警 西门", "forced": "强行开门", "steps": "拨打110", "seen": "admin 已确认",
        "chatters": "频繁抖动", "latched": "不能搁置", "aside": "搁置 1", "untaken": "尚未接班",
        "left": "已移出列表",
    },
    "en": {
        "duress": "Duress West gate", "forced": "Door forced open", "steps": "call the police",
        "seen": "Acknowledged by admin", "chatters": "comes and goes",
        "latched": "cannot be put aside", "aside": "Laid aside 1", "untaken": "nobody has taken",
        "left": "No longer in the list",
    },
}  # fmt: skip
Happen = Callable[[EventData], None]


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


@pytest.fixture
def happen(building: Bench) -> Happen:
    """Something happens at the terminal, now."""
    node, sequences = building.node(), itertools.count(1)
    return lambda fact: tell(node, next(sequences), fact)


@pytest.mark.parametrize("language", WORDS)
def test_a_guard_sees_to_a_night_by_keyboard_alone(
    building: Bench, happen: Happen, visitors: Visitors, language: str
) -> None:
    words, page = WORDS[language], opened(visitors.meet(language=language), building, "/")
    expect(page.locator(".alarms div.quiet")).to_be_visible()
    for _ in range(4):
        happen(FORCED)
        happen(SECURED)
    happen(FORCED)
    happen(DuressDetected(holder_id="anna", access_point="west"))
    rows, panel = page.locator("alarm-list li"), page.locator("article.alarm")
    expect(rows).to_have_count(2)
    expect(page.locator(".top-alarm")).to_contain_text("胁迫" if language == "zh-CN" else "Duress")
    expect(page.locator(".speaker")).to_have_attribute("data-state", "locked")

    page.keyboard.press("j")
    expect(rows.first).to_contain_text(words["duress"])
    expect(panel.locator(".procedure")).to_contain_text(words["steps"])
    expect(page.locator(".speaker")).to_have_attribute("data-state", "on")
    page.keyboard.press("s")
    expect(page.locator(".alarms .problem")).to_contain_text(words["latched"])
    page.keyboard.press("a")
    expect(rows.first).to_contain_text(words["left"])

    page.keyboard.press("j")
    expect(panel).to_contain_text(words["chatters"])
    page.keyboard.press("a")
    expect(panel).to_contain_text(words["seen"])
    page.keyboard.press("s")
    page.locator("dialog input[name=minutes]").first.wait_for()
    page.keyboard.press("3")
    page.keyboard.type("hinge")
    page.keyboard.press("Enter")
    expect(page.locator(".alarm-counts")).to_contain_text(words["aside"])
    expect(page.locator("dialog")).to_have_count(0)

    page.keyboard.press("h")
    page.locator("dialog textarea").wait_for()
    page.keyboard.type("1: hinge of the east gate")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".handovers li").first).to_contain_text(words["untaken"])
    (shelved,) = listed(building, "shelved")
    assert (shelved["kind"], shelved["shelved"]["reason"]) == ("forced_open", "hinge")
