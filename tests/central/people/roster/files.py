"""Files of a personnel office, made for the tests."""

import io
from collections.abc import Sequence
from zoneinfo import ZoneInfo

from openpyxl import Workbook

from central.people.roster.columns import plain
from central.people.roster.rows import Place, Roster, read_roster

PLACE = Place(
    zone=ZoneInfo("Asia/Shanghai"),
    points={plain(name): "east" for name in ("east", "东通道", "East lane")},
    profiles={plain(name): "staff" for name in ("staff", "员工", "Staff")},
    verifier=lambda number: f"verifier of {number}",
)


def workbook(*rows: Sequence[object], formats: dict[str, str] | None = None) -> bytes:
    """Return an XLSX; ``formats`` are number formats by cell."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in rows:
        sheet.append(list(row))
    for place, number_format in (formats or {}).items():
        sheet[place].number_format = number_format
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def csv_file(*lines: str, encoding: str = "utf-8") -> bytes:
    """Return a CSV file."""
    return "\r\n".join(lines).encode(encoding)


def roster(*lines: str) -> Roster:
    """Return what a CSV file says."""
    return read_roster(csv_file(*lines), PLACE)


def only_code(*lines: str) -> str:
    """Return why the only bad row of a file is refused."""
    (refusal,) = roster(*lines).refusals
    return refusal.code
