"""Files as they come from personnel offices, and as they come from people who mean harm."""

import io
import zipfile
from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from central.people.roster import tables as module
from central.people.roster.rows import read_roster
from central.people.roster.tables import Cell, RosterError, tables
from tests.central.people.roster.files import PLACE, csv_file, workbook

HEADINGS = ("工号", "姓名", "卡号")
EVENING = datetime.fromisoformat("2026-03-01T18:30")
"""As a spreadsheet has it: without a zone."""


def first_line(content: bytes, *, at: int = 1) -> list[Cell]:
    return list(next(iter(tables(content)))[at].cells)


def outcome(content: bytes) -> str:
    """Return a refusal's code, or that there are tables; anything else is raised."""
    try:
        return f"{len(list(tables(content)))} tables"
    except RosterError as error:
        return error.code


def refused(content: bytes) -> str:
    with pytest.raises(RosterError) as caught:
        list(tables(content))
    return caught.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_every_encoding_and_delimiter_of_an_office_is_read(encoding: str, delimiter: str) -> None:
    lines = (delimiter.join(HEADINGS), delimiter.join(("0017", "王小明", "0006547886")))

    (row,) = read_roster(csv_file(*lines, encoding=encoding), PLACE).rows

    assert (row.number, row.values["name"]) == ("0017", "王小明")
    assert row.cards == ("verifier of 0006547886",)


def test_a_workbook_is_read_as_it_is_shown() -> None:
    content = workbook(HEADINGS, ("0017", date(2026, 3, 1), 6547886), formats={"C2": "0000000000"})

    assert [cell.text for cell in first_line(content)] == ["0017", "2026-03-01", "0006547886"]


def test_a_time_of_day_stays_with_its_date() -> None:
    content = workbook(HEADINGS, ("1", EVENING, 1.5))

    assert [cell.text for cell in first_line(content)] == ["1", "2026-03-01 18:30:00", "1.5"]


def test_a_formula_an_error_and_a_rounded_number_are_flaws() -> None:
    content = workbook(HEADINGS, ("=A1&B1", "#N/A", 1234567890123456))

    assert [c.flaw for c in first_line(content)] == ["formula", "error_value", "rounded"]


def test_a_formula_in_a_csv_is_a_flaw_and_text_in_quotes_is_not() -> None:
    cells = first_line(csv_file("工号,姓名,卡号", '\'0017,=1+1,"=""0006547886"""'))

    assert [(c.text, c.flaw) for c in cells] == [
        ("0017", None), ("=1+1", "formula"), ("0006547886", None),
    ]  # fmt: skip


def test_rows_are_counted_as_a_spreadsheet_counts_them() -> None:
    content = csv_file("工号,姓名", "", '1,"A', 'B"', "2,C")

    assert [line.number for line in next(iter(tables(content)))] == [1, 3, 4]


def test_hidden_marks_and_spaces_are_not_part_of_a_cell() -> None:
    (number, name) = first_line(csv_file("工号,姓名", "\t0017 ,\u200b王小明\ufeff"))

    assert (number.text, name.text) == ("0017", "王小明")


def test_a_quote_that_is_never_closed_is_a_cell_that_is_too_long() -> None:
    line = csv_file("工号,姓名", '1,"A', *("2,B" for _ in range(200)))

    assert first_line(line)[1].flaw == "too_long"


def test_a_hidden_sheet_is_not_read() -> None:
    book = load_workbook(io.BytesIO(workbook(HEADINGS, ("1", "A", "2"))))
    book.create_sheet("b")
    book["Sheet"].sheet_state = "hidden"
    file = io.BytesIO()
    book.save(file)

    assert list(tables(file.getvalue())) == [[]]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b" \r\n", "empty"),
        (b"\xd0\xcf\x11\xe0" + bytes(100), "old_workbook"),
        (b"PK\x03\x04 cut off", "broken_workbook"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_a_table"),
        (b"1" * (module.SIZE_BYTES_MAX + 1), "too_large"),
        (b"1,2\n" * (module.LINE_COUNT_MAX + 1), "too_many_rows"),
    ],
)
def test_a_file_that_is_no_table_says_so(content: bytes, code: str) -> None:
    assert refused(content) == code


def changed(content: bytes, part: str, before: bytes, after: bytes) -> bytes:
    """Return a workbook with one part changed."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", 8) as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(
                info.filename, data.replace(before, after) if info.filename == part else data
            )
    return file.getvalue()


def test_a_small_workbook_that_unpacks_to_a_huge_one_is_refused() -> None:
    bomb = changed(workbook(HEADINGS), "xl/styles.xml", b"<", b" " * 10_000_000 + b"<")

    assert len(bomb) < module.SIZE_BYTES_MAX
    assert refused(bomb) == "too_large"


def test_a_workbook_that_defines_entities_is_refused() -> None:
    doctype = b'<!DOCTYPE x [<!ENTITY a "aaaa">]><worksheet'

    evil = changed(workbook(HEADINGS), "xl/worksheets/sheet1.xml", b"<worksheet", doctype)

    assert refused(evil) == "broken_workbook"


def test_what_a_workbook_says_of_its_size_is_not_believed() -> None:
    content = workbook(HEADINGS, ("1", "A", "2"))

    lying = changed(content, "xl/worksheets/sheet1.xml", b'ref="A1:C2"', b'ref="A1:XFD1048576"')

    assert len(first_line(lying)) <= module.COLUMN_COUNT_MAX
    assert [len(lines) for lines in tables(lying)] == [2]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_table_or_a_refusal(content: bytes) -> None:
    assert outcome(content)


@given(position=st.integers(0, 10_000), byte=st.integers(0, 255))
def test_a_damaged_workbook_is_a_table_or_a_refusal(position: int, byte: int) -> None:
    content = bytearray(GOOD)
    content[position % len(content)] = byte

    assert outcome(bytes(content))


GOOD = workbook(HEADINGS, ("1", "A", "2"))
