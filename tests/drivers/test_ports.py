"""Serial ports: stable names, what is likely on them, and who has them open."""

from pathlib import Path

import pytest
from serial.tools.list_ports_common import ListPortInfo

from drivers.ports import Port, User, likely, ports


def adapter(
    device: Path | str, vid: int | None = 0x1A86, pid: int = 0x7523, **fields: str | None
) -> ListPortInfo:
    info = ListPortInfo(str(device))
    info.vid, info.pid = vid, pid
    info.serial_number = fields.get("serial_number")
    info.manufacturer, info.product = fields.get("manufacturer"), fields.get("product")
    return info


@pytest.fixture
def dev(tmp_path: Path) -> Path:
    """Return a folder of devices with one port that has both stable names."""
    (tmp_path / "ttyUSB0").touch()
    for folder, name in (("by-id", "usb-1a86_Serial"), ("by-path", "pci-usb-0:1.2")):
        (tmp_path / "serial" / folder).mkdir(parents=True)
        (tmp_path / "serial" / folder / name).symlink_to(tmp_path / "ttyUSB0")
    return tmp_path


def only(dev: Path, info: ListPortInfo, proc: Path = Path("/nonesuch")) -> Port:
    (port,) = ports(found=lambda: [info], dev=dev, proc=proc)
    return port


def test_an_adapter_with_a_serial_number_is_named_by_it(dev: Path) -> None:
    port = only(dev, adapter(dev / "ttyUSB0", serial_number="A50285BI"))

    assert port.name == str(dev / "serial" / "by-id" / "usb-1a86_Serial")
    assert port.device == str(dev / "ttyUSB0")


def test_an_adapter_without_a_serial_number_is_named_by_its_socket(dev: Path) -> None:
    port = only(dev, adapter(dev / "ttyUSB0"))

    assert port.name == str(dev / "serial" / "by-path" / "pci-usb-0:1.2")


def test_where_there_are_no_stable_names_the_plain_one_is_taken(tmp_path: Path) -> None:
    assert only(tmp_path, adapter("COM3")).name == "COM3"


@pytest.mark.parametrize(
    ("info", "words"),
    [
        (adapter("x"), "USB adapter, RS-485, RS-232 or TTL (WCH CH340)"),
        (adapter("x", 0x0403, 0x6001, product="USB-RS485 Cable"), "RS-485 adapter (FTDI FT232R)"),
        (adapter("x", 0x0C2E, 0x0AAA, product="Barcode Scanner"), "code scanner (Barcode Scanner)"),
        (adapter("x", 0x2341, 0x0043), "an Arduino board"),
        (adapter("x", 0x1234, 0x5678), "an unknown USB device"),
        (adapter("x", None), "a port of this machine itself"),
    ],
)
def test_what_is_likely_on_it_is_said(info: ListPortInfo, words: str) -> None:
    assert likely(info) == words


def test_who_has_a_port_open_is_named(dev: Path, tmp_path: Path) -> None:
    process = tmp_path / "proc" / "4711"
    (process / "fd").mkdir(parents=True)
    (tmp_path / "proc" / "self").mkdir()
    (process / "comm").write_text("picocom\n", encoding="utf-8")
    (process / "fd" / "3").symlink_to(dev / "ttyUSB0")

    port = only(dev, adapter(dev / "ttyUSB0"), tmp_path / "proc")

    assert port.users == (User(4711, "picocom"),)


def test_a_port_that_nobody_has_open_is_free(dev: Path, tmp_path: Path) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)

    assert only(dev, adapter(dev / "ttyUSB0"), tmp_path / "proc").users == ()


def test_where_processes_cannot_be_seen_nothing_is_claimed(dev: Path) -> None:
    assert only(dev, adapter(dev / "ttyUSB0")).users is None
