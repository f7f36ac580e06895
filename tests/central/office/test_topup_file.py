"""A file of top-ups, as canteens write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.office.topup_file import amount_of, digest, read


def test_titles_and_empty_lines_are_passed_over_and_rows_keep_their_numbers() -> None:
    rows = read("\ufeff工号,金额,备注\r\n0017,50,现金\r\n\r\n0018,12.5,\r\n")

    assert [(row.row, row.number, row.amount_fen) for row in rows] == [
        (2, "0017", 5000),
        (4, "0018", 1250),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_any_usual_separator_is_understood(separator: str) -> None:
    (row,) = read(f"0017{separator}8.05")

    assert (row.number, row.amount_fen, row.code) == ("0017", 805, "")


@pytest.mark.parametrize(
    ("text", "fen"),
    [("12.50", 1250), ("¥12.5", 1250), ("8 元", 800), ("0.01", 1), ("10000", 1_000_000)],
)
def test_an_amount_in_yuan_is_whole_fen(text: str, fen: int) -> None:
    assert amount_of(text) == (fen, "")


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "bad_amount"), ("0", "bad_amount"), ("-5", "bad_amount"), ("1.005", "bad_amount"),
     ("1e3", "bad_amount"), ("=1+1", "bad_amount"), ("10000.01", "too_much")],
)  # fmt: skip
def test_what_is_no_amount_is_named(text: str, code: str) -> None:
    assert amount_of(text) == (0, code)


def test_a_number_that_is_there_twice_is_paid_once() -> None:
    assert [row.code for row in read("0017,5\n0017,5\n,5")] == ["", "twice", "no_number"]


def test_the_same_file_with_other_line_ends_is_the_same_file() -> None:
    assert digest("a,1\nb,2\n") == digest("\ufeffa,1\r\nb,2") != digest("a,1\nb,3")


@given(st.text(max_size=200))
def test_no_text_is_more_than_its_lines(text: str) -> None:
    rows = read(text)

    assert all(row.amount_fen > 0 or row.code for row in rows)
