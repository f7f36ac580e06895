"""The personnel office's file on the page of people."""

from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import Visitor, Visitors
from tests.central.console.conftest import Central
from tests.central.console.stand_in import Json, make_preview

pytestmark = pytest.mark.browser
DONE = {"new": 1, "changed": 1, "leavers": 1, "switched_off": 0, "cards": 1}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file; what is in it is central's business."""
    path = tmp_path / "roster.csv"
    path.write_text("工号,姓名", "utf-8")
    return path


def compared(
    central: Central, visitor: Visitor, file: Path, answer: Json, *, status: int = 201
) -> Locator:
    """Return the dialog after a file was sent."""
    central.stand_in.import_answers.append((status, answer))
    page = visitor.open(f"{central.url}/people")
    page.get_by_role("button", name="导入…").click()
    page.locator("dialog input[type=file]").set_input_files(str(file))
    page.get_by_role("button", name="比对").click()
    return page.get_by_role("dialog")


def row(dialog: Locator, number: int) -> Locator:
    return dialog.locator("tbody tr").nth(number).locator("td")


def test_what_would_change_is_shown_line_by_line(
    central: Central, guard: Visitor, file: Path
) -> None:
    dialog = compared(central, guard, file, make_preview())

    expect(dialog.locator("tbody tr")).to_have_count(5)
    expect(row(dialog, 0).nth(4)).to_contain_text("卡号 · 号码已被表格改成科学计数")
    expect(row(dialog, 1)).to_have_text(["2", "新增", "1002", "陈晓", "姓名 陈晓卡 1"])
    expect(row(dialog, 2).nth(4)).to_have_text("通行点 东通道 → 全部通道权限组 （无） → 员工")
    expect(row(dialog, 3).nth(4)).to_have_text("状态 在职 → 离职有效期止 （无） → 2026-11-30")
    expect(row(dialog, 4)).to_have_text(["", "名册中没有", "1009", "赵刚", ""])
    expect(dialog).to_contain_text("40 无变化")
    expect(dialog).to_contain_text("未读取的列：手机")


def test_one_kind_is_shown_alone(central: Central, guard: Visitor, file: Path) -> None:
    dialog = compared(central, guard, file, make_preview())

    dialog.get_by_role("button", name="离职 1").click()

    expect(dialog.locator("tbody tr")).to_have_count(1)
    expect(dialog.get_by_role("button", name="离职 1")).to_have_attribute("aria-pressed", "true")


def test_it_is_applied_as_it_was_shown(central: Central, guard: Visitor, file: Path) -> None:
    dialog = compared(central, guard, file, make_preview())
    central.stand_in.import_answers.append((200, DONE))

    dialog.get_by_role("button", name="应用").click()

    expect(dialog.locator(".done")).to_contain_text("已完成：新增 1 人，变更 1 人，离职 1 人")
    assert central.stand_in.requests[-1] == (
        "POST",
        "/people/imports/i1/apply",
        {"token": "t1", "leavers_missing": False, "missing_confirmed": False},
    )


def test_who_is_missing_is_switched_off_only_when_that_is_chosen_twice(
    central: Central, guard: Visitor, file: Path
) -> None:
    dialog = compared(central, guard, file, make_preview(is_missing_unlikely=True))
    central.stand_in.import_answers.append((200, {**DONE, "switched_off": 1}))

    dialog.get_by_label("停用名册中已没有的 1 人").check()
    dialog.get_by_label("超过十分之一").check()
    dialog.get_by_role("button", name="应用").click()

    expect(dialog.locator(".done")).to_contain_text("停用 1 人")
    wish = central.stand_in.requests[-1][2]
    assert (wish["leavers_missing"], wish["missing_confirmed"]) == (True, True)


def test_people_who_changed_meanwhile_are_said(
    central: Central, guard: Visitor, file: Path
) -> None:
    dialog = compared(central, guard, file, make_preview())
    central.stand_in.import_answers.append((409, {"code": "people_changed"}))

    dialog.get_by_role("button", name="应用").click()

    expect(dialog.get_by_text("人员信息已有变动，请重新比对。")).to_be_visible()


def test_a_file_that_is_none_is_said(central: Central, guard: Visitor, file: Path) -> None:
    dialog = compared(central, guard, file, {"code": "roster_no_headings"}, status=422)

    expect(dialog.get_by_text("没有找到表头")).to_be_visible()


def test_a_file_that_changes_nothing_has_nothing_to_apply(
    central: Central, guard: Visitor, file: Path
) -> None:
    counts = dict.fromkeys(("new", "changed", "leavers", "missing", "refused", "left_already"), 0)
    answer = make_preview(
        counts={**counts, "unchanged": 2}, changes=[], refusals=[], missing=[], ignored_columns=[]
    )

    dialog = compared(central, guard, file, answer)

    expect(dialog.get_by_role("status")).to_contain_text("无需改动")
    expect(dialog.get_by_role("button", name="应用")).to_have_count(0)


def test_a_long_file_is_shown_in_part(central: Central, guard: Visitor, file: Path) -> None:
    refusals = [{"row": n, "column": "name", "code": "formula"} for n in range(300)]

    dialog = compared(central, guard, file, make_preview(refusals=refusals))

    expect(dialog.locator("tbody tr")).to_have_count(200)
    expect(dialog).to_contain_text("另有 104 行未显示")


def test_the_dialog_speaks_english(central: Central, visitors: Visitors, file: Path) -> None:
    central.stand_in.import_answers.append((201, make_preview(ignored_columns=[])))
    page: Page = visitors.meet(language="en-US").open(f"{central.url}/people")
    page.get_by_role("button", name="Import…").click()
    page.locator("dialog input[type=file]").set_input_files(str(file))
    page.get_by_role("button", name="Compare").click()

    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("the spreadsheet has rounded it")
    expect(dialog.get_by_role("button", name="Leaving 1")).to_be_visible()
