"""Devices of different protocols on one line."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.base import DeviceUnreachableError, DoorMonitorChanged, InputChanged, ReadingChanged
from drivers.bus import Bus
from drivers.dlt645 import Dlt645
from drivers.kerong_locker import KerongLocker
from drivers.simulation import make_simulator
from drivers.simulators.line import SimulatedLine
from drivers.waveshare_relay import WaveshareRelay


@pytest.fixture
def line(tmp_path: Path) -> Iterator[str]:
    """A line with a Modbus board, a locker board and a DL/T 645 meter; yields its port."""
    names = ("waveshare_relay", "kerong_locker", "dlt645")
    line = SimulatedLine(*(make_simulator(name, {}) for name in names))
    yield line.start_serial(tmp_path / "line")
    line.stop()


def test_devices_of_three_protocols_answer_on_one_line(line: str) -> None:
    async def act() -> None:
        bus = Bus(line)
        drivers = (
            WaveshareRelay(bus, WaveshareRelay.Settings()),
            KerongLocker(bus, KerongLocker.Settings()),
            Dlt645(bus, Dlt645.Settings()),
        )
        await asyncio.gather(*(driver.start() for driver in drivers))
        found = await asyncio.gather(*(driver.poll() for driver in drivers))
        await bus.close()

        kinds = [{type(one) for one in observations} for observations in found]
        assert kinds == [{InputChanged}, {DoorMonitorChanged}, {ReadingChanged}]

    asyncio.run(act())


def test_one_that_is_absent_hides_no_other_protocol(line: str) -> None:
    async def act() -> None:
        bus = Bus(line)
        absent = KerongLocker(bus, KerongLocker.Settings(address=9))
        relay = WaveshareRelay(bus, WaveshareRelay.Settings())
        lost, _ = await asyncio.gather(absent.start(), relay.start(), return_exceptions=True)
        found = await relay.poll()
        await bus.close()

        assert isinstance(lost, DeviceUnreachableError)
        assert len(found) == 8

    asyncio.run(act())
