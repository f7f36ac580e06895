"""Events of the past: found, followed while they happen, opened by keyboard."""

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from config.contract.access import CredentialKind, DenialReason, Direction
from config.contract.events import AccessDenied
from tests.browser import Visitor
from tests.central.bench import Bench, Node
from tests.central.console.test_pages import LATIN_WORDS
from tests.central.console.test_plan import enter

pytestmark = pytest.mark.browser


def refuse(node: Node, sequence: int, *, seconds_ago: float = 0, holder: str | None = None) -> None:
    """Let a terminal refuse somebody."""
    fact = AccessDenied(
        decision_id=uuid4(), access_point="lane", direction=Direction.IN, holder_id=holder,
        reason=DenialReason.OUT_OF_SCHEDULE if holder else DenialReason.UNKNOWN_CARD,
        credential=CredentialKind.CARD,
    )  # fmt: skip
    node.send(node.event(sequence, fact=fact, time=node.clock() - timedelta(seconds=seconds_ago)))


def find(page: Page) -> None:
    """Search, and say why where that is asked."""
    page.get_by_role("button", name="查询").click()


def test_events_are_found_followed_held_and_opened_by_keyboard(
    bench: Bench, guard: Visitor
) -> None:
    node, wang = bench.node(), bench.person("王小明")
    refuse(node, 1, seconds_ago=60)
    page = enter(guard, bench, "guard", "events")
    find(page)
    why = page.get_by_role("dialog")
    why.locator("select").select_option("incident")
    why.locator("button.primary").click()
    # The list holds still under a hand.
    page.mouse.move(0, 0)
    rows = page.locator(".rows li")
    expect(rows).to_have_count(1)

    refuse(node, 2, holder=wang)
    expect(rows).to_have_count(2)
    expect(rows.first).to_contain_text("王**")
    page.keyboard.press("p")
    refuse(node, 3)
    expect(page.locator(".tail")).to_contain_text("已暂停：1 条新事件")
    assert rows.count() == 2
    page.keyboard.press("p")
    expect(rows).to_have_count(3)
    refuse(node, 4, seconds_ago=90)
    # What came late stands where it happened.
    expect(rows.last).to_have_attribute("data-key", "4")

    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    opened = page.locator("aside.detail")
    expect(opened).to_contain_text("王**")
    trace = opened.get_by_role("button", name="复制").get_attribute("title") or ""
    assert re.fullmatch(r"[0-9a-f]{32}", trace)
    page.keyboard.press("j")
    expect(opened).not_to_contain_text("王**")
    names = {"gate", "lane", "Test", "EN"}
    assert set(LATIN_WORDS.findall(page.inner_text("main"))) <= names

    page.get_by_role("button", name="不限…").click()
    page.locator("dialog option").first.click()
    page.locator("dialog .primary").click()
    find(page)
    expect(rows).to_have_count(1)
    refuse(node, 5)
    refuse(node, 6, holder=wang)
    expect(rows).to_have_count(2)
    with page.expect_download() as started:
        page.get_by_role("button", name="导出表格").click()
    assert started.value.suggested_filename == "events.csv"


RULES = """async () => {
  const { belongs, merged, placeOf, ROWS_MAX } = await import("/static/event-tail.js");
  const at = (position, second, data = {}) => ({
    position, node: "gate-1", received_at: "", holder_name: null,
    event: { type: "menshen.access.denied.v1", class: "access", data,
             time: `2026-11-29T08:00:${String(second).padStart(2, "0")}Z` },
  });
  const none = { since: "", until: "", type: "", class: "", place: "", node: "", person: "" };
  const keys = ({ items }) => items.map((each) => each.position);
  const shown = [at(9, 30), at(7, 20)];
  const many = Array.from({ length: ROWS_MAX + 5 }, (_, n) => at(n + 1, 1));
  return {
    late: keys(merged(shown, [at(10, 25)], false)),
    olderThanThePage: keys(merged(shown, [at(11, 10)], false)),
    olderThanAll: keys(merged(shown, [at(11, 10)], true)),
    twice: keys(merged(shown, [at(9, 30)], true)),
    bounded: [merged([], many, true).items.length === ROWS_MAX, merged([], many, true).isCut],
    places: [{ access_point: "lane", device: "gate" }, { device: "gate" }, {}]
      .map((data) => placeOf(at(1, 1, data))),
    until: belongs(at(1, 30), { ...none, until: "2026-11-29T08:00:30Z" }),
    person: belongs(at(1, 1, { holder_id: "anna" }), { ...none, person: "bert" }),
    all: belongs(at(1, 1, { holder_id: "anna", zone: "hall" }),
      { ...none, person: "anna", place: "hall", node: "gate-1", class: "access" }),
  };
}"""


def test_the_live_end_of_a_search_takes_what_the_search_would_find(
    bench: Bench, guard: Visitor
) -> None:
    page = enter(guard, bench, "guard", "events")

    assert page.evaluate(RULES) == {
        "late": [9, 10, 7],
        "olderThanThePage": [9, 7],
        "olderThanAll": [9, 7, 11],
        "twice": [9, 7],
        "bounded": [True, True],
        "places": ["lane", "gate", "gate-1"],
        "until": False,
        "person": False,
        "all": True,
    }


TOLD_AHEAD = """async () => {
  const { SiteState } = await import("/static/site-state.js");
  const now = Date.parse("2026-11-29T08:00:00Z");
  const at = (position, ago_s) => ({
    position, node: "gate-1", holder_name: null,
    received_at: new Date(now + position).toISOString(),
    event: { type: "menshen.access.denied.v1", class: "access", data: {},
             time: new Date(now + position - ago_s * 1000).toISOString() },
  });
  const none = { epoch: "one", site: {}, nodes: [], alarms: null };
  const snapshot = (position, events) => ({ ...none, position, events });
  const state = new SiteState();
  state.apply(snapshot(2, [at(1, 0), at(2, 0)]));
  const before = state.arrived;
  // 9 and 10 are told ahead of a day that 3 to 8 tell of, but for 5, which happens now.
  for (const position of [9, 10, 3, 4, 5, 6]) {
    state.take("event", at(position, [9, 10, 5].includes(position) ? 0 : 86_400));
  }
  const keys = () => state.log.lines.map((line) => Number(line.key));
  const came = state.recent.slice(before - state.arrived).map(({ position }) => position);
  const told = { lines: keys(), came };
  const seen = state.arrived;
  state.apply(snapshot(10, [at(8, 86_400), at(9, 0), at(10, 0)]));
  state.take("event", at(7, 86_400));
  state.take("event", at(11, 0));
  return { ...told, again: keys(), isMissed: state.arrived - seen > state.recent.length };
}"""


def test_what_happens_now_is_shown_above_a_day_that_is_told_late_and_each_once(
    bench: Bench, guard: Visitor
) -> None:
    page = enter(guard, bench, "guard", "events")

    assert page.evaluate(TOLD_AHEAD) == {
        "lines": [5, 10, 9, 2, 1, 6, 4, 3],
        "came": [9, 10, 3, 4, 5, 6],
        "again": [11, 5, 10, 9, 2, 1, 8, 6, 4, 3],
        "isMissed": True,
    }
