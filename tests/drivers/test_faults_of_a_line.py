"""Bus and gate driver over a real port, with every fault that the simulated line can have."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Sequence
from pathlib import Path

import pytest
import serial

from drivers.base import (
    DeviceUnreachableError,
    DriverError,
    Observation,
    PassageCounted,
    ProtocolViolationError,
    Side,
)
from drivers.bus import Bus
from drivers.protocols import modbus_rtu as rtu
from drivers.simulators.line import FAULTS, LATE_S, SimulatedLine
from drivers.simulators.modbus_stations import ModbusStations
from drivers.speed_gate import SpeedGate
from drivers.transport import open_transport
from tests.drivers.conftest import GateOnALine

FAULTS_REGISTER, TEMPERATURE = 7, 251


async def read(bus: Bus, address: int, *, count: int = 1, timeout_s: float = 5.0) -> Sequence[int]:
    request = rtu.encode_read_input_registers(1, address=address, count=count)
    reply = await bus.exchange(
        request.frame, rtu.ReplyDecoder(request), unit_id=1, timeout_s=timeout_s
    )
    return reply.registers


async def read_when_it_is_back(bus: Bus) -> Sequence[int]:
    async with asyncio.timeout(60):
        while True:
            try:
                return await read(bus, 0)
            except DeviceUnreachableError:
                await asyncio.sleep(0.02)


async def poll_until(driver: SpeedGate, wanted: Observation) -> list[Observation]:
    """Return what polls told up to the one that is waited for."""
    told: list[Observation] = []
    async with asyncio.timeout(60):
        while wanted not in told:
            with contextlib.suppress(DriverError):
                told += await driver.poll()
    return told


async def begun(driver: SpeedGate) -> None:
    """Start a driver and poll once; a busy machine may be too late for its short time-outs."""
    async with asyncio.timeout(60):
        while True:
            with contextlib.suppress(DeviceUnreachableError):
                await driver.start()
                await driver.poll()
                return


@pytest.fixture
def driver(bus: Bus) -> SpeedGate:
    return SpeedGate(bus, SpeedGate.Settings(timeout_s=0.1, attempt_count=2))


@pytest.mark.parametrize("count", [1, 2], ids=["of the same length", "of another length"])
def test_a_late_reply_is_never_taken_for_the_next_answer(
    gate_on_a_line: GateOnALine, bus: Bus, count: int
) -> None:
    gate_on_a_line.gate.faults = 5
    timeout_s = 0.6 * LATE_S

    async def act() -> None:
        gate_on_a_line.set_fault("late", on=True)
        for address, asked in ((0, 1), (FAULTS_REGISTER, count)):
            with pytest.raises(DeviceUnreachableError, match="no reply"):
                await read(bus, address, count=asked, timeout_s=timeout_s)
        gate_on_a_line.set_fault("late", on=False)

        assert await read(bus, FAULTS_REGISTER, count=count) == (5, TEMPERATURE)[:count]

    asyncio.run(act())


@pytest.mark.parametrize("kind", sorted(FAULTS))
def test_polls_outlive_every_fault_and_no_fault_invents_anything(
    gate_on_a_line: GateOnALine, driver: SpeedGate, kind: str
) -> None:
    passed = PassageCounted(Side.IN, 1)

    async def act() -> None:
        await begun(driver)
        gate_on_a_line.set_fault(kind, on=True)
        for _ in range(2):
            with contextlib.suppress(DriverError):
                assert await driver.poll() == []
        gate_on_a_line.set_fault(kind, on=False)
        gate_on_a_line.gate.passages[Side.IN] += 1

        assert await poll_until(driver, passed) == [passed]

    asyncio.run(act())


@pytest.mark.parametrize("kind", sorted(set(FAULTS) - {"unplug"}))
def test_a_command_is_executed_once_whatever_becomes_of_its_replies(
    gate_on_a_line: GateOnALine, driver: SpeedGate, kind: str
) -> None:
    async def act() -> None:
        await begun(driver)
        gate_on_a_line.set_fault(kind, on=True)
        with contextlib.suppress(DriverError):
            await driver.access(Side.IN)

    asyncio.run(act())

    assert gate_on_a_line.gate.commands_executed == 1


@pytest.mark.parametrize("kind", ["mute", "noise", "drop", "truncate", "wrong_baud"])
def test_a_gate_without_one_sound_reply_has_confirmed_nothing(
    gate_on_a_line: GateOnALine, driver: SpeedGate, kind: str
) -> None:
    async def act() -> None:
        gate_on_a_line.set_fault(kind, on=True)
        with pytest.raises((DeviceUnreachableError, ProtocolViolationError)):
            await driver.access(Side.IN)

    asyncio.run(act())


class Chatterbox:
    """A station that answers more than any buffer of the system holds."""

    def __init__(self) -> None:
        self.asked_count = 0

    def reply_to(self, request: rtu.Request) -> bytes:
        self.asked_count += 1
        return bytes(2_000_000)

    def step(self, dt_s: float) -> None:
        pass


@pytest.mark.parametrize("kind", ["serial", "tcp"])
def test_a_line_ends_although_its_client_never_reads(tmp_path: Path, kind: str) -> None:
    station = Chatterbox()
    line = SimulatedLine(ModbusStations({1: station}))
    port = (
        line.start_serial(tmp_path / "line")
        if kind == "serial"
        else f"socket://{line.start_tcp('127.0.0.1', 0)}"
    )
    transport = open_transport(port)
    transport.send(10 * rtu.encode_read_coils(1, address=0, count=8).frame)
    deadline_s = time.monotonic() + 60
    while station.asked_count < 10 and time.monotonic() < deadline_s:
        time.sleep(0.005)

    ending = threading.Thread(target=line.stop, daemon=True)
    ending.start()
    ending.join(timeout=60)
    has_ended = not ending.is_alive()
    transport.close()

    assert station.asked_count == 10
    assert has_ended


def test_a_port_that_is_missing_is_one_line_that_says_what_to_do(tmp_path: Path) -> None:
    async def act() -> None:
        bus = Bus(str(tmp_path / "gone"))
        with pytest.raises(
            DeviceUnreachableError, match=r"there is no port .*plugged in"
        ) as caught:
            await read(bus, 0)
        await bus.close()

        assert "\n" not in str(caught.value)

    asyncio.run(act())


def test_a_port_that_another_program_has_is_used_when_that_lets_go(
    gate_on_a_line: GateOnALine, bus: Bus
) -> None:
    async def act() -> None:
        with (
            serial.Serial(gate_on_a_line.port, exclusive=True),
            pytest.raises(DeviceUnreachableError, match="used by another program") as caught,
        ):
            await read(bus, 0)

        assert "\n" not in str(caught.value)
        assert await read_when_it_is_back(bus) == (0,)

    asyncio.run(act())


def test_an_adapter_that_is_pulled_comes_back_when_it_is_plugged_in(
    gate_on_a_line: GateOnALine, bus: Bus
) -> None:
    async def act() -> None:
        await read(bus, 0)
        gate_on_a_line.set_fault("unplug", on=True)
        for complaint in ("is gone", "is gone|there is no port"):
            with pytest.raises(DeviceUnreachableError, match=complaint) as caught:
                await read(bus, 0)
            assert "\n" not in str(caught.value)
        gate_on_a_line.set_fault("unplug", on=False)

        assert await read_when_it_is_back(bus) == (0,)

    asyncio.run(act())
