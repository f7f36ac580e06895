"""A file of the personnel office as lines of cells: CSV in several encodings, or XLSX.

A cell is text; dates are ISO 8601, whole numbers are digits. What a spreadsheet has changed or
would compute is a flaw of the cell, which only matters in a column that is read.
"""

import csv
import dataclasses
import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any, Final
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

SIZE_BYTES_MAX: Final = 10_000_000
UNPACKED_BYTES_MAX: Final = 50_000_000
PART_COUNT_MAX: Final = 500
LINE_COUNT_MAX: Final = 20_000
"""Lines that are not empty."""
LINE_NUMBER_MAX: Final = 1_048_576
COLUMN_COUNT_MAX: Final = 60
CELL_LENGTH_MAX: Final = 500
DELIMITERS: Final = (",", ";", "\t")
ENCODINGS: Final = ("utf-8-sig", "gb18030")
UTF_16_MARKS: Final = (b"\xff\xfe", b"\xfe\xff")
ZIP_MARK: Final = b"PK\x03\x04"
OLE_MARK: Final = b"\xd0\xcf\x11\xe0"
"""Excel's older format, and any workbook with a password."""
EXACT_INTEGER_MAX: Final = 10**15
"""A spreadsheet keeps 15 digits of a number."""
PACKINGS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
_DAMAGES: Final = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    RuntimeError,
)
"""What a damaged workbook makes its readers stumble over."""
UNSEEN: Final = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u2060\ufeff"))


class RosterError(Exception):
    """The file as a whole cannot be read. Attributes: code: a stable word that pages translate."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclasses.dataclass(frozen=True, slots=True)
class Cell:
    """One cell. Attributes: flaw: why the text is not what was meant; None where it is."""

    text: str = ""
    flaw: str | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One line that is not empty. Attributes: number: as a spreadsheet counts, from 1."""

    number: int
    cells: tuple[Cell, ...]


def tables(content: bytes) -> Iterator[list[Line]]:
    """Yield every way to read a file as a table: sheets, or delimiters; the caller takes one.

    Raises:
        RosterError: The file is none, or larger than this reads.
    """
    if len(content) > SIZE_BYTES_MAX:
        raise RosterError("too_large", f"at most {SIZE_BYTES_MAX // 1_000_000} MB")
    if not content.strip():
        raise RosterError("empty", "the file is empty")
    if content.startswith(OLE_MARK):
        raise RosterError("old_workbook", "save it as .xlsx or .csv, without a password")
    if content.startswith(ZIP_MARK):
        yield from _sheets(content)
    else:
        text = _decoded(content)
        for delimiter in DELIMITERS:
            yield _limited(_csv_lines(text, delimiter))


def _decoded(content: bytes) -> str:
    if content.startswith(UTF_16_MARKS):
        encodings: tuple[str, ...] = ("utf-16",)
    else:
        encodings = ENCODINGS
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise RosterError("not_a_table", "save it as CSV (UTF-8) or as .xlsx")


def _csv_lines(text: str, delimiter: str) -> Iterator[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, values in enumerate(reader, start=1):
            yield Line(number, tuple(_csv_cell(value) for value in values[:COLUMN_COUNT_MAX]))
    except csv.Error as error:
        raise RosterError("not_a_table", f"row {reader.line_num}: {error}") from error


def _csv_cell(value: str) -> Cell:
    text = _clean(value)
    if text.startswith('="') and text.endswith('"') and len(text) > 2:
        # How exports keep leading zeros from a spreadsheet.
        return _text_cell(text[2:-1])
    if text.startswith("="):
        return Cell(text[:CELL_LENGTH_MAX], "formula")
    if text.startswith("#") and text.rstrip("!?").isupper():
        return Cell(text[:CELL_LENGTH_MAX], "error_value")
    return _text_cell(text.removeprefix("'"))


def _text_cell(value: str) -> Cell:
    text = _clean(value)
    return Cell(text) if len(text) <= CELL_LENGTH_MAX else Cell(text[:CELL_LENGTH_MAX], "too_long")


def _clean(value: str) -> str:
    return value.translate(UNSEEN).strip()


def _sheets(content: bytes) -> Iterator[list[Line]]:
    _check_package(content)
    try:
        workbook = load_workbook(io.BytesIO(content), read_only=True, keep_links=False)
        for sheet in workbook.worksheets:
            if sheet.sheet_state == "visible":
                # What a workbook says of its own size is not believed.
                sheet.reset_dimensions()
                yield _limited(_sheet_lines(sheet.iter_rows(max_col=COLUMN_COUNT_MAX)))
    except _DAMAGES as error:
        raise RosterError("broken_workbook", "open it and save it anew as .xlsx") from error


def _check_package(content: bytes) -> None:
    """Refuse a package that would unpack to more than is read, or that defines entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            parts = package.infolist()
            size_bytes = sum(part.file_size for part in parts)
            if len(parts) > PART_COUNT_MAX or size_bytes > UNPACKED_BYTES_MAX:
                raise RosterError(
                    "too_large", f"unpacked at most {UNPACKED_BYTES_MAX // 1_000_000} MB"
                )
            for part in parts:
                if part.compress_type not in PACKINGS:
                    raise zipfile.BadZipFile
                if part.filename.endswith((".xml", ".rels")) and _has_entities(package.read(part)):
                    raise RosterError("broken_workbook", "open it and save it anew as .xlsx")
    except _DAMAGES as error:
        raise RosterError("broken_workbook", "open it and save it anew as .xlsx") from error


def _has_entities(xml: bytes) -> bool:
    # No spreadsheet writes a document type; one in UTF-16 could hide it.
    return b"<!DOCTYPE" in xml or b"<!ENTITY" in xml or b"\0" in xml


def _sheet_lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[Line]:
    for number, row in enumerate(rows, start=1):
        if number > LINE_NUMBER_MAX:
            return
        last = max((at for at, cell in enumerate(row) if cell.value is not None), default=-1)
        yield Line(number, tuple(_sheet_cell(cell) for cell in row[: last + 1]))


def _sheet_cell(cell: Any) -> Cell:  # noqa: ANN401 - openpyxl's cells are of several classes
    value = cell.value
    if value is None:
        return Cell()
    if cell.data_type == "f":
        return Cell("", "formula")
    if cell.data_type == "e":
        return Cell("", "error_value")
    if isinstance(value, str):
        return _text_cell(value.strip().removeprefix("'"))
    if isinstance(value, datetime):
        return Cell(value.isoformat(" ", "seconds") if value.time() != time() else _day(value))
    if isinstance(value, date):
        return Cell(_day(value))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return _text_cell(str(value))
    return _number_cell(value, cell.number_format)


def _day(value: date) -> str:
    return f"{value.year:04}-{value.month:02}-{value.day:02}"


def _number_cell(value: float, number_format: str) -> Cell:
    if value != int(value):
        return _text_cell(repr(value))
    if abs(value) >= EXACT_INTEGER_MAX:
        return Cell(str(int(value)), "rounded")
    # A format of zeros alone is how a spreadsheet shows leading zeros.
    width = len(number_format) if number_format.strip("0") == "" else 0
    return Cell(str(int(value)).zfill(width))


def _limited(lines: Iterable[Line]) -> list[Line]:
    found = list[Line]()
    for line in lines:
        if any(cell.text or cell.flaw for cell in line.cells):
            if len(found) == LINE_COUNT_MAX:
                raise RosterError("too_many_rows", f"at most {LINE_COUNT_MAX} rows")
            found.append(line)
    return found
