"""A whole site's hardware from its file, reached by the drivers that the file names."""

import asyncio
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.base import InputChanged, Observation
from drivers.bus import Bus
from drivers.registry import create
from drivers.site_simulation import SiteSimulation, site_with_ports

SITE = """
[site]
id = "test"   # a comment that stays

[[bus]]
id = "lobby"
port = "/dev/serial/by-id/usb-lobby"
baudrate = 19200

[[bus]]
id = "cellar"
port = "modbus-tcp://192.0.2.7:502"

[[device]]
id = "gate"
driver = "speed_gate"
bus = "lobby"
settings = { unit_id = 3, timeout_s = 0.5 }

[[device]]
id = "relays"
driver = "waveshare_relay"
bus = "lobby"
settings = { unit_id = 4 }

[[device]]
id = "pump"
driver = "waveshare_relay"
bus = "cellar"
"""


@pytest.fixture
def site_file(tmp_path: Path) -> Path:
    path = tmp_path / "site.toml"
    path.write_text(SITE, encoding="utf-8")
    return path


@pytest.fixture
def site(site_file: Path, tmp_path: Path) -> Iterator[SiteSimulation]:
    site = SiteSimulation(site_file, tmp_path)
    yield site
    site.close()


def first_poll(driver: str, port: str, baudrate: int, **settings: object) -> list[Observation]:
    async def poll() -> list[Observation]:
        bus = Bus(port, baudrate=baudrate)
        try:
            made = create(driver, bus, settings)
            await made.start()
            return list(await made.poll())
        finally:
            await bus.close()

    return asyncio.run(poll())


def test_two_kinds_of_devices_answer_on_one_line_at_their_own_addresses(
    site: SiteSimulation,
) -> None:
    port = site.ports["lobby"]

    assert first_poll("speed_gate", port, 19200, unit_id=3)
    assert len(first_poll("waveshare_relay", port, 19200, unit_id=4)) == 8


def test_a_hand_reaches_each_device_by_its_name(site: SiteSimulation) -> None:
    site.act("input", {"device": "pump", "channel": 2})

    found = first_poll("waveshare_relay", site.ports["cellar"], 9600)

    assert site.ports["cellar"].startswith("modbus-tcp://127.0.0.1:")
    assert InputChanged(2, active=True) in found
    assert set(site.state()) == {"gate", "relays", "pump"}


def test_a_fault_is_one_line_s_alone(site: SiteSimulation) -> None:
    site.set_fault({"bus": "lobby", "kind": "mute"})

    assert first_poll("waveshare_relay", site.ports["cellar"], 9600)
    with pytest.raises(Exception, match="no reply"):
        first_poll("waveshare_relay", site.ports["lobby"], 19200, unit_id=4, attempt_count=1)


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [({"device": "lift"}, "no device 'lift'; give device: one of gate"), ({}, "no device ''")],
)
def test_who_is_meant_must_be_said(
    site: SiteSimulation, arguments: dict[str, object], complaint: str
) -> None:
    with pytest.raises(ValueError, match=complaint):
        site.act("input", arguments)


def test_the_site_file_is_written_again_with_the_simulated_ports_and_nothing_else_changed(
    site: SiteSimulation, site_file: Path
) -> None:
    text = site_with_ports(site_file, site.ports, site.cameras)

    assert [bus["port"] for bus in tomllib.loads(text)["bus"]] == list(site.ports.values())
    assert "# a comment that stays" in text
    assert text.count("\n") == SITE.count("\n")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[[bus]\n", "is not TOML"),
        ("bus = 1\n", "bus is no list of tables"),
        ("[[bus]]\nid = 'x'\n", "lacks port"),
        (SITE.replace("speed_gate", "sped_gate"), "no simulator 'sped_gate'; there are: "),
    ],
)
def test_a_file_that_is_no_site_is_refused_in_one_line(
    tmp_path: Path, text: str, complaint: str
) -> None:
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=complaint):
        SiteSimulation(path, tmp_path)
