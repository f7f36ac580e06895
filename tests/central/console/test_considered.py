"""*Considered and decided*: what a decision was made on, and for whom it is to see."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from config.contract.access import DenialReason
from tests.browser import Visitor, Visitors
from tests.central.console.conftest import Central

pytestmark = pytest.mark.browser
PEOPLE: list[dict[str, Any]] = [
    {"holder_id": "1", "name": "王小明", "similarity": 0.712},
    {"holder_id": "2", "name": "李梅", "similarity": 0.502},
    {"holder_id": "3", "name": None, "similarity": 0.31},
]


@pytest.fixture
def section(console: Page) -> Locator:
    """What the panel says of the newest person admitted."""
    return console.locator(".considered")


def choose(console: Page, words: str) -> None:
    """Choose the newest line that says something."""
    console.locator(".rows li", has_text=words).first.click()


def test_the_reasons_of_a_decision_can_be_read(section: Locator) -> None:
    expect(section).to_contain_text("考虑与决定")
    expect(section).to_contain_text("最像的人0.712≥ 通过线 0.550")
    expect(section).to_contain_text("刷卡线0.470")
    expect(section).to_contain_text("比对 3 帧；合并 2 帧后决定；未用 4 帧：模糊 3、侧脸 1")
    expect(section).to_contain_text("比对人数128")
    expect(section.locator("code")).to_have_text("00000000")


def test_liveness_is_said_with_its_signals(section: Locator) -> None:
    expect(section).to_contain_text("存疑；各信号不一致；看了 4 次")
    expect(section.locator(".signals li")).to_have_text(
        ["两网络合计44 %", "眨眼次数1", "背景随脸移动0.12"]
    )


def test_a_scale_has_marks_for_card_and_pass(section: Locator) -> None:
    scale = section.get_by_role("img")

    expect(scale).to_have_attribute("aria-label", re.compile(r"刷卡线 0\.470.*通过线 0\.550"))
    expect(scale.locator(".mark")).to_have_count(2)
    assert scale.locator(".similarity").get_attribute("cx") == str(0.712 * 320)


def test_who_was_considered_is_asked_for_the_chosen_event_alone(
    central: Central, console: Page
) -> None:
    central.stand_in.candidates[1] = PEOPLE
    expect(console.locator(".considered")).to_contain_text("选中此事件")
    assert central.stand_in.requests == []

    choose(console, "王小明")

    expect(console.locator(".people tbody tr")).to_have_text(
        ["王小明0.712+0.162", "李梅0.502−0.048", "已删除的人0.310−0.240"]
    )
    assert central.stand_in.requests == [("GET", "/events/1/candidates", {})]


def test_the_people_considered_stay_while_others_pass(central: Central, console: Page) -> None:
    central.stand_in.candidates[1] = PEOPLE
    choose(console, "王小明")
    expect(console.locator(".people tbody tr")).to_have_count(3)

    central.stand_in.happen(central.story.passed())
    central.stand_in.happen(central.story.denied(DenialReason.UNKNOWN_CARD))
    expect(console.locator("live-list .news")).to_be_visible()

    expect(console.locator(".people tbody tr")).to_have_count(3)
    assert len(central.stand_in.requests) == 1


def test_a_guard_sees_the_reasons_and_nobody_else(central: Central, guard: Visitor) -> None:
    central.stand_in.session = {
        "username": "guard", "role": "guard", "permissions": ["events.read", "events.crops"],
    }  # fmt: skip
    page = guard.open(central.url)
    choose(page, "王小明")

    expect(page.locator(".considered")).to_contain_text("最像的人")
    expect(page.locator(".people")).to_have_count(0)
    assert central.stand_in.requests == []


def test_doubt_and_card_lead_to_each_other(central: Central, console: Page) -> None:
    central.stand_in.happen(central.story.doubted())
    central.stand_in.happen(central.story.settled("赵刚"))
    doubt = console.locator(".rows li", has_text="相似度不足")
    expect(doubt.locator(".outcome")).to_contain_text("已刷卡确认")
    choose(console, "相似度不足")

    console.get_by_role("button", name="赵刚").press("Enter")
    expect(console.locator(".detail .name")).to_have_text("赵刚")
    console.get_by_role("button", name="相似度不足").press("Enter")

    expect(console.locator(".detail .name")).to_contain_text("相似度不足")


@pytest.mark.parametrize(
    ("crop", "age_h", "words"),
    [("0" * 64, 25, "照片已过期"), (None, 0, "按规定不保留照片"), ("0" * 64, 0, "照片未收到")],
)
def test_a_picture_that_is_not_there_is_no_error(
    central: Central, console: Page, crop: str | None, age_h: float, words: str
) -> None:
    stored = central.story.granted("赵刚", crop=crop, age_h=age_h)
    central.stand_in.happen(stored)

    expect(console.locator(".detail figcaption")).to_have_text(words)
    expect(console.locator(".detail .crop svg")).to_be_visible()


def test_what_is_considered_is_said_in_english(central: Central, visitors: Visitors) -> None:
    page = visitors.meet(language="en-US").open(central.url)

    section = page.locator(".considered")
    expect(section).to_contain_text("3 compared; decided by the mean of 2; 4 not used: blurred 3")
    expect(section).to_contain_text("Unsure; the signals leave a doubt; 4 looks")
