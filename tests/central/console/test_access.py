"""The page of the access rules before the real central, in both languages."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from config.contract.access import CredentialKind
from tests.browser import Visitor, Visitors
from tests.central.access.models import put
from tests.central.access.test_pass_times import passed
from tests.central.bench import Bench
from tests.central.console.buildings import MODEL, opened, running_building

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with running_building(tmp_path_factory.mktemp("access") / "home") as bench:
        yield bench


@pytest.fixture
def building(running: Bench) -> Bench:
    """The building with the rules of ``MODEL`` and nobody in it; one central serves all tests."""
    central = running.administrator
    for lockdown in central.get("/api/v1/lockdowns").json()["active"]:
        central.delete(f"/api/v1/lockdowns/{lockdown['level']}")
    for person in central.get("/api/v1/people").json()["items"]:
        central.delete(f"/api/v1/people/{person['holder_id']}")
    reply = put(central, MODEL, made_from=version(running))
    assert reply.status_code == 200, reply.text
    return running


def version(bench: Bench) -> int:
    return int(bench.administrator.get("/api/v1/access-model").json()["version"])


@pytest.fixture
def access(building: Bench, guard: Visitor) -> Page:
    """The page in Chinese, which has shown the rules."""
    page = opened(guard, building, "/access")
    expect(page.locator(".version")).to_contain_text(f"第 {version(building)} 版，admin")
    return page


@pytest.fixture
def english(building: Bench, visitors: Visitors) -> Page:
    """The page in English on a telephone."""
    page = opened(visitors.meet(language="en", width=360, height=740), building, "/access")
    expect(page.locator(".version")).to_contain_text(f"Version {version(building)}, admin")
    return page


def rows(page: Page, table: str) -> Locator:
    return page.locator(f"[data-table={table}] tbody tr")


def in_force(bench: Bench) -> dict[str, Any]:
    view = bench.administrator.get("/api/v1/access-model").json()
    model: dict[str, Any] = view["model"]
    return model


def put_in_force(page: Page, *, look: str = "查看变化…", apply: str = "生效") -> None:
    page.get_by_role("button", name=look).click()
    page.get_by_role("button", name=apply, exact=True).click()
    expect(page.locator(".draft-bar")).to_be_hidden()


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


def test_how_long_people_wait_is_told_for_each_credential_alike(
    building: Bench, guard: Visitor
) -> None:
    building.person("王小明")
    passed(building.node(), count(1), CredentialKind.CARD, shown_ms=20)
    page = opened(guard, building, "/access")

    cells = page.locator(".pass-times tbody tr").nth(1).locator("td")
    expect(cells).to_have_text(["刷卡", "1", "0.12 秒", "0.12 秒"])
    expect(page.locator(".pass-times tbody tr").first).to_contain_text("尚无")
    expect(page.locator(".times")).to_contain_text("未登记人脸：1 人，共 1 人")


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
    before = version(building)
    access.get_by_role("button", name="生效", exact=True).click()

    expect(access.locator(".version")).to_contain_text(f"第 {before + 1} 版")
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
    put_in_force(access)

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
    expect(dialog.locator(".is-problem li").first).to_have_text(
        "通道“出口”是出口：出去时不得要求凭证，请移除。"
    )
    expect(access.locator(".draft-bar")).to_be_hidden()
    assert len(in_force(building)["points"]) == 2


def test_a_rule_for_some_days_and_some_people_expires_by_itself(
    building: Bench, access: Page
) -> None:
    building.person("王小明")
    access.get_by_role("button", name="添加临时规则").click()
    dialog = access.get_by_role("dialog")
    dialog.get_by_label("标识").fill("works")
    dialog.get_by_label("中文名称").fill("施工")
    dialog.get_by_label("作用").select_option("require")
    dialog.get_by_label("刷卡 + 密码").check()
    dialog.get_by_label("从", exact=True).fill("2026-05-01T08:30")
    dialog.get_by_label("到", exact=True).fill("2026-05-03T18:00")
    dialog.get_by_label("东门").check()
    dialog.get_by_role("button", name="增加一人").click()
    dialog.get_by_label("人员", exact=True).select_option(label="王小明")
    dialog.get_by_role("button", name="记下更改").click()
    cells = rows(access, "temporary_rules").locator("td")
    expect(cells).to_contain_text(
        ["施工", "要求凭证: 刷卡 + 密码", "东门", "1 人", "2026-05-01 08:30", "2026-05-03 18:00"]
    )
    put_in_force(access)

    (rule,) = in_force(building)["temporary_rules"]
    assert (rule["valid_from"], rule["effect"]) == ("2026-05-01T00:30:00Z", "require")
    assert len(rule["holders"]) == 1


def test_days_of_the_site_s_own_have_hours_of_their_own(building: Bench, english: Page) -> None:
    english.get_by_role("button", name="Add special days").click()
    dialog = english.get_by_role("dialog")
    dialog.get_by_label("Identifier").fill("open-day")
    dialog.get_by_label("Name in English").fill("Open day")
    dialog.get_by_label("Date", exact=True).fill("2026-06-20")
    dialog.get_by_role("button", name="Note the change").click()
    rows(english, "schedules").first.click()
    dialog.get_by_role("button", name="Hours on special days").click()
    special = dialog.locator("fieldset", has_text="Special days").last
    special.get_by_role("button", name="More hours").click()
    special.get_by_label("From").fill("09:00")
    dialog.get_by_role("button", name="Note the change").click()
    put_in_force(english, look="See what changes…", apply="Put in force")

    expect(rows(english, "special_days").locator("td")).to_have_text(["Open day", "2026-06-20"])
    assert in_force(building)["schedules"][0]["special"] == [
        {"special_days": "open-day", "hours": [{"start": "09:00", "end": "18:00"}]}
    ]


def test_doors_that_are_never_open_together_and_a_zone_of_a_fire(
    building: Bench, access: Page
) -> None:
    for button, name in (("添加互锁", "mantrap"), ("添加释放区", "zone-a")):
        access.get_by_role("button", name=button).click()
        dialog = access.get_by_role("dialog")
        dialog.get_by_label("标识").fill(name)
        dialog.get_by_label("东门").check()
        dialog.get_by_label("西门").check()
        dialog.get_by_role("button", name="记下更改").click()
        expect(dialog).to_have_count(0)
    put_in_force(access)

    model = in_force(building)
    assert model["interlocks"][0]["points"] == ["east", "west"]
    assert model["fire_zones"][0]["points"] == ["east", "west"]


def test_a_lane_has_a_passback_and_times_of_its_own(building: Bench, access: Page) -> None:
    rows(access, "points").first.click()
    dialog = access.get_by_role("dialog")
    dialog.get_by_label("本通道的反潜回").select_option("timed")
    dialog.get_by_label("遗忘时间").fill("15")
    dialog.get_by_label("需要更多时间者").fill("12")
    dialog.get_by_label("无需陪同").check()
    dialog.get_by_role("button", name="记下更改").click()
    put_in_force(access)

    east = in_force(building)["points"][0]
    assert east["passback"] == {"mode": "timed", "forgotten_after_min": 15}
    assert (east["extended_access_time_s"], east["is_escort_free"]) == (12, True)


def test_what_holds_at_all_lanes_is_changed_like_a_rule(building: Bench, access: Page) -> None:
    access.get_by_role("button", name="更改设置").click()
    access.get_by_label("五分钟内拒绝几次").fill("3")
    access.get_by_role("button", name="记下更改").click()
    access.get_by_role("button", name="查看变化…").click()
    expect(access.locator(".changes li")).to_contain_text("更改 设置: 五分钟内拒绝几次")
    access.get_by_role("button", name="生效", exact=True).click()
    expect(access.locator(".draft-bar")).to_be_hidden()

    assert in_force(building)["refusals_max"] == 3


def test_a_change_of_somebody_else_is_said_and_nothing_is_overwritten(
    building: Bench, access: Page
) -> None:
    rows(access, "areas").first.click()
    access.get_by_label("人数上限").fill("30")
    access.get_by_role("button", name="记下更改").click()
    put(building.administrator, {**MODEL, "refusals_max": 3}, made_from=version(building))

    expect(access.locator(".draft-bar")).to_contain_text("期间有人修改了规则")
    access.get_by_role("button", name="放弃更改").click()

    expect(access.locator(".version")).to_contain_text(f"第 {version(building)} 版")
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
    building.accepted(building.invite("guard"), "guard-2")
    page = opened(visitors.meet(language="en"), building, "/access", username="guard-2")

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
