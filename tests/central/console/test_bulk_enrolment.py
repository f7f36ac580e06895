"""Many photographs on the page of people, before the real central."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor, Visitors
from tests.central.bench import Bench, running_central
from tests.central.console.buildings import opened
from tests.central.people.enrolling import consent
from tests.central.people.seen_faces import NOBODY, SeenFaces, photograph
from tests.central.people.test_folder_cli import write

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    home = tmp_path_factory.mktemp("bulk") / "home"
    with running_central(home, pipeline_factory=SeenFaces) as bench:
        for number, name in enumerate(("安娜", "李梅"), start=1):
            consent(bench.administrator, bench.person(name, number=str(number)))
        yield bench


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(
        tmp_path,
        photos__1=photograph(1), photos__2=photograph(2, marker=NOBODY), photos__3=photograph(3),
    ) / "photos"  # fmt: skip


def enrolled(page: Page, folder: Path, *, open_: str, choose: str) -> Page:
    page.get_by_role("button", name=open_).click()
    page.get_by_label(choose).set_input_files(folder)
    page.locator("dialog .import button.primary").click()
    expect(page.locator("dialog .done")).to_be_visible()
    return page


def test_a_folder_is_enrolled_with_a_report_and_once_only(
    running: Bench, guard: Visitor, visitors: Visitors, folder: Path, tmp_path: Path
) -> None:
    page = opened(guard, running, "/people")

    enrolled(page, folder, open_="批量登记人脸…", choose="选择文件夹")

    expect(page.locator("dialog .done")).to_have_text("完成： 已登记 1、没有此工号 1、未登记 1")
    expect(page.locator("dialog [role=status]").first).to_have_text("3 / 3 人")
    refused = page.locator("dialog tbody tr")
    expect(refused.nth(0).locator("td")).to_contain_text(["2", "2.png", "未登记", "没有找到人脸"])
    expect(refused.nth(1).locator("td")).to_contain_text(["3", "3.png", "没有此工号", "请先添加"])
    with page.expect_download() as report:
        page.get_by_role("button", name="下载报告").click()
    assert report.value.suggested_filename == "人脸登记报告.csv"
    report.value.save_as(tmp_path / "report.csv")
    with (tmp_path / "report.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row[2] for row in csv.reader(file)] == ["结果", "已登记", "未登记", "没有此工号"]

    page = opened(visitors.meet(language="en"), running, "/people")
    enrolled(page, folder, open_="Enrol many…", choose="Choose a folder")

    expect(page.locator("dialog .done")).to_contain_text("enrolled before 1")
