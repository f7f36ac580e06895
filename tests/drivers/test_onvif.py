"""ONVIF cameras: the stream's address, a head that stops, and cameras that are found."""

import asyncio
import socket
import subprocess
import sys
import threading
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from drivers.base import CommandRejectedError, DeviceUnreachableError, DriverError, PositionChanged
from drivers.bus import Bus
from drivers.onvif import Onvif, discover
from drivers.protocols import FrameError
from drivers.protocols.ws_discovery import addresses_of, encode_probe
from drivers.simulation import Simulation, free_port

PROBE = uuid.UUID("12345678-1234-5678-1234-567812345678")
ANSWER = (
    "<e:Envelope><w:RelatesTo>urn:uuid:{id}</w:RelatesTo><d:XAddrs>"
    "http://192.0.2.7/onvif/device_service http://[2001:db8::7]/onvif/device_service"
    "</d:XAddrs></e:Envelope>"
)
Act = Callable[[Onvif, Simulation], Awaitable[None]]


def with_camera(act: Act) -> None:
    async def run(simulation: Simulation) -> None:
        driver = Onvif(Bus(simulation.driver_port), Onvif.Settings())
        try:
            async with asyncio.timeout(60):
                await driver.start()
                await act(driver, simulation)
        finally:
            await driver.close()

    with Simulation("onvif") as simulation:
        asyncio.run(run(simulation))


def test_its_stream_s_address_is_asked_for() -> None:
    async def act(driver: Onvif, simulation: Simulation) -> None:
        assert driver.stream_url == "rtsp://127.0.0.1:8554/cam1"

    with_camera(act)


def test_where_the_head_stands_is_told_when_it_changes() -> None:
    async def act(driver: Onvif, simulation: Simulation) -> None:
        assert await driver.poll() == [PositionChanged(-1.0, 0.0, 0.0)]
        assert await driver.poll() == []
        simulation.act("turn", {"pan": 180.0})

        assert await driver.poll() == [PositionChanged(0.0, 0.0, 0.0)]

    with_camera(act)


def test_a_movement_carries_its_own_end_and_is_ended_by_us_too() -> None:
    async def act(driver: Onvif, simulation: Simulation) -> None:
        await driver.move(pan=0.5, tilt=0.0, zoom=0.0, duration_s=0.5)
        assert simulation.state()["is_moving"]
        assert simulation.state()["own_timeout"].startswith("PT1.5")
        while simulation.state()["is_moving"]:  # noqa: ASYNC110 - the camera is another process's
            await asyncio.sleep(0.02)

    with_camera(act)


def test_a_stored_position_is_driven_to_and_one_that_is_not_stored_is_refused() -> None:
    async def act(driver: Onvif, simulation: Simulation) -> None:
        await driver.poll()
        await driver.call_preset(2)

        assert await driver.poll() == [PositionChanged(0.5, 0.5, 0.0)]
        with pytest.raises(ValueError, match="stores 2 positions"):
            await driver.call_preset(3)

    with_camera(act)


def test_what_is_asked_and_answered_is_shown() -> None:
    shown: list[tuple[bool, bytes]] = []

    def tap(at_s: float, *, is_sent: bool, data: bytes) -> None:
        shown.append((is_sent, data))

    async def act(simulation: Simulation) -> None:
        bus = Bus(simulation.driver_port)
        bus.tap(tap)
        driver = Onvif(bus, Onvif.Settings())
        await driver.start()
        await driver.close()

    with Simulation("onvif") as simulation:
        asyncio.run(act(simulation))

    sent = [data.split()[0] for is_sent, data in shown if is_sent]
    assert sent == [b"GetServices", b"GetProfiles", b"GetStreamUri", b"Stop"]
    assert any(b"rtsp://127.0.0.1:8554/cam1" in data for is_sent, data in shown if not is_sent)


PROGRAM = """
import logging, sys, threading
from tests.drivers.test_onvif import with_camera

async def act(driver, simulation):
    await driver.poll()

threads = [threading.Thread(target=with_camera, args=(act,)) for _ in range(4)]
threading.excepthook = lambda raised: sys.exit(print(raised.exc_value))
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(logging.getLogger().handlers, logging.getLogger().level)
"""


def test_cameras_of_several_loops_are_set_up_at_once_and_logging_stays_as_it_was() -> None:
    """In a process of its own: the library's descriptions are read once."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=False
    )

    assert (done.stdout, done.stderr) == ("[] 30\n", "")


def test_a_camera_that_is_asked_with_a_wrong_password_refuses() -> None:
    async def act(simulation: Simulation) -> None:
        driver = Onvif(Bus(simulation.driver_port), Onvif.Settings())
        with pytest.raises(CommandRejectedError, match="refuses user 'admin' or the password"):
            await driver.start()
        await driver.close()

    with Simulation("onvif", {"password": "other"}) as simulation:
        asyncio.run(act(simulation))


@pytest.mark.parametrize(
    "port", ["nonsense", f"http://127.0.0.1:{free_port()}"], ids=["nonsense", "nobody"]
)
def test_a_camera_that_is_not_there_is_unreachable(port: str) -> None:
    async def act() -> None:
        driver = Onvif(Bus(port), Onvif.Settings(timeout_s=2.0))
        with pytest.raises(DeviceUnreachableError):
            await driver.start()
        with pytest.raises(DriverError, match="not set up yet"):
            await driver.poll()
        await driver.close()

    asyncio.run(act())


def test_a_password_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret", encoding="utf-8")
    path.chmod(0o644)

    with pytest.raises(ValueError, match="is open to others"):
        Onvif(Bus("http://x"), Onvif.Settings(password_file=str(path)))


def test_an_answer_s_addresses_are_read_and_another_probe_s_are_not() -> None:
    answer = ANSWER.format(id=PROBE).encode()

    assert addresses_of(answer, PROBE) == [
        "http://192.0.2.7/onvif/device_service",
        "http://[2001:db8::7]/onvif/device_service",
    ]
    with pytest.raises(FrameError, match="not the answer to this probe"):
        addresses_of(answer, uuid.uuid4())


@pytest.mark.parametrize("inside", ["", "javascript:alert(1)", "x" * 3000])
def test_an_answer_without_an_address_is_refused(inside: str) -> None:
    with pytest.raises(FrameError, match="without an address"):
        addresses_of(f"{PROBE}<d:XAddrs>{inside}</d:XAddrs>".encode(), PROBE)


def test_cameras_are_found_and_what_is_none_is_passed_over() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as camera:
        camera.bind(("127.0.0.1", 0))

        def answer() -> None:
            probe, sender = camera.recvfrom(4096)
            asked = probe.split(b"urn:uuid:")[1][:36].decode()
            camera.sendto(b"noise", sender)
            camera.sendto(ANSWER.format(id=asked).encode(), sender)

        thread = threading.Thread(target=answer)
        thread.start()
        found = asyncio.run(discover(0.5, group="127.0.0.1", port=camera.getsockname()[1]))
        thread.join()

    assert "http://192.0.2.7/onvif/device_service" in found
    assert str(PROBE).encode() in encode_probe(PROBE)


@pytest.mark.parametrize("settings", [{"profile": -1}, {"profile": 32}])
def test_a_setting_that_is_nonsense_is_refused(settings: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="onvif: profile is"):
        Onvif.Settings(**settings)  # type: ignore[arg-type]  # numbers all
