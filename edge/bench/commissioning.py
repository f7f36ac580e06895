"""A site from one spreadsheet: its points, addresses, names and zones, checked line by line.

A row is a device, a camera (driver ``camera``) or a checkpoint's tag (driver ``tag``). Pure, but
for reading and writing the sheet.
"""

import csv
import dataclasses
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final
from zipfile import BadZipFile

from openpyxl import Workbook, load_workbook
from openpyxl.styles import Font
from openpyxl.utils.exceptions import InvalidFileException

from drivers.registry import driver_class, make_settings
from drivers.registry import names as driver_names
from edge.bench.line_options import driver_settings

COLUMNS: Final = {
    "id": "编号",
    "name_zh": "中文名称",
    "name_en": "英文名称",
    "zone": "区域",
    "node": "节点",
    "bus": "总线",
    "port": "端口",
    "baudrate": "波特率",
    "parity": "校验",
    "driver": "驱动",
    "address": "地址",
    "settings": "其他参数",
    "direction": "方向",
    "camera": "摄像机",
}
"""Column names in English, and the Chinese ones that are taken as well."""
EXAMPLES: Final = (
    ("gate-east", "东门1号通道", "East gate, lane 1", "一层大厅", "gate-1", "rs485-1",
     "/dev/serial/by-id/usb-adapter", "9600", "N", "speed_gate", "1", "open_time_s=5", "in",
     "camera-east"),
    ("camera-east", "东门摄像机", "East gate camera", "一层大厅", "gate-1", "",
     "rtsp://192.0.2.10/stream1", "", "", "camera", "", "", "", ""),
    ("stair-b", "B 楼梯间", "Stairwell B", "地下一层", "", "", "", "", "", "tag", "", "", "", ""),
)  # fmt: skip
CAMERA, TAG = "camera", "tag"
BAUDRATE_DEFAULT: Final = 9600
SLUG: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
ROW_COUNT_MAX: Final = 5000
ADDRESS_SETTINGS: Final = ("unit_id", "address")


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One line of the sheet, texts without blanks around. Attributes: line: as it is numbered."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        """Return a cell; empty if there is none."""
        return self.cells.get(column, "")


@dataclasses.dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a line."""

    line: int
    column: str
    text: str

    def __str__(self) -> str:
        """Return one line that says where and what."""
        return f"line {self.line}, {self.column}: {self.text}"


def read_sheet(path: Path) -> list[Row]:
    """Return the rows of a spreadsheet, ``.xlsx`` or ``.csv`` (UTF-8 or GB 18030).

    Raises:
        ValueError: It cannot be read, or lacks a column; one line.
    """
    try:
        lines = _xlsx_lines(path) if path.suffix == ".xlsx" else _csv_lines(path)
    except OSError as error:
        raise ValueError(f"cannot read {path}: {error.strerror or error}") from error
    except (BadZipFile, InvalidFileException, KeyError, csv.Error) as error:
        raise ValueError(f"{path} is no spreadsheet: save it as .xlsx or .csv") from error
    if not lines:
        raise ValueError(f"{path} is empty: begin with `menshen device template {path.name}`")
    by_chinese = {chinese: column for column, chinese in COLUMNS.items()}
    header = [by_chinese.get(cell, cell.lower()) for cell in lines[0]]
    if missing := [column for column in ("id", "driver") if column not in header]:
        raise ValueError(f"{path} lacks the columns {', '.join(missing)} in its first line")
    if unknown := [cell for cell in header if cell and cell not in COLUMNS]:
        known = ", ".join(COLUMNS)
        raise ValueError(f"{path}: no column is called {unknown[0]!r}; there are: {known}")
    if len(lines) > ROW_COUNT_MAX:
        raise ValueError(f"{path} has more than {ROW_COUNT_MAX} lines")
    rows = [
        Row(number, dict(zip(header, cells, strict=False)))
        for number, cells in enumerate(lines[1:], start=2)
    ]
    return [row for row in rows if any(row.cells.values())]


def _xlsx_lines(path: Path) -> list[list[str]]:
    with path.open("rb") as file:
        sheet = load_workbook(file, data_only=True).worksheets[0]
    return [[_text(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def _csv_lines(path: Path) -> list[list[str]]:
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    return [[cell.strip() for cell in line] for line in csv.reader(io.StringIO(text))]


def _text(cell: object) -> str:
    if cell is None:
        return ""
    is_whole = isinstance(cell, float) and cell.is_integer()  # spreadsheets make 1 to 1.0
    return str(int(cell) if is_whole else cell).strip()  # type: ignore[call-overload]  # a float


def write_template(path: Path) -> None:
    """Write a sheet with the columns and three example lines.

    Raises:
        ValueError: It exists already, or is neither ``.xlsx`` nor ``.csv``.
    """
    if path.exists():
        raise ValueError(f"{path} exists; it is not replaced")
    rows = [list(COLUMNS), *map(list, EXAMPLES)]
    if path.suffix == ".csv":
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows(rows)
    elif path.suffix == ".xlsx":
        book = Workbook()
        sheet = book.active or book.create_sheet()
        for row in rows:
            sheet.append(row)
        for column, cell in enumerate(sheet[1], start=1):
            cell.font = Font(bold=True)
            sheet.column_dimensions[cell.column_letter].width = 24 if column in (2, 3, 7) else 14
        sheet.freeze_panes = "A2"
        book.save(path)
    else:
        raise ValueError(f"a sheet is FILE.xlsx or FILE.csv, not {path}")


def problems(rows: Sequence[Row]) -> list[Problem]:
    """Return everything that is wrong, in the order of the lines."""
    found: list[Problem] = []
    buses: dict[str, Row] = {}
    seen: dict[tuple[str, ...], int] = {}
    cameras = {row["id"] for row in rows if row["driver"] == CAMERA}
    for row in rows:
        found += _of_row(row, cameras)
        found += _against_others(row, buses, seen)
    return sorted(found, key=lambda problem: problem.line)


def _of_row(row: Row, cameras: set[str]) -> Iterable[Problem]:
    if not SLUG.fullmatch(row["id"]):
        yield Problem(row.line, "id", f"lower-case letters, digits, hyphens, not {row['id']!r}")
    if row["driver"] == TAG:
        return
    for column in ("node",) if row["driver"] == CAMERA else ("node", "bus"):
        if not SLUG.fullmatch(row[column]):
            text = f"lower-case letters, digits, hyphens, not {row[column]!r}"
            yield Problem(row.line, column, text)
    if row["driver"] == CAMERA:
        if not row["port"]:
            yield Problem(row.line, "port", "the camera's address is missing")
        return
    if row["direction"] not in ("", "in", "out"):
        yield Problem(row.line, "direction", f"in, out or empty, not {row['direction']!r}")
    if row["camera"] and row["camera"] not in cameras:
        yield Problem(row.line, "camera", f"no line has the camera {row['camera']!r}")
    if row["baudrate"] and not row["baudrate"].isdecimal():
        yield Problem(row.line, "baudrate", f"a number such as 9600, not {row['baudrate']!r}")
    if row["parity"].upper() not in ("", "N", "E", "O"):
        yield Problem(row.line, "parity", f"N, E or O, not {row['parity']!r}")
    yield from _of_settings(row)


def _of_settings(row: Row) -> Iterable[Problem]:
    if row["driver"] not in driver_names():
        known = ", ".join(driver_names())
        yield Problem(row.line, "driver", f"no driver {row['driver']!r}; there are: {known}")
        return
    try:
        make_settings(row["driver"], driver_class(row["driver"]).Settings, settings_of(row))
    except (ValueError, TypeError) as error:
        yield Problem(row.line, "settings", str(error))


def _against_others(
    row: Row, buses: dict[str, Row], seen: dict[tuple[str, ...], int]
) -> Iterable[Problem]:
    keys: dict[str, tuple[str, ...]] = {"id": ("id", row["id"])}
    if row["driver"] == TAG and row["address"]:
        keys["address"] = ("tag", row["address"].upper())
    if row["driver"] not in (TAG, CAMERA) and row["address"]:
        keys["address"] = ("bus", row["node"], row["bus"], row["address"])
    for column, key in keys.items():
        if key in seen:
            text = f"{row[column]!r} stands in line {seen[key]} already"
            yield Problem(row.line, column, text)
        seen.setdefault(key, row.line)
    if row["driver"] in (TAG, CAMERA) or not row["bus"]:
        return
    first = buses.setdefault(row["bus"], row)
    for column in ("node", "port", "baudrate", "parity"):
        if row[column] and first[column] != row[column]:
            text = f"{row[column]!r}, but line {first.line} says {first[column]!r} for this bus"
            yield Problem(row.line, column, text)
    if first is row and not row["port"]:
        yield Problem(row.line, "port", f"the first line of bus {row['bus']!r} must name its port")


def settings_of(row: Row) -> dict[str, Any]:
    """Return a device's settings: its address, and what stands under settings.

    Raises:
        ValueError: One is wrong.
    """
    words = [word.strip() for word in re.split("[;；]", row["settings"]) if word.strip()]
    if row["address"]:
        known = {field.name for field in dataclasses.fields(driver_class(row["driver"]).Settings)}
        name = next((name for name in ADDRESS_SETTINGS if name in known), None)
        if name is None:
            raise ValueError(f"{row['driver']} has no address")
        words.append(f"{name}={row['address']}")
    return driver_settings(row["driver"], words)


def site_text(rows: Sequence[Row], *, site_id: str, name_zh: str, name_en: str) -> str:
    """Return the site file of a sheet without problems."""
    parts = ["[site]", f"id = {_toml(site_id)}", _name(name_zh, name_en), ""]
    nodes = list(dict.fromkeys(row["node"] for row in rows if row["node"]))
    for index, node in enumerate(nodes):
        parts += ["[[node]]", f"id = {_toml(node)}", f"kiosk_port = {8180 + index}", ""]
    buses: set[str] = set()
    for row in rows:
        if row["bus"] and row["bus"] not in buses:
            buses.add(row["bus"])
            parts += _bus(row)
    for row in rows:
        parts += _row_tables(row)
    return "\n".join(parts)


def _bus(row: Row) -> list[str]:
    lines = ["[[bus]]", f"id = {_toml(row['bus'])}", f"node = {_toml(row['node'])}"]
    lines += [f"port = {_toml(row['port'])}", f"baudrate = {row['baudrate'] or BAUDRATE_DEFAULT}"]
    if row["parity"]:
        lines.append(f"parity = {_toml(row['parity'].upper())}")
    return [*lines, ""]


def _row_tables(row: Row) -> list[str]:
    name = [_name(row["name_zh"], row["name_en"])] if row["name_zh"] or row["name_en"] else []
    zone = [f"zone = {_toml(row['zone'])}"] if row["zone"] else []
    head = [f"id = {_toml(row['id'])}"]
    if row["driver"] == TAG:
        if not row["address"]:
            return []
        credential = [f"credential = {_toml(row['address'].upper())}"]
        return ["[[checkpoint]]", *head, *name, *zone, *credential, ""]
    if row["driver"] == CAMERA:
        return [
            "[[camera]]",
            *head,
            f"node = {_toml(row['node'])}",
            f"url = {_toml(row['port'])}",
            "",
        ]
    pairs = ", ".join(f"{key} = {_toml(value)}" for key, value in settings_of(row).items())
    settings = [f"settings = {{ {pairs} }}"] if pairs else []
    driver = [f"driver = {_toml(row['driver'])}", f"bus = {_toml(row['bus'])}"]
    tables = ["[[device]]", *head, *driver, *name, *zone, *settings, ""]
    if row["direction"]:
        point = [f"node = {_toml(row['node'])}", f"device = {_toml(row['id'])}"]
        point.append(f"direction = {_toml(row['direction'])}")
        if row["camera"]:
            point.append(f"camera = {_toml(row['camera'])}")
        tables += ["[[access_point]]", *head, *name, *point, ""]
    return tables


def _name(chinese: str, english: str) -> str:
    names = {"zh-CN": chinese, "en": english}
    pairs = ", ".join(f'"{key}" = {_toml(text)}' for key, text in names.items() if text)
    return f"name = {{ {pairs} }}"


def _toml(value: object) -> str:
    """Return a value as TOML has it; JSON writes texts, numbers and lists the same way."""
    if isinstance(value, tuple):
        value = list(value)
    return json.dumps(value, ensure_ascii=False)


def with_tag(path: Path, line: int, number: str) -> None:
    """Write a tag's number into the address column of a line; the rest stays as it is.

    Raises:
        ValueError: The file cannot be written.
    """
    try:
        if path.suffix == ".xlsx":
            with path.open("rb") as file:
                book = load_workbook(file)
            sheet = book.worksheets[0]
            header = [_text(cell.value) for cell in sheet[1]]
            names = [
                COLUMNS["address"] if cell == COLUMNS["address"] else cell.lower()
                for cell in header
            ]
            column = next(
                i for i, n in enumerate(names, start=1) if n in ("address", COLUMNS["address"])
            )
            cell = sheet.cell(line, column)
            cell.number_format, cell.value = "@", number
            temporary = path.with_name(f".{path.name}")
            book.save(temporary)
        else:
            lines = _csv_lines(path)
            column = next(
                i for i, n in enumerate(lines[0]) if n.lower() in ("address", COLUMNS["address"])
            )
            cells = lines[line - 1]
            cells += [""] * (column + 1 - len(cells))
            cells[column] = number
            temporary = path.with_name(f".{path.name}")
            with temporary.open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows(lines)
        temporary.replace(path)
    except StopIteration:
        raise ValueError(f"{path} has no column address to write to") from None
    except OSError as error:
        raise ValueError(f"cannot write {path}: {error.strerror}; is it open elsewhere?") from error
