"""What a row says, and one line for each that says nothing that can be used."""

from datetime import UTC, datetime

import pytest

from central.people.roster.rows import read_roster, unit_path
from central.people.roster.tables import RosterError
from tests.central.people.roster.files import PLACE, csv_file, only_code, roster

TITLE = "台州市行政中心人员名册（2026年11月）"


def values(headings: str, line: str) -> object:
    (row,) = roster(headings, line).rows
    return dict(row.values)


def test_a_whole_row_is_read_in_chinese() -> None:
    headings = "工号*,姓 名,部门（路径）,有效期起,有效期止,状态,通行点"

    said = values(
        headings, "17,王小明,总务处／保卫科,2026年1月1日,2026/12/31,在职,东通道、East lane"
    )

    assert said == {
        "name": "王小明",
        "unit": "总务处/保卫科",
        "valid_from": datetime(2025, 12, 31, 16, tzinfo=UTC),
        "valid_until": datetime(2026, 12, 31, 16, tzinfo=UTC),
        "is_active": True,
        "access_points": ["east"],
    }


def test_the_same_row_is_read_in_english() -> None:
    headings = "Employee No.;Name;Department;Valid from;Valid until;Status;Access points"

    said = values(headings, "17;Ann Lee;Office > Guards;2026-01-01 08:00;20261231;Left;all")

    assert said == {
        "name": "Ann Lee",
        "unit": "Office/Guards",
        "valid_from": datetime(2026, 1, 1, 0, tzinfo=UTC),
        "valid_until": datetime(2026, 12, 31, 16, tzinfo=UTC),
        "is_active": False,
        "access_points": None,
    }


@pytest.mark.parametrize(
    ("heading", "cell", "meant"),
    [
        ("权限组", "员工、员工", ["staff"]),
        ("Access profiles", "staff", ["staff"]),
        ("权限组", "-", None),
    ],
)
def test_access_profiles_are_named(heading: str, cell: str, meant: object) -> None:
    assert values(f"工号,{heading}", f"1,{cell}") == {"profiles": meant}


def test_a_profile_that_nobody_knows_is_refused() -> None:
    assert only_code("工号,权限组", "1,贵宾") == "profile_unknown"


def test_headings_are_found_below_a_title_and_others_are_named() -> None:
    read = roster(TITLE, "", "序号,工号,姓名,手机", "1,17,王小明,13800000000")

    assert (read.rows[0].row, read.rows[0].number) == (4, "17")
    assert read.ignored == ("序号", "手机")


def test_an_empty_cell_says_nothing_and_a_dash_clears() -> None:
    headings = "工号,姓名,部门,有效期起,有效期止,通行点"

    assert values(headings, "17,,,,,") == {}
    assert values(headings, "17,A,-,无,长期,无") == {
        "name": "A", "unit": None, "valid_from": None, "valid_until": None, "access_points": [],
    }  # fmt: skip


def test_full_width_digits_are_digits() -> None:
    (row,) = roster("工号,卡号", "００１７,１２３４").rows

    assert (row.number, row.cards) == ("0017", ("verifier of 1234",))


def test_a_person_may_have_several_cards() -> None:
    (row,) = roster("工号,卡号", '17,"1、2;3 1"').rows

    assert row.cards == ("verifier of 1", "verifier of 2", "verifier of 3")


@pytest.mark.parametrize(
    ("headings", "line", "code"),
    [
        ("工号,姓名", ",王小明", "number_missing"),
        ("工号,姓名", f"{'1' * 65},王小明", "not_understood"),
        ("工号,姓名", "1.23E+09,王小明", "rounded"),
        ("工号,卡号", "17,1.23E+09", "rounded"),
        ("工号,卡号", "17,6.55E+06", "rounded"),
        ("工号,卡号", "17,??", "not_understood"),
        ("工号,姓名", "17,=B2", "formula"),
        ("工号,姓名", "17,#REF!", "error_value"),
        ("工号,姓名", f"17,{'A' * 201}", "not_understood"),
        ("工号,姓名", f"17,{'A' * 501}", "too_long"),
        ("工号,有效期止", "17,31/12/2026", "date_not_understood"),
        ("工号,有效期止", "17,2026-02-30", "date_not_understood"),
        ("工号,有效期止", "17,46022", "date_not_understood"),
        ("工号,有效期止", "17,9999-12-31", "date_not_understood"),
        ("工号,有效期起,有效期止", "17,2026-12-31,2026-01-01", "ends_before_it_begins"),
        ("工号,状态", "17,也许", "state_not_understood"),
        ("工号,通行点", "17,东通道、屋顶", "point_unknown"),
    ],
)
def test_a_bad_row_is_one_line(headings: str, line: str, code: str) -> None:
    assert only_code(headings, line) == code


def test_a_bad_row_does_not_stop_the_others() -> None:
    read = roster("工号,姓名", "1,A", ",B", "3,C")

    assert [row.number for row in read.rows] == ["1", "3"]
    assert [(r.row, r.column, r.code) for r in read.refusals] == [(3, "number", "number_missing")]


def test_nobody_knows_which_of_two_rows_of_a_person_is_right() -> None:
    read = roster("工号,姓名", "1,A", "2,B", "1,C")

    assert [row.number for row in read.rows] == ["2"]
    assert [(r.row, r.code) for r in read.refusals] == [(2, "number_twice"), (4, "number_twice")]


def test_nobody_knows_which_of_two_people_has_a_card() -> None:
    read = roster("工号,卡号", "1,7", "2,7", "3,8")

    assert [row.number for row in read.rows] == ["3"]
    assert [(r.row, r.code) for r in read.refusals] == [(2, "card_twice"), (3, "card_twice")]


def test_who_stands_in_a_bad_row_is_in_the_file_all_the_same() -> None:
    assert roster("工号,状态", "1,也许").numbers == {"1"}


def test_a_flaw_in_a_column_that_nobody_reads_does_not_matter() -> None:
    assert roster("工号,姓名,备注", "1,A,=1+1").refusals == ()


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (csv_file("姓名,部门", "A,B"), "no_headings"),
        (csv_file("1,A", "2,B"), "no_headings"),
        (csv_file("工号,姓名,编号", "1,A,2"), "column_twice"),
    ],
)
def test_a_file_without_usable_headings_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(RosterError) as caught:
        read_roster(content, PLACE)

    assert caught.value.code == code


def test_a_card_number_is_in_nothing_that_was_read() -> None:
    read = roster("工号,姓名,卡号", "1,A,0006547886", "2,B,0006547887x?")

    assert "6547887" not in repr(read)
    assert repr(read).count("6547886") == repr(read).count("verifier of 0006547886")


def test_a_path_of_units_has_one_way_to_be_written() -> None:
    assert {unit_path(t) for t in ("A/B", " A / B ", "A\\B", "A>B", "/A//B/")} == {"A/B"}
