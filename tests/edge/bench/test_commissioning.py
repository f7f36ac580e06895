"""A site from one spreadsheet, checked line by line; checkpoints learnt by tapping."""

import csv
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
from openpyxl import load_workbook

from config.command import main
from config.site import load_site
from drivers.simulation import Simulation, Wiring
from edge.bench.commissioning import COLUMNS, problems, read_sheet

HEADER = list(COLUMNS)
GATE = {
    "id": "gate-east", "name_zh": "东门", "zone": "大厅", "node": "gate-1", "bus": "rs485-1",
    "port": "/dev/ttyUSB0", "driver": "speed_gate", "address": "1", "direction": "in",
}  # fmt: skip
RELAYS = {"id": "relays", "node": "gate-1", "bus": "rs485-1", "driver": "waveshare_relay"}


def sheet_of(folder: Path, *rows: dict[str, str], header: Sequence[str] = HEADER) -> Path:
    path = folder / "site.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows([[row.get(column, "") for column in HEADER] for row in rows])
    return path


def said(folder: Path, *rows: dict[str, str]) -> list[str]:
    return [str(problem) for problem in problems(read_sheet(sheet_of(folder, *rows)))]


def test_a_sheet_becomes_a_site_file_that_loads(tmp_path: Path) -> None:
    sheet = sheet_of(tmp_path, GATE, {**RELAYS, "address": "2", "settings": "timeout_s=0.5"})
    out = tmp_path / "site.toml"

    assert main(["device", "commission", str(sheet), "--out", str(out), "--name-zh", "楼"]) == 0

    site = load_site(out)
    assert [device.settings for device in site.device] == [
        {"unit_id": 1},
        {"timeout_s": 0.5, "unit_id": 2},
    ]
    assert (site.device[0].zone, site.device[0].name) == ("大厅", {"zh-CN": "东门"})
    assert [point.id for point in site.access_point] == ["gate-east"]


def test_the_template_is_a_sheet_without_problems(tmp_path: Path) -> None:
    for name in ("site.xlsx", "site.csv"):
        assert main(["device", "template", str(tmp_path / name)]) == 0
        assert main(["device", "commission", str(tmp_path / name)]) == 0


def test_chinese_column_names_and_gb18030_are_taken(tmp_path: Path) -> None:
    path = sheet_of(tmp_path, GATE, header=list(COLUMNS.values()))
    path.write_bytes(path.read_text("utf-8-sig").encode("gb18030"))

    (row,) = read_sheet(path)

    assert (row["id"], row["name_zh"], row.line) == ("gate-east", "东门", 2)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"id": "Gate East"}, "line 3, id: lower-case letters"),
        ({"driver": "sped_gate"}, "line 3, driver: no driver 'sped_gate'; there are: "),
        ({"address": "300"}, "line 3, settings: waveshare_relay: unit_id is 1..247, not 300"),
        ({"address": "one"}, "line 3, settings: waveshare_relay: unit_id is int, not 'one'"),
        ({"settings": "colour=red"}, "line 3, settings: 'colour=red' is no setting"),
        ({"node": ""}, "line 3, node: lower-case letters"),
        ({"direction": "up"}, "line 3, direction: in, out or empty, not 'up'"),
        ({"camera": "none"}, "line 3, camera: no line has the camera 'none'"),
        ({"port": "/dev/ttyUSB1"}, "line 3, port: '/dev/ttyUSB1', but line 2 says '/dev/ttyUSB0'"),
        ({"bus": "other"}, "line 3, port: the first line of bus 'other' must name its port"),
        ({"id": "gate-east"}, "line 3, id: 'gate-east' stands in line 2 already"),
        ({"address": "1"}, "line 3, address: '1' stands in line 2 already"),
        ({"baudrate": "fast"}, "line 3, baudrate: a number"),
    ],
)
def test_a_mistake_names_its_line_and_column(
    tmp_path: Path, changes: dict[str, str], complaint: str
) -> None:
    assert any(line.startswith(complaint) for line in said(tmp_path, GATE, {**RELAYS, **changes}))


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"id,colour\n", "lacks the columns driver"),
        (b"id,driver,colour\n", "no column is called 'colour'"),
    ],
)
def test_what_is_no_sheet_is_refused_in_one_line(
    tmp_path: Path, content: bytes, complaint: str
) -> None:
    path = tmp_path / "sheet.csv"
    path.write_bytes(content)

    with pytest.raises(ValueError, match=complaint):
        read_sheet(path)


def test_a_file_that_only_looks_like_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    path.write_bytes(b"no zip")

    with pytest.raises(ValueError, match="is no spreadsheet"):
        read_sheet(path)


def test_an_existing_site_file_is_not_replaced(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "site.toml"
    out.write_text("mine", encoding="utf-8")

    assert main(["device", "commission", str(sheet_of(tmp_path, GATE)), "--out", str(out)]) != 0

    assert "exists; it is not replaced" in capsys.readouterr().err
    assert out.read_text("utf-8") == "mine"


def walk(simulation: Simulation, tags: Sequence[str], sheet: Path) -> None:
    """Tap each tag until the sheet holds it, as somebody does who waits for the beep."""
    for tag in tags:
        deadline_s = time.monotonic() + 60
        while time.monotonic() < deadline_s:
            simulation.act("swipe", {"card": tag})
            if any(row["address"] == tag for row in read_sheet(sheet)):
                break
            time.sleep(0.2)  # a hand that taps again


def test_checkpoints_are_learnt_in_the_order_in_which_they_are_tapped(tmp_path: Path) -> None:
    assert main(["device", "template", str(tmp_path / "site.xlsx")]) == 0
    sheet = tmp_path / "site.xlsx"
    book = load_workbook(sheet)
    book.worksheets[0].append(["roof", "屋顶", "Roof", "", "", "", "", "", "", "tag"])
    book.save(sheet)
    with Simulation("rdm6300", {}, Wiring(link=tmp_path / "reader")) as simulation:
        tags = ["010063E9AE", "100086F444"]
        walker = threading.Thread(target=walk, args=(simulation, tags, sheet))
        walker.start()
        words = ["device", "learn", str(sheet), "--port", simulation.driver_port, "--wait-s", "60"]
        ended = main(words)
        walker.join()

    learnt = {row["id"]: row["address"] for row in read_sheet(sheet) if row["driver"] == "tag"}

    assert ended == 0
    assert learnt == {"stair-b": "010063E9AE", "roof": "100086F444"}
