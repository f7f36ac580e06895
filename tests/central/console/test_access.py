"""The page of the access rules before the real central, in both languages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import Visitor, Visitors
from tests.central.access.models import put
from tests.central.bench import Bench
from tests.central.console.buildings import MODEL, opened, running_building

pytestmark = pytest.mark.browser


@pytest.fixture
def building(tmp_path: Path) -> Iterator[Bench]:
    with running_building(tmp_path / "home") as bench:
        yield bench


@pytest.fixture
def access(building: Bench, guard: Visitor) -> Page:
    """The page in Chinese, which has shown the rules."""
    page = opened(guard, building, "/access")
    expect(page.locator(".version")).to_contain_text("第 1 版，admin")
    return page


@pytest.fixture
def english(building: Bench, visitors: Visitors) -> Page:
    """The page in English on a telephone."""
    page = opened(visitors.meet(language="en", width=360, height=740), building, "/access")
    expect(page.locator(".version")).to_contain_text("Version 1, admin")
    return page


def rows(page: Page, table: str) -> Locator:
    return page.locator(f"[data-table={table}] tbody tr")


def in_force(bench: Bench) -> dict[str, list[dict[str, object]]]:
    view = bench.administrator.get("/api/v1/access-model").json()
    model: dict[str, list[dict[str, object]]] = view["model"]
    return model


def test_the_rules_are_readable_in_chinese(access: Page) -> None:
    expect(rows(access, "profiles").locator("td")).to_have_text(["员工", "东门, 西门: 上班时间"])
    expect(rows(access, "schedules").locator("td").nth(1)).to_have_text("周一至周五 08:00–18:00")
    expect(rows(access, "points").nth(1).locator("td")).to_have_text(
        ["西门", "大厅 → 实验室", "", "双人认证"]
    )


def test_the_rules_are_readable_in_english(english: Page) -> None:
    expect(rows(english, "profiles").locator("td")).to_have_text(
        ["Staff", "East gate, West gate: Office hours"]
    )
    expect(rows(english, "schedules").locator("td").nth(1)).to_have_text("Mon–Fri 08:00–18:00")


def test_nothing_is_wider_than_a_telephone(english: Page) -> None:
    rows(english, "profiles").first.click()
    expect(english.get_by_role("dialog")).to_be_visible()

    widest = english.evaluate(
        "[document.documentElement, document.querySelector('dialog')]"
        ".map((element) => element.scrollWidth - element.clientWidth)"
    )

    assert widest == [0, 0]


def test_a_profile_is_added_looked_at_and_put_in_force(building: Bench, access: Page) -> None:
    access.get_by_role("button", name="添加权限组").click()
    dialog = access.get_by_role("dialog")
    dialog.get_by_label("标识").fill("cleaners")
    dialog.get_by_label("中文名称").fill("保洁")
    dialog.get_by_label("东门").check()
    dialog.get_by_label("时间").select_option("office")
    dialog.get_by_role("button", name="记下更改").click()
    expect(rows(access, "profiles")).to_have_count(2)
    assert len(in_force(building)["profiles"]) == 1

    access.get_by_role("button", name="查看变化…").click()
    expect(access.locator(".changes li")).to_have_text(["新增 权限组: 保洁"])
    access.get_by_role("button", name="生效", exact=True).click()

    expect(access.locator(".version")).to_contain_text("第 2 版")
    expect(access.locator(".draft-bar")).to_be_hidden()
    assert in_force(building)["profiles"][1]["id"] == "cleaners"


def test_a_schedule_gets_other_hours_and_the_preview_names_whom_it_concerns(
    building: Bench, english: Page
) -> None:
    building.person("Anna", profiles=["staff"])
    rows(english, "schedules").first.click()
    dialog = english.get_by_role("dialog")
    dialog.get_by_label("From").fill("07:30")
    dialog.get_by_label("Sat").check()
    dialog.get_by_role("button", name="Note the change").click()
    english.get_by_role("button", name="See what changes…").click()

    preview = english.get_by_role("dialog")
    expect(preview.locator("tbody td")).to_have_text(["Anna", "", "", "East gate, West gate"])
    preview.get_by_role("button", name="Put in force").click()

    expect(rows(english, "schedules").locator("td").nth(1)).to_have_text("Mon–Sat 07:30–18:00")


def test_who_would_lose_a_lane_is_said_first(building: Bench, access: Page) -> None:
    building.person("王小明", profiles=["staff"])
    rows(access, "profiles").first.click()
    access.get_by_role("dialog").get_by_label("西门").uncheck()
    access.get_by_role("button", name="记下更改").click()

    access.get_by_role("button", name="查看变化…").click()

    expect(access.locator(".preview tbody td")).to_have_text(["王小明", "", "西门", ""])


def test_a_point_asks_for_credentials_two_persons_and_leads_into_an_area(
    building: Bench, access: Page
) -> None:
    rows(access, "points").first.click()
    dialog = access.get_by_role("dialog")
    dialog.get_by_label("通向区域").select_option("lab")
    dialog.get_by_role("button", name="要求凭证").click()
    dialog.get_by_label("刷卡 + 密码").check()
    dialog.get_by_label("双人认证").check()
    dialog.get_by_role("button", name="记下更改").click()
    access.get_by_role("button", name="查看变化…").click()
    access.get_by_role("button", name="生效", exact=True).click()
    expect(access.locator(".version")).to_contain_text("第 2 版")

    east = in_force(building)["points"][0]
    assert (east["to_area"], east["two_person"]) == ("lab", {"within_s": 30.0})
    assert east["credentials"] == [{"schedule": None, "require": {"any_of": [["card", "pin"]]}}]


def test_mistakes_stand_line_by_line_beside_the_form(building: Bench, access: Page) -> None:
    rows(access, "points").nth(2).click()
    dialog = access.get_by_role("dialog")
    dialog.get_by_label("双人认证").check()
    dialog.get_by_role("button", name="要求凭证").click()
    dialog.get_by_label("刷卡", exact=True).check()
    dialog.get_by_role("button", name="记下更改").click()

    expect(dialog.locator(".is-problem li")).to_have_count(2)
    expect(dialog.locator(".is-problem li").first).to_contain_text("access point 'exit' is an exit")
    expect(access.locator(".draft-bar")).to_be_hidden()
    assert len(in_force(building)["points"]) == 2


def test_a_change_of_somebody_else_is_said_and_nothing_is_overwritten(
    building: Bench, access: Page
) -> None:
    rows(access, "areas").first.click()
    access.get_by_label("人数上限").fill("30")
    access.get_by_role("button", name="记下更改").click()
    put(building.administrator, {**MODEL, "refusals_max": 3}, made_from=1)

    expect(access.locator(".draft-bar")).to_contain_text("期间有人修改了规则")
    access.get_by_role("button", name="放弃更改").click()

    expect(access.locator(".version")).to_contain_text("第 2 版")
    expect(rows(access, "areas").first.locator("td").nth(1)).to_have_text("20")


def test_a_lockdown_is_set_off_after_a_question_and_ended(
    building: Bench, visitors: Visitors
) -> None:
    building.accepted(building.invite("guard"), "guard-1")
    page = opened(visitors.meet(), building, "/access", username="guard-1")
    level = page.locator("[data-level=shut]")
    expect(level).to_contain_text("未启用")
    level.get_by_role("button", name="启用…").click()
    expect(page.get_by_role("dialog")).to_contain_text("禁止进入：东门；仍可进入：员工")
    page.get_by_label("原因").fill("演练")
    page.keyboard.press("Enter")
    expect(level).to_contain_text("guard-1：演练")

    level.get_by_role("button", name="解除…").click()
    page.get_by_role("button", name="立即解除").click()

    expect(level).to_contain_text("未启用")


def test_a_lockdown_that_another_sets_off_is_seen_at_once(building: Bench, english: Page) -> None:
    building.administrator.put("/api/v1/lockdowns/shut", json={"reason": "drill"})

    expect(english.locator("[data-level=shut]")).to_contain_text("admin: drill")


def test_a_guard_changes_no_rules(building: Bench, visitors: Visitors) -> None:
    building.accepted(building.invite("guard"), "guard-1")
    page = opened(visitors.meet(language="en"), building, "/access", username="guard-1")

    rows(page, "profiles").first.click()

    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Add a profile")).to_be_hidden()


def test_a_row_is_opened_with_the_keyboard_alone(access: Page) -> None:
    access.locator("[data-table=areas] tbody").focus()
    access.keyboard.press("ArrowDown")
    access.keyboard.press("Enter")

    expect(access.get_by_role("dialog")).to_contain_text("大厅")


def test_the_shipped_calendar_is_taken_over(access: Page) -> None:
    access.get_by_role("button", name="采用随附日历").click()

    expect(access.locator(".calendar")).to_contain_text("中国法定节假日：2024, 2025, 2026")
    expect(access.locator(".draft-bar")).to_be_visible()


def test_a_person_gets_profiles_marks_and_a_pin(building: Bench, guard: Visitor) -> None:
    path = f"/api/v1/people/{building.person('王小明')}"
    page = opened(guard, building, "/people")
    page.locator("tbody tr").first.click()
    page.get_by_label("按权限组通行").check()
    page.get_by_label("员工").check()
    page.get_by_label("需要陪同").check()
    page.get_by_role("button", name="更新规则").click()
    expect(page.locator(".saved")).to_have_text("已保存")
    page.get_by_label("密码", exact=False).first.fill("2580")
    page.get_by_role("button", name="设置密码").click()
    expect(page.locator(".pin")).to_contain_text("已有密码")

    person = building.administrator.get(path).json()
    assert (person["profiles"], person["needs_escort"], person["has_pin"]) == (
        ["staff"],
        True,
        True,
    )
