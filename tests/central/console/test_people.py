from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.browser import Visitor
from tests.central.console.conftest import Central
from tests.central.console.stand_in import make_person

pytestmark = pytest.mark.browser


@pytest.fixture
def people(central: Central, guard: Visitor) -> Page:
    """The page of people, which has shown them."""
    page = guard.open(f"{central.url}/people")
    expect(page.locator("tbody tr")).to_have_count(2)
    return page


@pytest.fixture
def photographs(tmp_path: Path) -> list[Path]:
    """Two pictures in files."""
    for name in ("a.jpg", "b.jpg"):
        cv2.imwrite(str(tmp_path / name), np.full((300, 200, 3), 90, np.uint8))
    return [tmp_path / "a.jpg", tmp_path / "b.jpg"]


def choose(people: Page, photographs: list[Path]) -> None:
    people.locator("tbody tr").nth(1).click()
    people.locator("input[type=file]").set_input_files([str(p) for p in photographs])


def test_a_person_says_where_they_may_pass_and_by_what(people: Page) -> None:
    row = people.locator("tbody tr").nth(1)

    expect(row).to_contain_text("李梅")
    expect(row.locator("td")).to_have_text(
        ["李梅", "1002", "", "有效", "未登记", "1", "东通道", ""]
    )


def test_people_are_searched_as_you_type(people: Page) -> None:
    people.keyboard.press("/")
    people.keyboard.type("1002")

    expect(people.locator("tbody tr")).to_have_count(1)
    expect(people.locator("tbody tr")).to_contain_text("李梅")


def test_people_of_a_department_are_shown_alone(central: Central, guard: Visitor) -> None:
    central.stand_in.units = [
        {"unit_id": "1", "name": "总务处", "path": "总务处", "people_count": 0},
        {"unit_id": "2", "name": "保卫科", "path": "总务处/保卫科", "people_count": 1},
    ]
    central.stand_in.people[0]["unit"] = "总务处/保卫科"
    page = guard.open(f"{central.url}/people")
    expect(page.locator("tbody tr")).to_have_count(2)

    page.get_by_label("部门").select_option(label="\u3000保卫科 (1)")

    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page.locator("tbody td").nth(2)).to_have_text("总务处/保卫科")


def test_a_search_without_result_says_what_to_do(people: Page) -> None:
    people.get_by_role("searchbox").fill("nobody")

    expect(people.locator("data-table .empty")).to_contain_text("没有找到人员")


def test_a_person_is_added_until_the_end_of_a_day(central: Central, people: Page) -> None:
    people.keyboard.press("n")
    people.get_by_label("姓名", exact=True).fill("赵刚")
    people.get_by_label("截止日期").fill("2027-01-31")
    people.get_by_role("button", name="添加", exact=True).click()
    expect(people.get_by_role("heading", name="赵刚")).to_be_visible()

    [(_, _, body)] = central.stand_in.requests
    assert body == {
        "name": "赵刚",
        "number": None,
        "valid_from": None,
        "valid_until": "2027-01-31T16:00:00.000Z",
        "access_points": None,
    }


def test_others_see_a_new_person_at_once(central: Central, people: Page) -> None:
    central.stand_in.people.append(make_person("陈晓"))
    central.stand_in.change_people(42)

    expect(people.locator("tbody tr")).to_have_count(3)


def test_every_photograph_gets_its_own_answer(
    central: Central, people: Page, photographs: list[Path]
) -> None:
    pictures = [
        {"name": "a.jpg", "accepted": True, "reason": None, "score": 0.824},
        {"name": "b.jpg", "accepted": False, "reason": "blurred", "score": 0.1},
    ]
    central.stand_in.face_answer = (201, {"status": "enrolled", "pictures": pictures})

    choose(people, photographs)

    expect(people.locator(".pictures li").nth(0)).to_contain_text("可用 · 质量 82%")
    expect(people.locator(".pictures li").nth(1)).to_contain_text("模糊 · 质量 10%请保持不动")
    expect(people.locator(".face")).to_contain_text("已登记")


def test_a_reason_newer_than_the_page_still_has_words(
    central: Central, people: Page, photographs: list[Path]
) -> None:
    pictures = [{"name": "a.jpg", "accepted": False, "reason": "with_hat", "score": None}]
    central.stand_in.face_answer = (422, {"code": "no_usable_picture", "pictures": pictures})

    choose(people, photographs[:1])

    expect(people.locator(".pictures")).to_contain_text("不可用，请换一张")


def test_fewer_than_three_photographs_are_taken_with_an_advice(
    central: Central, people: Page, photographs: list[Path]
) -> None:
    answer = {"status": "enrolled", "pictures": [], "picture_count": 2, "not_compared_count": 7}
    central.stand_in.face_answer = (201, answer)

    choose(people, photographs)

    expect(people.locator(".face .advice")).to_contain_text("建议登记三张")
    expect(people.locator(".face .advice")).to_contain_text("有 7 人未能比对")


def test_three_photographs_need_no_advice(
    central: Central, people: Page, photographs: list[Path]
) -> None:
    answer = {"status": "enrolled", "pictures": [], "picture_count": 3, "not_compared_count": 0}
    central.stand_in.face_answer = (201, answer)

    choose(people, photographs)

    expect(people.locator(".face")).to_contain_text("已登记")
    expect(people.locator(".face .advice")).to_be_empty()


def test_photographs_that_are_refused_say_why(
    central: Central, people: Page, photographs: list[Path]
) -> None:
    pictures = [
        {"name": name, "accepted": False, "reason": reason}
        for name, reason in (("a.jpg", "no_face"), ("b.jpg", "several_faces"))
    ]
    body = {"code": "no_usable_picture", "pictures": pictures}
    central.stand_in.face_answer = (422, body)

    choose(people, photographs)

    expect(people.locator(".pictures")).to_contain_text("没有找到人脸")
    expect(people.locator(".pictures")).to_contain_text("不止一个人")


def test_a_look_alike_is_a_question_for_a_second_person(
    central: Central, people: Page, photographs: list[Path]
) -> None:
    answer = {"status": "awaiting_confirmation", "review_id": "r1", "resembles": "王小明"}
    central.stand_in.face_answer = (202, answer)

    choose(people, photographs)

    expect(people.locator(".face")).to_contain_text("与“王小明”相似，请另一位人员确认")


def test_a_look_alike_is_confirmed(central: Central, guard: Visitor) -> None:
    review = {"review_id": "r1", "name": "王小刚", "resembles": None, "requested_by": "zhang.wei"}
    central.stand_in.reviews.append(review)
    page = guard.open(f"{central.url}/people")
    expect(page.locator(".reviews")).to_contain_text("与已登记的一人相似")

    page.get_by_role("button", name="确认是不同的人").click()

    expect(page.locator(".reviews")).to_be_hidden()
    assert central.stand_in.requests[-1][1] == "/face-reviews/confirm"


def test_the_keyboard_chooses_and_opens_a_person(people: Page) -> None:
    people.keyboard.press("j")
    people.keyboard.press("j")
    people.keyboard.press("Enter")

    expect(people.get_by_role("dialog")).to_contain_text("李梅")


def test_a_column_sorts_both_ways(people: Page) -> None:
    title = people.get_by_role("button", name="编号")

    title.click()
    title.click()

    expect(people.locator("tbody tr td:first-child")).to_have_text(["李梅", "王小明"])
    expect(people.locator("th[aria-sort=descending]")).to_have_count(1)


def test_the_filing_duty_is_said_from_a_hundred_thousand_faces_on(
    central: Central, guard: Visitor
) -> None:
    central.stand_in.stored_faces |= {"count": 100_000, "level": "filing", "faceless_count": 7}

    page = guard.open(f"{central.url}/people")

    expect(page.locator(".stored-faces")).to_contain_text("不使用人脸 7 人")
    expect(page.locator(".stored-faces")).to_contain_text("30 个工作日内向省级网信部门备案")
