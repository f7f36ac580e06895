from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.bench import running_central
from tests.central.console.conftest import Central
from tests.central.console.recognition_data import AT, make_pair, make_recognition, make_self_test
from tests.central.console.test_with_central import enter
from tests.central.recognition.galleries import CAMERA_SITE, enrol, faces, near

pytestmark = pytest.mark.browser


def open_page(visitor: Visitor, central: Central, path: str = "recognition") -> Page:
    page = visitor.open(f"{central.url}/{path}")
    expect(page.locator("tbody tr" if path else ".rows li")).to_have_count(2)
    return page


def test_a_site_that_holds_its_target_has_no_colour(central: Central, guard: Visitor) -> None:
    page = open_page(guard, central)

    expect(page.locator(".notice")).to_be_hidden()
    expect(page.locator("main .p3, main .sign")).to_have_count(0)
    expect(page.locator(".facts")).to_contain_text("每个通道都达到目标")
    expect(page.locator("tbody tr").nth(1)).to_contain_text("西通道40")


def test_a_lane_that_cannot_hold_it_is_a_warning_with_price_and_help(
    central: Central, guard: Visitor
) -> None:
    central.stand_in.recognition = make_recognition(refused_at_east=0.172)
    page = open_page(guard, central)

    notice = page.locator(".notice")
    expect(notice.locator(".sign")).to_have_count(1)
    expect(notice).to_contain_text("警告")
    expect(notice).to_contain_text("东通道：比对 1,280 人时，约 17% 的已登记人员单张照片")
    expect(notice.locator(".helps li")).to_have_count(4)
    expect(page.locator("tbody tr").first).to_contain_text("达不到目标")


def test_the_warning_is_english_for_who_reads_english(central: Central, visitors: Visitors) -> None:
    central.stand_in.recognition = make_recognition(refused_at_east=0.056)
    page = open_page(visitors.meet(language="en-US"), central)

    expect(page.locator(".notice")).to_contain_text(
        "East lane: with 1,280 people compared, about 5.6% of enrolled people's single pictures"
    )


def test_the_console_says_it_in_one_line_that_leads_there(central: Central, guard: Visitor) -> None:
    central.stand_in.recognition = make_recognition(refused_at_east=0.172, open_pair_count=2)
    page = open_page(guard, central, "")

    strip = page.locator(".strip")
    expect(strip).to_contain_text("人脸识别达不到目标：东通道 约 17% 的照片要刷卡 · 2 对相似人员")
    strip.get_by_role("link").click()

    expect(page.locator("#recognition .notice")).to_be_visible()


def test_the_strip_goes_when_the_target_is_held_again(central: Central, guard: Visitor) -> None:
    central.stand_in.recognition = make_recognition(refused_at_east=0.172)
    page = open_page(guard, central, "")
    expect(page.locator(".strip")).to_be_visible()

    central.stand_in.change_recognition(**make_recognition())

    expect(page.locator(".strip")).to_be_hidden()


def test_a_self_test_is_run_and_its_progress_shown(central: Central, guard: Visitor) -> None:
    page = open_page(guard, central)
    expect(page.locator(".self-test")).to_contain_text("尚未自检")

    page.get_by_role("button", name="立即自检").click()
    expect(page.locator("progress")).to_have_attribute("value", "0.4")
    result = make_self_test("done", people_count=1280, comparison_count=1637120, pair_count=1)
    central.stand_in.change_recognition(attempt=None, last=result, next_at=AT.isoformat())

    expect(page.locator(".self-test")).to_contain_text("比对 1,280 人，用时 4.2 秒，太相似的 1 对")
    expect(page.locator("progress")).to_have_count(0)


@pytest.mark.parametrize(
    ("failure", "sentence"),
    [("interrupted", "请再运行一次"), ("templates_unreadable", "请恢复原密钥")],
)
def test_a_self_test_that_failed_says_what_to_do(
    central: Central, guard: Visitor, failure: str, sentence: str
) -> None:
    central.stand_in.recognition = make_recognition(
        attempt=make_self_test("failed", failure=failure)
    )

    expect(open_page(guard, central).locator(".self-test .p3")).to_contain_text(sentence)


def test_what_the_self_test_found_amiss_is_listed(central: Central, guard: Visitor) -> None:
    stray = {"holder_id": "1", "name": "王小明", "picture": 3, "similarity": 0.21}
    last = make_self_test("done", is_complete=False, uncheckable_count=4, strays=[stray])
    central.stand_in.recognition = make_recognition(last=last, not_comparable_count=7)

    page = open_page(guard, central)

    expect(page.locator(".strays")).to_contain_text("王小明 第 3 张照片，相似度 0.210")
    expect(page.locator(".self-test")).to_contain_text("请检查是否重复导入了人员")
    expect(page.locator(".facts .p3")).to_contain_text("7 人的模板来自其他网络")


def test_two_people_too_alike_are_answered(central: Central, guard: Visitor) -> None:
    central.stand_in.pairs = [make_pair("王小明", "王大明")]
    page = open_page(guard, central)
    expect(page.locator(".pairs li")).to_contain_text("王小明 — 王大明")

    page.get_by_role("button", name="同一人登记两次").click()

    expect(page.locator(".pairs li")).to_contain_text("请删除多余的记录：王大明")
    path = f"/recognition/pairs/{'1' * 8}/{'2' * 8}"
    assert central.stand_in.requests == [("PUT", path, {"verdict": "same_person"})]


def test_known_twins_are_added_by_name(central: Central, guard: Visitor) -> None:
    page = open_page(guard, central)
    page.get_by_role("button", name="添加双胞胎…").click()
    page.get_by_label("第一人", exact=True).select_option(label="王小明 · 1001")
    page.get_by_label("第二人", exact=True).select_option(label="李梅 · 1002")

    page.get_by_role("button", name="添加", exact=True).click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    one, other = (person["holder_id"] for person in central.stand_in.people)
    assert central.stand_in.requests == [
        ("POST", "/recognition/pairs", {"one": one, "other": other})
    ]


def test_a_button_keeps_its_focus_while_events_go_on(central: Central, guard: Visitor) -> None:
    central.stand_in.pairs = [make_pair("王小明", "王大明")]
    page = open_page(guard, central)
    button = page.get_by_role("button", name="不会混淆")
    button.focus()

    central.stand_in.happen(central.story.granted("李梅"))
    with page.expect_response("**/recognition/pairs"):
        central.stand_in.change_people(9)

    expect(button).to_be_focused()


def test_the_real_central_is_asked_tested_and_answered(tmp_path: Path, guard: Visitor) -> None:
    crowd = faces(4)
    with running_central(tmp_path / "home", site=CAMERA_SITE) as bench:
        enrol(bench, [*crowd, near(crowd[0], distance=0.1)])
        page = enter(guard, bench, bench.invite("administrator"))
        page.goto(f"{bench.url}/recognition")
        expect(page.locator(".notice")).to_contain_text("dlib-resnet 达不到目标")

        page.get_by_role("button", name="立即自检").click()
        expect(page.locator(".pairs li")).to_contain_text("P0 Lee — P4 Lee")
        page.get_by_role("button", name="是两人，很像").click()

        expect(page.locator(".pairs li")).to_contain_text("两人相似，需刷卡")
        expect(page.locator(".self-test")).to_contain_text("比对 5 人")


def test_who_may_not_see_it_is_told_so(tmp_path: Path, guard: Visitor) -> None:
    with running_central(tmp_path / "home", site=CAMERA_SITE) as bench:
        page = enter(guard, bench, bench.invite("guard"))
        expect(page.locator(".strip")).to_have_count(0)

        page.goto(f"{bench.url}/recognition")

        expect(page.locator("#recognition > .problem")).to_have_text("您没有此权限，请联系管理员。")
        expect(page.get_by_role("button", name="立即自检")).to_have_count(0)
