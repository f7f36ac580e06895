from pathlib import Path

import pytest

from config.site import Site, load_site
from firmware_bridge.places import Place, place_of, site_places

SITE = """
[site]
id = "test-site"
name = { "zh-CN" = "测试", en = "Test" }
[[node]]
id = "gate-1"
[[bus]]
id = "line-1"
node = "gate-1"
port = "/dev/ttyUSB0"
baudrate = 57600
[[bus]]
id = "line-2"
node = "gate-1"
port = "udp://10.0.0.5:1337"
[[device]]
id = "board-5"
driver = "board"
bus = "line-1"
settings = { address = 5, timeout_s = 1.0, hw = 42 }
[[device]]
id = "gate-5"
driver = "board_gate"
bus = "line-1"
settings = { address = 5 }
[[device]]
id = "relay"
driver = "waveshare_relay"
bus = "line-1"
[[device]]
id = "board-net"
driver = "board"
bus = "line-2"
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    path = tmp_path / "site.toml"
    path.write_text(SITE, encoding="utf-8")
    return load_site(path)


@pytest.mark.parametrize(
    ("text", "port", "address"),
    [
        ("/dev/ttyUSB0", "/dev/ttyUSB0", 0),
        ("/dev/ttyUSB0@5", "/dev/ttyUSB0", 5),
        ("./board", "./board", 0),
        ("COM3", "COM3", 0),
        ("com12@247", "com12", 247),
        ("udp://10.0.0.5:1337", "udp://10.0.0.5:1337", 0),
        ("socket://host:4001@9", "socket://host:4001", 9),
        ("/dev/serial/by-id/usb-a@b", "/dev/serial/by-id/usb-a@b", 0),
    ],
)
def test_a_port_is_a_place(text: str, port: str, address: int) -> None:
    assert place_of(text) == Place(name=text, port=port, address=address)


def test_a_port_may_be_given_its_address_and_speed_beside_it() -> None:
    place = place_of("/dev/ttyUSB0", address=7, baudrate=9600)

    assert (place.address, place.baudrate) == (7, 9600)


def test_a_device_is_where_the_site_says(site: Site) -> None:
    assert place_of("board-5", site=site) == Place(
        name="board-5",
        port="/dev/ttyUSB0",
        baudrate=57_600,
        address=5,
        timeout_s=1.0,
        hw=42,
    )


def test_every_board_of_a_site_is_there_once(site: Site) -> None:
    assert [place.name for place in site_places(site)] == ["board-5", "board-net"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("board-6", "the site has no board 'board-6'; there are: board-5, board-net"),
        ("relay", "the site has no board 'relay'"),
        ("/dev/ttyUSB0@248", "1..247, or 0 alone, not 248"),
    ],
)
def test_what_is_no_place_is_said_in_one_line(site: Site, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as error:
        place_of(text, site=site)
    assert "\n" not in str(error.value)


def test_a_name_needs_a_site() -> None:
    with pytest.raises(ValueError, match="name a device and its site file with --site"):
        place_of("board-5")


def test_a_line_is_one_under_all_its_names(tmp_path: Path) -> None:
    port, link = tmp_path / "port", tmp_path / "link"
    port.touch()
    link.symlink_to(port)

    assert place_of(f"{link}@1").line == place_of(f"{port}@2").line
    assert place_of("udp://10.0.0.5:1337").line == "udp://10.0.0.5:1337"
