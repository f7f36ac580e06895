"""``menshen device list`` and ``drivers``."""

import json

import pytest

from config.command import main
from drivers.ports import Port, User
from drivers.registry import names
from edge.bench.list_command import port_line


def test_the_ports_are_listed_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device", "list", "--json"]) == 0

    keys = {"name", "device", "usb", "serial_number", "likely", "users"}
    assert all(set(row) == keys for row in json.loads(capsys.readouterr().out))


@pytest.mark.parametrize(
    ("users", "words"),
    [
        ((User(4711, "picocom"),), "used by picocom (pid 4711)"),
        ((), "free"),
        (None, "whether it is in use cannot be seen here"),
    ],
)
def test_a_port_is_a_line(users: tuple[User, ...] | None, words: str) -> None:
    port = Port("/dev/serial/by-id/x", "/dev/ttyUSB0", "1A86:7523", "", "WCH CH340", users)

    assert port_line(port) == (
        f"/dev/serial/by-id/x  [/dev/ttyUSB0]  1A86:7523  WCH CH340; {words}"
    )


def test_every_driver_is_listed_with_its_kind_and_transports(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["device", "drivers", "--json"]) == 0

    rows = {row["driver"]: row for row in json.loads(capsys.readouterr().out)}
    assert sorted(rows) == names()
    assert rows["rdm6300"]["kind"] == "reader"
    assert rows["waveshare_relay"]["transports"] == ["serial", "tcp", "modbus-tcp"]
    assert all(row["summary"] for row in rows.values())


def test_the_drivers_are_a_line_each_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["device", "drivers"]) == 0

    assert capsys.readouterr().out.count("\n") == len(names())
