import hashlib
import re
from uuid import uuid4

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from config.contract.access import DenialReason, DoorCommandOutcome, DoorState
from config.contract.board_events import UpdateOutcome, UpdateStage
from config.contract.events import (
    BoardHealthChanged,
    BoardUpdateEnded,
    BoardUpdateProgressed,
    NeighbourLost,
)
from tests.browser import Visitor, Visitors
from tests.central.console.conftest import Central, make_central
from tests.central.console.site_data import make_device, make_node
from tests.serving import serving

pytestmark = pytest.mark.browser
HATCHED = re.compile("repeating-linear-gradient")


def test_an_event_appears_without_a_reload(central: Central, console: Page) -> None:
    central.stand_in.happen(central.story.denied(DenialReason.NO_LONGER_VALID))

    expect(console.locator(".rows li").first).to_contain_text("已过期")


def test_one_malformed_message_does_not_end_the_live_stream(
    central: Central, console: Page
) -> None:
    central.stand_in.say_raw('event: event\ndata: {"position": \n\n')
    central.stand_in.happen(central.story.denied(DenialReason.NO_LONGER_VALID))

    expect(console.locator(".rows li").first).to_contain_text("已过期")


def test_an_event_says_when_where_who_and_how_sure(central: Central, console: Page) -> None:
    central.stand_in.happen(central.story.granted("赵刚", point="west"))

    line = console.locator(".rows li").first
    expect(line).to_contain_text(re.compile(r"\d\d:\d\d:\d\d.*通行允许.*西通道.*赵刚.*0\.712"))
    expect(line.locator("svg.symbol").first).to_be_visible()


def test_what_happens_to_boards_is_said_and_their_progress_drives_nothing_out_of_sight(
    central: Central, console: Page
) -> None:
    update_id, image = uuid4(), "a" * 64
    facts = (
        NeighbourLost(node="gate-9"),
        BoardHealthChanged(device="b1", faults=("supply", "flash")),
        BoardUpdateProgressed(update_id=update_id, device="b1", stage=UpdateStage.UPLOADS),
        BoardUpdateEnded(
            update_id=update_id, device="b1", outcome=UpdateOutcome.WENT_BACK, image=image
        ),
    )

    for fact in facts:
        central.stand_in.happen(central.story.stored(fact))

    rows = console.locator(".rows li")
    expect(rows).to_have_count(2 + 3)
    for row, words in zip(
        rows.all(), ("已退回原版本", "电源异常、存储异常", "gate-9"), strict=False
    ):
        expect(row).to_contain_text(words)


@pytest.mark.parametrize(
    ("language", "open_", "question", "now"),
    [
        ("zh-CN", "清除此通道的拒绝…", "清除“东通道”的拒绝次数？", "确认清除"),
        (
            "en",
            "Forgive the refusals here…",
            "Forgive the refusals at “East lane”?",
            "Forgive them",
        ),
    ],
)
def test_refusals_at_a_lane_are_forgiven_after_a_question(
    central: Central, visitors: Visitors, language: str, open_: str, question: str, now: str
) -> None:
    central.stand_in.happen(central.story.refused_often())
    page = visitors.meet(language=language).open(central.url)
    page.locator(".rows li").first.click()
    page.get_by_role("button", name=open_).click()
    expect(page.get_by_role("dialog")).to_contain_text(question)
    assert central.stand_in.requests == []

    page.get_by_role("button", name=now).click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    assert central.stand_in.requests == [("POST", "/forgiven", {"access_point": "east"})]


def test_later_facts_complete_the_line_of_their_decision(central: Central, console: Page) -> None:
    central.stand_in.happen(central.story.granted("赵刚"))
    line = console.locator(".rows li").first
    expect(line.locator(".outcome")).to_be_empty()

    central.stand_in.happen(central.story.answered(DoorCommandOutcome.CONFIRMED))
    expect(line.locator(".outcome")).to_have_text("已开闸")
    central.stand_in.happen(central.story.passed())

    expect(line.locator(".outcome")).to_contain_text("已通过")
    expect(console.locator(".rows li")).to_have_count(3)


def test_a_gate_that_did_not_answer_asks_for_attention(central: Central, console: Page) -> None:
    central.stand_in.happen(central.story.granted("赵刚"))
    central.stand_in.happen(central.story.answered(DoorCommandOutcome.UNREACHABLE))

    outcome = console.locator(".rows li").first.locator(".outcome")

    expect(outcome).to_contain_text("闸机无应答")
    expect(outcome.locator(".sign-2")).to_be_visible()


def test_the_list_holds_still_while_somebody_points_at_it(central: Central, console: Page) -> None:
    console.locator(".rows li").first.hover()
    for name in ("赵刚", "周敏", "陈晓"):
        central.stand_in.happen(central.story.granted(name))

    news = console.get_by_role("button", name="3 条新记录")
    expect(news).to_be_visible()
    expect(console.locator(".rows li")).to_have_count(2)
    news.click()

    expect(console.locator(".rows li .who").first).to_have_text("陈晓")


def test_the_list_moves_again_when_the_pointer_has_left(central: Central, console: Page) -> None:
    console.locator(".rows li").first.hover()
    central.stand_in.happen(central.story.granted("赵刚"))
    expect(console.get_by_role("button", name="1 条新记录")).to_be_visible()

    console.locator(".site").hover()

    expect(console.locator(".rows li .who").first).to_have_text("赵刚")


def test_a_held_line_still_learns_what_became_of_it(central: Central, console: Page) -> None:
    central.stand_in.happen(central.story.granted("赵刚"))
    line = console.locator(".rows li").first
    expect(line).to_contain_text("赵刚")
    line.hover()

    central.stand_in.happen(central.story.passed())

    expect(line.locator(".outcome")).to_contain_text("已通过")


def test_the_picture_of_the_person_admitted_is_shown(central: Central, console: Page) -> None:
    picture = cv2.imencode(".jpg", np.full((200, 200, 3), 90, np.uint8))[1].tobytes()
    sha256 = hashlib.sha256(picture).hexdigest()
    central.stand_in.blobs[sha256] = picture

    central.stand_in.happen(central.story.granted("赵刚", crop=sha256))

    expect(console.locator(".rows li").first.locator(".crop img")).to_be_visible()
    expect(console.locator(".detail .crop img")).to_be_visible()


def test_a_picture_that_is_gone_leaves_a_neutral_figure(central: Central, console: Page) -> None:
    with console.expect_response(re.compile("/api/v1/blobs/")) as asked:
        central.stand_in.happen(central.story.granted("赵刚", crop="0" * 64))

    assert asked.value.status == 404
    expect(console.locator(".rows li").first.locator(".crop svg")).to_be_visible()


def test_a_lost_gate_is_hatched_and_says_since_when(central: Central, console: Page) -> None:
    lost = make_device("gate-east", None, is_current=False, since=central.story.at)
    well = make_device("gate-west", DoorState.CLOSED, since=central.story.at)
    central.stand_in.report(make_node("gate-1", (lost, well)))

    east, west = console.locator(".gate").nth(0), console.locator(".gate").nth(1)
    expect(east).to_contain_text(re.compile(r"数据过期.*自 \d\d:\d\d:\d\d"))
    expect(east).to_have_css("background-image", HATCHED)
    expect(west).to_contain_text("关闭")
    expect(west).not_to_have_css("background-image", HATCHED)


def test_a_gate_that_was_not_heard_yet_is_unknown_and_neither_normal_nor_lost(
    central: Central, console: Page
) -> None:
    seen = make_device("gate-east", None, is_current=False, since=central.story.at)
    awaited = seen.model_copy(update={"is_awaited": True})
    central.stand_in.report(make_node("gate-1", (awaited,)))

    gate = console.locator(".gate").first
    expect(gate).to_contain_text("尚无应答")
    expect(gate).to_have_css("background-image", HATCHED)
    expect(console.locator(".node-strip")).not_to_contain_text("失联")


def test_all_gates_of_a_lost_node_are_stale(central: Central, console: Page) -> None:
    gates = (
        make_device("gate-east", DoorState.OPEN, since=central.story.at),
        make_device("gate-west", DoorState.CLOSED, since=central.story.at),
    )
    central.stand_in.report(make_node("gate-1", gates, is_online=False))

    expect(console.locator(".gate.is-stale")).to_have_count(2)
    expect(console.locator(".counts")).to_contain_text("失联 1")
    expect(console.locator(".gates")).not_to_contain_text("打开")


def test_a_gate_in_trouble_has_shape_colour_and_word(central: Central, console: Page) -> None:
    fault = make_device("gate-east", DoorState.FAULT, since=central.story.at)
    central.stand_in.report(make_node("gate-1", (fault,)))

    gate = console.locator(".gate").first
    expect(gate).to_contain_text("故障")
    expect(gate.locator(".sign-2 text")).to_have_text("2")
    expect(console.locator(".counts")).to_contain_text("闸机故障 1")


def test_the_page_recovers_when_central_comes_back(guard: Visitor) -> None:
    before = make_central()
    with serving(before.stand_in.app) as url:
        console = guard.open(url)
        expect(console.locator(".rows li")).to_have_count(2)
        console.evaluate("window.isSamePage = true")

    expect(console.locator(".link")).to_contain_text(re.compile(r"\d\d:\d\d:\d\d 起无连接"))
    expect(console.locator(".gate.is-stale")).to_have_count(2)
    after = make_central()
    after.stand_in.events.append(after.story.granted("赵刚"))
    with serving(after.stand_in.app, port=int(url.rpartition(":")[2])):
        expect(console.locator(".link")).to_have_text("在线")
        expect(console.locator(".rows li .who").first).to_have_text("赵刚")
        expect(console.locator(".rows li")).to_have_count(3)
        expect(console.locator(".gate.is-stale")).to_have_count(0)
        after.stand_in.happen(after.story.granted("周敏"))
        expect(console.locator(".rows li .who").first).to_have_text("周敏")
    assert console.evaluate("window.isSamePage") is True


def test_eight_tabs_are_live_over_one_stream(central: Central, guard: Visitor) -> None:
    tabs = [guard.open(central.url) for _ in range(8)]
    for tab in tabs:
        expect(tab.locator(".rows li")).to_have_count(2)

    central.stand_in.happen(central.story.granted("赵刚"))

    for tab in tabs:
        expect(tab.locator(".rows li .who").first).to_have_text("赵刚")
    assert central.stand_in.stream_count == 1


def test_a_browser_without_shared_workers_is_live_too(central: Central, guard: Visitor) -> None:
    guard.context.add_init_script("delete window.SharedWorker")
    console = guard.open(central.url)
    expect(console.locator(".rows li")).to_have_count(2)

    central.stand_in.happen(central.story.granted("赵刚"))

    expect(console.locator(".rows li .who").first).to_have_text("赵刚")


def test_j_and_k_choose_an_event_and_its_detail_follows(console: Page) -> None:
    console.keyboard.press("j")
    expect(console.locator(".detail .name")).to_have_text("陌生人")
    console.keyboard.press("j")
    expect(console.locator(".detail .name")).to_have_text("王小明")
    console.keyboard.press("k")
    expect(console.locator(".detail .name")).to_have_text("陌生人")

    console.keyboard.press("Escape")

    expect(console.locator(".rows [aria-current]")).to_have_count(0)
    expect(console.locator(".detail .name")).to_have_text("王小明")


def test_slash_filters_as_you_type(console: Page) -> None:
    console.keyboard.press("/")
    console.keyboard.type("陌生")

    expect(console.locator(".rows li")).to_have_count(1)
    expect(console.locator(".rows li")).to_contain_text("陌生人")


def test_g_and_a_letter_change_the_page(console: Page, central: Central) -> None:
    for letter, path in (("p", "people"), ("n", "nodes"), ("c", "")):
        console.keyboard.press("g")
        console.keyboard.press(letter)
        console.wait_for_url(f"{central.url}/{path}")
        expect(console.locator(".clock")).not_to_be_empty()


def test_a_question_mark_shows_the_keys(console: Page) -> None:
    console.keyboard.press("?")

    expect(console.get_by_role("dialog")).to_contain_text("下一条")


def test_data_is_never_markup(central: Central, console: Page) -> None:
    central.stand_in.happen(central.story.granted('<img src="x" onerror="alert(1)">'))

    who = console.locator(".rows li .who").first
    expect(who).to_have_text('<img src="x" onerror="alert(1)">')


def test_a_quiet_building_says_what_will_appear(visitors: Visitors) -> None:
    empty = make_central()
    empty.stand_in.events.clear()
    empty.stand_in.nodes.clear()
    with serving(empty.stand_in.app) as url:
        console = visitors.meet(language="en-GB").open(url)

        expect(console.locator("live-list .empty")).to_contain_text("every passage appears here")
        expect(console.locator(".detail")).to_contain_text("Choose an event")


def test_names_that_may_not_be_seen_stay_masked(central: Central, console: Page) -> None:
    central.stand_in.happen(central.story.granted("赵**"))

    expect(console.locator(".rows li .who").first).to_have_text("赵**")
