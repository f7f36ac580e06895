"""A call for assistance rings over the console until a guard takes it, before the real central."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from config.contract.assistance import OpenCalls
from tests.browser import Visitor, Visitors
from tests.central.assistance.ringing import ring
from tests.central.bench import Bench
from tests.central.console.buildings import opened, running_building
from tests.central.console.test_pages import CHINESE, LATIN_WORDS

pytestmark = pytest.mark.browser
SOUNDS = """
  window.sounds = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (at) { window.sounds += 1; start.call(this, at); };
"""


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


def test_a_guard_hears_a_call_takes_it_and_is_named(building: Bench, guard: Visitor) -> None:
    node = building.node()
    guard.context.add_init_script(SOUNDS)
    page = opened(guard, building, "/")
    page.locator(".site").click()
    expect(page.locator(".calls")).to_be_hidden()

    ring(node, point="east")
    call = page.locator(".calls li")
    expect(call).to_have_attribute("data-state", "waiting")
    expect(call).to_contain_text("东门")
    page.wait_for_function("window.sounds >= 2")
    assert set(LATIN_WORDS.findall(page.inner_text(".calls"))) == set()

    call.get_by_role("button", name="我去处理").click()
    expect(call).to_have_attribute("data-state", "taken")
    expect(call).to_contain_text("admin")
    told = OpenCalls.model_validate_json(
        node.request("GET", "/api/v1/nodes/current/assistance").content
    )
    assert told.items[0].taken_at is not None

    call.get_by_role("button", name="办结").click()
    expect(page.locator(".calls")).to_be_hidden()


def test_a_call_that_nobody_takes_says_so_more_strongly_in_english(
    building: Bench, visitors: Visitors
) -> None:
    building.clock.advance(seconds=-65)
    ring(building.node(), point="west")
    building.clock.advance(seconds=65)
    page = opened(visitors.meet(language="en"), building, "/")

    call = page.locator(".calls li")

    expect(call).to_have_attribute("data-state", "long")
    expect(call).to_contain_text("nobody has taken it")
    assert animation(page) == "calls"
    page.emulate_media(reduced_motion="reduce")
    assert animation(page) == "none"
    assert CHINESE.findall(page.inner_text(".calls")) == []


def animation(page: Page) -> str:
    query = "getComputedStyle(document.querySelector('.calls li')).animationName"
    return str(page.evaluate(query))
