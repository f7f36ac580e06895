"""Headings of the personnel office's file, in Chinese and English, whatever their order."""

import dataclasses
import re
import unicodedata
from collections.abc import Mapping
from typing import Final

from central.people.roster.tables import Line, RosterError

KEY: Final = "number"
NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "number": (
        "工号", "编号", "人员编号", "员工编号", "员工号", "职工号", "职工编号", "人员工号",
        "employee number", "employee no", "employee id", "personnel number", "staff number",
        "staff no", "number",
    ),
    "name": ("姓名", "名字", "人员姓名", "员工姓名", "name", "full name", "employee name"),
    "unit": (
        "部门", "所属部门", "部门路径", "单位", "所属单位", "组织", "组织单元", "科室", "处室",
        "department", "dept", "unit", "organisation unit", "organization unit", "organisation",
        "organization",
    ),
    "card": (
        "卡号", "门禁卡号", "ic卡号", "卡片号", "门禁卡", "card", "cards", "card number", "card no",
    ),
    "valid_from": (
        "有效期起", "有效期开始", "生效日期", "开始日期", "起始日期", "入职日期", "valid from",
        "start date", "from",
    ),
    "valid_until": (
        "有效期止", "有效期至", "有效期结束", "失效日期", "截止日期", "结束日期", "离职日期",
        "valid until", "valid to", "end date", "leaving date", "until",
    ),
    "is_active": ("状态", "在职状态", "人员状态", "员工状态", "status", "state", "active"),
    "access_points": (
        "通行点", "通行", "可通行", "通行门", "通道", "access points", "access point", "doors",
    ),
    "profiles": (
        "权限组", "通行权限组", "门禁权限组", "通行权限", "profile", "profiles", "access profile",
        "access profiles",
    ),
}  # fmt: skip
"""What every column may be called."""
HEADING_LINES_MAX: Final = 10
"""Above the headings there may be a title, a date and a note."""
_BESIDE: Final = re.compile(r"\(.*?\)|\[.*?\]|[\s_\-./:*]")


@dataclasses.dataclass(frozen=True, slots=True)
class Columns:
    """Where each field is. Attributes: ignored: headings that nobody here reads."""

    indices: Mapping[str, int]
    ignored: tuple[str, ...]


def find_columns(lines: list[Line]) -> tuple[Columns, list[Line]] | None:
    """Return the columns and the lines below their headings; None where no line is the headings.

    Raises:
        RosterError: Two columns have one meaning.
    """
    for at, line in enumerate(lines[:HEADING_LINES_MAX]):
        fields = [_FIELDS.get(plain(cell.text)) for cell in line.cells]
        if KEY in fields and sum(field is not None for field in fields) > 1:
            _check_once(fields)
            indices = {field: index for index, field in enumerate(fields) if field is not None}
            ignored = tuple(
                cell.text
                for cell, field in zip(line.cells, fields, strict=True)
                if field is None and cell.text
            )
            return Columns(indices, ignored), lines[at + 1 :]
    return None


def _check_once(fields: list[str | None]) -> None:
    for field in NAMES:
        if fields.count(field) > 1:
            names = " / ".join(NAMES[field][:2])
            raise RosterError("column_twice", f"two columns mean {field} ({names}): remove one")


def plain(text: str) -> str:
    """Return a heading or a word without width, case, notes in brackets and punctuation."""
    return _BESIDE.sub("", unicodedata.normalize("NFKC", text)).casefold()


_FIELDS: Final = {plain(name): field for field, names in NAMES.items() for name in names}
